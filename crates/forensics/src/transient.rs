//! What a rewrite is written into until it takes the place of the relation (`make_new_heap` of `cluster.c`):
//! `pg_temp_16393` for the relation with the OID 16393. Where it is rolled back before, its row says that alone.

use pgwal_catalog::{ClassRow, Names, RelationName};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;

/// The OID of the relation that is written anew into this one.
pub fn rewritten(row: &ClassRow) -> Option<u32> {
    let digits = row.name.strip_prefix(b"pg_temp_").filter(|_| matches!(row.kind, b'r' | b'm'))?;
    let is_number = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// A relation by its database and OID: its file and its name at a position. `beside`: a file that lies where it does.
pub fn relation_of(
    names: &Names,
    (database, oid): (u32, u32),
    beside: Option<RelFileLocator>,
    at: Lsn,
) -> Option<(RelFileLocator, RelationName)> {
    let named = |rel: RelFileLocator| Some((rel, names.relation_at(rel, at).filter(|name| name.oid == oid)?));
    // Its first file, which has its number, is still the only one of most.
    let first = beside.and_then(|beside| named(RelFileLocator { rel: oid, ..beside }));
    first.or_else(|| names.files_of(database, oid).into_iter().find_map(named))
}
