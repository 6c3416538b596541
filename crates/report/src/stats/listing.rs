//! Counts records as they are listed: where a list is made anyhow, to follow WAL or to save images, and where it may
//! end at any record.
//!
//! ```text
//! rmgr u8  xl_info u8  length u32  images u64  end u64      a record, as a line of [`crate::dump::channels`]
//! ```

use crate::dump::channels::{aside, line};
use crate::dump::text::damage;
use pgwal_format::record::{Block, Record, RecordHeader};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_query::count::GroupSums;
use pgwal_query::filter::Filter;
use pgwal_verify::records::{Render, Rendered};
use pgwal_verify::{Finding, Severity};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

const LENGTH: usize = 22;

/// The renderer.
pub struct CountListing<'a> {
    filter: &'a Filter,
    /// Start of the first record of the range, whether it counts or not.
    first: AtomicU64,
}

impl<'a> CountListing<'a> {
    /// Lists what the filter leaves.
    pub fn new(filter: &'a Filter) -> CountListing<'a> {
        CountListing { filter, first: AtomicU64::new(u64::MAX) }
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

    fn whole(&self) -> bool {
        !self.filter.is_all()
    }

    /// The first record of the range is told even where it does not count.
    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        blocks: &mut Vec<Block>,
        out: &mut Vec<u8>,
    ) -> Option<Rendered> {
        self.first.fetch_min(record.lsn.get(), Ordering::Relaxed);
        let shape = record.blocks(blocks).unwrap_or_default();
        if !self.filter.wants(&record.header) || !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        let images = shape.image_len as u64;
        line(out, |out| {
            out.extend_from_slice(&[record.header.rmid, record.header.info]);
            out.extend_from_slice(&record.header.tot_len.to_le_bytes());
            out.extend_from_slice(&images.to_le_bytes());
            out.extend_from_slice(&record.end.get().to_le_bytes());
        });
        Some(images.into())
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>) {
        // What costs nothing needs no word beside a table.
        if finding.severity != Severity::Info {
            aside(out, |out| damage(finding, layout, out));
        }
    }
}

/// Takes the records of a list.
#[derive(Default)]
pub struct Counted {
    sum: GroupSums,
}

impl Write for Counted {
    fn write(&mut self, records: &[u8]) -> io::Result<usize> {
        for record in records.as_chunks::<LENGTH>().0 {
            let [rmid, info, rest @ ..] = record;
            let Some((length, rest)) = rest.split_first_chunk() else { continue };
            let Some((images, rest)) = rest.split_first_chunk() else { continue };
            let Some(end) = rest.first_chunk() else { continue };
            let (length, images) = (u32::from_le_bytes(*length), u64::from_le_bytes(*images));
            self.sum.listed(*rmid, info >> 4, length.into(), images, Lsn::new(u64::from_le_bytes(*end)));
        }
        Ok(records.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
