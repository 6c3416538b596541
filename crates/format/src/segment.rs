//! Names of segments and of the other files of an archive (`src/include/access/xlog_internal.h`).
//!
//! ```text
//! 000000040000005A0000001F            segment: timeline, log, segment in the log; 8 hexadecimal digits each
//! 000000040000005A0000001F.partial    an unfinished segment
//! 00000004.history                    where timeline 4 came from
//! 000000040000005A0000001F.00000028.backup   a base backup began at that offset of that segment
//! ```

use crate::sizes::{SegmentNo, SegmentSize};
use crate::{AddressScheme, TimelineId};
use std::fmt;

/// The 24 digits of a segment's name, as written. What number that is depends on the cluster: [`SegmentName::number`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SegmentName {
    /// The first eight digits.
    pub timeline: TimelineId,
    /// The second eight: the log id (9.2 and earlier), or the high part of the segment number.
    pub log: u32,
    /// The last eight: the segment in the log.
    pub seg: u32,
}

impl SegmentName {
    /// The name of a segment. Numbers of an existing position fit; of greater ones the upper bits are cut off.
    pub fn new(timeline: TimelineId, number: SegmentNo, scheme: AddressScheme, size: SegmentSize) -> SegmentName {
        let per = scheme.segments_per_log(size);
        SegmentName { timeline, log: (number.0 / per) as u32, seg: (number.0 % per) as u32 }
    }

    /// Reads exactly 24 hexadecimal digits, upper case as servers write them.
    pub fn parse(text: &str) -> Option<SegmentName> {
        let bytes = text.as_bytes();
        if bytes.len() != 24 || !bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')) {
            return None;
        }
        let part = |range: std::ops::Range<usize>| u32::from_str_radix(text.get(range)?, 16).ok();
        Some(SegmentName { timeline: TimelineId(part(0..8)?), log: part(8..16)?, seg: part(16..24)? })
    }

    /// The segment's number, or `None` where this cluster has no segment of that name (9.2 and earlier never write
    /// `…FF` of 16 MiB segments; a segment in the log beyond the last is a name of another segment size).
    pub fn number(self, scheme: AddressScheme, size: SegmentSize) -> Option<SegmentNo> {
        let per = scheme.segments_per_log(size);
        (u64::from(self.seg) < per).then(|| SegmentNo(u64::from(self.log) * per + u64::from(self.seg)))
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}{:08X}{:08X}", self.timeline.0, self.log, self.seg)
    }
}

/// The files of a WAL archive, by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FileName {
    /// A complete segment.
    Segment(SegmentName),
    /// An unfinished segment: `.partial`.
    Partial(SegmentName),
    /// A timeline history file.
    History(TimelineId),
    /// A backup history file: the segment and the offset in it at which the backup began.
    BackupHistory(SegmentName, u32),
}

impl FileName {
    /// Reads a name as servers write it: no compression suffix, no folder.
    pub fn parse(text: &str) -> Option<FileName> {
        if let Some(stem) = text.strip_suffix(".history") {
            return hex8(stem).map(|t| FileName::History(TimelineId(t)));
        }
        if let Some(stem) = text.strip_suffix(".partial") {
            return SegmentName::parse(stem).map(FileName::Partial);
        }
        if let Some(stem) = text.strip_suffix(".backup") {
            let (segment, offset) = stem.split_once('.')?;
            return Some(FileName::BackupHistory(SegmentName::parse(segment)?, hex8(offset)?));
        }
        SegmentName::parse(text).map(FileName::Segment)
    }
}

fn hex8(text: &str) -> Option<u32> {
    (text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')))
        .then(|| u32::from_str_radix(text, 16).ok())?
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileName::Segment(s) => write!(f, "{s}"),
            FileName::Partial(s) => write!(f, "{s}.partial"),
            FileName::History(t) => write!(f, "{:08X}.history", t.0),
            FileName::BackupHistory(s, offset) => write!(f, "{s}.{offset:08X}.backup"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in [
            "000000040000005A0000001F",
            "000000040000005A0000001F.partial",
            "0000000A.history",
            "000000010000000000000002.00000028.backup",
        ] {
            assert_eq!(FileName::parse(name).unwrap().to_string(), name);
        }
        for bad in [
            "000000040000005a0000001F",
            "00000004.histor",
            "000000040000005A0000001F.gz",
            "x",
            "",
            "é00000040000005A0000001",
        ] {
            assert_eq!(FileName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_last_segment_of_a_log_differs_between_the_schemes() {
        let name = SegmentName::parse("0000000100000000000000FF").unwrap();
        assert_eq!(name.number(AddressScheme::Split, SegmentSize::DEFAULT), None);
        assert_eq!(name.number(AddressScheme::Linear, SegmentSize::DEFAULT), Some(SegmentNo(255)));
        let wrap = SegmentName::new(TimelineId(1), SegmentNo(255), AddressScheme::Split, SegmentSize::DEFAULT);
        assert_eq!(wrap.to_string(), "000000010000000100000000");
    }
}
