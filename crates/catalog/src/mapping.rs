//! Names as a running server writes them: the text form of COPY, a line a relation, columns with tabs between and
//! special characters behind a backslash.
//!
//! ```text
//! database OID, database, schema OID, schema, relation, OID, relkind, tablespace OID, file number
//! ```

use crate::listed::ListedNames;
use crate::row::{CatalogRow, ClassRow, NamedOid};
use pgwal_format::record::RelFileLocator;
use std::fmt;

/// What a server of 9.1 or later is asked, in each database of its own. What all databases share is of database 0.
pub const QUERY: &str = "copy (select case when c.relisshared then 0 else d.oid end, d.datname, n.oid, n.nspname, c.relname, c.oid, \
     c.relkind, coalesce(nullif(c.reltablespace, 0), d.dattablespace), pg_relation_filenode(c.oid) from pg_class c \
     join pg_namespace n on n.oid = c.relnamespace join pg_database d on d.datname = current_database() \
     where pg_relation_filenode(c.oid) is not null) to stdout";

/// A line is none of the query's: its number, from 1 on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappingFault {
    /// The line.
    pub line: usize,
}

impl fmt::Display for MappingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is not one of nine columns as the query of --names-query gives them", self.line)
    }
}

impl std::error::Error for MappingFault {}

/// Reads names, of one database or of several behind each other.
///
/// # Errors
/// A line that is none.
pub fn read(text: &[u8]) -> Result<ListedNames, MappingFault> {
    let mut names = ListedNames::default();
    for (line, number) in text.split(|&b| b == b'\n').zip(1..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            relation(line, &mut names).ok_or(MappingFault { line: number })?;
        }
    }
    Ok(names)
}

fn relation(line: &[u8], names: &mut ListedNames) -> Option<()> {
    let mut columns = line.split(|&b| b == b'\t');
    let mut next = || columns.next().map(unescaped);
    let (db, database, namespace, schema) = (number(&next()?)?, next()?, number(&next()?)?, next()?);
    let (name, oid, kind) = (next()?, number(&next()?)?, next()?);
    let (tablespace, file) = (number(&next()?)?, number(&next()?)?);
    if columns.next().is_some() {
        return None;
    }
    let [kind] = *kind.as_slice() else { return None };
    let catalog = RelFileLocator { spc: tablespace, db, rel: 0 };
    if db != 0 {
        names.put(catalog, &CatalogRow::Database(NamedOid { oid: db, name: database }));
    }
    names.put(catalog, &CatalogRow::Namespace(NamedOid { oid: namespace, name: schema }));
    let row = ClassRow { oid, name, namespace, file, tablespace, persistence: b'p', kind };
    names.put(catalog, &CatalogRow::Class(row));
    Some(())
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A column without its backslashes.
fn unescaped(column: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(column.len());
    let mut bytes = column.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'\\', Some(&escaped)) => {
                bytes.next();
                out.push(match escaped {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    other => other,
                });
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;

    #[test]
    fn names_with_tabs_and_backslashes() {
        let text = b"5\tshop\t2200\tpublic\ta\\tb\\\\c\t16393\tr\t1663\t16400\n0\tshop\t11\tpg_catalog\tpg_database\t1262\tr\t1664\t1262\n";
        let names = Names::given(read(text).unwrap(), None);
        let name = names.relation(RelFileLocator { spc: 1663, db: 5, rel: 16400 }).unwrap();
        assert_eq!((name.name.as_slice(), name.oid, name.kind), (&b"a\tb\\c"[..], 16393, b'r'));
        assert_eq!((name.database.as_deref(), name.schema.as_deref()), (Some(&b"shop"[..]), Some(&b"public"[..])));
        let shared = names.relation(RelFileLocator { spc: 1664, db: 0, rel: 1262 }).unwrap();
        assert_eq!((shared.database, shared.name.as_slice()), (None, &b"pg_database"[..]));
    }

    #[test]
    fn a_line_of_something_else_is_named() {
        for (text, line) in [
            (&b"5\tshop"[..], 1),
            (b"5\tshop\t2200\tpublic\ta\t1\tr\t1663\t2\textra", 1),
            (b"\n5\tshop\t2200\tpublic\ta\t1\trr\t1663\t2", 2),
            (b"x\tshop\t2200\tpublic\ta\t1\tr\t1663\t2", 1),
        ] {
            assert_eq!(read(text).unwrap_err(), MappingFault { line });
        }
    }
}
