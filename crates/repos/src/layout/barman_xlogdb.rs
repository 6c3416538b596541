//! Barman's list of its WAL.
//!
//! ```text
//! wals/xlog.db, wals/SERVER-xlog.db (3.13 and later)      NAME <tab> size <tab> time <tab> compression …
//! ```
//! `get-wal` does not ask it; `recover` without `--get-wal` copies what it lists and nothing else.

use crate::defect::{DefectKind, RepoDefect};
use crate::store::{Items, Store, join};
use pgwal_format::{FileName, SegmentName};
use pgwal_source::name::is_log_folder;
use pgwal_source::{Codec, SourceError};
use std::collections::{BTreeMap, HashMap};

/// A longer list is not looked at.
const LONGEST: u64 = 256 << 20;

/// The list that lies among WAL, by its name there.
pub(crate) fn name(wals: &Items) -> Option<&str> {
    let files = || wals.files().map(|(name, _)| name);
    files().find(|name| name.ends_with("-xlog.db")).or_else(|| files().find(|name| *name == "xlog.db"))
}

/// The text of the list in a folder; `None`: it is not there, or too long.
///
/// # Errors
/// It cannot be read.
pub(crate) fn text(store: &dyn Store, wals: &str, items: &Items) -> Result<Option<String>, SourceError> {
    let Some(file) = name(items).map(|name| join(wals, name)) else { return Ok(None) };
    let bytes = store.read(&file, LONGEST + 1)?.filter(|bytes| bytes.len() as u64 <= LONGEST);
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A line of the list.
#[derive(Debug, PartialEq)]
pub(crate) struct ListedWal<'a> {
    pub name: &'a str,
    /// When it was archived, in seconds since 1970.
    pub time: f64,
    pub packing: &'a str,
}

impl ListedWal<'_> {
    /// `None`: Barman does not read the line.
    pub(crate) fn read(line: &str) -> Option<ListedWal<'_>> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, size, time, packing, rest @ ..] = fields.as_slice() else { return None };
        size.trim().parse::<u64>().ok().filter(|_| rest.len() <= 1)?;
        Some(ListedWal { name, time: time.trim().parse().ok()?, packing: packing.trim() })
    }
}

/// Files whose first bytes are held against the list; of more, only those that it says to be packed as few are.
const OPENED: usize = 5_000;

/// How what lies in `wals` and its list differ. `first`: the segment with which the first backup begins.
pub(super) fn look(store: &dyn Store, wals: &str, first: Option<SegmentName>) -> Result<Vec<RepoDefect>, SourceError> {
    let items = Items::of(store, wals)?;
    let Some(file) = name(&items).map(|name| join(wals, name)) else { return Ok(Vec::new()) };
    let Some(text) = text(store, wals, &items)? else { return Ok(Vec::new()) };
    let (mut listed, mut unread): (HashMap<&str, &str>, Option<&str>) = (HashMap::new(), None);
    for line in text.lines() {
        match ListedWal::read(line) {
            Some(wal) => drop(listed.insert(wal.name, wal.packing)),
            None => unread = unread.or(Some(line)),
        }
    }
    let mut there: BTreeMap<String, String> = BTreeMap::new();
    let mut take = |folder: &str, items: &Items| {
        let own = items.files().map(|(name, _)| name).filter(|name| FileName::parse(name).is_some());
        there.extend(own.map(|name| (name.to_owned(), join(folder, name))));
    };
    take(wals, &items);
    for log in items.folders().filter(|name| is_log_folder(name)) {
        let folder = join(wals, log);
        take(&folder, &Items::of(store, &folder)?);
    }
    let asked = |name: &str| matches!(FileName::parse(name), Some(FileName::Segment(_) | FileName::History(_)));
    let lacking: Vec<&str> =
        there.keys().map(String::as_str).filter(|name| asked(name) && !listed.contains_key(name)).collect();
    // What lies before the first backup, nobody copies.
    let first = first.map(|first| first.to_string());
    let copied = |name: &str| name.ends_with(".history") || first.as_deref().is_none_or(|first| *name >= *first);
    let mut gone: Vec<&str> =
        listed.keys().copied().filter(|name| asked(name) && copied(name) && !there.contains_key(*name)).collect();
    gone.sort_unstable();
    let told = [
        lacking.first().map(|first| {
            format!(
                "does not list {} of the files that lie here, the first of them {first}: barman recover copies only \
                 what is listed, but for --get-wal",
                lacking.len()
            )
        }),
        gone.first().map(|first| {
            let count = gone.len();
            format!("lists {count} that are not here, lost or removed, the first of them {first}: barman recover fails there")
        }),
        unread.map(|line| {
            let line: String = line.chars().take(60).collect();
            format!("has a line that Barman cannot read, {line:?}: barman recover fails there")
        }),
        otherwise(store, &listed, &there)?,
    ];
    let defect = |what: String| RepoDefect {
        file: file.clone(),
        kind: DefectKind::Contradicts(format!("{what} (barman rebuild-xlogdb writes the list anew)")),
        fatal: false,
    };
    Ok(told.into_iter().flatten().map(defect).collect())
}

