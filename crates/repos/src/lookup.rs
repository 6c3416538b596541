//! Which of the files of WAL in its folders a tool finds, and how it opens them.
//!
//! A layout says it in `layout/*.rs`; what is said nothing of is found and opened by what it holds.

use pgwal_format::FileName;
use pgwal_source::name::{self, NamePlace, Placed};
use pgwal_source::{Codec, Entry, MisfiledFile, NamedPacking, OpeningRule, WantedPlace};
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
    /// It tries several names, one after the other, and takes the first that is there, good or bad: the place of this
    /// one among them.
    FoundAt(usize, OpeningRule),
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

/// What a tool makes of each file of WAL.
pub(crate) type Lookup = fn(&FileInPlace<'_>) -> LookedUp;

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

/// The same of a tool that tries its suffixes in this order.
pub(crate) fn in_order(suffix: &str, known: &[(Codec, &str)], behind: pgwal_source::BehindRule) -> Option<LookedUp> {
    let at = known.iter().position(|(_, own)| *own == suffix)?;
    Some(LookedUp::FoundAt(at, by_suffix(suffix, known, behind)?))
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

/// What the tool finds in a list, and what lies beside its way.
pub(crate) fn find(entries: Vec<Entry>, lookup: Lookup) -> (Vec<Entry>, Vec<MisfiledFile>) {
    let (mut found, mut misfiled) = (Vec::new(), Vec::new());
    let mut first: HashMap<FileName, usize> = HashMap::new();
    for entry in entries {
        match looked_up(entry, lookup) {
            Ok((entry, at)) => {
                if let Some((name, at)) = entry.name.zip(at) {
                    first.entry(name).and_modify(|first| *first = at.min(*first)).or_insert(at);
                }
                found.push((entry, at));
            }
            Err(elsewhere) => misfiled.push(*elsewhere),
        }
    }
    let is_taken = |(entry, at): &(Entry, Option<usize>)| {
        entry.name.zip(*at).is_none_or(|(name, at)| first.get(&name) == Some(&at))
    };
    (found.into_iter().filter(is_taken).map(|(entry, _)| entry).collect(), misfiled)
}

/// The file as the tool finds it, and its place among the names that it tries; or where it looks instead.
fn looked_up(entry: Entry, lookup: Lookup) -> Result<(Entry, Option<usize>), Box<MisfiledFile>> {
    let folder = entry.folder();
    let above = folder.trim_end_matches('/');
    let last = above.rsplit('/').next().unwrap_or("");
    let log = Some(last).filter(|name| name::is_log_folder(name));
    let looked = {
        let file = entry.file_name();
        let NamePlace::Wal(placed) = name::place(file) else { return Ok((entry, None)) };
        let found = FileInPlace { placed, file, log };
        if !found.is_asked_for() {
            return Ok((entry, None));
        }
        lookup(&found)
    };
    match looked {
        LookedUp::Found(opening) => Ok((entry.opened(opening), None)),
        LookedUp::FoundAt(at, opening) => Ok((entry.opened(opening), Some(at))),
        LookedUp::Elsewhere(Elsewhere { in_log, with_sum, suffixes }) => {
            let root = if log.is_some() { above.strip_suffix(last).unwrap_or("") } else { folder.as_str() };
            let own = entry.name.and_then(log_of).filter(|_| in_log);
            let folder = own.map_or_else(|| root.to_owned(), |log| format!("{root}{log}/"));
            Err(Box::new(MisfiledFile { entry, wanted: WantedPlace { folder, with_sum, suffixes } }))
        }
    }
}
