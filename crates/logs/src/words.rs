//! The words in front of a message: its level, or what says that no message follows.

use crate::level::LogLevel;
use crate::localised::{self, LocalWord};

/// Fields that hold what a user sent, or a place in the server's source.
const NOT_MESSAGES: &[&str] = &["STATEMENT", "QUERY", "LOCATION"];

/// The level, or what else the word in front of a colon says.
pub(super) fn word_at_end(before: &str) -> Option<LocalWord> {
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    // Syslog writes a tab so.
    let word = if before.ends_with(&format!("#{word}")) { word.strip_prefix("011").unwrap_or(word) } else { word };
    if NOT_MESSAGES.contains(&word) {
        return Some(LocalWord::NotMessage);
    }
    LogLevel::of(word).map(LocalWord::Level).or_else(|| localised::word_before(before))
}

/// Five digits and capitals.
pub(super) fn is_sqlstate(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}
