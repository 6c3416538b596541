//! What other programs put around a line of the server's log.
//!
//! ```text
//! …,LOG,00000,"redo done at 0/6B00100","detail","hint",,,,,,,""                csvlog (backend/utils/error/csvlog.c)
//! {"timestamp":"…","error_severity":"LOG","message":"redo done at 0/6B00100"}  jsonlog (15+)
//! {"log":"2026-… LOG:  redo done at 0/6B00100\n","stream":"stderr"}            Docker's json-file
//! {"logger":"postgres","msg":"record","record":{"error_severity":"LOG","message":"redo done at 0/6B00100"}}
//!                                                                              an operator (CloudNativePG)
//! 2026-11-22T03:17:02.617Z stderr F 2026-… LOG:  redo done at 0/6B00100        a prefix: nothing to take off
//! ```
//!
//! Strings of JSON are found without a parser: a line may be cut anywhere.

use crate::level::LogLevel;
use crate::localised::LocalWord;
use crate::words::{is_sqlstate, word_at_end};

/// Members and fields of a line that are looked at.
const MAX_MEMBERS: usize = 512;
/// Names of members in which programs put a whole line. The server's own come first.
const LINES: &[&str] =
    &["message", "msg", "log", "MESSAGE", "textPayload", "line", "text", "@message", "_msg", "body", "event", "data"];
/// Members of the server's own that add to a message.
const ADDITIONS: &[(&str, LogLevel)] =
    &[("detail", LogLevel::Detail), ("hint", LogLevel::Hint), ("context", LogLevel::Context)];

/// Something that was inside.
pub(super) enum WrappedContent {
    /// A message without anything around it.
    Message {
        /// What it says.
        text: String,
        /// Its level, where that is told apart.
        level: Option<LogLevel>,
    },
    /// Lines of a log.
    Lines(String),
}

/// What lies inside of `line`; `None` where nothing is wrapped around it.
pub(super) fn inside(line: &str) -> Option<Vec<WrappedContent>> {
    of_csv(line).or_else(|| of_json(line))
}

/// The message of a csvlog line, the quoted field behind a level and an SQLSTATE, and what adds to it.
fn of_csv(line: &str) -> Option<Vec<WrappedContent>> {
    let (level, mut rest) = line.match_indices(",\"").take(MAX_MEMBERS).find_map(|(at, _)| {
        let (before, state) = line.get(..at)?.rsplit_once(',')?;
        let LocalWord::Level(level) = is_sqlstate(state).then(|| word_at_end(before)).flatten()? else { return None };
        Some((level, line.get(at..)?))
    })?;
    let mut contents = Vec::new();
    for level in [level, LogLevel::Detail, LogLevel::Hint] {
        let Some(field) = rest.strip_prefix(',') else { break };
        let Some(quoted) = field.strip_prefix('"') else {
            rest = field;
            continue;
        };
        let (text, behind) = unquoted(quoted);
        contents.push(WrappedContent::Message { text, level: Some(level) });
        rest = behind;
    }
    Some(contents)
}

/// A field up to its closing quote, and what follows.
fn unquoted(field: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = field.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if chars.next_if(|(_, c)| *c == '"').is_some() => text.push('"'),
            '"' => return (text, field.get(at + 1..).unwrap_or("")),
            '\n' | '\r' => text.push(' '),
            c => text.push(c),
        }
    }
    (text, "")
}

/// The lines or the message in an object of JSON.
fn of_json(line: &str) -> Option<Vec<WrappedContent>> {
    let (before, object) = line.split_at_checked(line.find('{')?)?;
    // A statement may hold an object, too.
    let says_level = |(at, _)| before.get(..at).is_some_and(|word| word_at_end(word).is_some());
    if !object.get(1..)?.trim_start().starts_with('"') || before.match_indices(": ").any(says_level) {
        return None;
    }
    let members = members(object);
    let of = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let level = of("error_severity").map(|word| match word_at_end(word) {
        Some(LocalWord::Level(level)) => Some(level),
        _ => None,
    });
    let mut contents = Vec::new();
    for name in LINES {
        for (_, value) in members.iter().filter(|(key, _)| key == name) {
            contents.push(match (level, *name) {
                (Some(level), "message") => WrappedContent::Message { text: value.replace(['\n', '\r'], " "), level },
                _ => WrappedContent::Lines(value.clone()),
            });
        }
    }
    if level.is_some() {
        for (name, level) in ADDITIONS {
            let text = of(name).map(|text| text.replace(['\n', '\r'], " "));
            contents.extend(text.map(|text| WrappedContent::Message { text, level: Some(*level) }));
        }
    }
    (!contents.is_empty()).then_some(contents)
}

