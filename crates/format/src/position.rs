//! A position as people write it: on a command line, or copied from a server's message.
//!
//! ```text
//! 5A/1F00C9D8                                        an LSN
//! 000000040000005A0000001F[.partial]                 the start of a segment
//! 000000040000005A0000001F+51672, …+0xC9D8           an offset in it
//! 000000040000005A0000001F.00000028[.backup]         the same, as a backup history file is named
//! log file 90, segment 31, offset 51672              messages of 9.2 and earlier (both numbers decimal)
//! log segment 000000040000005A0000001F, offset 51672                       9.3 – 15
//! WAL segment 000000040000005A0000001F, LSN 5A/1F00C9D8, offset 51672      16 and later
//! streaming 5A/1F00C9D8, startup recovering 0000…1F  the end of a process's title, as ps shows it
//! file:PATH                                          where the WAL in that file begins; of a control file or a data
//!                                                    directory, its last checkpoint
//! time:…, xid:…, name:…, or a bare time              need the records of an archive
//! ```
//!
//! Which LSN the name of a segment stands for depends on the cluster's segment size and address scheme:
//! [`Position::lsn`]. What could be two things is refused with the spellings to choose from.

use crate::{AddressScheme, Lsn, SegmentName, SegmentSize, TimelineId};
use std::fmt;

/// A position, before it is known which cluster it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Position<'a> {
    /// `X/Y`.
    Lsn(Lsn),
    /// An offset in bytes in a segment.
    Segment(SegmentName, u64),
    /// Log id, segment in it, and offset in bytes in the segment, as messages of 9.2 and earlier name them.
    LogFile {
        /// The log id.
        log: u32,
        /// The segment in the log id.
        seg: u32,
        /// The offset in the segment.
        offset: u64,
    },
    /// Where the WAL in the file of this path begins; of a control file or a data directory, its last checkpoint.
    File(&'a str),
}

impl<'a> Position<'a> {
    /// Reads a position.
    ///
    /// # Errors
    /// [`PositionError`] says what the text is instead.
    pub fn parse(text: &'a str) -> Result<Position<'a>, PositionError> {
        if text.is_empty() {
            return Err(PositionError::Empty);
        }
        if let Some((prefix, rest)) = text.split_once(':') {
            match prefix {
                "file" if rest.is_empty() => return Err(PositionError::NoPath),
                "file" => return Ok(Position::File(rest)),
                "time" => return Err(PositionError::NeedsArchive(Indirect::Time)),
                "xid" => return Err(PositionError::NeedsArchive(Indirect::Xid)),
                "name" => return Err(PositionError::NeedsArchive(Indirect::RestorePoint)),
                _ => {}
            }
        }
        if let Ok(lsn) = text.parse() {
            return Ok(Position::Lsn(lsn));
        }
        if let Some(position) = in_segment(text)? {
            return Ok(position);
        }
        message(text).or_else(|| title(text)).ok_or_else(|| what_else(text))
    }

    /// The position in a cluster of this address scheme and segment size. That of a [`Position::File`] is in the file.
    ///
    /// # Errors
    /// [`NoSuchPlace`] where such a cluster has no such segment, or not so many bytes in it.
    pub fn lsn(self, scheme: AddressScheme, size: SegmentSize) -> Result<Lsn, NoSuchPlace> {
        let (log, seg, offset) = match self {
            Position::Lsn(lsn) => return Ok(lsn),
            Position::Segment(name, offset) => (name.log, name.seg, offset),
            Position::LogFile { log, seg, offset } => (log, seg, offset),
            Position::File(_) => return Err(NoSuchPlace::InFile),
        };
        let name = SegmentName { timeline: TimelineId::FIRST, log, seg };
        let number =
            name.number(scheme, size).ok_or(NoSuchPlace::Segment { seg, segments: scheme.segments_per_log(size) })?;
        // An offset of the whole size is what servers up to 9.2 answer at a boundary: the start of the next segment.
        if offset > size.bytes() {
            return Err(NoSuchPlace::Offset { offset, size: size.bytes() });
        }
        scheme.advance(scheme.segment_start(number, size), offset, size).ok_or(NoSuchPlace::BeyondEnd)
    }

    /// The timeline that the spelling tells.
    pub fn timeline(self) -> Option<TimelineId> {
        match self {
            Position::Segment(name, _) => Some(name.timeline),
            _ => None,
        }
    }

    /// The address scheme that the spelling tells: only 9.2 and earlier speak of log files.
    pub fn scheme(self) -> Option<AddressScheme> {
        matches!(self, Position::LogFile { .. }).then_some(AddressScheme::Split)
    }
}

/// Spellings that start with the name of a segment; of either case, as `pg_split_walfile_name` takes them.
fn in_segment(text: &str) -> Result<Option<Position<'_>>, PositionError> {
    let Some((name, rest)) = text.split_at_checked(24) else { return Ok(None) };
    let Some(name) = SegmentName::parse(&name.to_ascii_uppercase()) else { return Ok(None) };
    if rest.is_empty() || rest == ".partial" {
        return Ok(Some(Position::Segment(name, 0)));
    }
    if let Some(offset) = rest.strip_prefix('+') {
        return number(offset).map(|offset| Some(Position::Segment(name, offset))).ok_or(PositionError::BadOffset);
    }
    let Some(offset) = rest.strip_prefix('.') else { return Ok(None) };
    let offset = offset.strip_suffix(".backup").unwrap_or(offset);
    let digits = offset.len() == 8 && offset.bytes().all(|b| b.is_ascii_hexdigit());
    Ok(digits.then(|| u64::from_str_radix(offset, 16).ok()).flatten().map(|offset| Position::Segment(name, offset)))
}

