//! Several lines of a log: the worst message of them, and what else they say.

use crate::message::{self, MessageCandidate};
use crate::places::places_in;
use crate::runtime::{LineParts, uncoloured};
use crate::{LogLevel, LogLine, LogPosition, MAX_DEPTH, MessageKind, MessageRow, Nature, at_start, english_at_start};

/// Places that are kept.
const MAX_PLACES: usize = 16;
/// Places of a line at which a message in another language is looked for.
const MAX_TRANSLATED: usize = 24;
/// Lines that may be one line that something broke in two, where neither level nor tab begins the second.
const MAX_BROKEN: u64 = 50;

/// Takes lines one after another, in bounded memory.
#[derive(Default)]
pub struct LogReader {
    lines: u64,
    parts: LineParts,
    worst: Option<SeenMessage>,
    messages: Vec<MessageCount>,
    /// Whether the worst message is the one to which the next DETAIL belongs.
    is_worst_open: bool,
    /// A line that nobody knows, and that the next one may end.
    broken: Option<String>,
    places: Vec<LogPosition>,
}

struct SeenMessage {
    line: LogLine,
    number: u64,
}

/// A message among the lines.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageCount {
    /// Which.
    pub row: &'static MessageRow,
    /// How often it is there.
    pub count: u64,
    /// The line where it was first, counted from 1.
    pub first: u64,
}

/// What lines say together.
#[derive(Clone, Debug, PartialEq)]
pub struct LogReading {
    /// The worst message, of equals the last; `None` where no line is known.
    pub worst: Option<LogLine>,
    /// Its line, counted from 1.
    pub number: u64,
    /// Lines that were read.
    pub lines: u64,
    /// The other messages, in the order in which they first came.
    pub others: Vec<MessageCount>,
    /// Places in WAL that any line names, in lines that are not known as well: the first 16.
    pub places: Vec<LogPosition>,
}

impl LogReader {
    /// Takes the next line, without its end.
    pub fn take(&mut self, line: &str) {
        self.lines += 1;
        if let Some(line) = self.parts.take(&uncoloured(line)) {
            self.take_whole(&line);
        }
    }

    fn take_whole(&mut self, line: &str) {
        if self.places.len() < MAX_PLACES {
            let new = places_in(line).into_iter().filter(|place| !self.places.contains(place)).collect::<Vec<_>>();
            self.places.extend(new.into_iter().take(MAX_PLACES - self.places.len()));
        }
        let candidates = message::candidates(line);
        let level = candidates.first().and_then(|c| c.level);
        // In a whole log, lines without a level are the rest of statements: the first word alone may begin a message.
        let starts = if level.is_none() && self.lines > MAX_BROKEN { 1 } else { MAX_TRANSLATED };
        let known = known(&candidates, starts).or_else(|| self.mended(line, level));
        let is_open = known.is_none() && !candidates.is_empty();
        self.broken = is_open.then(|| line.trim_end().chars().take(2048).collect());
        match known {
            Some(line) => self.saw(line),
            None => self.passed(line, level),
        }
    }

    /// What the lines say.
    pub fn finish(mut self) -> LogReading {
        if let Some(begun) = self.parts.finish() {
            self.take_whole(&begun);
        }
        let worst = self.worst.as_ref().map(|worst| worst.line.kind());
        let less = |m: MessageCount| MessageCount { count: m.count - u64::from(worst == Some(m.row.kind)), ..m };
        LogReading {
            number: self.worst.as_ref().map_or(0, |worst| worst.number),
            worst: self.worst.map(|worst| worst.line),
            lines: self.lines,
            others: self.messages.into_iter().map(less).filter(|m| m.count > 0).collect(),
            places: self.places,
        }
    }

    /// The message of this line and the one before it, as where a terminal or a mail broke it in two.
    fn mended(&self, line: &str, level: Option<LogLevel>) -> Option<LogLine> {
        // The server begins further lines of a message with a tab.
        let may_go_on = self.lines <= MAX_BROKEN || line.starts_with('\t');
        let before = self.broken.as_deref().filter(|_| level.is_none() && may_go_on)?;
        let [spaced, joined] = [format!("{before} {}", line.trim()), format!("{before}{}", line.trim())];
        [spaced, joined].iter().find_map(|line| known(&message::candidates(line), MAX_TRANSLATED))
    }

    fn saw(&mut self, line: LogLine) {
        match self.messages.iter_mut().find(|m| m.row == line.row) {
            Some(seen) => seen.count += 1,
            None => self.messages.push(MessageCount { row: line.row, count: 1, first: self.lines }),
        }
        let adds = line.level.is_some_and(LogLevel::is_addition);
        if let Some(worst) = self.worst.as_mut().filter(|_| adds && self.is_worst_open) {
            worst.line.beside.extend(line.positions().into_iter().take(4));
        }
        if self.worst.as_ref().is_none_or(|worst| badness(&line) >= badness(&worst.line)) {
            self.worst = Some(SeenMessage { line, number: self.lines });
            self.is_worst_open = true;
        } else if !adds {
            self.is_worst_open = false;
        }
    }

