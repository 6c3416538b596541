//! One segment walked alone, every check of a segment on, bytes in memory.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pgwal::{
    format::{SegmentNo, TimelineId},
    walk::{Ignore, KEEP, ScanExpect, scan},
};
use walproof_benches::{SEGMENT, Workload, layout};

/// One version of each record generation.
const VERSIONS: [(u8, u8); 3] = [(9, 2), (9, 4), (17, 0)];

fn scans(c: &mut Criterion) {
    for (name, workload) in Workload::ALL {
        let mut group = c.benchmark_group(format!("scan/{name}"));
        group.throughput(Throughput::Bytes(SEGMENT));
        for (major, minor) in VERSIONS {
            let layout = layout(major, minor);
            let archive = workload.archive(2, major, minor);
            let file = archive.files.get(1).expect("two segments and a bit");
            let bytes = file.content.bytes(0, SEGMENT as usize);
            let start = layout.address().segment_start(SegmentNo(2), layout.segment);
            let expect = ScanExpect {
                layout: &layout,
                start,
                timeline: Some(TimelineId(1)),
                system_id: None,
                keep: KEEP,
                history: &[],
            };
            let version = BenchmarkId::from_parameter(format!("{major}.{minor}"));
            group.bench_function(version, |b| b.iter(|| scan(&bytes, expect, Ignore)));
        }
    }
}

criterion_group!(benches, scans);
criterion_main!(benches);
