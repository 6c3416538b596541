//! Files beside the segments: histories, backups, unfinished segments.

use super::side::ComparedSide;
use super::{RightCopy, segment};
use crate::options::Options;
use pgwal_archive::Buffers;
use pgwal_format::FileName;
use pgwal_format::text::{backup_history, history};
use pgwal_source::{Entry, ReadState};
use std::collections::{BTreeMap, BTreeSet};

/// A file that is not the same on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ComparedFile {
    /// The server's name for it.
    pub name: String,
    /// On which sides it is.
    pub there: [bool; 2],
    /// Which is right.
    pub right: RightCopy,
}

/// More than any history file has.
const LIMIT: u64 = 1 << 20;

pub(super) fn compare(sides: &[ComparedSide<'_>; 2]) -> Vec<ComparedFile> {
    let own = |side: &ComparedSide<'_>| -> BTreeMap<FileName, usize> {
        let named = side.entries.iter().enumerate().filter_map(|(i, entry)| Some((entry.name?, i)));
        named.filter(|(name, _)| !matches!(name, FileName::Segment(_))).collect()
    };
    let found = [own(&sides[0]), own(&sides[1])];
    let names: BTreeSet<FileName> = found.iter().flat_map(|own| own.keys().copied()).collect();
    names.into_iter().filter_map(|name| one(sides, &found, name)).collect()
}

fn one(sides: &[ComparedSide<'_>; 2], found: &[BTreeMap<FileName, usize>; 2], name: FileName) -> Option<ComparedFile> {
    let [a, b] = [0, 1].map(|side: usize| Some((sides.get(side)?, *found.get(side)?.get(&name)?)));
    let there = [a.is_some(), b.is_some()];
    let told = |right| Some(ComparedFile { name: name.to_string(), there, right });
    let [a, b] = match (a, b) {
        (Some((a, at)), Some((b, other))) => [content(a, at, name), content(b, other, name)],
        (Some((a, at)), None) => {
            return told(if is_right(&content(a, at, name)) { RightCopy::A } else { RightCopy::Neither });
        }
        (None, Some((b, at))) => {
            return told(if is_right(&content(b, at, name)) { RightCopy::B } else { RightCopy::Neither });
        }
        (None, None) => return None,
    };
    if a == b {
        return None;
    }
    told(match (is_right(&a), is_right(&b)) {
        (true, false) => RightCopy::A,
        (false, true) => RightCopy::B,
        (true, true) => RightCopy::Unknown,
        (false, false) => RightCopy::Neither,
    })
}

/// What a file holds, and whether it makes sense.
#[derive(PartialEq)]
enum FileContent {
    Text(Vec<u8>, bool),
    Sum(u64, u128),
    None,
}

fn is_right(content: &FileContent) -> bool {
    match content {
        FileContent::Text(_, makes_sense) => *makes_sense,
        FileContent::Sum(..) => true,
        FileContent::None => false,
    }
}

fn content(side: &ComparedSide<'_>, at: usize, name: FileName) -> FileContent {
    let Some(entry) = side.entries.get(at) else { return FileContent::None };
    match name {
        FileName::History(timeline) => text(side, entry, &|bytes| history::parse(bytes, timeline).is_ok()),
        FileName::BackupHistory(..) => text(side, entry, &|bytes| backup_history::parse(bytes).is_ok()),
        FileName::Partial(partial) | FileName::Segment(partial) => {
            let layout = side.cluster.layout;
            let Some(number) = partial.number(layout.address(), layout.segment) else { return FileContent::None };
            let own = segment(partial.timeline, number, at);
            let read = side.reader(&Options::default()).read(&own, at, true, &mut Buffers::default());
            FileContent::Sum(read.bytes, read.sum)
        }
    }
}

fn text(side: &ComparedSide<'_>, entry: &Entry, makes_sense: &dyn Fn(&[u8]) -> bool) -> FileContent {
    match side.source.small(entry, LIMIT) {
        Ok((bytes, read)) if read.state == ReadState::Whole => {
            let sense = makes_sense(&bytes);
            FileContent::Text(bytes, sense)
        }
        _ => FileContent::None,
    }
}
