//! A line of PostgreSQL's log about WAL and recovery: which message it is, what its numbers are, what to think of it.
//!
//! ```text
//! 2026-11-22 03:17:02 UTC [4711] LOG:  invalid record length at 0/665ACA8: wanted 24, got 0
//! └──────────── prefix ────────┘ level └───────────────── message ──────────────────────┘
//! pg_waldump: error: error in WAL record at 0/665AC78: invalid record length at 0/665ACA8: wanted 24, got 0
//!                    └─────────── wrapper ──────────┘ └───────────────── message ─────────────────────────┘
//! ```
//!
//! Any prefix may stand before a message, and a message may lie inside another one; the innermost one says what was
//! found, so it is the one told of. A message is a [`MessageRow`] of [`rows`]: its wordings since 8.2 (read off the
//! format strings of `src/backend/access/transam`, `src/backend/replication` and `src/bin/pg_waldump` of each major),
//! and what walproof has to say of it.
//!
//! | module | what it knows |
//! |---|---|
//! | `message`, `words`, `level` | where the message lies in the line: prefixes, levels |
//! | `wrapped` | what other programs put around a line, CSV and JSON logs |
//! | `runtime` | lines that were cut or coloured on their way |
//! | `localised` | the same messages in other languages |
//! | `reading` | several lines: the worst message of them |
//! | `places` | the places in WAL that any line names |
//! | `template` | how a wording is compared with a text |
//! | `slot`, `position` | the values that a message carries, and the places in WAL among them |
//! | `row`, `kind`, `table` | the messages |

mod index;
mod kind;
mod level;
mod localised;
mod message;
mod places;
mod position;
mod reading;
mod row;
mod runtime;
#[cfg(test)]
mod samples;
mod slot;
mod table;
mod template;
mod words;
mod wrapped;

pub use kind::MessageKind;
pub use level::LogLevel;
pub use places::places_in;
pub use position::LogPosition;
pub use reading::{LogReader, LogReading, MessageCount};
pub use row::{Family, MessageRow, Nature, ServerDoes, Wording};
pub use slot::{Slot, SlotFact, SlotValue};

/// Lines of a pasted text that are looked at.
const MAX_LINES: usize = 1000;
/// Messages that lie in each other.
const MAX_DEPTH: u8 = 4;

/// A recognised message, with what it said.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    row: &'static MessageRow,
    wording: &'static Wording,
    facts: Vec<SlotFact>,
    within: Option<MessageKind>,
    level: Option<LogLevel>,
    is_translated: bool,
    /// Places that the lines below it name: its DETAIL, its CONTEXT.
    beside: Vec<LogPosition>,
}

/// The worst message about WAL or recovery in `text`, which is one line of a log, or several pasted together: what ends
/// a server before damage, damage before what may be normal, and of equals the last.
///
/// `None` where there is none: other messages of the server, statements, anything else. No input makes it panic.
pub fn recognise(text: &str) -> Option<LogLine> {
    let mut reader = LogReader::default();
    text.lines().take(MAX_LINES).for_each(|line| reader.take(line));
    reader.finish().worst
}

/// All messages, in the order in which they are tried.
pub fn rows() -> impl Iterator<Item = &'static MessageRow> {
    table::ROWS.iter().copied().flatten()
}

/// The message that begins where `text` begins, in any language.
fn at_start(text: &str, depth: u8) -> Option<LogLine> {
    let depth = depth.checked_sub(1)?;
    english_at_start(text, depth).or_else(|| {
        let mut line = english_at_start(&localised::in_english(text)?, depth)?;
        line.is_translated = true;
        Some(line)
    })
}

/// The message in English that begins where `text` begins.
fn english_at_start(text: &str, depth: u8) -> Option<LogLine> {
    let (row, wording, mut facts) = index::wordings_of(text)
        .find_map(|(row, wording)| Some((row, wording, template::matches(wording.pattern, text)?)))?;
    let inner = facts
        .iter()
        .find(|f| f.slot == Slot::Inner)
        .and_then(|f| f.value.text())
        .and_then(|rest| at_start(message::without_level(rest), depth));
    facts.retain(|f| f.slot != Slot::Inner);
    Some(match inner {
        Some(mut line) => {
            line.facts.extend(facts);
            line.within = Some(row.kind);
            line
        }
        None => LogLine { row, wording, facts, within: None, level: None, is_translated: false, beside: Vec::new() },
    })
}

impl LogLine {
    /// Which message.
    pub fn kind(&self) -> MessageKind {
        self.row.kind
    }