/// A number as `%u` prints it, or `0x` and hexadecimal digits.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    // `from_str_radix` would take a sign.
    if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// The places in servers' messages.
fn message(text: &str) -> Option<Position<'_>> {
    let text = text.strip_prefix("in ").unwrap_or(text);
    if let Some(rest) = text.strip_prefix("log file ") {
        let (log, rest) = rest.split_once(", segment ")?;
        let (seg, offset) = match rest.split_once(", offset ").or_else(|| rest.split_once(" at offset ")) {
            Some((seg, offset)) => (seg, number(offset)?),
            None => (rest, 0),
        };
        return Some(Position::LogFile {
            log: number(log)?.try_into().ok()?,
            seg: number(seg)?.try_into().ok()?,
            offset,
        });
    }
    let rest = text.strip_prefix("log segment ").or_else(|| text.strip_prefix("WAL segment "))?;
    let (name, rest) = rest.split_once(", ")?;
    let offset = match rest.strip_prefix("LSN ") {
        Some(rest) => rest.split_once(", offset ")?.1,
        None => rest.strip_prefix("offset ")?,
    };
    Some(Position::Segment(SegmentName::parse(name)?, number(offset)?))
}

/// The title of a process (`set_ps_display`): of `walreceiver`, `walsender`, `startup`, `archiver`.
fn title(text: &str) -> Option<Position<'_>> {
    let (front, place) = text.trim().rsplit_once(' ')?;
    let ends = ["streaming", "recovering", "waiting for", "archiving", "last was", "failed on"];
    let known = |end: &str| front.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(' '));
    ends.iter().find(|end| known(end))?;
    place.parse().ok().map(Position::Lsn).or_else(|| in_segment(place).ok().flatten())
}

/// What a text is that is no position.
fn what_else(text: &str) -> PositionError {
    let decimal = text.bytes().all(|b| b.is_ascii_digit());
    if decimal && let Ok(value) = text.parse() {
        return PositionError::Ambiguous(Ambiguity::Number(value));
    }
    if text.len() == 16
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && let Ok(value) = u64::from_str_radix(text, 16)
    {
        return PositionError::Ambiguous(Ambiguity::Digits16(value));
    }
    if (text.starts_with("0x") || text.starts_with("0X"))
        && let Some(value) = number(text)
    {
        return PositionError::Ambiguous(Ambiguity::Hex(value));
    }
    if is_date(text) {
        return PositionError::NeedsArchive(Indirect::Time);
    }
    match text.strip_suffix(".history") {
        Some(stem) if stem.len() == 8 && stem.bytes().all(|b| b.is_ascii_hexdigit()) => PositionError::HistoryFile,
        _ => PositionError::NotAPosition,
    }
}

/// Whether the text begins as a date of ISO 8601 does.
fn is_date(text: &str) -> bool {
    let day = text.as_bytes().first_chunk::<10>();
    day.is_some_and(|day| {
        day.iter().zip(b"dddd-dd-dd").all(|(b, shape)| if *shape == b'd' { b.is_ascii_digit() } else { b == shape })
    })
}

/// Positions that only the records of an archive can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Indirect {
    /// A time.
    Time,
    /// A transaction.
    Xid,
    /// A restore point.
    RestorePoint,
}