    fn passed(&mut self, line: &str, level: Option<LogLevel>) {
        match (level, &mut self.worst) {
            (Some(level), Some(worst)) if level.is_addition() && self.is_worst_open => {
                worst.line.beside.extend(places_in(line).into_iter().take(4));
            }
            (Some(level), _) if !level.is_addition() => self.is_worst_open = false,
            _ => {}
        }
    }
}

/// How bad a message is: what ends the server outranks what is only damage.
fn badness(line: &LogLine) -> (u8, u8) {
    let level = match line.level {
        Some(LogLevel::Panic) => 5,
        Some(LogLevel::Fatal) => 4,
        Some(LogLevel::Error) => 3,
        Some(LogLevel::Warning) => 2,
        Some(level) if level.is_addition() => 0,
        _ => 1,
    };
    let nature = match line.row.nature {
        Nature::Normal => 0,
        Nature::Depends if level < 4 => 1,
        Nature::Damage if level < 4 => 2,
        _ => 3,
    };
    (nature, level)
}

/// The message; of `starts` places, those in other languages.
fn known(candidates: &[MessageCandidate<'_>], starts: usize) -> Option<LogLine> {
    let english = candidates.iter().find_map(|c| Some((c, english_at_start(&c.text, MAX_DEPTH)?)));
    let any = || candidates.iter().take(starts).find_map(|c| Some((c, at_start(&c.text, MAX_DEPTH)?)));
    let (candidate, mut line) = english.or_else(any)?;
    line.level = candidate.level;
    Some(line)
}

impl MessageCount {
    /// Which message.
    pub fn kind(&self) -> MessageKind {
        self.row.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(lines: &[&str]) -> LogReading {
        let mut reader = LogReader::default();
        lines.iter().for_each(|line| reader.take(line));
        reader.finish()
    }

    #[test]
    fn the_worst_message_answers_and_its_detail_gives_the_place() {
        let reading = reading(&[
            "2026-11-28 14:56:12.364 UTC [24371] LOG:  starting archive recovery",
            "2026-11-28 14:56:12.387 UTC [24371] LOG:  restored log file \"00000001000000000000000B\" from archive",
            "2026-11-28 14:56:12.387 UTC [24371] FATAL:  requested timeline 2 is not a child of this server's history",
            "2026-11-28 14:56:12.387 UTC [24371] DETAIL:  Latest checkpoint is at 0/B00060 on timeline 1, but in the history of the requested timeline, the server forked off from that timeline at 0/600100.",
            "2026-11-28 14:56:12.389 UTC [24370] LOG:  startup process (PID 24371) exited with exit code 1",
            "2026-11-28 14:56:12.389 UTC [24370] FATAL:  the database system is starting up",
        ]);
        let worst = reading.worst.unwrap();
        assert_eq!((worst.kind(), reading.number, reading.lines), (MessageKind::NotAChild, 3, 6));
        assert_eq!(worst.place().unwrap().to_string(), "0/00B00060");
        assert!(reading.others.iter().any(|m| m.kind() == MessageKind::StartupFailed && m.first == 5));
    }

    #[test]
    fn of_equals_the_last_answers_and_all_are_counted() {
        let line = |at: &str| format!("LOG:  invalid record length at {at}: wanted 24, got 0");
        let (first, second) = (line("0/100"), line("0/3000168"));
        let reading = reading(&[&first, "ERROR:  relation \"x\" does not exist", &second]);
        assert_eq!(reading.worst.unwrap().place().unwrap().to_string(), "0/03000168");
        assert_eq!(reading.others.iter().map(|m| m.count).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_line_broken_in_two_is_one() {
        for lines in [
            ["LOG:  invalid record length at 0/3000168:", "  wanted 24, got 0"],
            [
                "LOG:  somme de contrôle des données du gestionnaire de ressources incorrecte à",
                "\tl'enregistrement 0/3000168",
            ],
        ] {
            assert_eq!(reading(&lines).worst.unwrap().place().unwrap().to_string(), "0/03000168");
        }
    }

    #[test]
    fn places_are_taken_from_lines_that_nobody_knows() {
        let reading = reading(&["ERROR:  the moon is full at 0/3000168 of 000000010000000000000003"]);
        assert_eq!(reading.worst, None);
        let places: Vec<String> = reading.places.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["0/03000168", "000000010000000000000003"]);
    }
}
