//! How much WAL was written when, by resource manager.
//!
//! A record belongs to the minute of the last time before it that a record tells (commits, aborts, restore points),
//! over segment ends too. Memory is bounded: where there are more than [`MOST`] slots of time, two become one.

use crate::filter::time_of;
use pgwal_format::TimelineId;
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::{TRANSACTION, XLOG};
use pgwal_source::Source;
use pgwal_verify::Options;
use pgwal_verify::records::{ListError, ListPart, ListRequest, NoEvent, Render, Rendered, gather};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Slots of time that are kept apart.
const MOST: usize = 1024;

/// Bytes of records, page images included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volume {
    /// Minutes in a slot, a power of two.
    pub width: i64,
    /// By slot (the minute since 1970 divided by the width) and resource manager.
    pub slots: BTreeMap<(i64, u8), u64>,
    /// Of records before the first that tells a time.
    pub untimed: BTreeMap<u8, u64>,
    /// The minute in which the next record is.
    now: Option<i64>,
}

impl Default for Volume {
    fn default() -> Volume {
        Volume { width: 1, slots: BTreeMap::new(), untimed: BTreeMap::new(), now: None }
    }
}

impl Volume {
    /// Counts all records on the way of recovery.
    ///
    /// # Errors
    /// Nothing could be looked at.
    pub fn of(source: &dyn Source, options: Options<'_>) -> Result<Volume, ListError> {
        let (meter, _) = gather(source, &ListRequest { options, limit: None }, &Meter::default, &mut |_| Ok(()))?;
        Ok(meter.0.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// By resource manager, the largest first.
    pub fn managers(&self) -> Vec<(u8, u64)> {
        let mut sums: BTreeMap<u8, u64> = self.untimed.clone();
        for ((_, rmid), bytes) in &self.slots {
            *sums.entry(*rmid).or_default() += bytes;
        }
        let mut sums: Vec<(u8, u64)> = sums.into_iter().collect();
        sums.sort_by_key(|(rmid, bytes)| (std::cmp::Reverse(*bytes), *rmid));
        sums
    }

    fn put(&mut self, minute: Option<i64>, rmid: u8, bytes: u64) {
        let place = match minute {
            Some(minute) => self.slots.entry((minute.div_euclid(self.width), rmid)).or_default(),
            None => self.untimed.entry(rmid).or_default(),
        };
        *place = place.saturating_add(bytes);
    }

    /// Goes on with what follows.
    fn add(&mut self, right: Volume) {
        for (rmid, bytes) in right.untimed {
            self.put(self.now, rmid, bytes);
        }
        while self.width < right.width {
            self.widen();
        }
        for ((slot, rmid), bytes) in right.slots {
            self.put(Some(slot.saturating_mul(right.width)), rmid, bytes);
        }
        self.now = right.now.or(self.now);
        self.bound();
    }

    fn bound(&mut self) {
        while self.slots.len() > MOST && self.slots.keys().map(|(slot, _)| slot).collect::<BTreeSet<_>>().len() > MOST {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.width *= 2;
        for ((slot, rmid), bytes) in std::mem::take(&mut self.slots) {
            *self.slots.entry((slot.div_euclid(2), rmid)).or_default() += bytes;
        }
    }
}

/// The renderer that counts.
#[derive(Default)]
struct Meter(Mutex<Volume>);

/// What is counted of one segment.
#[derive(Default)]
struct VolumePart {
    blocks: Vec<Block>,
    volume: Volume,
    /// Of the minute that is now, by resource manager: not many records tell a time.
    open: Vec<u64>,
}

impl VolumePart {
    fn close(&mut self) {
        for (rmid, bytes) in self.open.iter_mut().enumerate().filter(|(_, bytes)| **bytes > 0) {
            self.volume.put(self.volume.now, rmid as u8, std::mem::take(bytes));
        }
    }
}

impl Render for Meter {
    type Scratch = VolumePart;
    type Event = NoEvent;

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        part: &mut VolumePart,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let rmid = record.header.rmid;
        if matches!(rmid, TRANSACTION | XLOG) {
            let _ = record.blocks(&mut part.blocks);
            let minute = time_of(record, &part.blocks).map(|time| time.unix_micros().div_euclid(60_000_000));
            if minute.is_some() && minute != part.volume.now {
                part.close();
                part.volume.now = minute;
                part.volume.bound();
            }
        }
        part.open.resize(256, 0);
        if let Some(bytes) = part.open.get_mut(usize::from(rmid)) {
            *bytes += u64::from(record.header.tot_len);
        }
        Some(0.into())
    }

    /// What is wrong is told by who asks for the volume.
    fn done(&self, part: &mut VolumePart) {
        part.close();
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum.add(std::mem::take(&mut part.volume));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(untimed: u64, minutes: std::ops::Range<i64>) -> Volume {
        let mut out = Volume::default();
        out.put(None, 1, untimed);
        for minute in minutes {
            out.put(Some(minute), 1, 1);
            out.now = Some(minute);
        }
        out
    }

    #[test]
    fn what_has_no_time_belongs_to_the_minute_before_it() {
        let mut all = Volume::default();
        for next in [part(5, 0..0), part(7, 10..12), part(11, 0..0), part(13, 12..13)] {
            all.add(next);
        }
        assert_eq!(all.untimed, BTreeMap::from([(1, 12)]));
        assert_eq!(all.slots, BTreeMap::from([((10, 1), 1), ((11, 1), 25), ((12, 1), 1)]));
    }

    #[test]
    fn a_year_of_minutes_takes_no_more_room_than_a_day() {
        let mut all = Volume::default();
        for day in 0..365 {
            all.add(part(0, day * 1440..(day + 1) * 1440));
            assert!(all.slots.len() <= MOST);
        }
        assert_eq!(all.slots.values().sum::<u64>(), 365 * 1440);
        assert_eq!(all.width, 1024);
        // And times that no clock shows do not stop it.
        all.add(part(0, i64::MAX / 60_000_000 - 3..i64::MAX / 60_000_000));
        assert_eq!(all.slots.values().sum::<u64>(), 365 * 1440 + 3);
    }
}