    /// Everything known of the message whatever its numbers.
    pub fn row(&self) -> &'static MessageRow {
        self.row
    }

    /// The level with which it was said, where the line has one.
    pub fn level(&self) -> Option<LogLevel> {
        self.level
    }

    /// Whether it was said in another language than English.
    pub fn is_translated(&self) -> bool {
        self.is_translated
    }

    /// The wording found, in English; it says which majors write so.
    pub fn wording(&self) -> &'static Wording {
        self.wording
    }

    /// The message around this one (`error in WAL record at X: …`), where there is one.
    pub fn within(&self) -> Option<MessageKind> {
        self.within
    }

    /// The values, in the order in which the message says them; those of the message around it come last.
    pub fn facts(&self) -> &[SlotFact] {
        &self.facts
    }

    /// One value.
    pub fn fact(&self, slot: Slot) -> Option<&SlotValue> {
        self.facts.iter().find(|f| f.slot == slot).map(|f| &f.value)
    }

    /// What the message means.
    pub fn meaning(&self) -> &'static str {
        self.row.meaning
    }

    /// When it is nothing to worry about; `None` where it never is.
    pub fn normal_when(&self) -> Option<&'static str> {
        self.row.normal_when
    }

    /// When it tells of damage or loss; `None` where it never does.
    pub fn damage_when(&self) -> Option<&'static str> {
        self.row.damage_when
    }

    /// What the server does next, by version.
    pub fn server_does(&self) -> &'static [ServerDoes] {
        self.row.server_does
    }

    /// The findings that walproof would report in this case.
    pub fn family(&self) -> Option<Family> {
        self.row.family
    }

    /// Commands to run next, with the positions of this message filled in; `ARCHIVE` stands for the folder of WAL.
    /// A command is left out where the message does not say what it needs.
    pub fn next(&self) -> Vec<String> {
        let place = self.place().map(|p| p.as_argument());
        self.row.next.iter().filter_map(|command| self.filled(command, place.as_deref())).collect()
    }

    /// The places in WAL that the message names, the place of the failure first.
    pub fn positions(&self) -> Vec<LogPosition> {
        let mut places = position::of(&self.facts);
        places.extend(self.beside.iter().cloned());
        places
    }

    /// The place of the failure, as far as the message tells.
    pub fn place(&self) -> Option<LogPosition> {
        self.positions().into_iter().next()
    }

    fn filled(&self, command: &str, place: Option<&str>) -> Option<String> {
        let mut out = String::new();
        let mut rest = command;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}')?;
            out.push_str(before);
            match name {
                "place" => out.push_str(place?),
                _ => out.push_str(&self.fact(Slot::from_name(name)?)?.to_string()),
            }
            rest = tail;
        }
        out.push_str(rest);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_message_is_told_and_the_outer_one_kept() {
        let line = recognise(
            "pg_waldump: error: error in WAL record at 0/665AC78: invalid record length at 0/665ACA8: wanted 24, got 0",
        )
        .unwrap();
        assert_eq!((line.kind(), line.within()), (MessageKind::RecordLengthZero, Some(MessageKind::ErrorInRecord)));
        assert_eq!(line.place().unwrap().to_string(), "0/0665ACA8");
        assert_eq!(line.fact(Slot::LastGood).unwrap().to_string(), "0/0665AC78");
    }

    #[test]
    fn an_unknown_message_inside_a_known_one_leaves_the_outer_one() {
        let line = recognise("pg_waldump: fatal: error in WAL record at 0/10: the moon is full").unwrap();
        assert_eq!((line.kind(), line.within()), (MessageKind::ErrorInRecord, None));
    }

    #[test]
    fn a_line_of_a_history_file_is_kept_whole() {
        let line =
            recognise("FATAL:  invalid data in history file: 1\t0/665ACA8\tno recovery target specified").unwrap();
        assert_eq!(
            (line.kind(), line.fact(Slot::Text).unwrap().text()),
            (MessageKind::HistoryData, Some("1\t0/665ACA8\tno recovery target specified"))
        );
    }

    #[test]
    fn commands_are_filled_in() {
        let line = recognise("LOG:  unexpected pageaddr 0/A000000 in log file 0, segment 39, offset 8192").unwrap();
        assert!(
            line.next().iter().any(|c| c == "walproof hex ARCHIVE 'log file 0, segment 39, offset 8192'"),
            "{:?}",
            line.next()
        );
        let line =
            recognise("invalid magic number D05E in log segment 00000001000000000000000F, offset 524288").unwrap();
        assert!(
            line.next().iter().any(|c| c == "walproof hex ARCHIVE 00000001000000000000000F+524288"),
            "{:?}",
            line.next()
        );
        for command in rows().flat_map(|r| r.next) {
            assert!(command.starts_with("walproof "), "{command}");
        }
    }

    #[test]
    fn several_lines_pasted_together_give_the_last_of_equal_messages() {
        let text = "cp: nothing of interest\nLOG:  selected new timeline ID: 4\nLOG:  redo done at 0/6B00100 system usage: CPU: user: 0.27 s, system: 0.36 s\n";
        assert_eq!(recognise(text).unwrap().kind(), MessageKind::RedoDone);
    }

    #[test]
    fn every_kind_has_one_row_and_every_row_says_enough() {
        let mut kinds: Vec<_> = rows().map(|r| format!("{:?}", r.kind)).collect();
        let mut names: Vec<_> = rows().map(|r| r.name).collect();
        let count = kinds.len();
        kinds.sort();
        kinds.dedup();
        names.sort();
        names.dedup();
        assert_eq!((kinds.len(), names.len()), (count, count));
        for row in rows() {
            assert!(
                !row.wordings.is_empty()
                    && row.meaning.len() > 20
                    && !row.next.is_empty()
                    && !row.server_does.is_empty(),
                "{}",
                row.name
            );
            assert!(row.normal_when.is_some() || row.damage_when.is_some(), "{}", row.name);
            match row.nature {
                Nature::Normal => assert!(row.normal_when.is_some() && row.damage_when.is_none(), "{}", row.name),
                Nature::Damage => assert!(row.damage_when.is_some() && row.normal_when.is_none(), "{}", row.name),
                Nature::Depends => assert!(row.damage_when.is_some() && row.normal_when.is_some(), "{}", row.name),
            }
            for w in row.wordings {
                assert!(w.from <= w.to, "{}: {}", row.name, w.pattern);
                assert!(template::is_well_formed(w.pattern), "{}", w.pattern);
            }
        }
    }
}
