//! Remembers every record.

use pgwal_format::Lsn;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_walk::Fold;

/// What was seen, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Log(pub(super) Vec<Seen>);

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Passed { crc: u32, prev: Lsn },
    Taken { lsn: Lsn, end: Lsn, crc: u32, main: u64, whole: bool },
}

impl Fold for Log {
    type Mark = usize;

    fn mark(&self) -> usize {
        self.0.len()
    }

    fn after(mark: &mut usize, left: &Log) {
        *mark += left.0.len();
    }

    fn wants(&self, header: &RecordHeader) -> bool {
        header.crc & 1 == 0
    }

    fn pass(&mut self, header: &RecordHeader) {
        self.0.push(Seen::Passed { crc: header.crc, prev: header.prev });
    }

    fn record(&mut self, record: &Record<'_>) {
        // How much of a body is kept may differ, but its first KiB is always there.
        let main = record.main_data();
        let main = main
            .get(..256)
            .unwrap_or(main)
            .iter()
            .fold(main.len().min(256) as u64, |sum, &b| sum.wrapping_mul(31) + u64::from(b));
        self.0.push(Seen::Taken {
            lsn: record.lsn,
            end: record.end,
            crc: record.header.crc,
            main,
            whole: record.is_whole(),
        });
    }

    fn join(&mut self, right: Log) {
        self.0.extend(right.0);
    }
}