/// A text that could be several things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Ambiguity {
    /// A bare decimal number.
    Number(u64),
    /// Sixteen hexadecimal digits without a slash.
    Digits16(u64),
    /// `0x` and hexadecimal digits.
    Hex(u64),
}

/// Why a text is not a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PositionError {
    /// Nothing.
    Empty,
    /// `file:` without a path.
    NoPath,
    /// None of the spellings.
    NotAPosition,
    /// What follows the `+` is no number.
    BadOffset,
    /// The name of a timeline history file.
    HistoryFile,
    /// Several things at once.
    Ambiguous(Ambiguity),
    /// A position that has to be looked up in an archive.
    NeedsArchive(Indirect),
}

/// The spellings of a position, for messages.
pub const SPELLINGS: &str = "X/Y, SEGMENT, SEGMENT+OFFSET, SEGMENT.OFFSET[.backup] (24 and 8 hexadecimal digits), \
                             'log file N, segment N, offset N', or file:PATH";

impl fmt::Display for PositionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PositionError::Empty => write!(f, "an empty text is not a position; write {SPELLINGS}"),
            PositionError::NoPath => {
                f.write_str("file: needs the path of a WAL segment, of a control file or of a data directory")
            }
            PositionError::NotAPosition => write!(f, "not a position; write {SPELLINGS}"),
            PositionError::BadOffset => {
                f.write_str("what follows the + is not an offset in bytes, decimal or 0x and hexadecimal")
            }
            PositionError::HistoryFile => {
                f.write_str("a history file describes a timeline and has no position; the switch points are in it")
            }
            PositionError::Ambiguous(Ambiguity::Number(n)) => {
                write!(
                    f,
                    "a bare number could be several things: write {} for byte {n} of WAL, or xid:{n} for a transaction",
                    Lsn::new(*n)
                )
            }
            PositionError::Ambiguous(Ambiguity::Digits16(n)) => {
                write!(
                    f,
                    "sixteen digits could be several things: write {} for a position, or the whole name of a segment, 24 digits",
                    Lsn::new(*n)
                )
            }
            PositionError::Ambiguous(Ambiguity::Hex(n)) => {
                write!(f, "write {} for byte {n} of WAL, or xid:{n} for a transaction", Lsn::new(*n))
            }
            PositionError::NeedsArchive(what) => {
                let what = match what {
                    Indirect::Time => "a time",
                    Indirect::Xid => "a transaction",
                    Indirect::RestorePoint => "a restore point",
                };
                write!(f, "{what} is not yet understood by this command; write {SPELLINGS}")
            }
        }
    }
}

impl std::error::Error for PositionError {}

/// A cluster of the given geometry has no such place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NoSuchPlace {
    /// The last eight digits of the name go beyond the segments of a log id.
    Segment {
        /// The last eight digits.
        seg: u32,
        /// Segments in a log id.
        segments: u64,
    },
    /// The offset goes beyond the segment.
    Offset {
        /// The offset in bytes.
        offset: u64,
        /// The segment's size in bytes.
        size: u64,
    },
    /// Beyond FFFFFFFF/FFFFFFFF.
    BeyondEnd,
    /// The file has to be read.
    InFile,
}

impl fmt::Display for NoSuchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoSuchPlace::Segment { seg, segments } => write!(
                f,
                "no segment has that name: with segments of this size in this version its last eight digits go from 00000000 to {:08X}, not {seg:08X}",
                segments - 1
            ),
            NoSuchPlace::Offset { offset, size } => {
                write!(f, "offset {offset} lies beyond the end of a segment of {size} bytes")
            }
            NoSuchPlace::BeyondEnd => f.write_str("beyond the last position of WAL"),
            NoSuchPlace::InFile => f.write_str("the file has to be read first"),
        }
    }
}

