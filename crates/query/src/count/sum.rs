//! Counts, and how those of two parts come together.

use super::GroupKey;
use pgwal_format::Lsn;
use pgwal_format::record::Record;
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
    groups: HashMap<GroupKey, GroupSum>,
    /// The group that was counted last, for groups that come in runs.
    recent: (GroupKey, GroupSum),
    /// The group in which the next record is, where that depends on those before.
    pub now: GroupKey,
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
            self.count(record, GroupKey::Code(record.header.rmid, record.header.info >> 4), images);
        }
    }

    /// Counts a record of which no more is known than this.
    pub fn listed(&mut self, rmid: u8, half: u8, length: u64, image_bytes: u64, end: Lsn) {
        let record_bytes = length.saturating_sub(image_bytes);
        self.put(GroupKey::Code(rmid, half), GroupSum { records: 1, record_bytes, image_bytes });
        self.end = Some(end);
    }

    /// Counts a record for a group.
    pub fn count(&mut self, record: &Record<'_>, key: GroupKey, images: u64) {
        self.put(key, GroupSum::of(record, images));
        self.end = Some(record.end);
    }

    /// An image that was counted for one group belongs to another.
    pub fn moved(&mut self, from: GroupKey, to: GroupKey, image: u64) {
        self.put(GroupKey::Before, GroupSum::default());
        let given = self.groups.entry(from).or_default();
        given.image_bytes = given.image_bytes.saturating_sub(image);
        self.put(to, GroupSum { image_bytes: image, ..GroupSum::default() });
    }

    fn put(&mut self, key: GroupKey, cell: GroupSum) {
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
        let before = if self.now == GroupKey::Before { GroupKey::Nothing } else { self.now };
        for (key, cell) in right.groups.into_iter().chain([right.recent]) {
            if cell != GroupSum::default() {
                let key = if key == GroupKey::Before { before } else { key };
                self.groups.entry(key).or_default().add(cell);
            }
        }
        self.now = if right.now == GroupKey::Before { self.now } else { right.now };
    }

    /// Every group that something was counted for. For parts that came together with [`GroupSums::add`].
    pub fn cells(&self) -> Vec<(GroupKey, GroupSum)> {
        let dense = self
            .dense
            .iter()
            .enumerate()
            .map(|(place, cell)| (GroupKey::Code((place >> 4) as u8, (place & 0xF) as u8), *cell));
        dense
            .chain(self.groups.iter().map(|(key, cell)| (*key, *cell)))
            .filter(|(_, cell)| *cell != GroupSum::default())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_a_record_before_goes_over_to_the_next_part() {
        let one = GroupSum { records: 1, record_bytes: 10, image_bytes: 0 };
        let mut first = GroupSums::default();
        first.put(GroupKey::Before, one);
        first.put(GroupKey::Minute(1), one);
        first.now = GroupKey::Minute(1);
        let mut second = GroupSums::default();
        second.put(GroupKey::Before, one);
        let mut third = GroupSums::default();
        third.put(GroupKey::Before, one);
        third.put(GroupKey::Minute(2), one);
        let mut all = GroupSums::default();
        for part in [first, second, third] {
            all.add(part);
        }
        let mut cells = all.cells();
        cells.sort_by_key(|(key, _)| *key);
        let counts: Vec<(GroupKey, u64)> = cells.iter().map(|(key, cell)| (*key, cell.records)).collect();
        assert_eq!(counts, [(GroupKey::Nothing, 1), (GroupKey::Minute(1), 3), (GroupKey::Minute(2), 1)]);
    }
}
