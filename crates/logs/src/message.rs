//! Where the message lies in a line of a log.
//!
//! ```text
//! 2026-11-22 03:17:02 UTC [4711]: [3-1] user=,db= LOG:  00000: redo done at 0/6B00100     any log_line_prefix, level, SQLSTATE
//! pg_waldump: error: could not find file "000000010000000000000002": …                    a program and a level
//! "redo done at 0/6B00100."                                                               what people paste
//! ```
//!
//! What other programs put around a line (`wrapped`) is taken off first.

use crate::level::LogLevel;
use crate::localised::{self, LocalWord};
use crate::words::{is_sqlstate, word_at_end};
use crate::wrapped::{self, WrappedContent};
use std::borrow::Cow;

/// Bytes of a line that are looked at; a message about WAL is far shorter.
const MAX_LINE: usize = 65536;
/// Places of one line at which a message may begin.
const MAX_STARTS: usize = 512;
/// Wrappers around each other.
const MAX_WRAPPERS: u8 = 4;
/// Candidates of one line.
const MAX_CANDIDATES: usize = 1024;

/// Messages that quote what a user sent.
const QUOTING: &[&str] = &["statement: ", "duration: ", "execute ", "parse ", "bind ", "syntax error at or near"];

/// A text that may be the message of a line.
pub(super) struct MessageCandidate<'t> {
    pub(super) text: Cow<'t, str>,
    /// The level in front of it.
    pub(super) level: Option<LogLevel>,
}

impl MessageCandidate<'_> {
    fn into_owned<'o>(self) -> MessageCandidate<'o> {
        MessageCandidate { text: Cow::Owned(self.text.into_owned()), level: self.level }
    }
}

/// The texts that may be the message of `line`, the likeliest first.
pub(super) fn candidates(line: &str) -> Vec<MessageCandidate<'_>> {
    let mut found = Vec::new();
    gather(line, MAX_WRAPPERS, &mut found);
    found.truncate(MAX_CANDIDATES);
    found
}

fn gather<'t>(line: &'t str, depth: u8, found: &mut Vec<MessageCandidate<'t>>) {
    let line = clipped(line).trim();
    // What a command of ours says has no level.
    let line = line.strip_prefix("walproof: ").unwrap_or(line);
    let inside = depth.checked_sub(1).and_then(|depth| Some((wrapped::inside(line)?, depth)));
    if let Some((contents, depth)) = inside {
        for content in contents {
            match content {
                WrappedContent::Message { text, level } => {
                    found.push(MessageCandidate { text: Cow::Owned(text), level })
                }
                WrappedContent::Lines(text) => {
                    for line in text.lines().take(MAX_STARTS) {
                        let mut inner = Vec::new();
                        gather(line, depth, &mut inner);
                        found.extend(inner.into_iter().map(MessageCandidate::into_owned));
                        if found.len() >= MAX_CANDIDATES {
                            return;
                        }
                    }
                }
            }
        }
        return;
    }
    match after_levels(line) {
        Levels::NoMessage => {}
        Levels::Behind(starts) if !starts.is_empty() => {
            found.extend(
                starts.into_iter().map(|(level, text)| MessageCandidate { text: text.into(), level: Some(level) }),
            );
        }
        Levels::Behind(_) => {
            found.extend(word_starts(line).map(|text| MessageCandidate { text: text.into(), level: None }))
        }
    }
}

/// `text` without the level at its beginning: `ERROR:  requested WAL segment …`.
pub(super) fn without_level(text: &str) -> &str {
    let text = text.trim_start();
    text.split_once(':')
        .filter(|(word, _)| matches!(word_at_end(word), Some(LocalWord::Level(_))))
        .map_or(text, |(_, rest)| without_sqlstate(rest.trim_start()))
}

fn clipped(line: &str) -> &str {
    let mut end = line.len().min(MAX_LINE);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or(line)
}

enum Levels<'t> {
    /// The line is a statement or the like.
    NoMessage,
    /// What stands behind each level, in order.
    Behind(Vec<(LogLevel, &'t str)>),
}

fn after_levels(line: &str) -> Levels<'_> {
    let mut starts = Vec::new();
    for (at, colon) in line.match_indices([':', '：']).take(MAX_STARTS) {
        let (Some(before), Some(after)) = (line.get(..at), line.get(at + colon.len()..)) else { continue };
        if colon == ":" && !after.starts_with(char::is_whitespace) {
            continue;
        }
        match word_at_end(before) {
            Some(LocalWord::NotMessage) if starts.is_empty() => return Levels::NoMessage,
            Some(LocalWord::Level(level)) => {
                let message = without_sqlstate(after.trim_start());
                if QUOTING.iter().any(|q| message.starts_with(q)) || localised::quotes(message) {
                    return if starts.is_empty() { Levels::NoMessage } else { Levels::Behind(starts) };
                }
                starts.push((level, message));
            }
            _ => {}
        }
    }
    Levels::Behind(starts)
}

