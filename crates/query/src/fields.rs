//! Every field of every type of records, from the tables by which records are described.

use crate::filter::managers;
use pgwal_format::dialect::DIALECTS;
use pgwal_format::rmgr::managers::ALL;
use pgwal_format::rmgr::table::{Op, OpPart};
use pgwal_format::{Generation, Version};

/// A field of a type of records, in versions that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldRow {
    /// Resource manager.
    pub rmgr: &'static str,
    /// Type of records.
    pub record: &'static str,
    /// Its name; `None` for a type that has no fields.
    pub field: Option<(&'static str, &'static str)>,
    /// The first version.
    pub since: Version,
    /// The last version.
    pub until: Version,
}

/// All fields of all types, by resource manager, type and first version.
pub fn rows() -> Vec<FieldRow> {
    let mut out: Vec<FieldRow> = Vec::new();
    for (manager, rmgr) in ALL.iter().zip(managers()) {
        let mut of_manager: Vec<FieldRow> = Vec::new();
        for generation in [Generation::LegacyA, Generation::Modern] {
            for op in manager.ops(generation) {
                let own = fields(op);
                let some = own.is_empty().then_some(None).into_iter().chain(own.into_iter().map(Some));
                of_manager.extend(some.map(|field| FieldRow {
                    rmgr,
                    record: op.name,
                    field,
                    since: op.since,
                    until: manager.last_version(op),
                }));
            }
        }
        // Types in the order of the tables; of each, fields in theirs.
        let mut types: Vec<&str> = Vec::new();
        for row in &of_manager {
            if !types.contains(&row.record) {
                types.push(row.record);
            }
        }
        for record in types {
            let mut merged: Vec<FieldRow> = Vec::new();
            for row in of_manager.iter().filter(|row| row.record == record) {
                match merged.iter_mut().find(|m| m.field == row.field && touches(m.until, row.since)) {
                    Some(before) => before.until = before.until.max(row.until),
                    None => merged.push(*row),
                }
            }
            out.extend(merged);
        }
    }
    out
}

/// Names of all fields.
pub fn names() -> impl Iterator<Item = &'static str> {
    rows().into_iter().filter_map(|row| row.field.map(|(name, _)| name))
}

fn fields(op: &Op) -> Vec<(&'static str, &'static str)> {
    let mut out: Vec<(&'static str, &'static str)> = Vec::new();
    for part in op.parts {
        let more: Vec<(&'static str, &'static str)> = match part {
            OpPart::Text(_) => Vec::new(),
            OpPart::Field(field) => vec![(field.name, field.kind.name())],
            OpPart::Call(call) => call.fields.to_vec(),
        };
        for field in more {
            if !out.contains(&field) {
                out.push(field);
            }
        }
    }
    out
}

/// Whether a range of versions that begins with `next` goes on from one that ends with `last`.
fn touches(last: Version, next: Version) -> bool {
    let place = |version: Version| DIALECTS.iter().position(|d| d.version == version);
    place(last).zip(place(next)).is_some_and(|(last, next)| next <= last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_follow_each_other_are_one_row() {
        let rows = rows();
        let of = |name: &str| -> Vec<&FieldRow> {
            rows.iter()
                .filter(|r| r.rmgr == "Storage" && r.record == "TRUNCATE" && r.field.is_some_and(|(n, _)| n == name))
                .collect()
        };
        let until = |rows: &[&FieldRow]| rows.last().map(|r| (r.since.to_string(), r.until.to_string()));
        assert_eq!(until(&of("flags")), Some(("9.6".into(), Version::NEWEST.to_string())));
        assert_eq!(of("blkno").last().map(|r| r.until), Some(Version::NEWEST));
        assert!(of("blkno").len() <= 2, "{:?}", of("blkno"));
    }
}
