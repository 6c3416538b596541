//! The last record that two sides have in common.

use super::DivergeSide;
use super::prints::{RecordPrint, SidePrints, records, stretch, stretch_start};
use pgwal_format::{Layout, Lsn};
use pgwal_verify::records::ListError;

/// A record at which sides part.
pub type PartedRecord = RecordPrint;

/// How two lines of WAL meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SidesMeeting {
    /// They are WAL of different clusters, or of different versions.
    Foreign,
    /// There is no stretch of WAL of which both have records.
    Nothing,
    /// They have no records in common here, and their histories say that they part at this position.
    Told(Lsn),
    /// Both have the same records, up to the end of both.
    Same(PartedRecord),
    /// One goes on where the other ends: nothing parts them.
    Ahead {
        /// The number of the one that goes on.
        side: usize,
        /// The last record of the other.
        last: PartedRecord,
    },
    /// They part.
    Apart {
        /// The last record that both have; `None` where the first of both differ.
        last: Option<PartedRecord>,
        /// The first record of each that the other does not have.
        first: [PartedRecord; 2],
        /// Right in front of those is a record of both. If not, WAL is missing there, and they may have parted in it.
        certain: bool,
        /// In WAL that is missing there they part at this position, as their histories say.
        told: Option<Lsn>,
    },
}

impl SidesMeeting {
    /// They part.
    pub fn is_apart(&self) -> bool {
        matches!(self, SidesMeeting::Apart { .. } | SidesMeeting::Told(_))
    }

    /// Where they part, or where one of them ends.
    pub fn fork(&self) -> Option<Lsn> {
        match self {
            SidesMeeting::Foreign | SidesMeeting::Nothing => None,
            SidesMeeting::Told(lsn) => Some(*lsn),
            SidesMeeting::Same(last) | SidesMeeting::Ahead { last, .. } => Some(last.end),
            SidesMeeting::Apart { first: [a, b], told, .. } => told.or(Some(a.lsn.min(b.lsn))),
        }
    }

    /// The end of the last record that both have.
    pub fn last_end(&self) -> Option<Lsn> {
        match self {
            SidesMeeting::Foreign | SidesMeeting::Nothing => None,
            SidesMeeting::Told(lsn) => Some(*lsn),
            SidesMeeting::Same(last) | SidesMeeting::Ahead { last, .. } => Some(last.end),
            SidesMeeting::Apart { last, .. } => last.map(|last| last.end),
        }
    }

    /// Takes in where their histories say that they part, which holds where no record of both is right in front.
    pub(super) fn told_by(&mut self, history: Option<Lsn>, layout: &Layout) {
        let SidesMeeting::Apart { last, first: [a, b], certain, told } = self else { return };
        let (first, from) = (a.lsn.min(b.lsn), last.map_or(Lsn::ZERO, |last| last.end));
        let Some(fork) = history.filter(|fork| !*certain && (from..=first).contains(fork)) else { return };
        if behind_header(fork, layout) == first {
            *certain = true;
        } else {
            *told = Some(fork);
        }
    }
}

/// Where a record can start that follows on a position: behind the header of the page that begins there.
pub(super) fn behind_header(lsn: Lsn, layout: &Layout) -> Lsn {
    let offset = layout.address().offset(lsn, layout.segment);
    let header = match offset % layout.page.bytes() {
        0 if offset == 0 => layout.long_header(),
        0 => layout.short_header(),
        _ => 0,
    };
    lsn.plus_within(header as u64)
}

