//! Counts records and their bytes in groups.
//!
//! Each segment is counted by itself, without a lock; the counts come together in the order of WAL ([`Render::done`]),
//! so that what depends on a record before (the minute, the checkpoint) goes over from one segment to the next. Memory
//! grows with the number of groups only.

mod key;
mod sum;
mod volume;

pub use key::{By, GroupKey, GroupPlace, Grouping};
pub use sum::{GroupSum, GroupSums, alone};
pub use volume::Volume;

use crate::filter::{Filter, RecordFacts, time_of};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::{Generation, Layout, TimelineId};
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};
use pgwal_verify::{Finding, Severity};
use std::sync::{Mutex, PoisonError};

/// Appends a finding to what is said beside the counts.
pub type TellFinding<'a> = dyn Fn(&Finding, Option<&Layout>, &mut Vec<u8>) + Sync + 'a;

/// The renderer that counts.
pub struct Counter<'a> {
    filter: &'a Filter,
    by: Grouping,
    tell: &'a TellFinding<'a>,
    /// Every record counts, by what its header tells.
    simple: bool,
    sum: Mutex<GroupSums>,
}

/// What is counted of one segment.
#[derive(Default)]
pub struct CountPart {
    blocks: Vec<Block>,
    sum: GroupSums,
}

impl<'a> Counter<'a> {
    /// Counts what the filter leaves; findings are told with `tell`.
    pub fn new(filter: &'a Filter, by: impl Into<Grouping>, tell: &'a TellFinding<'a>) -> Counter<'a> {
        let by = by.into();
        let simple = filter.is_all() && by.second.is_none() && matches!(by.first, By::Rmgr | By::Record);
        Counter { filter, by, tell, simple, sum: Mutex::default() }
    }

    /// What it came to.
    pub fn finish(self) -> GroupSums {
        self.sum.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Render for Counter<'_> {
    type Scratch = CountPart;
    type Event = NoEvent;

    fn whole(&self) -> bool {
        !self.simple
    }

    // Every record is wanted: the first of the range is told even where it does not count.
    #[inline(always)]
    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        part: &mut CountPart,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        if !self.simple {
            return self.picked(record, part).map(Rendered::from);
        }
        part.sum.seen(record);
        let images = record.image_bytes();
        part.sum.by_code(record, images);
        Some(images.into())
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<NoEvent>) {
        // What costs nothing needs no word beside a table.
        if finding.severity != Severity::Info {
            (self.tell)(finding, layout, out.text());
        }
    }

    fn done(&self, part: &mut CountPart) {
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.add(std::mem::take(&mut part.sum));
    }
}

impl Counter<'_> {
    /// Where not every record counts, or its header does not tell the group.
    #[inline(never)]
    fn picked(&self, record: &Record<'_>, part: &mut CountPart) -> Option<u64> {
        let CountPart { blocks, sum } = part;
        sum.seen(record);
        let shape = record.blocks(blocks).unwrap_or_default();
        for (by, now) in self.by.each().zip(&mut sum.now) {
            match by {
                By::Minute => {
                    if let Some(time) = time_of(record, blocks) {
                        *now = GroupKey::minute(time);
                    }
                }
                By::Checkpoint if key::is_checkpoint(record) => {
                    *now = GroupKey::Checkpoint(record.lsn);
                    if let Some(time) = time_of(record, blocks) {
                        sum.times.insert(record.lsn, time);
                    }
                }
                _ => {}
            }
        }
        if !self.filter.wants(&record.header) || !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        let images = shape.image_len as u64;
        if self.by.second.is_none() && matches!(self.by.first, By::Rmgr | By::Record) {
            sum.by_code(record, images);
            return Some(images);
        }
        let mut place = [GroupKey::Nothing; 2];
        for ((by, key), now) in self.by.each().zip(&mut place).zip(sum.now) {
            *key = match by {
                By::Rmgr | By::Record => GroupKey::Code(record.header.rmid, record.header.info >> 4),
                By::Xid => GroupKey::Xid(record.header.xid),
                By::Minute | By::Checkpoint => now,
                By::Relation | By::Database => GroupKey::Nothing,
            };
        }
        if self.by.each().any(|by| matches!(by, By::Relation | By::Database)) {
            self.by_blocks(sum, record, blocks, images, place);
        } else {
            sum.count(record, place, images);
        }
        Some(images)
    }

    /// A record belongs to the relation of its first block, each image to that of its own.
    fn by_blocks(&self, sum: &mut GroupSums, record: &Record<'_>, blocks: &[Block], images: u64, place: GroupPlace) {
        let key = |rel: RelFileLocator, fork: u8| {
            let mut place = place;
            for (by, key) in self.by.each().zip(&mut place) {
                match by {
                    By::Relation => *key = GroupKey::Relation(rel, fork),
                    By::Database => *key = GroupKey::Database(rel.db),
                    _ => {}
                }
            }
            place
        };
        let first = blocks.first().map(|b| key(b.reference.rel, b.reference.fork));
        let told = || {
            // Up to 9.4 the data of a record says what it touches.
            let modern = record.layout.dialect.generation == Generation::Modern;
            RecordFacts::of(record, blocks).relations.first().filter(|_| !modern).map(|&(rel, fork)| key(rel, fork))
        };
        let own = if record.layout.dialect.generation == Generation::Modern { first } else { told().or(first) };
        let own = own.unwrap_or(place);
        sum.count(record, own, images);
        for block in blocks {
            let image = block.reference.image.map_or(0, |image| u64::from(image.length));
            let key = key(block.reference.rel, block.reference.fork);
            if image > 0 && own != key {
                sum.moved(own, key, image);
            }
        }
    }
}
