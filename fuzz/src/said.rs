//! What records say, behind a checksum that is right: every decoder of every version, and every list.
//!
//! An input is a program for a writer of WAL:
//!
//! ```text
//! 0   version, shape       as for `walk`
//! 2 … records: rmid u8, info u8, blocks u8 (bits 0-1 how many, 2 an image, 3 origin, 4 top transaction), length u16,
//!     main data, and for each block: fork u8, number u8, length u8, data
//! ```

use crate::layouts;
use crate::memory::Memory;
use pgwal_craft::{Builder, CraftedBlock, CraftedImage, Rec};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::{XLOG, xlog};
use pgwal_format::{SegmentNo, TimelineId};
use pgwal_query::count::{By, Counter};
use pgwal_query::filter::Filter;
use pgwal_report::dump::csv::{self, CsvList};
use pgwal_report::dump::json::JsonList;
use pgwal_report::dump::text::TextList;
use pgwal_report::dump::waldump::{LocalZone, Waldump};
use pgwal_report::stats::StatsReport;
use pgwal_report::time::Zone;
use pgwal_verify::records::{ListRequest, Listed, Render, gather, list};
use pgwal_verify::{Options, Severity};
use std::sync::OnceLock;

/// Records of one input.
const MOST: usize = 48;

/// Writes the records, and lists them in every format.
pub fn run(input: &[u8]) {
    let Some((&[version, shape], steps)) = input.split_first_chunk::<2>() else { return };
    let layout = layouts::chosen(version, shape);
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    wal.checkpoint_shutdown();
    write(&mut wal, steps);
    let written = wal.records().len() as u64;
    let place = Memory::of(&wal.finish());
    lists(&place, written);
}

fn write(wal: &mut Builder, mut rest: &[u8]) {
    for _ in 0..MOST {
        let Some((&[rmid, info, kind, low, high], after)) = rest.split_first_chunk::<5>() else { return };
        let (main, after) = after.split_at((usize::from(low) | usize::from(high & 0x0F) << 8).min(after.len()));
        rest = after;
        let rmgr = rmid % (wal.layout().dialect.rmgr_max + 1);
        // What closes a segment is for another target.
        let info = if rmgr == XLOG && info & 0xF0 == xlog::SWITCH { info ^ 0xF0 } else { info };
        let mut blocks = Vec::new();
        for number in 0..kind & 3 {
            let Some((&[fork, block, length], after)) = rest.split_first_chunk::<3>() else { break };
            let (data, after) = after.split_at(usize::from(length).min(after.len()));
            rest = after;
            let page = wal.layout().page.bytes() as usize;
            blocks.push(CraftedBlock {
                rel: RelFileLocator { spc: 1663, db: 5, rel: 16384 + u32::from(number) },
                fork: fork & 3,
                block: block.into(),
                data: data.to_vec(),
                image: (kind & 4 != 0).then(|| CraftedImage { page: vec![block; page], ..CraftedImage::default() }),
            });
        }
        wal.record(&Rec {
            rmid: rmgr,
            info: info & 0xF0,
            xid: 700 + u32::from(kind),
            main,
            blocks,
            origin: (kind & 8 != 0).then_some(1),
            top_xid: (kind & 16 != 0).then_some(699),
            prev: None,
        });
    }
}

fn lists(place: &Memory, written: u64) {
    let filter = Filter::default();
    let zone = LocalZone::system();
    for details in [false, true] {
        let render = Waldump { filter: &filter, details, zone: &zone, told_in: &Zone::utc(), heads: OnceLock::new() };
        listed(place, &render, written);
    }
    let utc = Zone::utc();
    listed(
        place,
        &TextList { filter: &filter, names: None, quiet: false, heads: OnceLock::new(), zone: &utc },
        written,
    );
    let columns = csv::usual();
    listed(place, &CsvList::new(&filter, &columns, &Zone::utc()), written);
    let (lines, _) =
        listed(place, &JsonList { filter: &filter, relation_names: None, names: OnceLock::new() }, written);
    for line in lines.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let line: Result<serde_json::Value, _> = serde_json::from_slice(line);
        assert!(line.is_ok_and(|line| line["type"].is_string()));
    }
    for by in [By::Record, By::Relation, By::Minute] {
        let request = ListRequest { options: Options::default(), limit: None };
        let make = || Counter::new(&filter, by, &|_, _, _| ());
        let (counter, gathered) = gather(place, &request, &make, &mut |_| Ok(())).expect("nothing is written");
        let layout = gathered.outcome.layout.expect("it begins with a page of WAL");
        let report = StatsReport::new(by, layout, &counter.finish(), !gathered.complete, gathered.findings);
        assert!(!gathered.complete || report.total.records == written);
    }
}

fn listed<R: Render>(place: &Memory, render: &R, written: u64) -> (Vec<u8>, Listed) {
    let mut text = Vec::new();
    let request = ListRequest { options: Options::default(), limit: None };
    let listed = list(place, &request, render, &mut |part| {
        text.extend_from_slice(part.as_text());
        Ok(())
    })
    .expect("nothing is written");
    // Whatever records say, they lie where they were put.
    let damaged = listed.outcome.findings.iter().any(|f| f.severity == Severity::Error);
    assert!(damaged || listed.records == written, "{} of {written}", listed.records);
    (text, listed)
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("said", super::run).unwrap() >= 5);
    }
}
