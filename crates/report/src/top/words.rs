//! Groups as all formats name them.

use super::{TopReport, TopSection};
use crate::dump::names;
use crate::events::words;
use crate::outside::shown;
use crate::stats::text::minute;
use crate::stats::waldump::operation;
use crate::time::rfc3339;
use pgwal_forensics::{CheckpointSeen, RecountedCycle, TopList, TopRelation, VolumeSum};
use pgwal_format::Dialect;
use pgwal_format::rmgr::Rmgr;

/// A group: what it is called, and its sum.
pub struct NamedGroup {
    /// The number or position that stands for it; empty for what belongs to none.
    pub key: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its sum.
    pub sum: VolumeSum,
}

/// The groups of a list, those of transactions excepted, and how many more there are.
pub fn groups(report: &TopReport<'_>, by: TopSection) -> (Vec<NamedGroup>, u64, VolumeSum) {
    let answer = report.answer;
    let dialect = answer.gathered.outcome.layout.as_ref().map(|layout| layout.dialect);
    match by {
        TopSection::Relation => named(&answer.relations, |group| (file(group), group.name.as_ref().map(words::name))),
        TopSection::Record => named(&answer.records, |(rmid, half)| (record(*rmid, *half, dialect), None)),
        TopSection::Minute => named(&answer.minutes, |at| (at.and_then(minute).unwrap_or_default(), None)),
        TopSection::Checkpoint => named(&answer.checkpoints, |seen| {
            (seen.map(|seen| seen.lsn.to_string()).unwrap_or_default(), seen.and_then(began))
        }),
        TopSection::Database => named(&answer.databases, |group| match group {
            Some((oid, name)) => (oid.to_string(), name.as_deref().map(shown)),
            None => (String::new(), None),
        }),
        TopSection::Xid => (Vec::new(), 0, VolumeSum::default()),
    }
}

fn named<G>(list: &TopList<G>, name: impl Fn(&G) -> (String, Option<String>)) -> (Vec<NamedGroup>, u64, VolumeSum) {
    let one = |(group, sum): &(G, VolumeSum)| {
        let (key, name) = name(group);
        NamedGroup { key, name, sum: *sum }
    };
    (list.groups.iter().map(one).collect(), list.more, list.rest)
}

/// `1663/5/16384_vm`.
fn file(group: &TopRelation) -> String {
    group.file.map(|(rel, fork)| names::relation(&rel, fork)).unwrap_or_default()
}

/// `Heap/INSERT`.
fn record(rmid: u8, half: u8, dialect: Option<&'static Dialect>) -> String {
    dialect.map(|d| format!("{}/{}", Rmgr(rmid).name(d), operation(rmid, half, d))).unwrap_or_default()
}

/// When a checkpoint began.
fn began(seen: CheckpointSeen) -> Option<String> {
    seen.time.and_then(rfc3339)
}

/// Bytes that checkpoints farther apart save: images, less the data that would be there instead.
pub fn saved(counted: &RecountedCycle) -> u64 {
    counted.saved.bytes.saturating_sub(counted.instead)
}
