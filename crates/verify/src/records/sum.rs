//! What was listed, and at what cost.

use super::{Listed, Rendered};
use crate::codes::Code;
use crate::outcome::Outcome;
use pgwal_format::Lsn;
use pgwal_format::record::Record;

/// What records come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ListSum {
    pub records: u64,
    pub bytes: u64,
    pub image_bytes: u64,
    /// Findings that came with records.
    pub findings: u64,
    pub first: Option<Lsn>,
    pub end: Option<Lsn>,
}

impl ListSum {
    pub fn add(&mut self, right: ListSum) {
        self.records += right.records;
        self.bytes += right.bytes;
        self.image_bytes += right.image_bytes;
        self.findings += right.findings;
        self.first = self.first.or(right.first);
        self.end = right.end.or(self.end);
    }

    pub fn count(&mut self, record: &Record<'_>, rendered: Rendered) {
        let bytes = u64::from(record.header.tot_len);
        let Rendered { listed, image_bytes, short } = rendered;
        let findings = u64::from(short.is_some());
        if !listed {
            self.findings += findings;
            return;
        }
        self.add(ListSum { records: 1, bytes, image_bytes, findings, first: Some(record.lsn), end: Some(record.end) });
    }
}

/// Whether every record was read, and if not, why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub complete: bool,
    pub refuted: bool,
}

impl Default for Cost {
    fn default() -> Cost {
        Cost { complete: true, refuted: false }
    }
}

impl Cost {
    /// Records asked for are lost by a finding of this kind.
    pub fn add(&mut self, code: Code) {
        self.complete = false;
        self.refuted |= !code.is_could_not_look();
    }
}

/// The whole list; `told`: findings that the judge made.
pub(super) fn listed(outcome: Outcome, sum: ListSum, told: u64, cost: Cost, segments: u64) -> Listed {
    let ListSum { records, bytes, image_bytes, findings, first, end } = sum;
    let Cost { complete, refuted } = cost;
    let (findings, unfinished) = (told + findings, None);
    Listed { complete, refuted, segments, records, bytes, image_bytes, findings, first, end, unfinished, outcome }
}
