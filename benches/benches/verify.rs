//! A whole archive judged: files read, segments walked and joined, findings made.

use std::path::PathBuf;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pgwal::{
    source,
    verify::{Options, Verdict, verify},
};
use walproof_benches::Workload;

/// Enough for several threads.
const SEGMENTS: u64 = 8;

fn archives(c: &mut Criterion) {
    for (name, workload) in Workload::ALL {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let archive = workload.archive(SEGMENTS, 17, 0);
        archive.write_to(folder.path()).expect("room for nine segments");
        let mut group = c.benchmark_group(format!("verify/{name}"));
        group.throughput(Throughput::Bytes(archive.files.iter().map(|file| file.content.size()).sum()));
        let archive = source::open(&[PathBuf::from(folder.path())]).expect("a folder of WAL");
        for jobs in [1, 2] {
            let mut options = Options::default();
            options.jobs = jobs;
            assert_eq!(verify(&*archive, &options).expect("a folder of WAL").verdict, Verdict::Proven, "{name}");
            group.bench_function(BenchmarkId::new("jobs", jobs), |b| b.iter(|| verify(&*archive, &options)));
        }
    }
}

criterion_group!(benches, archives);
criterion_main!(benches);
