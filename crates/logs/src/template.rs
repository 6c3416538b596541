//! How a wording is compared with a text.
//!
//! ```text
//! invalid record length at {at}: wanted {expected}, got {got}
//! ```
//!
//! Everything outside braces is literal, capitals and small letters alike; `{slot}` takes a value in that slot's form.
//! A text value goes up to the first place where the literal behind it stands, so one pass decides. Behind the wording
//! only punctuation may follow. Wordings are ASCII; the text may be anything.

use super::slot::{SlotFact, SlotForm, SlotValue, by_name};
use pgwal_format::{FileName, Lsn, TimelineId};

/// The values of `text` by `pattern`, or `None` where it is not that wording.
pub(super) fn matches(pattern: &str, text: &str) -> Option<Vec<SlotFact>> {
    let mut facts = Vec::new();
    let (literal, mut pattern) = literal(pattern);
    let mut text = strip_literal(text, literal)?;
    while !pattern.is_empty() {
        let (name, after) = pattern.split_once('}')?;
        let (literal, rest) = self::literal(after);
        let (slot, form) = by_name(name)?;
        let (value, left) = take(form, text, literal)?;
        facts.push(SlotFact { slot, value });
        text = strip_literal(left, literal)?;
        pattern = rest;
    }
    text.chars().all(|c| c.is_whitespace() || ".,;:!?\"'`)]}".contains(c)).then_some(facts)
}

/// Whether a wording can be compared at all: closed braces, known slots, no two values side by side.
#[cfg(test)]
pub(super) fn is_well_formed(pattern: &str) -> bool {
    let (mut text, mut rest) = literal(pattern);
    let ends_so = |text: &str| text.ends_with(char::is_whitespace);
    if !pattern.is_ascii() {
        return false;
    }
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('}') else { return false };
        (text, rest) = literal(after);
        if by_name(name).is_none() || (text.is_empty() && !rest.is_empty()) {
            return false;
        }
    }
    !ends_so(text)
}

/// The text before the first brace, and what follows the brace.
fn literal(pattern: &str) -> (&str, &str) {
    pattern.split_once('{').unwrap_or((pattern, ""))
}

fn strip_literal<'t>(text: &'t str, literal: &str) -> Option<&'t str> {
    let head = text.as_bytes().get(..literal.len())?;
    if head.eq_ignore_ascii_case(literal.as_bytes()) { text.get(literal.len()..) } else { None }
}

/// Bytes of a value at the beginning of `text`, 0 where there is none; `None` where its form does not say where it
/// ends.
pub(super) fn span_of(form: SlotForm, text: &str) -> Option<usize> {
    let belongs: fn(u8) -> bool = match form {
        SlotForm::Lsn => |b| b.is_ascii_hexdigit() || b == b'/',
        SlotForm::Number | SlotForm::Timeline => |b| b.is_ascii_digit(),
        SlotForm::Signed => |b| b.is_ascii_digit() || b == b'-',
        SlotForm::Hex => |b| b.is_ascii_hexdigit(),
        SlotForm::Text | SlotForm::WalFile => return None,
    };
    Some(text.bytes().take_while(|&b| belongs(b)).count())
}

/// A value at the beginning of `text`, and what is left. `behind` is the literal that follows it in the wording.
fn take<'t>(form: SlotForm, text: &'t str, behind: &str) -> Option<(SlotValue, &'t str)> {
    match form {
        SlotForm::Lsn => {
            let (lsn, left) = span(form, text)?;
            Some((SlotValue::Lsn(lsn.parse::<Lsn>().ok()?), left))
        }
        SlotForm::Number => {
            let (digits, left) = span(form, text)?;
            Some((SlotValue::Number(digits.parse().ok()?), left))
        }
        SlotForm::Signed => {
            let (digits, left) = span(form, text)?;
            Some((SlotValue::Signed(digits.parse().ok()?), left))
        }
        SlotForm::Hex => {
            let (digits, left) = span(form, text)?;
            Some((SlotValue::Hex(u32::from_str_radix(digits, 16).ok()?), left))
        }
        SlotForm::Timeline => {
            let (digits, left) = span(form, text)?;
            Some((SlotValue::Timeline(TimelineId(digits.parse().ok()?)), left))
        }
        SlotForm::Text => {
            let (value, left) = up_to(text, behind)?;
            Some((SlotValue::Text(value.to_owned()), left))
        }
        SlotForm::WalFile => {
            let (value, left) = up_to(text, behind)?;
            let name = value.rsplit(['/', '\\']).next()?;
            // A segment that is being made has a name of its own.
            let is_of_wal = FileName::parse(name).is_some() || name.starts_with("xlogtemp.");
            is_of_wal.then(|| (SlotValue::Text(value.to_owned()), left))
        }
    }
}

fn span(form: SlotForm, text: &str) -> Option<(&str, &str)> {
    let end = span_of(form, text).filter(|&end| end > 0)?;
    text.split_at_checked(end)
}

fn up_to<'t>(text: &'t str, behind: &str) -> Option<(&'t str, &'t str)> {
    if behind.is_empty() {
        let value = text.trim_end();
        return text.split_at_checked(value.len());
    }
    let end = text.as_bytes().windows(behind.len()).position(|w| w.eq_ignore_ascii_case(behind.as_bytes()))?;
    (end > 0).then(|| text.split_at_checked(end))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pattern: &str, text: &str) -> Option<String> {
        matches(pattern, text)
            .map(|facts| facts.iter().map(|f| format!("{}={}", f.slot.name(), f.value)).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn values_are_taken_in_their_form() {
        let p = "invalid record length at {at}: wanted {expected}, got {got}";
        assert_eq!(
            said(p, "invalid record length at 0/665ACA8: wanted 24, got 0").unwrap(),
            "at=0/0665ACA8 expected=24 got=0"
        );
        assert_eq!(
            said(p, "Invalid record length at 0/665ACA8: wanted 24, got 0.\"").unwrap(),
            "at=0/0665ACA8 expected=24 got=0"
        );
        assert_eq!(
            said("archive file \"{file}\" has wrong size", "archive file \"a b\" has wrong size").unwrap(),
            "file=a b"
        );
        assert_eq!(
            said("open \"{walfile}\"", "open \"pg_wal/00000002.history\"").unwrap(),
            "walfile=pg_wal/00000002.history"
        );
    }

    #[test]
    fn what_is_not_the_wording_is_refused() {
        let p = "invalid record length at {at}: wanted {expected}, got {got}";
        for text in [
            "",
            "invalid",
            "invalid record length at 0/665ACA8",
            "invalid record length at : wanted 24, got 0",
            "invalid record length at 0/665ACA8: wanted 24, got 0 or so",
            "invalid record length at 0/665ACA8: wanted 24, got 99999999999999999999",
            "invalid record length at 0/1234567890: wanted 24, got 0",
            "invalid record length at 0/é: wanted 24, got 0",
        ] {
            assert_eq!(said(p, text), None, "{text}");
        }
        assert_eq!(said("open \"{walfile}\"", "open \"postgresql.conf\""), None);
    }
}
