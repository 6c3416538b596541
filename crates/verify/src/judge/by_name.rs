//! What names alone tell of WAL of which nothing can be read: which segments are missing between others.
//!
//! How large a segment is, no name says. Within one log id numbers follow each other whatever the size.

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use pgwal_format::{FileName, SegmentName};
use pgwal_source::Entry;
use std::collections::BTreeSet;

/// Gaps that are told.
const MOST: usize = 1000;

/// Segments that are missing between others: information in front of every backup that backup history files tell of.
pub(super) fn gaps(entries: &[Entry]) -> Vec<Finding> {
    let key = |name: &SegmentName| (name.timeline, name.log, name.seg);
    let names = || entries.iter().filter_map(|entry| entry.name);
    let segments = names().filter_map(|name| if let FileName::Segment(name) = name { Some(key(&name)) } else { None });
    let segments: BTreeSet<_> = segments.collect();
    let starts = names().filter_map(|name| match name {
        FileName::BackupHistory(first, _) => Some((first.log, first.seg)),
        _ => None,
    });
    let oldest = starts.min();
    let pairs = segments.iter().zip(segments.iter().skip(1));
    let holes = pairs.filter(|(a, b)| (a.0, a.1) == (b.0, b.1) && b.2 - a.2 > 1);
    let finding = |(before, behind): (&(_, u32, u32), &(_, u32, u32))| {
        let name = |seg| SegmentName { timeline: before.0, log: before.1, seg }.to_string();
        let passed = oldest.is_some_and(|oldest| (behind.1, behind.2) <= oldest);
        Finding {
            severity: if passed { Severity::Info } else { Severity::Warning },
            timeline: Some(before.0),
            file: Some(name(before.2 + 1)),
            segment: Some(name(before.2 + 1)),
            detail: Detail::Gap { last: name(behind.2 - 1), count: u64::from(behind.2 - before.2 - 1), partial: false },
            ..Finding::of(Code::Gap)
        }
    };
    holes.take(MOST).map(finding).collect()
}
