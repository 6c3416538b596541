//! Counts, and how those of two parts come together.

use super::Key;
use pgwal::format::Lsn;
use pgwal::format::record::Record;
use std::collections::HashMap;

/// Resource managers with a place of their own; those of extensions are counted like other groups.
const DENSE: usize = 32 * 16;

/// The counts of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// Records.
    pub records: u64,
    /// Their bytes without page images.
    pub record_bytes: u64,
    /// Bytes of page images.
    pub image_bytes: u64,
}

impl Cell {
    /// Both.
    pub fn bytes(&self) -> u64 {
        self.record_bytes + self.image_bytes
    }

    /// Adds another.
    pub fn add(&mut self, other: Cell) {
        self.records += other.records;
        self.record_bytes += other.record_bytes;
        self.image_bytes += other.image_bytes;
    }

    fn of(record: &Record<'_>, images: u64) -> Cell {
        Cell { records: 1, record_bytes: u64::from(record.header.tot_len).saturating_sub(images), image_bytes: images }
    }
}

/// The counts of a stretch of WAL.
#[derive(Debug, Default)]
pub struct Sum {
    /// By resource manager × 16 + high half of `xl_info`; empty until the first.
    dense: Vec<Cell>,
    groups: HashMap<Key, Cell>,
    /// The group that was counted last, for groups that come in runs.
    recent: (Key, Cell),
    /// The group in which the next record is, where that depends on those before.
    pub now: Key,
    /// Start of the first record of the range, counted or not.
    pub first: Option<Lsn>,
    /// End of the last record counted.
    pub end: Option<Lsn>,
}

impl Sum {
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
            self.dense.resize(DENSE, Cell::default());
            self.by_code(record, images);
        } else {
            self.count(record, Key::Code(record.header.rmid, record.header.info >> 4), images);
        }
    }

    /// Counts a record of which no more is known than this.
    pub fn listed(&mut self, rmid: u8, half: u8, length: u64, image_bytes: u64, end: Lsn) {
        let record_bytes = length.saturating_sub(image_bytes);
        self.put(Key::Code(rmid, half), Cell { records: 1, record_bytes, image_bytes });
        self.end = Some(end);
    }

    /// Counts a record for a group.
    pub fn count(&mut self, record: &Record<'_>, key: Key, images: u64) {
        self.put(key, Cell::of(record, images));
        self.end = Some(record.end);
    }

    /// An image that was counted for one group belongs to another.
    pub fn moved(&mut self, from: Key, to: Key, image: u64) {
        self.put(Key::Before, Cell::default());
        let given = self.groups.entry(from).or_default();
        given.image_bytes = given.image_bytes.saturating_sub(image);
        self.put(to, Cell { image_bytes: image, ..Cell::default() });
    }

    fn put(&mut self, key: Key, cell: Cell) {
        if self.recent.0 != key {
            let (last, sum) = std::mem::replace(&mut self.recent, (key, Cell::default()));
            if sum != Cell::default() {
                self.groups.entry(last).or_default().add(sum);
            }
        }
        self.recent.1.add(cell);
    }

    /// Goes on with what follows.
    pub fn add(&mut self, mut right: Sum) {
        self.first = self.first.or(right.first);
        self.end = right.end.or(self.end);
        if self.dense.is_empty() {
            self.dense = std::mem::take(&mut right.dense);
        }
        for (cell, more) in self.dense.iter_mut().zip(right.dense) {
            cell.add(more);
        }
        let before = if self.now == Key::Before { Key::Nothing } else { self.now };
        for (key, cell) in right.groups.into_iter().chain([right.recent]) {
            if cell != Cell::default() {
                let key = if key == Key::Before { before } else { key };
                self.groups.entry(key).or_default().add(cell);
            }
        }
        self.now = if right.now == Key::Before { self.now } else { right.now };
    }

    /// Every group that something was counted for. For parts that came together with [`Sum::add`].
    pub fn cells(&self) -> Vec<(Key, Cell)> {
        let dense = self
            .dense
            .iter()
            .enumerate()
            .map(|(place, cell)| (Key::Code((place >> 4) as u8, (place & 0xF) as u8), *cell));
        dense
            .chain(self.groups.iter().map(|(key, cell)| (*key, *cell)))
            .filter(|(_, cell)| *cell != Cell::default())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_a_record_before_goes_over_to_the_next_part() {
        let one = Cell { records: 1, record_bytes: 10, image_bytes: 0 };
        let mut first = Sum::default();
        first.put(Key::Before, one);
        first.put(Key::Minute(1), one);
        first.now = Key::Minute(1);
        let mut second = Sum::default();
        second.put(Key::Before, one);
        let mut third = Sum::default();
        third.put(Key::Before, one);
        third.put(Key::Minute(2), one);
        let mut all = Sum::default();
        for part in [first, second, third] {
            all.add(part);
        }
        let mut cells = all.cells();
        cells.sort_by_key(|(key, _)| *key);
        let counts: Vec<(Key, u64)> = cells.iter().map(|(key, cell)| (*key, cell.records)).collect();
        assert_eq!(counts, [(Key::Nothing, 1), (Key::Minute(1), 3), (Key::Minute(2), 1)]);
    }
}
