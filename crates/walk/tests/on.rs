//! A segment that is scanned while it grows comes to what it comes to when it is whole.

#![allow(clippy::unwrap_used)]

use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{FileName, Layout};
use pgwal_walk::{Fold, Head, RecordBoundary, ScanExpect, Tail, scan, scan_on};
use walproof_testdata::{Story, plain_name, read_plain};

#[derive(Clone, Debug, Default, PartialEq)]
struct All(Vec<(u64, u64, u32, usize)>);

impl Fold for All {
    type Mark = ();
    fn mark(&self) {}
    fn after(_: &mut (), _: &All) {}
    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }
    fn pass(&mut self, _: &RecordHeader) {}
    fn record(&mut self, r: &Record<'_>) {
        self.0.push((r.lsn.get(), r.end.get(), r.header.crc, r.body.len()));
    }
    fn join(&mut self, right: All) {
        self.0.extend(right.0);
    }
}

#[test]
fn pieces_come_to_the_whole() {
    let mut pieces = 0;
    for story in Story::all().unwrap().into_iter().filter(|s| matches!(s.story.as_str(), "archive" | "promotion")) {
        let mut files: Vec<_> = std::fs::read_dir(story.folder()).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for path in files.iter().step_by(3) {
            let Some(FileName::Segment(name)) = FileName::parse(&plain_name(path)) else { continue };
            let bytes = read_plain(path).unwrap();
            let layout = Layout::detect(&bytes).unwrap();
            let Some(number) = name.number(layout.address(), layout.segment) else { continue };
            let start = layout.address().segment_start(number, layout.segment);
            let expect = ScanExpect {
                layout: &layout,
                start,
                timeline: Some(name.timeline),
                system_id: None,
                keep: usize::MAX,
                history: &[],
            };
            let whole = scan(&bytes, expect, All::default());
            let page = layout.page.bytes() as usize;
            // A third, two thirds, all of it; what is not there yet is zeros, or is not there.
            let cuts = [bytes.len() / page / 3 * page, bytes.len() / page / 3 * 2 * page, bytes.len()];
            for zeros in [false, true] {
                let mut found = All::default();
                let mut place: Option<RecordBoundary> = None;
                for cut in cuts {
                    let mut part = bytes[..cut].to_vec();
                    if zeros {
                        part.resize(bytes.len(), 0);
                    }
                    let run = match place {
                        Some(place) => scan_on(&part, expect, All::default(), place),
                        None => scan(&part, expect, All::default()),
                    };
                    let entered = place.is_some() || run.first.is_some();
                    if !entered && !matches!(run.tail, Tail::Stopped(_)) || matches!(run.head, Head::Damaged) {
                        continue;
                    }
                    if entered {
                        let offset = if cut == bytes.len() { 0 } else { run.end.minus_within(start) as usize };
                        place = Some(RecordBoundary { offset, last: run.last, timeline: run.last_timeline.unwrap() });
                        found.join(run.acc);
                        pieces += 1;
                        if !matches!(run.tail, Tail::Stopped(_)) {
                            break;
                        }
                    }
                }
                if found != All::default() {
                    assert_eq!(found, whole.acc, "{} {zeros}", path.display());
                }
            }
        }
    }
    assert!(pieces > 100, "{pieces}");
}
