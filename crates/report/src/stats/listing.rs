//! Counts records as they are listed: where a list is made anyhow, to follow WAL or to save images, and where it may
//! end at any record.

use crate::dump::aside::Aside;
use crate::dump::text::damage;
use crate::time::Zone;
use pgwal_format::record::{Block, Record};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_query::count::GroupSums;
use pgwal_query::filter::Filter;
use pgwal_verify::records::{ListItem, ListPart, Render, Rendered};
use pgwal_verify::{Finding, Severity};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a list says of its records.
#[derive(Clone, Debug)]
pub enum CountEvent {
    /// A record counts.
    Record {
        /// The resource manager, and the operation.
        code: (u8, u8),
        /// Its bytes.
        length: u32,
        /// Bytes of page images in them.
        images: u64,
        /// Where it ends.
        end: Lsn,
    },
    /// Words beside the table.
    Aside(Aside),
}

/// The renderer.
pub struct CountListing<'a> {
    filter: &'a Filter,
    /// Where the times of findings are told in.
    zone: &'a Zone,
    /// Start of the first record of the range, whether it counts or not.
    first: AtomicU64,
}

impl<'a> CountListing<'a> {
    /// Lists what the filter leaves; findings tell times in a zone.
    pub fn new(filter: &'a Filter, zone: &'a Zone) -> CountListing<'a> {
        CountListing { filter, zone, first: AtomicU64::new(u64::MAX) }
    }

    /// What the records come to that `counted` was given.
    pub fn finish(self, mut counted: Counted) -> GroupSums {
        let first = self.first.into_inner();
        counted.sum.first = (first != u64::MAX).then(|| Lsn::new(first));
        let mut sum = GroupSums::default();
        sum.add(counted.sum);
        sum
    }
}

impl Render for CountListing<'_> {
    type Scratch = Vec<Block>;
    type Event = CountEvent;

    fn whole(&self) -> bool {
        !self.filter.is_all()
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        blocks: &mut Vec<Block>,
        out: &mut ListPart<CountEvent>,
    ) -> Option<Rendered> {
        self.first.fetch_min(record.lsn.get(), Ordering::Relaxed);
        let shape = record.blocks(blocks).unwrap_or_default();
        if !self.filter.wants(&record.header) || !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        let images = shape.image_len as u64;
        let (code, length) = ((record.header.rmid, record.header.info >> 4), record.header.tot_len);
        out.event(CountEvent::Record { code, length, images, end: record.end });
        Some(images.into())
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<CountEvent>) {
        // What costs nothing needs no word beside a table.
        if finding.severity != Severity::Info {
            out.event(CountEvent::Aside(Aside::of(|words| damage(finding, layout, self.zone, words))));
        }
    }
}

/// Takes the records of a list.
#[derive(Default)]
pub struct Counted {
    sum: GroupSums,
}

impl Counted {
    /// Counts what was listed, and says what belongs beside it.
    pub fn take(&mut self, listed: &ListPart<CountEvent>, aside: &mut dyn Write) {
        for item in listed.items() {
            match item {
                ListItem::Event(&CountEvent::Record { code: (rmid, operation), length, images, end }) => {
                    self.sum.listed(rmid, operation, length.into(), images, end)
                }
                ListItem::Event(CountEvent::Aside(words)) => words.say(aside),
                ListItem::Text(_) => {}
            }
        }
    }
}
