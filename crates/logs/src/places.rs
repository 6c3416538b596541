//! Places in WAL that a line names, whether or not its message is known.

use crate::position::LogPosition;
use crate::slot::Slot;
use pgwal_format::{FileName, Lsn};

/// Bytes of a line that are looked at.
const MAX_LINE: usize = 8192;

/// Positions and names of WAL files in any text, in the order in which they stand there, each once.
pub fn places_in(line: &str) -> Vec<LogPosition> {
    let mut places = Vec::new();
    let mut rest = line;
    let mut left = MAX_LINE;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/\\._-".contains(c);
    while let Some(at) = rest.find(is_part).filter(|&at| at < left) {
        let token = rest.get(at..).unwrap_or("");
        let length = token.find(|c| !is_part(c)).unwrap_or(token.len());
        let (token, behind) = token.split_at_checked(length).unwrap_or((token, ""));
        if let Some(place) = place(token.trim_matches(['.', '-', '_', '/']), behind)
            && !places.contains(&place)
        {
            places.push(place);
        }
        left = left.saturating_sub(at + length);
        rest = behind;
    }
    places
}

fn place(token: &str, behind: &str) -> Option<LogPosition> {
    let name = token.rsplit(['/', '\\']).next()?;
    if FileName::parse(name).is_some() {
        return Some(LogPosition::File { name: name.to_owned(), offset: offset(behind) });
    }
    let (log, low) = token.split_once('/')?;
    // A day of a year, and a part of a file's path, look alike; a position so near to the beginning of a log is rare.
    let is_date = |year: &str| year.len() == 4 && (year.starts_with("19") || year.starts_with("20"));
    if low.len() < 4 || log.is_empty() || (log.len() <= 2 && is_date(low)) {
        return None;
    }
    token.parse::<Lsn>().ok().map(|lsn| LogPosition::Lsn { role: Slot::At, lsn })
}

/// The offset that a line says behind a file's name.
fn offset(behind: &str) -> Option<u64> {
    let digits = behind.trim_start_matches(|c: char| "\"'”»,:; ".contains(c)).strip_prefix("offset ")?;
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..length)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Vec<String> {
        places_in(line).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn positions_and_files_are_found_in_any_line() {
        assert_eq!(
            said("P00 ERROR: [104]: WAL file '/a/15-1/000000010000000000000003-8a4c' not found after 2A/16B3748."),
            ["2A/016B3748"]
        );
        assert_eq!(
            said("frobnicated \"pg_wal/000000010000000000000003\", offset 8192; see 00000002.history"),
            ["000000010000000000000003+8192", "00000002.history"]
        );
        assert_eq!(said("on 11/2026 and 24/7 base/5/16384 was read 28/11 times").len(), 0);
        assert_eq!(said(&"0/3000168 ".repeat(100_000)), ["0/03000168"]);
    }
}
