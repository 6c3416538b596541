//! Timelines (`TimeLineID`, `src/include/access/xlogdefs.h`).

use std::fmt;

/// The number of a timeline. Zero is no timeline; damaged bytes may hold it all the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct TimelineId(pub u32);

impl TimelineId {
    /// The timeline that `initdb` makes. It has no history file.
    pub const FIRST: TimelineId = TimelineId(1);

    /// Reads a number as `strtoul` with base 0 does: decimal, `0x` hexadecimal or `0` octal; zero is refused.
    pub fn parse(text: &str) -> Option<TimelineId> {
        let number = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            u32::from_str_radix(hex, 16)
        } else if let Some(octal) = text.strip_prefix('0').filter(|rest| !rest.is_empty()) {
            u32::from_str_radix(octal, 8)
        } else {
            text.parse()
        };
        // The standard library takes a plus sign, in front or behind a prefix.
        number.ok().filter(|&n| n > 0 && !text.contains('+')).map(TimelineId)
    }
}

impl fmt::Display for TimelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_strtoul_reads_them() {
        for (text, value) in [
            ("1", Some(1)),
            ("0x1A", Some(26)),
            ("010", Some(8)),
            ("0", None),
            ("", None),
            ("+1", None),
            ("0x+1", None),
            ("0+7", None),
            ("-1", None),
            ("4294967296", None),
        ] {
            assert_eq!(TimelineId::parse(text).map(|t| t.0), value, "{text}");
        }
    }
}