impl std::error::Error for NoSuchPlace {}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: SegmentSize = SegmentSize::DEFAULT;

    fn resolved(text: &str) -> String {
        let position = Position::parse(text).unwrap();
        position.lsn(position.scheme().unwrap_or(AddressScheme::Linear), SIZE).unwrap().to_string()
    }

    #[test]
    fn titles_of_processes() {
        for title in [
            "postgres: walreceiver streaming 5A/1F00C9D8",
            "walsender repl 10.0.0.2(51234) streaming 5A/1F00C9D8",
            "streaming 5A/1F00C9D8",
        ] {
            assert_eq!(Position::parse(title), Ok(Position::Lsn("5A/1F00C9D8".parse().unwrap())), "{title}");
        }
        let segment = SegmentName::parse("000000040000005A0000001F").unwrap();
        for title in [
            "postgres: startup recovering 000000040000005A0000001F",
            "startup waiting for 000000040000005A0000001F",
            "archiver last was 000000040000005A0000001F",
        ] {
            assert_eq!(Position::parse(title), Ok(Position::Segment(segment, 0)), "{title}");
        }
        assert_eq!(Position::parse("dreaming 5A/1F00C9D8"), Err(PositionError::NotAPosition));
    }

    #[test]
    fn every_spelling_of_one_place() {
        for text in [
            "5A/1F00C9D8",
            "5a/1f00c9d8",
            "000000040000005A0000001F+51672",
            "000000040000005a0000001f+0xC9D8",
            "000000040000005A0000001F.0000C9D8",
            "000000040000005A0000001F.0000C9D8.backup",
            "log file 90, segment 31, offset 51672",
            "in log file 90, segment 31, offset 51672",
            "log file 90, segment 31 at offset 51672",
            "log file 0x5A, segment 0x1F, offset 0xC9D8",
            "log segment 000000040000005A0000001F, offset 51672",
            "WAL segment 000000040000005A0000001F, LSN 5A/1F00C9D8, offset 51672",
        ] {
            assert_eq!(resolved(text), "5A/1F00C9D8", "{text}");
        }
        for text in ["000000040000005A0000001F", "000000040000005A0000001F.partial", "log file 90, segment 31"] {
            assert_eq!(resolved(text), "5A/1F000000", "{text}");
        }
        assert_eq!(Position::parse("file:a:b"), Ok(Position::File("a:b")));
    }

    #[test]
    fn what_is_no_position_is_named() {
        use PositionError::*;
        for (text, error) in [
            ("", Empty),
            ("file:", NoPath),
            ("-1/5", NotAPosition),
            (" 0/10", NotAPosition),
            ("0/100000000", NotAPosition),
            ("base/5/16384", NotAPosition),
            ("é", NotAPosition),
            ("ééééééééééééé", NotAPosition),
            ("000000040000005A0000001F.gz", NotAPosition),
            ("000000040000005A0000001F+", BadOffset),
            ("000000040000005A0000001F+-1", BadOffset),
            ("000000040000005A0000001F+99999999999999999999", BadOffset),
            ("log file 4294967296, segment 0, offset 0", NotAPosition),
            ("log file x, segment 0, offset 0", NotAPosition),
            ("00000002.history", HistoryFile),
            ("16777216", Ambiguous(Ambiguity::Number(16777216))),
            ("0000005A1F00C9D8", Ambiguous(Ambiguity::Digits16(0x5A_1F00_C9D8))),
            ("0x1000000", Ambiguous(Ambiguity::Hex(0x100_0000))),
            ("99999999999999999999", NotAPosition),
            ("2026-11-20 14:02:11+01", NeedsArchive(Indirect::Time)),
            ("time:now", NeedsArchive(Indirect::Time)),
            ("xid:7", NeedsArchive(Indirect::Xid)),
            ("name:before", NeedsArchive(Indirect::RestorePoint)),
        ] {
            assert_eq!(Position::parse(text), Err(error), "{text}");
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn places_that_a_cluster_does_not_have() {
        let last = Position::parse("0000000100000000000000FF").unwrap();
        assert_eq!(last.lsn(AddressScheme::Linear, SIZE), Ok(Lsn::from_halves(0, 0xFF00_0000)));
        assert_eq!(last.lsn(AddressScheme::Split, SIZE), Err(NoSuchPlace::Segment { seg: 255, segments: 255 }));
        let whole = Position::parse("0000000100000000000000FE+16777216").unwrap();
        assert_eq!(whole.lsn(AddressScheme::Split, SIZE), Ok(Lsn::from_halves(1, 0)));
        let beyond = Position::parse("000000010000000000000000+16777217").unwrap();
        assert_eq!(
            beyond.lsn(AddressScheme::Linear, SIZE),
            Err(NoSuchPlace::Offset { offset: 16777217, size: 16777216 })
        );
        let end = Position::parse("00000001FFFFFFFF000000FF+16777216").unwrap();
        assert_eq!(end.lsn(AddressScheme::Linear, SIZE), Err(NoSuchPlace::BeyondEnd));
    }
}
