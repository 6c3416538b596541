//! What a server of each version answers when asked about a position: `pg_xlogfile_name`, `pg_xlogfile_name_offset` and
//! `pg_xlog_location_diff` (9.6 and earlier), `pg_walfile_name`, `pg_walfile_name_offset`, `pg_wal_lsn_diff` (10 and
//! later), `pg_split_walfile_name` (16 and later).
//!
//! Sources: `src/backend/access/transam/xlogfuncs.c` and `src/backend/utils/adt/pg_lsn.c` of each version.
//!
//! ```text
//!                 reads                 at a boundary, 16 MiB, 0/1000000   difference of positions
//! 8.2 – 9.1       sscanf "%X/%X"        …00, offset 16777216               (no function)
//! 9.2             1–8 digits, /, 1–8    …00, offset 16777216               255 segments a log id, checked
//! 9.3             1–8 digits, /, 1–8    …00, offset 0                      each side a signed 64-bit number
//! 9.4 – 16        pg_lsn                …00, offset 0                      exact
//! 17 and later    pg_lsn                …01, offset 0                      exact
//! ```
//!
//! The timeline in a name is the one on which the server writes, never one that belongs to the position; here the
//! caller says it.

use crate::dialect::BoundaryRule;
use crate::wal_function_rules::{LsnDiff, LsnInput};
use crate::{AddressScheme, Dialect, Lsn, SegmentName, SegmentNo, SegmentSize, TimelineId};
use std::fmt;

/// An error as the server words it; `Display` is its text without the leading `ERROR:  `.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WalFunctionError {
    /// The text is not a position, up to 9.1.
    CouldNotParse(String),
    /// The text is not a position, 9.2 and 9.3.
    InvalidLocation(String),
    /// The text is not a position, 9.4 and later.
    InvalidPgLsn(String),
    /// The text is not the name of a segment.
    InvalidFileName(String),
    /// The offset in the log id is greater than what a log id holds (9.2).
    OffsetOutOfRange {
        /// The low half of the position.
        offset: u32,
        /// The bytes that a log id holds.
        limit: u32,
    },
    /// This version has no such function.
    NoFunction {
        /// Its name.
        name: &'static str,
        /// How many arguments it would have.
        arguments: usize,
    },
}

impl fmt::Display for WalFunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalFunctionError::CouldNotParse(text) => write!(f, "could not parse transaction log location \"{text}\""),
            WalFunctionError::InvalidLocation(text) => {
                write!(f, "invalid input syntax for transaction log location: \"{text}\"")
            }
            WalFunctionError::InvalidPgLsn(text) => write!(f, "invalid input syntax for type pg_lsn: \"{text}\""),
            WalFunctionError::InvalidFileName(text) => write!(f, "invalid WAL file name \"{text}\""),
            WalFunctionError::OffsetOutOfRange { offset, limit } => {
                write!(f, "xrecoff \"{offset:X}\" is out of valid range, 0..{limit:X}")
            }
            WalFunctionError::NoFunction { name, arguments } => {
                write!(f, "function {name}({}) does not exist", vec!["unknown"; *arguments].join(", "))
            }
        }
    }
}

impl std::error::Error for WalFunctionError {}

/// Reads a position as a server of this version does.
///
/// # Errors
/// The server's, where it refuses the text.
pub fn parse_lsn(dialect: &Dialect, text: &str) -> Result<Lsn, WalFunctionError> {
    match dialect.functions.input {
        LsnInput::Scanf => scan(text.as_bytes()).ok_or_else(|| WalFunctionError::CouldNotParse(text.to_owned())),
        LsnInput::Location => text.parse().map_err(|_| WalFunctionError::InvalidLocation(text.to_owned())),
        LsnInput::PgLsn => text.parse().map_err(|_| WalFunctionError::InvalidPgLsn(text.to_owned())),
    }
}

/// `pg_xlogfile_name`, `pg_walfile_name`: which file the server names for a position.
pub fn file_name(dialect: &Dialect, lsn: Lsn, timeline: TimelineId, size: SegmentSize) -> SegmentName {
    file_name_offset(dialect, lsn, timeline, size).0
}

