//! What text and JSON say in the same words.

use pgwal_verify::Branch;
use pgwal_verify::log_line::{MessageKind, rows};
use pgwal_verify::probe::{AtPosition, Probe};

/// The name of a message around another.
pub fn name_of(kind: MessageKind) -> Option<&'static str> {
    rows().find(|row| row.kind == kind).map(|row| row.name)
}

/// What lies there, in a sentence.
pub fn sentence(probe: &Probe) -> String {
    let lsn = probe.lsn;
    let place = match &probe.file {
        Some(file) => format!("{lsn} is byte {} of {file}", probe.offset),
        None => format!("{lsn} is byte {} of {}", probe.offset, probe.segment),
    };
    if let Some(Branch { timeline, parent: Some(parent), .. }) = &probe.branch {
        return format!(
            "{place}, where timeline {timeline} left timeline {parent}: the end of that timeline, and no damage."
        );
    }
    match &probe.what {
        AtPosition::Damage => format!("{place}, and there is something wrong."),
        AtPosition::Record { start, end } if *start == lsn => {
            format!(
                "{place}, where a whole record begins that ends at {end}: this copy is right; the server read other bytes, or read them before they were written."
            )
        }
        AtPosition::Record { start, end } => {
            format!("{place}, inside a whole record from {start} to {end}: this copy is right there.")
        }
        AtPosition::AfterSwitch { switch } => {
            format!("{place}, in the unused rest of the segment behind the segment switch at {switch}.")
        }
        AtPosition::EndOfWal { end } if *end == lsn => {
            format!("{place}, the normal end of WAL here: the last record ends there and no other follows.")
        }
        AtPosition::EndOfWal { end } => {
            format!("{place}, behind the normal end of WAL here: the last record ends at {end}.")
        }
        AtPosition::Recycled { end, address, segment } => {
            let end = end.map(|end| format!("; the last record before it ends at {end}")).unwrap_or_default();
            format!(
                "{place}. Its page is an older one, of {address} in {segment}: a recycled file, which is the normal end of WAL{end}."
            )
        }
        AtPosition::Missing => {
            format!("{place}, and no file of that name is here, while WAL goes on behind it: a gap.")
        }
        AtPosition::BehindLast { last } => format!("{place}, behind the last file here, {last}."),
        AtPosition::BeforeFirst { first } => format!("{place}, before the first file here, {first}."),
        _ => {
            format!("{place}, between records: a page header, padding, or a record that begins before the first file.")
        }
    }
}
