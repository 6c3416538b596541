//! Both record checksums at the lengths that records have.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pgwal::crc::{castagnoli, legacy};

const LENGTHS: [usize; 6] = [20, 40, 120, 400, 8192, 1 << 20];

fn crc(c: &mut Criterion) {
    let bytes: Vec<u8> = (0..LENGTHS[5]).map(|i| (i * 7) as u8).collect();
    type Sum = fn(u32, &[u8]) -> u32;
    for (name, sum) in [("castagnoli", castagnoli::append as Sum), ("legacy", legacy::append)] {
        let mut group = c.benchmark_group(name);
        for length in LENGTHS {
            group.throughput(Throughput::Bytes(length as u64));
            group.bench_with_input(BenchmarkId::from_parameter(length), &bytes[..length], |b, bytes| {
                b.iter(|| sum(0, bytes))
            });
        }
    }
}

criterion_group!(benches, crc);
criterion_main!(benches);