/// `pg_xlogfile_name_offset`, `pg_walfile_name_offset`: the file, and the offset in it. At a segment boundary the two
/// need not belong together: [`BoundaryRule`].
pub fn file_name_offset(dialect: &Dialect, lsn: Lsn, timeline: TimelineId, size: SegmentSize) -> (SegmentName, u32) {
    let bytes = size.bytes() as u32;
    match dialect.boundary {
        BoundaryRule::PreviousWhole => {
            let seg = lsn.low().wrapping_sub(1) / bytes;
            let name = SegmentName { timeline, log: lsn.high(), seg };
            (name, lsn.low().wrapping_sub(seg.wrapping_mul(bytes)))
        }
        BoundaryRule::PreviousZero => {
            let number = SegmentNo(lsn.get().wrapping_sub(1) / size.bytes());
            (SegmentName::new(timeline, number, AddressScheme::Linear, size), lsn.low() % bytes)
        }
        BoundaryRule::Next => {
            let number = SegmentNo(lsn.get() / size.bytes());
            (SegmentName::new(timeline, number, AddressScheme::Linear, size), lsn.low() % bytes)
        }
    }
}

/// `pg_split_walfile_name`: number and timeline of a segment's name, in either case. The server does not ask whether
/// segments of its size can bear that name.
///
/// # Errors
/// The server's, where the text is not 24 hexadecimal digits or the version has no such function.
pub fn split_file_name(
    dialect: &Dialect,
    text: &str,
    size: SegmentSize,
) -> Result<(SegmentNo, TimelineId), WalFunctionError> {
    if !dialect.functions.split {
        return Err(WalFunctionError::NoFunction { name: "pg_split_walfile_name", arguments: 1 });
    }
    let name = SegmentName::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| WalFunctionError::InvalidFileName(text.to_owned()))?;
    let per = dialect.address.segments_per_log(size);
    Ok((SegmentNo(u64::from(name.log) * per + u64::from(name.seg)), name.timeline))
}

/// `pg_xlog_location_diff`, `pg_wal_lsn_diff`: bytes from `b` to `a`.
///
/// # Errors
/// The server's, where it refuses an offset (9.2) or has no such function (8.2 – 9.1).
pub fn lsn_diff(dialect: &Dialect, a: Lsn, b: Lsn, size: SegmentSize) -> Result<i128, WalFunctionError> {
    match dialect.functions.diff {
        LsnDiff::Absent => Err(WalFunctionError::NoFunction { name: dialect.functions.diff_name, arguments: 2 }),
        LsnDiff::Split => {
            let limit = (dialect.address.segments_per_log(size) * size.bytes()) as u32;
            match [a, b].into_iter().find(|lsn| lsn.low() > limit) {
                Some(lsn) => Err(WalFunctionError::OffsetOutOfRange { offset: lsn.low(), limit }),
                None => Ok(dialect.address.distance(a, b, size)),
            }
        }
        LsnDiff::Signed => Ok(i128::from(a.get() as i64) - i128::from(b.get() as i64)),
        LsnDiff::Exact => Ok(dialect.address.distance(a, b, size)),
    }
}

/// `sscanf(text, "%X/%X", …) == 2`.
fn scan(text: &[u8]) -> Option<Lsn> {
    let (high, rest) = scan_hex(text)?;
    let (low, _) = scan_hex(rest.strip_prefix(b"/")?)?;
    Some(Lsn::from_halves(high, low))
}

