//! Which of the files of WAL in its folders a tool finds, and how it opens them.
//!
//! A layout says it in `layout/*.rs`; what is said nothing of is found and opened by what it holds.

use pgwal_format::FileName;
use pgwal_source::name::{self, NamePlace, Placed};
use pgwal_source::{BehindRule, Codec, Entry, Listing, MisfiledFile, NamedPacking, OpeningRule, WantedPlace};
use std::collections::{HashMap, HashSet};

/// A file of WAL in a tool's folders.
pub(crate) struct FileInPlace<'a> {
    pub placed: Placed<'a>,
    /// Its name without folders.
    pub file: &'a str,
    /// The folder of 256 segments in which it lies; `None`: the folder of all WAL, or one beside it.
    pub log: Option<&'a str>,
    /// The name of the folder in which it lies.
    pub within: &'a str,
}

/// What a tool makes of a file.
pub(crate) enum LookedUp {
    /// It finds it.
    Found(OpeningRule),
    /// It looks elsewhere for a file of that name.
    Elsewhere(Elsewhere),
}

/// Where a tool looks for a file.
pub(crate) struct Elsewhere {
    /// In a folder of 256 segments, or in that of all WAL.
    pub in_log: bool,
    pub with_sum: bool,
    pub suffixes: &'static [(Codec, &'static str)],
}

/// What a tool makes of the files of WAL.
#[derive(Clone, Copy)]
pub(crate) struct Lookup {
    /// Of each by itself.
    pub each: fn(&FileInPlace<'_>) -> LookedUp,
    /// Of several files of one name, by what stands behind it, the first of these that is there is given out, damaged
    /// or not; empty: that is not known. An unfinished segment that is among them stands for the whole one.
    pub first_of: &'static [(Codec, &'static str)],
    /// Folders from which it takes into its archive what is not there yet: of what is, its own file stays.
    pub not_yet: &'static [&'static str],
}

impl Lookup {
    /// Whether an unfinished segment may stand for a whole one.
    pub(crate) fn takes_unfinished(&self) -> bool {
        self.first_of.iter().any(|(_, behind)| behind.contains(UNFINISHED))
    }
}

/// What stands behind the name of an unfinished segment.
pub(crate) const UNFINISHED: &str = ".partial";

impl FileInPlace<'_> {
    /// Whether it lies in the folder of its own 256 segments.
    pub(crate) fn is_in_its_log(&self) -> bool {
        self.log.is_some_and(|log| Some(log) == log_of(self.placed.name).as_deref())
    }

    /// Whether nothing stands behind the server's name for it.
    pub(crate) fn is_bare(&self) -> bool {
        self.file == self.placed.name.to_string()
    }

    /// What stands behind the name that a server asks for.
    pub(crate) fn behind_name(&self) -> &str {
        behind_name(self.file, self.placed.name)
    }

    /// Whether it is unfinished.
    pub(crate) fn is_unfinished(&self) -> bool {
        matches!(self.placed.name, FileName::Partial(_))
    }
}

/// What a server asks for, to which this may be the answer; of a backup history file it does not ask.
fn asked(name: FileName) -> Option<FileName> {
    match name {
        FileName::Segment(_) | FileName::History(_) => Some(name),
        FileName::Partial(segment) => Some(FileName::Segment(segment)),
        FileName::BackupHistory(..) => None,
    }
}

/// What stands in a file's name behind the name that a server asks for.
fn behind_name(file: &str, name: FileName) -> &str {
    let asked = asked(name).map(|name| name.to_string()).unwrap_or_default();
    file.strip_prefix(&asked).unwrap_or("")
}

/// The name of the folder of 256 segments of a segment.
fn log_of(name: FileName) -> Option<String> {
    match name {
        FileName::Segment(name) | FileName::Partial(name) => Some(format!("{:08X}{:08X}", name.timeline.0, name.log)),
        _ => None,
    }
}

/// As what a file is opened by a tool that goes by its suffix, of those that it knows.
pub(crate) fn by_suffix(suffix: &str, known: &[(Codec, &str)], behind: BehindRule) -> Option<NamedPacking> {
    let (codec, _) = known.iter().find(|(_, own)| *own == suffix)?;
    Some(NamedPacking::of(*codec, behind))
}

