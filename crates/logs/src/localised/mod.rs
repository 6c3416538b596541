//! Messages in other languages than English: what they say in English.
//!
//! ```text
//! СООБЩЕНИЕ:  неверная длина записи в позиции 0/3000168: ожидалось 24, получено 0
//! └─ a word ┘ └───────── hash ────────────┘└ value ┘└── hash ──┘└┘└ hash ─┘└ value
//! ```
//!
//! A translation is known by the hashes of what stands between its values, and by the order of these. What is found is
//! said again in the English wording, so that everything behind this module knows English alone.

mod rolling;
mod table;

use crate::level::LogLevel;
use crate::template;
use rolling::Rolling;
use table::{BEGINNING, Translation, WordKind, table};

/// Bytes of a message that are looked at.
const MAX_MESSAGE: usize = 2048;

/// What stands before a colon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LocalWord {
    /// A message follows.
    Level(LogLevel),
    /// Something else does: a statement.
    NotMessage,
}

/// The message that begins where `text` begins, in English; `None` where no translation known begins there.
pub(super) fn in_english(text: &str) -> Option<String> {
    let text = clipped(text);
    let bytes = text.as_bytes();
    let translations = &table().translations;
    let beginning = rolling::short(rolling::hash(bytes.get(..BEGINNING.min(bytes.len()))?));
    let may_begin_with_text = table().beginnings.contains(&beginning);
    let mut found: Option<(usize, String)> = None;
    let mut hashes = None;
    let mut attempt = |translation: &Translation, hashes: &Rolling| {
        if let Some((known, english)) = said(translation, text, hashes)
            && found.as_ref().is_none_or(|(most, _)| known > *most)
        {
            found = Some((known, english));
        }
    };
    let value_first = table().value_first.iter().filter_map(|&at| translations.get(at));
    for translation in value_first.filter(|t| begins_with_value(t, text)) {
        attempt(translation, hashes.get_or_insert_with(|| Rolling::of(bytes)));
    }
    if may_begin_with_text {
        let hashes = hashes.get_or_insert_with(|| Rolling::of(bytes));
        for length in BEGINNING..=bytes.len().min(rolling::LONGEST) {
            let Some(hash) = hashes.part(0, length) else { break };
            let from = translations.partition_point(|t| t.first.1 < hash);
            let same = translations.iter().skip(from).take_while(|t| t.first.1 == hash);
            same.filter(|t| t.first.0 == length).for_each(|t| attempt(t, hashes));
        }
    }
    found.map(|(_, english)| english)
}

/// The level, or the like, with which `before` ends; a colon stands behind it.
pub(super) fn word_before(before: &str) -> Option<LocalWord> {
    let before = before.trim_end().as_bytes();
    let is_word = |length: usize| {
        let at = before.len().checked_sub(length)?;
        let opens = at == 0 || before.get(at - 1).is_some_and(|b| b.is_ascii() && !b.is_ascii_alphanumeric());
        if opens { before.get(at..).map(rolling::hash) } else { None }
    };
    // Words of two kinds may be one another's end: the longest counts.
    let fitting = table().words.iter().filter(|w| is_word(w.length) == Some(w.hash));
    match fitting.filter(|w| w.kind != WordKind::Quoting).max_by_key(|w| w.length)?.kind {
        WordKind::Level(level) => Some(LocalWord::Level(LogLevel::ALL.get(usize::from(level)).copied()?)),
        _ => Some(LocalWord::NotMessage),
    }
}

/// Whether the message quotes what a user sent.
pub(super) fn quotes(message: &str) -> bool {
    let begins = |length: usize| message.as_bytes().get(..length).map(rolling::hash);
    table().words.iter().any(|w| w.kind == WordKind::Quoting && begins(w.length) == Some(w.hash))
}

fn clipped(text: &str) -> &str {
    let mut end = text.len().min(MAX_MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// Whether a translation whose first value stands near its beginning can be this text at all.
fn begins_with_value(translation: &Translation, text: &str) -> bool {
    let Some(first) = translation.values.first() else { return true };
    text.get(translation.first.0..).is_some_and(|rest| template::span_of(first.form, rest) != Some(0))
}

/// What a translation says, in English, and how many bytes of the text are its own.
fn said(translation: &Translation, text: &str, hashes: &Rolling) -> Option<(usize, String)> {
    let (length, hash) = translation.first;
    if hashes.part(0, length)? != hash {
        return None;
    }
    let mut at = length;
    let mut known = length;
    let mut values = vec![""; translation.values.len()];
    for value in &translation.values {
        let rest = text.get(at..)?;
        let (length, hash) = value.behind;
        let fits = |at: usize| hashes.part(at, length).is_some_and(|h| rolling::short(h) == hash);
        let end = match template::span_of(value.form, rest) {
            Some(0) => return None,
            Some(span) => at + span,
            None if length == 0 => at + rest.trim_end().len(),
            None => (at + 1..text.len()).find(|&end| text.is_char_boundary(end) && fits(end))?,
        };
        if !fits(end) {
            return None;
        }
        *values.get_mut(value.number)? = text.get(at..end)?;
        at = end + length;
        known += length;
    }
    let behind = text.get(at..)?;
    let over = |c: char| c.is_whitespace() || ".,;:!?\"'`)]}。»”’｡".contains(c);
    behind.chars().all(over).then(|| english(translation.pattern, &values)).flatten().map(|text| (known, text))
}

/// A wording with its values.
fn english(pattern: &str, values: &[&str]) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 64);
    let (mut rest, mut values) = (pattern, values.iter());
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str(values.next()?);
        rest = after.split_once('}')?.1;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests;
