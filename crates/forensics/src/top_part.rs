//! Sums of a stretch of WAL by relation, kind of record, minute and checkpoint.
//!
//! ```text
//! a record     own bytes ── to the relation of its first block
//!              block 0: image, data ── to its relation      block 1: image, data ── to its own
//! ```
//! So that the parts of every list are the whole.

use crate::checkpoint_seen::CheckpointSeen;
use crate::over::LookAtRecords;
use crate::volume::{ImageReason, VolumeSum};
use crate::what_if::{CyclePart, PackedImages, WhatIf};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::fields;
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::xact;
use pgwal_format::rmgr::{TRANSACTION, XLOG, xlog};
use pgwal_format::{Generation, Lsn};
use std::collections::HashMap;
use std::hash::Hash;

/// A relation's fork.
pub type RelationFork = (RelFileLocator, u8);

/// So many groups of each kind are kept apart.
const MOST_GROUPS: usize = 500_000;

/// Sums by group.
#[derive(Clone, Debug)]
pub struct VolumeGroups<K> {
    groups: HashMap<K, VolumeSum>,
    /// Of groups for which there was no room.
    rest: VolumeSum,
}

impl<K> Default for VolumeGroups<K> {
    fn default() -> VolumeGroups<K> {
        VolumeGroups { groups: HashMap::new(), rest: VolumeSum::default() }
    }
}

impl<K: Eq + Hash> VolumeGroups<K> {
    /// The sum of a group.
    pub fn of(&mut self, key: K) -> &mut VolumeSum {
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&key) {
            return &mut self.rest;
        }
        self.groups.entry(key).or_default()
    }

    /// Goes on with what follows; `into`: which group of the whole one of that is.
    fn add(&mut self, right: VolumeGroups<K>, into: impl Fn(K) -> K) {
        for (key, sum) in right.groups {
            self.of(into(key)).add(&sum);
        }
        self.rest.add(&right.rest);
    }

    /// All groups, and the sum of those for which there was no room.
    pub fn into_parts(self) -> (HashMap<K, VolumeSum>, VolumeSum) {
        (self.groups, self.rest)
    }
}

/// So many checkpoints are kept.
const MOST_CHECKPOINTS: usize = 500_000;

/// Sums of a stretch. In a part the group without a name is that in which the part before ended.
#[derive(Clone, Debug, Default)]
pub struct TopPart {
    /// All records.
    pub total: VolumeSum,
    /// By relation and fork; without one what touches none.
    pub relations: VolumeGroups<Option<RelationFork>>,
    /// By resource manager and high half of `xl_info`.
    pub records: VolumeGroups<(u8, u8)>,
    /// By minute since 1970 of the last end of a transaction.
    pub minutes: VolumeGroups<Option<i64>>,
    /// By the last checkpoint record at or before the record.
    pub checkpoints: VolumeGroups<Option<Lsn>>,
    /// The checkpoints.
    pub seen: Vec<CheckpointSeen>,
    minute: Option<i64>,
    checkpoint: Option<Lsn>,
    /// Of the minute and the checkpoint that are now: most records begin none.
    now: VolumeSum,
    /// Images, packed in another way.
    pub packed: PackedImages,
    /// What another distance of checkpoints needs to know.
    pub cycle: CyclePart,
}

impl TopPart {
    /// Goes on with what follows.
    pub fn add(&mut self, mut right: TopPart) {
        right.close();
        self.total.add(&right.total);
        self.relations.add(right.relations, |key| key);
        self.records.add(right.records, |key| key);
        let (minute, checkpoint) = (self.minute, self.checkpoint);
        self.minutes.add(right.minutes, |key| key.or(minute));
        self.checkpoints.add(right.checkpoints, |key| key.or(checkpoint));
        self.minute = right.minute.or(minute);
        self.checkpoint = right.checkpoint.or(checkpoint);
        let room = MOST_CHECKPOINTS.saturating_sub(self.seen.len());
        self.seen.extend(right.seen.into_iter().take(room));
        self.packed.add(&right.packed);
    }

    fn close(&mut self) {
        let now = std::mem::take(&mut self.now);
        if now != VolumeSum::default() {
            self.minutes.of(self.minute).add(&now);
            self.checkpoints.of(self.checkpoint).add(&now);
        }
    }

    fn count(&mut self, record: &Record<'_>, blocks: &[Block]) {
        let header = &record.header;
        let bytes = u64::from(header.tot_len);
        let mut whole = VolumeSum { records: 1, bytes, ..VolumeSum::default() };
        let mut own = bytes;
        let mut first = blocks.first().map(|block| (block.reference.rel, block.reference.fork));
        if record.layout.dialect.generation != Generation::Modern {
            // The data of a record says what it touches, and blocks are there for their images alone.
            first = told(record).or(first);
        }
        for block in blocks {
            let reference = &block.reference;
            let image = reference.image.as_ref();
            let part = u64::from(reference.data_len) + image.map_or(0, |image| u64::from(image.length));
            own = own.saturating_sub(part);
            let group = self.relations.of(Some((reference.rel, reference.fork)));
            group.bytes += part;
            if let Some(image) = image {
                let reason = ImageReason::of(record, image);
                group.image(reason, image.length);
                whole.image(reason, image.length);
            }
        }
        let group = self.relations.of(first);
        group.records += 1;
        group.bytes += own;
        // As pg_waldump of the version counts: a flag is no part of the type.
        let flag = header.rmid == TRANSACTION && record.layout.dialect.statistics.folds_flag;
        let half = header.info >> 4 & if flag { 0x07 } else { 0x0F };
        self.records.of((header.rmid, half)).add(&whole);
        self.total.add(&whole);
        self.now.add(&whole);
    }
}

/// The relation that a record of 9.4 or earlier names.
fn told(record: &Record<'_>) -> Option<RelationFork> {
    let mut found = None;
    if !matches!(record.header.rmid, TRANSACTION | XLOG) {
        fields::each(record, &mut |field| match field.value {
            Value::Rel(rel) => found = found.or(Some((rel, 0))),
            Value::Path(rel, fork) => found = found.or(Some((rel, fork))),
            _ => {}
        });
    }
    found
}

/// What looks at records.
pub struct TopLook {
    /// What is asked besides.
    pub what_if: WhatIf,
}

impl LookAtRecords for TopLook {
    type Part = TopPart;

    fn record(&self, record: &Record<'_>, blocks: &[Block], part: &mut TopPart) {
        match record.header.rmid {
            TRANSACTION => {
                let time = xact::plain_commit(record).or_else(|| xact::ended_at(record).map(|(_, time)| time));
                let minute = time.map(|time| time.unix_micros().div_euclid(60_000_000));
                if minute.is_some() && minute != part.minute {
                    part.close();
                    part.minute = minute;
                }
            }
            XLOG => {
                if let Some(checkpoint) = xlog::checkpoint(record) {
                    part.close();
                    part.checkpoint = Some(record.lsn);
                    let (redo, time, shutdown) = (checkpoint.redo, checkpoint.time, checkpoint.shutdown);
                    let seen = CheckpointSeen { lsn: record.lsn, redo, time, shutdown };
                    part.seen.push(seen);
                    if self.what_if.cycle.is_some() {
                        part.cycle.checkpoint(seen);
                    }
                }
            }
            _ => {}
        }
        part.count(record, blocks);
        if let Some(packing) = self.what_if.packing {
            part.packed.record(record, blocks, packing);
        }
        if self.what_if.cycle.is_some() {
            part.cycle.record(record, blocks);
        }
    }
}