/// Takes out what the tool will not take into its archive, which has a file of that name.
pub(crate) fn had_already(listing: &mut Listing, lookup: Lookup) {
    let is_not_yet = |entry: &Entry| {
        let folder = entry.folder();
        lookup.not_yet.contains(&folder.trim_end_matches('/').rsplit('/').next().unwrap_or(""))
    };
    let own: HashSet<FileName> =
        listing.entries.iter().filter(|entry| !is_not_yet(entry)).filter_map(|entry| entry.name).collect();
    listing.entries.retain(|entry| !is_not_yet(entry) || entry.name.is_none_or(|name| !own.contains(&name)));
}

/// Takes out what the tool does not give out, as it takes another file of the same name first. An unfinished segment
/// that it gives out is the segment to whoever asks for that.
pub(crate) fn passed_over(listing: &mut Listing, lookup: Lookup) {
    let rank = |entry: &Entry| {
        let own = behind_name(entry.file_name(), entry.name?);
        // One that lies beside its way is nobody's answer.
        let is_found = entry.opening() != OpeningRule::ByContent;
        entry.name.filter(|name| is_found || !matches!(name, FileName::Partial(_)))?;
        let rank = lookup.first_of.iter().position(|(_, behind)| *behind == own)?;
        Some((asked(entry.name?)?, rank))
    };
    let mut first: HashMap<FileName, (usize, String)> = HashMap::new();
    for entry in &listing.entries {
        let Some((name, rank)) = rank(entry) else { continue };
        if first.get(&name).is_none_or(|(taken, _)| rank < *taken) {
            first.insert(name, (rank, entry.file_name().to_owned()));
        }
    }
    for mut entry in std::mem::take(&mut listing.entries) {
        let own = rank(&entry).and_then(|(name, rank)| Some((name, rank, first.get(&name)?)));
        match own {
            Some((name, rank, (taken, _))) if *taken == rank => {
                entry.name = Some(name);
                listing.entries.push(entry);
            }
            Some((name, _, (_, taken))) if entry.name == Some(name) => {
                let (folder, taken) = (entry.folder(), Some(taken.clone()));
                let wanted = WantedPlace { folder, with_sum: false, suffixes: lookup.first_of, taken };
                listing.misfiled.push(MisfiledFile { entry, wanted });
            }
            _ => listing.entries.push(entry),
        }
    }
}

/// The file as the tool finds it, or where it looks instead.
pub(crate) fn looked_up(entry: Entry, lookup: Lookup) -> Result<Entry, Box<MisfiledFile>> {
    let folder = entry.folder();
    let above = folder.trim_end_matches('/');
    let last = above.rsplit('/').next().unwrap_or("");
    let log = Some(last).filter(|name| name::is_log_folder(name));
    let looked = {
        let file = entry.file_name();
        let NamePlace::Wal(placed) = name::place(file) else { return Ok(entry) };
        let found = FileInPlace { placed, file, log, within: last };
        let is_known = |file: &FileInPlace<'_>| {
            let mut unfinished = lookup.first_of.iter().map(|(_, behind)| *behind);
            !file.is_unfinished() || unfinished.any(|behind| behind == file.behind_name())
        };
        if asked(placed.name).is_none() || !is_known(&found) {
            return Ok(entry);
        }
        let unfinished = found.is_unfinished();
        match (lookup.each)(&found) {
            // Nobody misses it there.
            LookedUp::Elsewhere(_) if unfinished => return Ok(entry),
            looked => looked,
        }
    };
    match looked {
        LookedUp::Found(opening) => Ok(entry.opened(opening)),
        LookedUp::Elsewhere(Elsewhere { in_log, with_sum, suffixes }) => {
            let root = if log.is_some() { above.strip_suffix(last).unwrap_or("") } else { folder.as_str() };
            let own = entry.name.and_then(log_of).filter(|_| in_log);
            let folder = own.map_or_else(|| root.to_owned(), |log| format!("{root}{log}/"));
            Err(Box::new(MisfiledFile { entry, wanted: WantedPlace { folder, with_sum, suffixes, taken: None } }))
        }
    }
}