/// A file that is packed in another way than the list says: it is unpacked by the list.
fn otherwise(
    store: &dyn Store,
    listed: &HashMap<&str, &str>,
    there: &BTreeMap<String, String>,
) -> Result<Option<String>, SourceError> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for packing in listed.values() {
        *counts.entry(packing).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|(packing, count)| (*count, *packing)).map(|(packing, _)| packing);
    let all = there.iter().filter_map(|(name, place)| Some((name, place, *listed.get(name.as_str())?)));
    let few = |packing: &str| there.len() <= OPENED || Some(packing) != usual;
    for (name, place, packing) in all.filter(|(_, _, packing)| few(packing)) {
        let Some(said) = codec(packing) else { continue };
        let Some(head) = store.read(place, HEAD)? else { continue };
        let found = Codec::detect(&head, "");
        // What unpacks zstd unpacks gzip as well.
        let is_read = found == said || (said, found) == (Codec::Zstd, Codec::Gzip);
        if !is_read && (found == Codec::Plain || codecs().any(|codec| codec == found)) {
            return Ok(Some(format!(
                "says that {name} is {}, and it is {}: barman recover hands out what no server reads, or fails there",
                shown(said),
                shown(found)
            )));
        }
    }
    Ok(None)
}

/// Bytes at the beginning of a file that tell in what it is packed.
const HEAD: u64 = 64;

/// Barman's names of packings, with what they are; others are commands of the user's own.
const PACKINGS: [(&str, Codec); 10] = [
    ("None", Codec::Plain),
    ("gzip", Codec::Gzip),
    ("pigz", Codec::Gzip),
    ("pygzip", Codec::Gzip),
    ("bzip2", Codec::Bzip2),
    ("pybzip2", Codec::Bzip2),
    ("xz", Codec::Xz),
    ("lz4", Codec::Lz4),
    ("zstd", Codec::Zstd),
    ("snappy", Codec::Snappy),
];

fn codec(packing: &str) -> Option<Codec> {
    PACKINGS.iter().find(|(name, _)| *name == packing).map(|(_, codec)| *codec)
}

fn codecs() -> impl Iterator<Item = Codec> {
    PACKINGS.iter().map(|(_, codec)| *codec)
}

fn shown(codec: Codec) -> String {
    if codec == Codec::Plain { "not packed".to_owned() } else { format!("packed ({codec})") }
}

#[cfg(test)]
mod tests {
    use super::ListedWal;

    #[test]
    fn lines_are_read_as_barman_reads_them() {
        let wal = |packing| Some(ListedWal { name: "X", time: 1_796_053_179.8, packing });
        assert_eq!(ListedWal::read("X\t223\t1796053179.8\tbzip2"), wal("bzip2"));
        assert_eq!(ListedWal::read("X\t223\t1796053179.8\tNone\tNone"), wal("None"));
        for line in ["garbage", "", "X\ta\t1.0\tgzip", "X\t1\t1.0", "X\t1\t1.0\tgzip\tNone\tx"] {
            assert_eq!(ListedWal::read(line), None, "{line}");
        }
    }
}
