//! Counts of records and bytes.

pub mod csv;
pub mod json;
pub mod listing;
pub mod text;
pub mod waldump;

use pgwal_format::{Layout, Lsn};
use pgwal_query::count::{By, GroupKey, GroupSum, GroupSums};
use std::collections::HashMap;

/// What is told.
pub struct StatsReport {
    /// What it is counted by.
    pub by: By,
    /// How the WAL is laid out.
    pub layout: Layout,
    /// Groups, the largest first, or in the order of WAL.
    pub groups: Vec<(GroupKey, GroupSum)>,
    /// All of them together.
    pub total: GroupSum,
    /// Start of the first record of the range.
    pub from: Option<Lsn>,
    /// End of the last record counted.
    pub to: Option<Lsn>,
    /// Not every record asked for could be read.
    pub partial: bool,
    /// Findings told.
    pub findings: u64,
}

impl StatsReport {
    /// Of what was counted. `partial`: not every record asked for could be read; `findings`: how many were told.
    pub fn new(by: By, layout: Layout, sum: &GroupSums, partial: bool, findings: u64) -> StatsReport {
        let mut groups: HashMap<GroupKey, GroupSum> = HashMap::new();
        let mut total = GroupSum::default();
        for (key, cell) in sum.cells() {
            let key = match (by, key) {
                (By::Rmgr, GroupKey::Code(rmid, _)) => GroupKey::Code(rmid, 0),
                (_, GroupKey::Code(rmid, half)) => GroupKey::Code(rmid, waldump::folded(rmid, half, layout.dialect)),
                (_, key) => key,
            };
            groups.entry(key).or_default().add(cell);
            total.add(cell);
        }
        let mut groups: Vec<(GroupKey, GroupSum)> = groups.into_iter().collect();
        groups.sort_by_key(|(key, cell)| (std::cmp::Reverse(if by.is_in_order() { 0 } else { cell.bytes() }), *key));
        StatsReport { by, layout, groups, total, from: sum.first, to: sum.end, partial, findings }
    }
}