/// Finds it.
pub(super) fn meet(sides: [&DivergeSide<'_>; 2], prints: [&SidePrints; 2]) -> Result<SidesMeeting, ListError> {
    let [a, b] = prints;
    let (Some(of_a), Some(of_b), Some(end_a), Some(end_b)) = (a.range(), b.range(), a.last(), b.last()) else {
        return Ok(SidesMeeting::Nothing);
    };
    let begin = of_a.0.max(of_b.0);
    if begin >= of_a.1.min(of_b.1) {
        return Ok(SidesMeeting::Nothing);
    }
    let mut common = None;
    let mut some = false;
    for (own, sum) in a.stretches.range(stretch(begin)..) {
        let Some(other) = b.stretches.get(own) else { continue };
        some = true;
        if sum == other {
            common = Some(*own);
            continue;
        }
        // The last record before this stretch, too.
        let from = stretch_start(common.unwrap_or(*own)).max(begin);
        if let Some(apart) = parted(sides, from, *own, of_a.1.min(of_b.1))? {
            return Ok(apart);
        }
        // What both have of it is the same.
        common = Some(*own);
    }
    Ok(match (some, end_a.lsn.cmp(&end_b.lsn)) {
        (false, _) => SidesMeeting::Nothing,
        (true, std::cmp::Ordering::Equal) => SidesMeeting::Same(end_a),
        (true, std::cmp::Ordering::Less) => SidesMeeting::Ahead { side: 1, last: end_a },
        (true, std::cmp::Ordering::Greater) => SidesMeeting::Ahead { side: 0, last: end_b },
    })
}

/// So many stretches are looked at record by record, where one record is longer than that.
const MOST_STRETCHES: u64 = 128;

/// Looks record by record, from a position on, where a stretch differs. A record that is longer than that is found by
/// looking further, up to where one of the sides ends.
fn parted(sides: [&DivergeSide<'_>; 2], from: Lsn, own: u64, end: Lsn) -> Result<Option<SidesMeeting>, ListError> {
    let mut more = 2;
    loop {
        let to = stretch_start(own.saturating_add(more));
        let [a, b] = [records(sides[0], from, to)?, records(sides[1], from, to)?];
        let found = first_difference(&a, &b);
        if found.is_some() || to >= end || more > MOST_STRETCHES {
            return Ok(found);
        }
        let ends = [a.last(), b.last()].map(|last| last.map_or(from, |last| last.end));
        if ends.iter().all(|end| stretch(*end) > own) {
            return Ok(None);
        }
        more *= 2;
    }
}

/// The first records that differ. Each record names the one before it, so that what one side lacks and what it never
/// had are told apart.
fn first_difference(a: &[RecordPrint], b: &[RecordPrint]) -> Option<SidesMeeting> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut last: Option<RecordPrint> = None;
    while let (Some(&&one), Some(&&other)) = (a.peek(), b.peek()) {
        if one == other {
            last = Some(one);
            a.next();
            b.next();
            continue;
        }
        let missing = match one.lsn.cmp(&other.lsn) {
            std::cmp::Ordering::Equal => false,
            // The record before the later one is this one or lies behind it: it was written there, too.
            std::cmp::Ordering::Less => other.header.prev >= one.lsn,
            std::cmp::Ordering::Greater => one.header.prev >= other.lsn,
        };
        if !missing {
            let follows = |print: RecordPrint| last.is_some_and(|last| print.header.prev == last.lsn);
            let certain = follows(one) && follows(other);
            return Some(SidesMeeting::Apart { last, first: [one, other], certain, told: None });
        }
        if one.lsn < other.lsn {
            a.next();
        } else {
            b.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal_format::record::RecordHeader;

    fn print(lsn: u64, prev: u64, crc: u32) -> RecordPrint {
        let header = RecordHeader { tot_len: 40, xid: 0, prev: Lsn::new(prev), info: 0, rmid: 0, crc, len: 0 };
        RecordPrint { lsn: Lsn::new(lsn), end: Lsn::new(lsn + 40), header }
    }

    #[test]
    fn what_a_side_lacks_is_no_difference() {
        let a = [print(100, 60, 1), print(140, 100, 2), print(180, 140, 3), print(220, 180, 4)];
        for without in 0..a.len() {
            let b: Vec<RecordPrint> = a.iter().enumerate().filter(|(n, _)| *n != without).map(|(_, p)| *p).collect();
            assert_eq!((first_difference(&a, &b), first_difference(&b, &a)), (None, None), "{without}");
        }
    }

    #[test]
    fn another_record_at_one_place_or_none_there_is_where_they_part() {
        let a = [print(100, 60, 1), print(140, 100, 2), print(180, 140, 3)];
        for (b, certain) in [
            (vec![print(100, 60, 1), print(140, 100, 9)], true),
            (vec![print(100, 60, 1), print(150, 100, 2)], true),
            // The one before is missing on one side.
            (vec![print(140, 100, 2), print(180, 140, 9)], true),
            (vec![print(180, 140, 9)], false),
        ] {
            let Some(SidesMeeting::Apart { last, certain: found, .. }) = first_difference(&a, &b) else {
                panic!("{b:?}");
            };
            assert_eq!((last.is_some(), found), (certain, certain), "{b:?}");
        }
    }
}
