//! Files of settings: `postgresql.conf`, `postgresql.auto.conf`, `recovery.conf` (`guc-file.l`; up to 9.0
//! `recovery.conf` has grammars of its own in `xlog.c`).
//!
//! ```text
//! # a comment
//! name = value                      up to the end of the line: the equals sign may be missing
//! name 'it''s \'quoted\''           '' and \' are a quote; \b \f \n \r \t \123 as in C; any other \x is x
//! include 'other.conf'              include_if_exists, include_dir: told, not followed here
//! ```
//! Names are the same in upper and lower case. Of several lines of one name the last counts; all are told, in order.

use std::fmt;

pub use crate::recovery::settings::Grammar;

/// A line of settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The name, in lower case.
    pub name: String,
    /// The value without its quotes.
    pub value: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Another file that is to be read at this place. It is not read here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Include {
    /// The directive: `include`, `include_if_exists` (9.3), `include_dir` (9.3).
    pub directive: String,
    /// What it names.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
}

/// A line that cannot be read. A server does not start with one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettingsFault {
    /// Its line, from 1.
    pub line: usize,
    /// The piece of it that does not fit; `None` at the end of the line. Up to 9.0 the line as a whole.
    pub near: Option<String>,
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.near {
            Some(near) => write!(f, "line {}, near \"{near}\"", self.line),
            None => write!(f, "line {}, near its end", self.line),
        }
    }
}

/// What a file of settings says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SettingsText {
    /// Every setting in order.
    pub settings: Vec<Setting>,
    /// Other files that belong here.
    pub includes: Vec<Include>,
    /// Lines that cannot be read.
    pub faults: Vec<SettingsFault>,
}

impl SettingsText {
    /// The value that counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|s| s.name == name).map(|s| s.value.as_str())
    }
}

/// Faults that are kept; a server gives up after as many.
const MOST_FAULTS: usize = 100;

/// Reads a file of settings.
pub fn parse(bytes: &[u8], grammar: Grammar) -> SettingsText {
    // Values may be in any encoding; names are ASCII.
    let text = String::from_utf8_lossy(bytes);
    let mut out = SettingsText::default();
    for (index, line) in text.split('\n').enumerate() {
        let number = index + 1;
        let read = match grammar {
            Grammar::Configuration => configuration(line),
            Grammar::Quoted => quoted(line),
            Grammar::Cut => cut(line),
        };
        match read {
            Ok(SettingsLine::Empty) => {}
            Ok(SettingsLine::Setting(name, value)) => {
                let name = name.to_ascii_lowercase();
                let includes = grammar == Grammar::Configuration
                    && matches!(name.as_str(), "include" | "include_if_exists" | "include_dir");
                match includes {
                    true => out.includes.push(Include { directive: name, path: value, line: number }),
                    false => out.settings.push(Setting { name, value, line: number }),
                }
            }
            Err(NearText(near)) => {
                out.faults.push(SettingsFault { line: number, near: near.map(|near| near.chars().take(80).collect()) });
                if grammar != Grammar::Configuration || out.faults.len() == MOST_FAULTS {
                    break;
                }
            }
        }
    }
    out
}

/// What stands in a line.
enum SettingsLine {
    /// Nothing that counts.
    Empty,
    /// A name and a value.
    Setting(String, String),
}

/// The line cannot be read near this text; `None` near its end.
struct NearText<'a>(Option<&'a str>);

fn configuration(line: &str) -> Result<SettingsLine, NearText<'_>> {
    let (name, rest) = token(line);
    match name {
        Token::End => return Ok(SettingsLine::Empty),
        Token::Name(_) => {}
        other => return Err(NearText(other.text())),
    }
    let Some(name) = name.text() else { return Err(NearText(None)) };
    let (mut value, mut rest) = token(rest);
    if value == Token::Equals {
        (value, rest) = token(rest);
    }
    let value = match value {
        Token::Quoted(text) => unquote(text),
        Token::Name(text) if !text.contains('.') || is_word(text) => text.to_owned(),
        Token::Bare(text) => text.to_owned(),
        other => return Err(NearText(other.text())),
    };
    match token(rest).0 {
        Token::End => Ok(SettingsLine::Setting(name.to_owned(), value)),
        other => Err(NearText(other.text())),
    }
}

