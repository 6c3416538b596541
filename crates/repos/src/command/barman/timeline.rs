//! How a release of Barman is told a timeline.
//!
//! ```text
//!   up to 2.18        --target-tli=NUMBER
//!   2.19 and later    also latest and current
//! ```
//! No file of a server's folder says of which release it is. From 3.0 on `backup.info` has a line on how a backup is
//! packed: where none has it, a number is said, which every release takes.

use super::super::ToolCall;
use crate::repository::Repository;

/// More than any `backup.info` has.
const LONGEST: u64 = 4 << 20;

/// The timeline of a recovery as this repository's Barman takes it, in decimal digits where it is a number.
pub(super) fn said(repository: &Repository, value: &str, call: &ToolCall<'_>) -> String {
    let is_word = matches!(value, "latest" | "current");
    match call.timeline {
        Some(timeline) if !is_word || !takes_words(repository) => timeline.0.to_string(),
        _ => value.to_owned(),
    }
}

fn takes_words(repository: &Repository) -> bool {
    has_line(repository, b"compression=")
}

/// Whether the `backup.info` of a backup has a line that begins so.
pub(super) fn has_line(repository: &Repository, start: &[u8]) -> bool {
    let has = |file: &str| {
        let read = repository.store().read(file, LONGEST).ok().flatten().unwrap_or_default();
        read.split(|byte| *byte == b'\n').any(|line| line.starts_with(start))
    };
    repository.backups.iter().rev().any(|backup| has(&backup.file))
}
