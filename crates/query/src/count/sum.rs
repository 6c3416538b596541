//! Counts, and how those of two parts come together.

use super::{GroupKey, GroupPlace};
use pgwal_format::Lsn;
use pgwal_format::record::Record;
use pgwal_format::rmgr::xact::Timestamp;
use std::collections::HashMap;

/// Resource managers with a place of their own; those of extensions are counted like other groups.
const DENSE: usize = 32 * 16;

/// The counts of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupSum {
    /// Records.
    pub records: u64,
    /// Their bytes without page images.
    pub record_bytes: u64,
    /// Bytes of page images.
    pub image_bytes: u64,
}

impl GroupSum {
    /// Both.
    pub fn bytes(&self) -> u64 {
        self.record_bytes + self.image_bytes
    }

    /// Adds another.
    pub fn add(&mut self, other: GroupSum) {
        self.records += other.records;
        self.record_bytes += other.record_bytes;
        self.image_bytes += other.image_bytes;
    }

    fn of(record: &Record<'_>, images: u64) -> GroupSum {
        GroupSum {
            records: 1,
            record_bytes: u64::from(record.header.tot_len).saturating_sub(images),
            image_bytes: images,
        }
    }
}

/// The counts of a stretch of WAL.
#[derive(Debug, Default)]
pub struct GroupSums {
    /// By resource manager × 16 + high half of `xl_info`; empty until the first.
    dense: Vec<GroupSum>,
    groups: HashMap<GroupPlace, GroupSum>,
    /// The group that was counted last, for groups that come in runs.
    recent: (GroupPlace, GroupSum),
    /// The group in which the next record is, where that depends on those before.
    pub now: GroupPlace,
    /// When the checkpoints were made that groups are named by.
    pub times: HashMap<Lsn, Timestamp>,
    /// Start of the first record of the range, counted or not.
    pub first: Option<Lsn>,
    /// End of the last record counted.
    pub end: Option<Lsn>,
}

impl GroupSums {
    /// A record of the range, whether it counts or not.
    #[inline(always)]
    pub fn seen(&mut self, record: &Record<'_>) {
        if self.first.is_none() {
            self.first = Some(record.lsn);
        }
    }

    /// Counts a record for its operation.
    #[inline(always)]
    pub fn by_code(&mut self, record: &Record<'_>, images: u64) {
        let (rmid, half) = (record.header.rmid, record.header.info >> 4);
        let place = usize::from(rmid) << 4 | usize::from(half);
        match self.dense.get_mut(place) {
            Some(cell) => {
                cell.records += 1;
                cell.record_bytes += u64::from(record.header.tot_len).saturating_sub(images);
                cell.image_bytes += images;
                self.end = Some(record.end);
            }
            None => self.rare(record, images),
        }
    }

    #[inline(never)]
    fn rare(&mut self, record: &Record<'_>, images: u64) {
        if self.dense.is_empty() {
            self.dense.resize(DENSE, GroupSum::default());
            self.by_code(record, images);
        } else {
            self.count(record, alone(GroupKey::Code(record.header.rmid, record.header.info >> 4)), images);
        }
    }

    /// Counts a record of which no more is known than this.
    pub fn listed(&mut self, rmid: u8, half: u8, length: u64, image_bytes: u64, end: Lsn) {
        let record_bytes = length.saturating_sub(image_bytes);
        self.put(alone(GroupKey::Code(rmid, half)), GroupSum { records: 1, record_bytes, image_bytes });
        self.end = Some(end);
    }

    /// Counts a record for a group.
    pub fn count(&mut self, record: &Record<'_>, key: GroupPlace, images: u64) {
        self.put(key, GroupSum::of(record, images));
        self.end = Some(record.end);
    }

    /// An image that was counted for one group belongs to another.
    pub fn moved(&mut self, from: GroupPlace, to: GroupPlace, image: u64) {
        self.put(GroupPlace::default(), GroupSum::default());
        let given = self.groups.entry(from).or_default();
        given.image_bytes = given.image_bytes.saturating_sub(image);
        self.put(to, GroupSum { image_bytes: image, ..GroupSum::default() });
    }

    fn put(&mut self, key: GroupPlace, cell: GroupSum) {
        if self.recent.0 != key {
            let (last, sum) = std::mem::replace(&mut self.recent, (key, GroupSum::default()));
            if sum != GroupSum::default() {
                self.groups.entry(last).or_default().add(sum);
            }
        }
        self.recent.1.add(cell);
    }

    /// Goes on with what follows.
    pub fn add(&mut self, mut right: GroupSums) {
        self.first = self.first.or(right.first);
        self.end = right.end.or(self.end);
        if self.dense.is_empty() {
            self.dense = std::mem::take(&mut right.dense);
        }
        for (cell, more) in self.dense.iter_mut().zip(right.dense) {
            cell.add(more);
        }
        let before = self.now.map(|now| now.or(GroupKey::Nothing));
        for (key, cell) in right.groups.into_iter().chain([right.recent]) {
            if cell != GroupSum::default() {
                self.groups.entry(both(key, before)).or_default().add(cell);
            }
        }
        self.now = both(right.now, self.now);
        self.times.extend(right.times);
    }

    /// Every group that something was counted for. For parts that came together with [`GroupSums::add`].
    pub fn cells(&self) -> Vec<(GroupPlace, GroupSum)> {
        let dense = self
            .dense
            .iter()
            .enumerate()
            .map(|(place, cell)| (alone(GroupKey::Code((place >> 4) as u8, (place & 0xF) as u8)), *cell));
        dense
            .chain(self.groups.iter().map(|(key, cell)| (*key, *cell)))
            .filter(|(_, cell)| *cell != GroupSum::default())
            .collect()
    }
}

/// A group where one thing is counted by.
pub fn alone(key: GroupKey) -> GroupPlace {
    [key, GroupKey::Nothing]
}

/// Each group, or else the one in which the part before ended.
fn both(place: GroupPlace, before: GroupPlace) -> GroupPlace {
    let ([first, second], [before_first, before_second]) = (place, before);
    [first.or(before_first), second.or(before_second)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_a_record_before_goes_over_to_the_next_part() {
        let one = GroupSum { records: 1, record_bytes: 10, image_bytes: 0 };
        let mut first = GroupSums::default();
        first.put(alone(GroupKey::Before), one);
        first.put(alone(GroupKey::Minute(1)), one);
        first.now = alone(GroupKey::Minute(1));
        let mut second = GroupSums::default();
        second.put(alone(GroupKey::Before), one);
        let mut third = GroupSums::default();
        third.put(alone(GroupKey::Before), one);
        third.put(alone(GroupKey::Minute(2)), one);
        let mut all = GroupSums::default();
        for part in [first, second, third] {
            all.add(part);
        }
        let mut cells = all.cells();
        cells.sort_by_key(|(key, _)| *key);
        let counts: Vec<(GroupKey, u64)> = cells.iter().map(|([key, _], cell)| (*key, cell.records)).collect();
        assert_eq!(counts, [(GroupKey::Nothing, 1), (GroupKey::Minute(1), 3), (GroupKey::Minute(2), 1)]);
    }
}