/// A qualified name is no value, but a word with dots and letters is, when more than one dot or another sign is in it;
/// the lexer takes the longest match, and of two equal ones the name.
fn is_word(text: &str) -> bool {
    text.matches('.').count() != 1
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'a> {
    /// A name, with one dot or without.
    Name(&'a str),
    /// Quotes included.
    Quoted(&'a str),
    /// A word or number.
    Bare(&'a str),
    Equals,
    /// Something else: one character.
    Wrong(&'a str),
    /// End of line, or a comment.
    End,
}

impl<'a> Token<'a> {
    fn text(self) -> Option<&'a str> {
        match self {
            Token::Name(text) | Token::Quoted(text) | Token::Bare(text) | Token::Wrong(text) => Some(text),
            Token::Equals => Some("="),
            Token::End => None,
        }
    }
}

fn token(line: &str) -> (Token<'_>, &str) {
    let line = line.trim_start_matches([' ', '\t', '\r']);
    let Some(first) = line.chars().next() else { return (Token::End, "") };
    let cut = |end: usize| line.split_at_checked(end).unwrap_or((line, ""));
    match first {
        '#' => (Token::End, ""),
        '=' => (Token::Equals, cut(1).1),
        '\'' => match quoted_length(line) {
            Some(end) => (Token::Quoted(cut(end).0), cut(end).1),
            None => (Token::Wrong(cut(1).0), cut(1).1),
        },
        _ if is_letter(first) => {
            let end =
                line.find(|c: char| !is_letter(c) && !c.is_ascii_digit() && !"-._:/".contains(c)).unwrap_or(line.len());
            let (text, rest) = cut(end);
            (if is_name(text) { Token::Name(text) } else { Token::Bare(text) }, rest)
        }
        _ => match number_length(line) {
            0 => (Token::Wrong(cut(first.len_utf8()).0), cut(first.len_utf8()).1),
            end => (Token::Bare(cut(end).0), cut(end).1),
        },
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        part.chars().next().is_some_and(is_letter) && part.chars().all(|c| is_letter(c) || c.is_ascii_digit())
    };
    match text.split_once('.') {
        Some((class, name)) => part(class) && part(name),
        None => part(text),
    }
}

fn quoted_length(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// A whole number with a unit, or a fraction; the longer of both.
fn number_length(line: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let bytes = line.as_bytes();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let tail = line.get(sign..).unwrap_or("");
    let hex = tail.strip_prefix("0x").map_or(0, |hex| hex.bytes().take_while(u8::is_ascii_hexdigit).count());
    let whole = if hex > 0 { 2 + hex } else { digits(tail) };
    let unit = tail.get(whole..).unwrap_or("").bytes().take_while(u8::is_ascii_alphabetic).count();
    let integer = if whole > 0 { sign + whole + unit } else { 0 };
    let before = digits(tail);
    let fraction = match tail.get(before..).and_then(|rest| rest.strip_prefix('.')) {
        Some(after) => {
            let behind = digits(after);
            let rest = after.get(behind..).unwrap_or("");
            let exponent = rest.strip_prefix(['e', 'E']).map_or(0, |e| {
                let sign = usize::from(e.starts_with(['+', '-']));
                let n = digits(e.get(sign..).unwrap_or(""));
                if n > 0 { 1 + sign + n } else { 0 }
            });
            sign + before + 1 + behind + exponent
        }
        None => 0,
    };
    integer.max(fraction)
}

/// `text` with its quotes.
fn unquote(text: &str) -> String {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => out.push(8),
                Some(b'f') => out.push(12),
                Some(b'n') => out.push(b'\n'),
                Some(b'r') => out.push(b'\r'),
                Some(b't') => out.push(b'\t'),
                Some(digit @ b'0'..=b'7') => {
                    let mut value = u32::from(digit - b'0');
                    for _ in 0..2 {
                        let Some(next) = bytes.next_if(|b| matches!(b, b'0'..=b'7')) else { break };
                        value = value * 8 + u32::from(next - b'0');
                    }
                    out.push(value as u8);
                }
                Some(other) => out.push(other),
                None => {}
            },
            b'\'' => {
                bytes.next_if_eq(&b'\'');
                out.push(b'\'');
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn quoted(line: &str) -> Result<SettingsLine, NearText<'_>> {
    let trimmed = line.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Ok(SettingsLine::Empty);
    }
    let (name, rest) =
        trimmed.split_at(trimmed.find(|c: char| c.is_whitespace() || c == '=' || c == '\'').unwrap_or(trimmed.len()));
    let Some((_, mut rest)) = rest.split_once('\'') else { return Err(NearText(Some(line))) };
    let mut value = String::new();
    loop {
        let Some((before, after)) = rest.split_once('\'') else { return Err(NearText(Some(line))) };
        value.push_str(before);
        rest = after;
        let Some(more) = rest.strip_prefix('\'') else { break };
        value.push('\'');
        rest = more;
    }
    let behind = rest.trim_start();
    if behind.is_empty() || behind.starts_with('#') {
        Ok(SettingsLine::Setting(name.to_owned(), value))
    } else {
        Err(NearText(Some(line)))
    }
}

fn cut(line: &str) -> Result<SettingsLine, NearText<'_>> {
    let trimmed = line.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Ok(SettingsLine::Empty);
    }
    let mut pieces = trimmed.split('\'').filter(|piece| !piece.is_empty());
    let (Some(before), Some(value)) = (pieces.next(), pieces.next()) else { return Err(NearText(Some(line))) };
    let name = before.split([' ', '\t', '=']).find(|piece| !piece.is_empty());
    name.map(|name| SettingsLine::Setting(name.to_owned(), value.to_owned())).ok_or(NearText(Some(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str, grammar: Grammar) -> Vec<(String, String)> {
        let read = parse(text.as_bytes(), grammar);
        assert_eq!(read.faults, [], "{text}");
        read.settings.into_iter().map(|s| (s.name, s.value)).collect()
    }

    #[test]
    fn every_way_to_write_a_value() {
        for (text, value) in [
            ("a = b", "b"),
            ("a b", "b"),
            ("A='b'", "b"),
            ("a = 'it''s'", "it's"),
            (r"a = 'it\'s \\ \t\101\q'", "it's \\ \tAq"),
            ("a = -1", "-1"),
            ("a = 128MB # more", "128MB"),
            ("a = 0.5", "0.5"),
            ("a = .5e-3", ".5e-3"),
            ("a = 0x1F", "0x1F"),
            ("a = 'x # y'\r", "x # y"),
            ("a = pg_catalog/x-1", "pg_catalog/x-1"),
            ("  a\t=\t''", ""),
        ] {
            assert_eq!(pairs(text, Grammar::Configuration), [("a".to_owned(), value.to_owned())], "{text}");
        }
        assert_eq!(
            pairs("auto_explain.level = on\n\n# c\n", Grammar::Configuration),
            [("auto_explain.level".into(), "on".into())]
        );
    }

    #[test]
    fn lines_that_stop_a_server() {
        for (text, near) in [
            ("a = 'b", Some("'")),
            ("a =", None),
            ("a", None),
            ("= b", Some("=")),
            ("a = b c", Some("c")),
            ("a = b.c", Some("b.c")),
            ("1a = b", Some("1a")),
            ("a = %", Some("%")),
            ("a = \u{2019}b\u{2019}", None),
        ] {
            let faults = parse(text.as_bytes(), Grammar::Configuration).faults;
            assert_eq!(faults.first().and_then(|f| f.near.as_deref()), near, "{text}");
            assert_eq!(faults.len(), usize::from(!text.contains('\u{2019}')), "{text}");
        }
        let many = parse("=\n".repeat(500).as_bytes(), Grammar::Configuration);
        assert_eq!(many.faults.len(), MOST_FAULTS);
    }

    #[test]
    fn the_last_one_counts_and_includes_are_told() {
        let read = parse(b"a=1\ninclude_dir 'conf.d'\nA=2\nx %\na 3\n", Grammar::Configuration);
        assert_eq!(read.get("a"), Some("3"));
        assert_eq!(read.includes, [Include { directive: "include_dir".into(), path: "conf.d".into(), line: 2 }]);
        assert_eq!(read.faults, [SettingsFault { line: 4, near: Some("%".into()) }]);
    }

    #[test]
    fn recovery_conf_of_old_servers() {
        let text = "# x\nrestore_command = 'cp /a/%f \"%p\"'  # y\nrecovery_target_xid='12'\n";
        for grammar in [Grammar::Configuration, Grammar::Quoted, Grammar::Cut] {
            assert_eq!(pairs(text, grammar).len(), 2);
            assert_eq!(parse(text.as_bytes(), grammar).get("restore_command"), Some("cp /a/%f \"%p\""));
        }
        assert_eq!(pairs("a = 'it''s'", Grammar::Quoted)[0].1, "it's");
        assert_eq!(pairs("a = 'it''s'", Grammar::Cut)[0].1, "it");
        assert_eq!(pairs(r"a = 'C:\new'", Grammar::Quoted)[0].1, r"C:\new");
        assert!(
            !parse(b"a = b", Grammar::Quoted).faults.is_empty() && !parse(b"a = b", Grammar::Cut).faults.is_empty()
        );
        assert!(
            !parse(b"a = 'b' c", Grammar::Quoted).faults.is_empty()
                && parse(b"a = 'b' c", Grammar::Cut).faults.is_empty()
        );
    }
}
