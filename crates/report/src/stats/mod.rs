//! Counts of records and bytes.

pub mod csv;
pub mod json;
pub mod listing;
pub mod text;
pub mod waldump;

use crate::time::Zone;
use pgwal_catalog::Names;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Layout, Lsn};
use pgwal_query::count::{By, GroupKey, GroupPlace, GroupSum, GroupSums, Grouping};
use std::collections::{HashMap, HashSet};

/// What is told.
pub struct StatsReport {
    /// What it is counted by.
    pub by: Grouping,
    /// How the WAL is laid out.
    pub layout: Layout,
    /// Groups, the largest first, or in the order of WAL.
    pub groups: Vec<(GroupPlace, GroupSum)>,
    /// Smaller groups that are not told: how many, and what they come to.
    pub left_out: (u64, GroupSum),
    /// When checkpoints were made.
    pub times: HashMap<Lsn, Timestamp>,
    /// In which zone text tells times.
    pub zone: Zone,
    /// What relations and databases are called, where names are known.
    pub names: Option<Names>,
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
    pub fn new(by: impl Into<Grouping>, layout: Layout, sum: &GroupSums, partial: bool, findings: u64) -> StatsReport {
        let by = by.into();
        let mut groups: HashMap<GroupPlace, GroupSum> = HashMap::new();
        let mut total = GroupSum::default();
        for (mut place, cell) in sum.cells() {
            for (by, key) in by.each().zip(&mut place) {
                *key = match (by, *key) {
                    (By::Rmgr, GroupKey::Code(rmid, _)) => GroupKey::Code(rmid, 0),
                    (_, GroupKey::Code(rmid, half)) => {
                        GroupKey::Code(rmid, waldump::folded(rmid, half, layout.dialect))
                    }
                    (_, key) => key,
                };
            }
            groups.entry(place).or_default().add(cell);
            total.add(cell);
        }
        let mut groups: Vec<(GroupPlace, GroupSum)> = groups.into_iter().collect();
        groups.sort_by_key(|([first, second], cell)| {
            let order = by.first.is_in_order().then_some(*first);
            let size = if by.second.is_none() && order.is_some() { 0 } else { cell.bytes() };
            (order, std::cmp::Reverse(size), *first, *second)
        });
        let (from, to, times) = (sum.first, sum.end, sum.times.clone());
        let left_out = (0, GroupSum::default());
        let zone = Zone::utc();
        StatsReport { by, layout, groups, left_out, times, zone, names: None, total, from, to, partial, findings }
    }

    /// Tells the largest groups alone.
    pub fn keep(&mut self, most: usize) {
        let mut sizes: Vec<(u64, usize)> =
            self.groups.iter().enumerate().map(|(i, (_, cell))| (cell.bytes(), i)).collect();
        sizes.sort_by_key(|&(bytes, i)| (std::cmp::Reverse(bytes), i));
        let kept: HashSet<usize> = sizes.into_iter().take(most).map(|(_, i)| i).collect();
        let all = std::mem::take(&mut self.groups);
        for (i, group) in all.into_iter().enumerate() {
            if kept.contains(&i) {
                self.groups.push(group);
            } else {
                self.left_out.0 += 1;
                self.left_out.1.add(group.1);
            }
        }
    }
}
