//! Codes as a user writes them.

use super::Code;
use std::fmt;
use std::str::FromStr;

/// `WP201`, `record-crc`, or a family `WP2xx`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodePattern {
    /// One code.
    One(Code),
    /// Every code whose number begins with this digit.
    Family(u8),
}

impl CodePattern {
    /// Whether a code is meant.
    pub fn matches(self, code: Code) -> bool {
        match self {
            CodePattern::One(one) => one == code,
            CodePattern::Family(digit) => code.id().as_bytes().get(2) == Some(&digit),
        }
    }
}

impl fmt::Display for CodePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodePattern::One(code) => code.fmt(f),
            CodePattern::Family(digit) => write!(f, "WP{}xx", char::from(*digit)),
        }
    }
}

impl FromStr for CodePattern {
    type Err = ();
    fn from_str(text: &str) -> Result<CodePattern, ()> {
        let upper = text.to_ascii_uppercase();
        if let Some(digit) = upper.strip_prefix("WP").and_then(|rest| rest.strip_suffix("XX"))
            && let [digit @ b'1'..=b'5'] = digit.as_bytes()
        {
            return Ok(CodePattern::Family(*digit));
        }
        Code::ALL.iter().find(|c| c.id() == upper || c.name() == text).map(|&c| CodePattern::One(c)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_three_spellings() {
        assert_eq!("WP201".parse(), Ok(CodePattern::One(Code::RecordCrc)));
        assert_eq!("record-crc".parse(), Ok(CodePattern::One(Code::RecordCrc)));
        let family: CodePattern = "WP2xx".parse().unwrap();
        assert!(family.matches(Code::RecordCrc) && !family.matches(Code::Gap));
        assert!("WP999".parse::<CodePattern>().is_err());
    }
}