/// One `%X`: blanks, a sign, `0x`, digits; a value beyond 64 bits becomes the greatest, and 32 bits of it are kept.
fn scan_hex(text: &[u8]) -> Option<(u32, &[u8])> {
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'\t'..=b'\r')).count();
    let text = text.get(blanks..)?;
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    // The zero of a bare "0x" is a number of its own.
    let (prefixed, text) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let digits = text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if digits == 0 && !prefixed {
        return None;
    }
    let (digits, rest) = text.split_at_checked(digits)?;
    let value = digits.iter().try_fold(0_u64, |value, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        value.checked_mul(16)?.checked_add(u64::from(digit))
    });
    let value = match value {
        None => u64::MAX,
        Some(value) if negative => value.wrapping_neg(),
        Some(value) => value,
    };
    Some((value as u32, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn dialect(version: &str) -> &'static Dialect {
        version.parse::<Version>().unwrap().dialect().unwrap()
    }

    fn lsn(text: &str) -> Lsn {
        text.parse().unwrap()
    }

    #[test]
    fn a_boundary_has_three_answers() {
        let answer = |version, at: &str| {
            let (name, offset) = file_name_offset(dialect(version), lsn(at), TimelineId(1), SegmentSize::DEFAULT);
            (name.to_string(), offset)
        };
        for (version, name, offset) in [
            ("8.2", "000000010000000000000000", 16777216),
            ("9.2", "000000010000000000000000", 16777216),
            ("9.3", "000000010000000000000000", 0),
            ("16", "000000010000000000000000", 0),
            ("17", "000000010000000000000001", 0),
        ] {
            assert_eq!(answer(version, "0/1000000"), (name.to_owned(), offset), "{version}");
        }
        assert_eq!(answer("9.2", "1/0"), ("0000000100000001000000FF".to_owned(), 16777216));
        assert_eq!(answer("16", "1/0"), ("0000000100000000000000FF".to_owned(), 0));
        assert_eq!(answer("16", "0/0"), ("00000001FFFFFFFF000000FF".to_owned(), 0));
    }

    #[test]
    fn old_servers_read_what_sscanf_reads() {
        let old = dialect("9.1");
        for (text, value) in [
            ("0/ 10", "0/10"),
            ("\t 0/10 and more", "0/10"),
            ("-1/5", "FFFFFFFF/5"),
            ("0x1/0X2", "1/2"),
            ("0x/+1", "0/1"),
            ("100000000/0", "0/0"),
            ("FFFFFFFFFFFFFFFFF/1", "FFFFFFFF/1"),
            ("-FFFFFFFFFFFFFFFFF/1", "FFFFFFFF/1"),
        ] {
            assert_eq!(parse_lsn(old, text), Ok(lsn(value)), "{text}");
        }
        for text in ["", "1", "/", "1/", "/1", "g/0", "0 /1", "- 1/0", "0/-", "x1/0"] {
            assert_eq!(
                parse_lsn(old, text).unwrap_err().to_string(),
                format!("could not parse transaction log location \"{text}\"")
            );
        }
    }

    #[test]
    fn later_servers_are_strict_each_in_its_own_words() {
        for text in ["", "-1/5", " 0/10", "0/10 ", "0x1/0x2", "0/100000000"] {
            for (version, words) in [
                ("9.2", "invalid input syntax for transaction log location"),
                ("9.3", "invalid input syntax for transaction log location"),
                ("9.4", "invalid input syntax for type pg_lsn"),
                ("19", "invalid input syntax for type pg_lsn"),
            ] {
                assert_eq!(parse_lsn(dialect(version), text).unwrap_err().to_string(), format!("{words}: \"{text}\""));
            }
        }
    }

    #[test]
    fn names_are_split_from_16_on() {
        let size = SegmentSize::new(1 << 20).unwrap();
        assert_eq!(
            split_file_name(dialect("16"), "00000001000000FF000000ff", size),
            Ok((SegmentNo(1044735), TimelineId(1)))
        );
        assert_eq!(
            split_file_name(dialect("16"), "xyz", size).unwrap_err().to_string(),
            "invalid WAL file name \"xyz\""
        );
        assert_eq!(
            split_file_name(dialect("15"), "000000010000000000000001", size).unwrap_err().to_string(),
            "function pg_split_walfile_name(unknown) does not exist"
        );
    }

    #[test]
    fn differences_follow_the_version() {
        let diff =
            |version, a, b| lsn_diff(dialect(version), lsn(a), lsn(b), SegmentSize::DEFAULT).map_err(|e| e.to_string());
        assert_eq!(diff("9.2", "1/0", "0/0"), Ok(0xFF00_0000));
        assert_eq!(diff("9.2", "1/0", "0/FF000000"), Ok(0));
        assert_eq!(
            diff("9.2", "0/FF000001", "0/0"),
            Err("xrecoff \"FF000001\" is out of valid range, 0..FF000000".to_owned())
        );
        assert_eq!(diff("9.3", "80000000/0", "0/0"), Ok(-0x8000_0000_0000_0000));
        assert_eq!(diff("9.4", "FFFFFFFF/FFFFFFFF", "0/0"), Ok(i128::from(u64::MAX)));
        assert_eq!(
            diff("9.1", "1/0", "0/0"),
            Err("function pg_xlog_location_diff(unknown, unknown) does not exist".to_owned())
        );
    }
}
