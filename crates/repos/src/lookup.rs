//! Which of the files of WAL in its folders a tool finds, and how it opens them.
//!
//! A layout says it in `layout/*.rs`; what is said nothing of is found and opened by what it holds.

use pgwal_format::FileName;
use pgwal_source::name::{self, NamePlace, Placed};
use pgwal_source::{Codec, Entry, Listing, MisfiledFile, NamedPacking, OpeningRule, WantedPlace};
use std::collections::HashMap;

/// A file of WAL in a tool's folders.
pub(crate) struct FileInPlace<'a> {
    pub placed: Placed<'a>,
    /// Its name without folders.
    pub file: &'a str,
    /// The folder of 256 segments in which it lies; `None`: the folder of all WAL, or one beside it.
    pub log: Option<&'a str>,
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
    /// Of several of one name it gives out the first of these that is there, damaged or not; empty: that is not known.
    pub first_of: &'static [(Codec, &'static str)],
}

impl FileInPlace<'_> {
    /// Whether it lies in the folder of its own 256 segments.
    pub(crate) fn is_in_its_log(&self) -> bool {
        self.log.is_some_and(|log| Some(log) == log_of(self.placed.name).as_deref())
    }

    /// Whether nothing stands behind the server's name for it.
    pub(crate) fn is_bare(&self) -> bool {
        self.file == self.placed.name.to_string()
    }

    /// Whether a server asks for such a file: for a segment or a history.
    pub(crate) fn is_asked_for(&self) -> bool {
        matches!(self.placed.name, FileName::Segment(_) | FileName::History(_))
    }
}

/// The name of the folder of 256 segments of a segment.
fn log_of(name: FileName) -> Option<String> {
    match name {
        FileName::Segment(name) => Some(format!("{:08X}{:08X}", name.timeline.0, name.log)),
        _ => None,
    }
}

/// As what a file is opened by a tool that goes by its suffix, of those that it knows.
pub(crate) fn by_suffix(
    suffix: &str,
    known: &[(Codec, &str)],
    behind: pgwal_source::BehindRule,
) -> Option<OpeningRule> {
    let (codec, _) = known.iter().find(|(_, own)| *own == suffix)?;
    Some(OpeningRule::ByName(NamedPacking { codec: *codec, known: true, behind }))
}

/// Takes out what the tool does not give out, as it takes another file of the same name first.
pub(crate) fn passed_over(listing: &mut Listing, lookup: Lookup) {
    let rank = |entry: &Entry| {
        let is_asked_for = matches!(entry.name, Some(FileName::Segment(_) | FileName::History(_)));
        lookup.first_of.iter().position(|(_, suffix)| *suffix == entry.suffix()).filter(|_| is_asked_for)
    };
    let mut first: HashMap<FileName, (usize, String)> = HashMap::new();
    for entry in &listing.entries {
        let Some((name, rank)) = entry.name.zip(rank(entry)) else { continue };
        if first.get(&name).is_none_or(|(taken, _)| rank < *taken) {
            first.insert(name, (rank, entry.file_name().to_owned()));
        }
    }
    for entry in std::mem::take(&mut listing.entries) {
        let taken = entry.name.zip(rank(&entry)).and_then(|(name, rank)| first.get(&name).filter(|own| own.0 < rank));
        let Some((_, taken)) = taken else {
            listing.entries.push(entry);
            continue;
        };
        let (folder, taken) = (entry.folder(), Some(taken.clone()));
        let wanted = WantedPlace { folder, with_sum: false, suffixes: lookup.first_of, taken };
        listing.misfiled.push(MisfiledFile { entry, wanted });
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
        let found = FileInPlace { placed, file, log };
        if !found.is_asked_for() {
            return Ok(entry);
        }
        (lookup.each)(&found)
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
