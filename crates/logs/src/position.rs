//! The places in WAL that a message names, as the command line takes them.

use super::slot::{Slot, SlotFact};
use pgwal_format::{FileName, Lsn};
use std::fmt;

/// A place in WAL.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LogPosition {
    /// A position.
    Lsn {
        /// What lies there.
        role: Slot,
        /// The position.
        lsn: Lsn,
    },
    /// A WAL file.
    File {
        /// Its name, without a folder.
        name: String,
        /// Bytes from its beginning, where the message says so.
        offset: Option<u64>,
    },
    /// A segment as servers up to 9.2 name it.
    LogFile {
        /// The log id.
        log: u32,
        /// The segment in the log.
        segment: u32,
        /// Bytes from the segment's beginning, where the message says so.
        offset: Option<u64>,
    },
}

/// Slots that are places, the most telling first. Addresses that were read out of the damaged bytes are not.
const PLACES: &[Slot] = &[Slot::At, Slot::Page, Slot::Near, Slot::From, Slot::Until, Slot::LastGood];

pub(super) fn of(facts: &[SlotFact]) -> Vec<LogPosition> {
    let number = |slot: Slot| facts.iter().find(|f| f.slot == slot).and_then(|f| f.value.number());
    let offset = number(Slot::Offset);
    let mut places: Vec<LogPosition> = facts_of(facts, &PLACES[..2]).collect();
    places.extend(facts.iter().filter(|f| matches!(f.slot, Slot::File | Slot::WalFile)).filter_map(|f| {
        let name = f.value.text()?.rsplit(['/', '\\']).next()?;
        FileName::parse(name).map(|_| LogPosition::File { name: name.to_owned(), offset })
    }));
    if let (Some(log), Some(segment)) = (number(Slot::Log), number(Slot::Segment))
        && let (Ok(log), Ok(segment)) = (u32::try_from(log), u32::try_from(segment))
    {
        places.push(LogPosition::LogFile { log, segment, offset });
    }
    places.extend(facts_of(facts, &PLACES[2..]));
    places
}

fn facts_of<'f>(facts: &'f [SlotFact], slots: &'static [Slot]) -> impl Iterator<Item = LogPosition> + 'f {
    slots
        .iter()
        .flat_map(move |slot| facts.iter().filter(move |f| f.slot == *slot))
        .filter_map(|f| Some(LogPosition::Lsn { role: f.slot, lsn: f.value.lsn()? }))
}

impl LogPosition {
    /// The text for a shell: quoted where it holds spaces.
    pub fn as_argument(&self) -> String {
        let text = self.to_string();
        if text.contains(' ') { format!("'{text}'") } else { text }
    }
}

/// As the commands of walproof take it.
impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogPosition::Lsn { lsn, .. } => write!(f, "{lsn}"),
            LogPosition::File { name, offset: None } => f.write_str(name),
            LogPosition::File { name, offset: Some(offset) } => write!(f, "{name}+{offset}"),
            LogPosition::LogFile { log, segment, offset } => {
                write!(f, "log file {log}, segment {segment}, offset {}", offset.unwrap_or(0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::recognise;

    fn places(line: &str) -> Vec<String> {
        recognise(line).unwrap().positions().iter().map(|p| p.to_string()).collect()
    }

    #[test]
    fn the_place_of_the_failure_comes_first() {
        assert_eq!(
            places("invalid magic number 0000 in WAL segment 000000040000000000000064, LSN 0/06400000, offset 0"),
            ["0/06400000", "000000040000000000000064+0"]
        );
        assert_eq!(places("record with incorrect prev-link 0/FA4B60 at 0/FA6880"), ["0/00FA6880"]);
        assert_eq!(
            places("unexpected pageaddr 0/A000000 in log file 0, segment 39, offset 8192"),
            ["log file 0, segment 39, offset 8192"]
        );
        assert_eq!(
            places("ERROR:  requested WAL segment pg_wal/000000010000000000000062 has already been removed"),
            ["000000010000000000000062"]
        );
        assert_eq!(
            places(
                "pg_waldump: error: error in WAL record at 0/F7CB88: invalid record length at 0/F7E8A0: wanted 24, got 0"
            ),
            ["0/00F7E8A0", "0/00F7CB88"]
        );
    }

    #[test]
    fn a_number_too_great_for_a_log_id_is_no_place() {
        assert!(places("unexpected pageaddr 0/A000000 in log file 99999999999, segment 39, offset 8192").is_empty());
    }
}
