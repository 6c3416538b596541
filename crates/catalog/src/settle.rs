//! What a transaction that committed came to in the catalogs.

use crate::change::CatalogChange;
use crate::names::{Names, RowBefore};
use crate::row::CatalogRow;
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::BTreeMap;

/// A row in a transaction: as it was before, and as it is at last.
struct RowHistory<'c> {
    file: RelFileLocator,
    before: Option<&'c CatalogRow>,
    after: Option<&'c CatalogRow>,
    inserted: bool,
}

/// Takes in the changes of a transaction that committed at a position.
pub(crate) fn settle(names: &mut Names, at: Lsn, changes: &[(RelFileLocator, CatalogChange)]) {
    let mut rows: BTreeMap<(u8, u32, u32, u32), RowHistory<'_>> = BTreeMap::new();
    for (file, change) in changes {
        let (before, after, inserted) = match change {
            CatalogChange::Inserted(row) => (None, Some(row), true),
            CatalogChange::Updated { before, after } => (before.as_ref(), after.as_ref(), false),
            CatalogChange::Deleted(row) => (row.as_ref(), None, false),
            CatalogChange::Seen(_) | CatalogChange::Marked(_) => continue,
        };
        let Some(row) = before.or(after) else {
            // What is deleted takes its files with it, which the commit tells.
            if matches!(change, CatalogChange::Updated { .. }) {
                names.unread(file.db, at);
            }
            continue;
        };
        // One row, whichever file the catalog lies in.
        let key = (row.kind_number(), file.spc, file.db, row.oid());
        let history = rows.entry(key).or_insert(RowHistory { file: *file, before, after: None, inserted });
        history.after = after;
    }
    for RowHistory { file, before, after, inserted } in rows.into_values() {
        let was = match before {
            Some(row) => RowBefore::Was(row),
            None if inserted => RowBefore::Same,
            None => RowBefore::Unknown,
        };
        names.change(at, file, was, after);
    }
}

/// The same of a transaction of which some changes are not known: what it changed is not known any more.
pub(crate) fn settle_partly(names: &mut Names, at: Lsn, changes: &[(RelFileLocator, CatalogChange)]) {
    for (file, change) in changes {
        if change.rows().next().is_none_or(CatalogRow::is_name) {
            names.unread(file.db, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::ClassRow;

    const CLASS: RelFileLocator = RelFileLocator { spc: 1663, db: 5, rel: 1259 };

    fn row(oid: u32, name: &str, file: u32) -> CatalogRow {
        let name = name.as_bytes().to_vec();
        CatalogRow::Class(ClassRow { oid, name, namespace: 11, file, tablespace: 0, persistence: b'p', kind: b'r' })
    }

    fn called(names: &Names, file: u32, at: u64) -> Option<String> {
        let name = names.relation_at(RelFileLocator { rel: file, ..CLASS }, Lsn::new(at))?;
        Some(String::from_utf8(name.name).unwrap())
    }

    #[test]
    fn a_rename_a_rewrite_and_a_drop() {
        let mut names = Names::default();
        let mut at = |lsn: u64, changes: &[CatalogChange]| {
            let changes: Vec<_> = changes.iter().map(|change| (CLASS, change.clone())).collect();
            settle(&mut names, Lsn::new(lsn), &changes);
        };
        let updated = |before, after| CatalogChange::Updated { before, after };
        at(
            100,
            &[CatalogChange::Inserted(row(500, "a", 500)), updated(Some(row(500, "a", 500)), Some(row(500, "b", 500)))],
        );
        at(200, &[updated(Some(row(500, "b", 500)), Some(row(500, "c", 500)))]);
        // VACUUM FULL: the new file comes with a row of its own, which goes away again.
        at(
            300,
            &[
                CatalogChange::Inserted(row(510, "pg_temp_500", 510)),
                updated(Some(row(500, "c", 500)), Some(row(500, "c", 510))),
                updated(Some(row(510, "pg_temp_500", 510)), Some(row(510, "pg_temp_500", 500))),
                CatalogChange::Deleted(Some(row(510, "pg_temp_500", 500))),
            ],
        );
        at(400, &[CatalogChange::Deleted(Some(row(500, "c", 510)))]);
        let told = |file: u32| [50, 150, 250, 350, 450].map(|lsn| called(&names, file, lsn).unwrap_or_default());
        assert_eq!(told(500), ["b", "b", "c", "", ""]);
        assert_eq!(told(510), ["c", "c", "c", "c", ""]);
        let found = names.find("c");
        assert_eq!(found.iter().map(|f| (f.name.oid, f.files.len())).collect::<Vec<_>>(), [(500, 2)]);
    }

    #[test]
    fn a_change_that_nobody_could_read_leaves_numbers() {
        let mut names = Names::default();
        names.learn(Lsn::new(100), CLASS, &row(500, "a", 500));
        let unread = [(CLASS, CatalogChange::Updated { before: None, after: None })];
        settle(&mut names, Lsn::new(200), &unread);
        let after = [(CLASS, CatalogChange::Updated { before: None, after: Some(row(600, "z", 600)) })];
        settle(&mut names, Lsn::new(300), &after);
        assert_eq!((called(&names, 500, 150).as_deref(), called(&names, 500, 201)), (Some("a"), None));
        assert_eq!((called(&names, 600, 250), called(&names, 600, 301).as_deref()), (None, Some("z")));
    }
}