/// The members whose value is a string, of all objects in each other.
fn members(object: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = object;
    let mut key: Option<String> = None;
    while let Some((_, after)) = rest.split_once('"') {
        let (text, behind) = string(after);
        let behind = behind.trim_start();
        rest = behind;
        if let Some(value) = behind.strip_prefix(':') {
            rest = value.trim_start();
            key = rest.starts_with('"').then_some(text);
        } else if let Some(key) = key.take() {
            found.push((key, text));
        }
        if found.len() >= MAX_MEMBERS {
            break;
        }
    }
    found
}

/// A string up to its closing quote, and what follows.
fn string(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (out, text.get(at + 1..).unwrap_or("")),
            '\\' => match chars.next() {
                Some((_, 't')) => out.push('\t'),
                Some((_, 'n' | 'r')) => out.push('\n'),
                Some((at, 'u')) => {
                    let code = text.get(at + 1..at + 5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                    if code.is_some() {
                        chars.nth(3);
                    }
                    out.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some((_, c)) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    use crate::recognise;

    const SAID: &str = "invalid record length at 0/3000168: wanted 24, got 0";

    #[test]
    fn a_line_is_found_whatever_is_around_it() {
        let line = format!("2026-11-28 14:56:12.387 UTC [24371] LOG:  {SAID}");
        for wrapped in [
            format!(
                r#"{{"level":"info","ts":"x","logger":"pg_ctl","msg":"{line}","pipe":"stderr","logging_pod":"a"}}"#
            ),
            format!(
                r#"{{"level":"info","logger":"postgres","msg":"record","record":{{"log_time":"x","error_severity":"LOG","sql_state_code":"00000","message":"{SAID}","backend_type":"startup"}}}}"#
            ),
            format!(r#"{{"log":"{line}\n","stream":"stderr","time":"2026-11-28T14:56:12.387Z"}}"#),
            format!(r#"2026-11-28T14:56:12.387Z stderr F {line}"#),
            format!(r#"2026-11-28T14:56:12.387Z stderr F {{"msg":"{line}","x":1}}"#),
            format!(r#"{{"log":"{{\"error_severity\":\"LOG\",\"message\":\"{SAID}\"}}\n","stream":"stderr"}}"#),
            format!(r#"{{"__CURSOR":"s=1","PRIORITY":"6","MESSAGE":"{line}"}}"#),
            format!("Nov 28 14:56:12 db1 postgres[24371]: [5-1] {line}"),
            format!("pg-1  | {line}"),
            format!("2026-11-28T14:56:12.387654321Z {line}"),
            format!("\u{1b}[36mpg-1  |\u{1b}[0m {line}"),
            format!(r#"{{"insertId":"1","textPayload":"{line}","resource":{{"type":"k8s_container"}}}}"#),
        ] {
            let place = recognise(&wrapped).unwrap_or_else(|| panic!("{wrapped}")).place().unwrap().to_string();
            assert_eq!(place, "0/03000168", "{wrapped}");
        }
    }

    #[test]
    fn what_a_user_sent_is_no_message_inside_either() {
        for line in [
            format!(r#"{{"error_severity":"LOG","message":"statement: select 'LOG:  {SAID}'"}}"#),
            format!(r#"LOG:  statement: insert into t values ('{{"msg":"LOG:  {SAID}"}}')"#),
            format!(r#"{{"msg":"STATEMENT:  select '{SAID}'"}}"#),
            format!(r#"{{"error_severity":"ERROR","message":"no such table","statement":"LOG:  {SAID}"}}"#),
        ] {
            assert_eq!(recognise(&line), None, "{line}");
        }
    }

    #[test]
    fn characters_by_number_are_undone() {
        let line = r#"{"msg":"LOG:  restored log file \u0022000000010000000000000003\u0022 from archive"}"#;
        assert_eq!(recognise(line).unwrap().place().unwrap().to_string(), "000000010000000000000003");
    }
}