/// Verbose logs write `00000: ` before the message.
fn without_sqlstate(message: &str) -> &str {
    match message.split_once(": ") {
        Some((state, rest)) if is_sqlstate(state) => rest,
        _ => message,
    }
}

/// Everything that begins with a word, up to the end of the line.
fn word_starts(line: &str) -> impl Iterator<Item = &str> {
    let opens = |c: char| c.is_whitespace() || "\"'`([{<>:=|".contains(c);
    let behind = line.char_indices().filter(move |(_, c)| opens(*c)).map(|(at, c)| at + c.len_utf8());
    std::iter::once(0)
        .chain(behind)
        .filter_map(|at| line.get(at..))
        .filter(move |rest| !rest.is_empty() && !rest.starts_with(opens))
        .take(MAX_STARTS)
}

#[cfg(test)]
mod tests {
    use crate::{MessageKind, recognise};

    #[test]
    fn whatever_stands_before_the_message() {
        for line in [
            "redo done at 0/6B00100",
            "  \"redo done at 0/6B00100.\" ",
            "LOG:  redo done at 0/6B00100",
            "LOG:  00000: redo done at 0/6B00100",
            "2026-11-22 03:17:02 UTC [4711]: [3-1] user=,db=,app=,client= LOG:  redo done at 0/6B00100",
            "Nov 22 03:17:02 db1 postgres[4711]: [3-1] 2026-11-22 03:17:02 UTC LOG:  redo done at 0/6B00100",
            "2026-11-22 03:17:02.617 UTC,,,4711,,6921.1267,5,,2026-11-22 03:17:00 UTC,,0,LOG,00000,\"redo done at 0/6B00100\",,,,,,,,,\"\",\"startup\",,0",
            r#"{"timestamp":"2026-11-22 03:17:02.617 UTC","pid":4711,"error_severity":"LOG","message":"redo done at 0/6B00100","backend_type":"startup"}"#,
            "[4711] redo done at 0/6B00100",
            "my standby says: 'redo done at 0/6B00100', is that bad?!",
        ] {
            let line_kind = recognise(line).map(|l| l.kind());
            if line.ends_with("bad?!") {
                assert_eq!(line_kind, None, "{line}");
            } else {
                assert_eq!(line_kind, Some(MessageKind::RedoDone), "{line}");
            }
        }
    }

    #[test]
    fn quotes_inside_csv_and_json_are_undone() {
        for line in [
            "x,,,1,,6921.1267,5,,y,,0,LOG,00000,\"restored log file \"\"00000002.history\"\" from archive\",,,,,,,,,\"\"",
            r#"{"message":"restored log file \"00000002.history\" from archive","x":1}"#,
        ] {
            assert_eq!(recognise(line).unwrap().place().unwrap().to_string(), "00000002.history");
        }
    }

    #[test]
    fn what_a_user_sent_is_no_message() {
        for line in [
            "STATEMENT:  select 'LOG:  redo done at 0/6B00100'",
            "LOG:  statement: select 'LOG:  redo done at 0/6B00100'",
            "2026-11-22 LOG:  duration: 1.5 ms  statement: -- LOG: redo done at 0/6B00100",
            "ERROR:  syntax error at or near \"redo done at 0/6B00100",
        ] {
            assert_eq!(recognise(line), None, "{line}");
        }
    }

    #[test]
    fn hostile_text_is_only_not_recognised() {
        let mut seed = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let parts = [
            "LOG:  ",
            "error: ",
            ": ",
            "\"",
            ",\"",
            "{",
            "}",
            "\\",
            "\u{0}",
            "é",
            "\u{1F980}",
            "0/0",
            "FFFFFFFF/FFFFFFFF",
            "99999999999999999999",
            "-",
            "\n",
            "\"message\":\"",
            ",LOG,00000,\"",
            "error in WAL record at 0/1: ",
            "in log segment ",
            ", offset ",
            "invalid record length at ",
            "(log file ",
        ];
        for _ in 0..3000 {
            let text: String = (0..next() % 40).map(|_| parts[(next() % parts.len() as u64) as usize]).collect();
            recognise(&text);
            let bytes: Vec<u8> = (0..next() % 300).map(|_| next() as u8).collect();
            assert_eq!(recognise(&String::from_utf8_lossy(&bytes)), None);
        }
        recognise(&"error in WAL record at 0/1: ".repeat(10_000));
        recognise(&"LOG: ".repeat(100_000));
        recognise(&"(".repeat(1_000_000));
        recognise(&"é\"".repeat(100_000));
    }

    #[test]
    fn a_message_cut_anywhere_is_not_read_beyond_its_end() {
        for line in crate::samples::lines() {
            for end in (0..line.len()).filter(|&end| line.is_char_boundary(end)) {
                recognise(&line[..end]);
                recognise(&line[end..]);
            }
        }
    }
}
