//! Which files hold the catalogs. A catalog that was rewritten lies in another file than at first; a record of "RelMap"
//! says so.

use pgwal_format::record::{Record, RelFileLocator};
use pgwal_format::rmgr::fields;
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::{self};
use std::collections::HashMap;

/// The tablespace of what all databases share (`pg_global`).
pub(crate) const GLOBAL: u32 = 1664;

/// A catalog that is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Catalog {
    /// `pg_class`: relations.
    Class,
    /// `pg_namespace`: schemas.
    Namespace,
    /// `pg_database`.
    Database,
    /// `pg_index`: of which table an index is.
    Index,
    /// `pg_inherits`: of which table a partition is.
    Inherits,
}

/// The highest OID of [`Catalog::ALL`].
const LAST_OID: u32 = Catalog::Namespace.oid();

impl Catalog {
    const ALL: [Catalog; 5] =
        [Catalog::Class, Catalog::Namespace, Catalog::Database, Catalog::Index, Catalog::Inherits];

    /// Its OID, which is its first file number, too.
    pub const fn oid(self) -> u32 {
        match self {
            Catalog::Class => 1259,
            Catalog::Namespace => 2615,
            Catalog::Database => 1262,
            Catalog::Index => 2610,
            Catalog::Inherits => 2611,
        }
    }

    /// Its rows name things; without them nothing but what belongs to what is not known.
    pub(crate) const fn has_names(self) -> bool {
        !matches!(self, Catalog::Index | Catalog::Inherits)
    }

    const fn is_shared(self) -> bool {
        matches!(self, Catalog::Database)
    }
}

/// Files of catalogs that do not lie where they lay at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogFiles {
    moved: HashMap<(u32, u32), Catalog>,
}

/// So many rewrites of catalogs are minded.
const MOST: usize = 10_000;

impl CatalogFiles {
    /// The catalog that a file holds, or held once.
    #[inline(always)]
    pub fn catalog(&self, rel: RelFileLocator) -> Option<Catalog> {
        // Nearly all relations are those of users.
        if rel.rel > LAST_OID && self.moved.is_empty() { None } else { self.any_catalog(rel) }
    }

    #[inline(never)]
    fn any_catalog(&self, rel: RelFileLocator) -> Option<Catalog> {
        let is_first = |c: &Catalog| c.oid() == rel.rel && c.is_shared() == (rel.spc == GLOBAL);
        let first = if rel.rel > LAST_OID { None } else { Catalog::ALL.into_iter().find(is_first) };
        if first.is_some() || self.moved.is_empty() {
            return first;
        }
        self.moved.get(&(rel.db, rel.rel)).copied()
    }

    /// Takes in a record of "RelMap"; whether a catalog lies in a file that was not known before.
    pub fn mapped(&mut self, record: &Record<'_>) -> bool {
        let mut news = false;
        mappings(record, &mut |database, oid, file| news |= self.put(database, oid, file));
        news
    }

    /// A relation lies in a file; whether that is a catalog, and was not known before.
    pub fn put(&mut self, database: u32, oid: u32, file: u32) -> bool {
        let catalog = Catalog::ALL.into_iter().find(|c| c.oid() == oid && c.is_shared() == (database == 0));
        let Some(catalog) = catalog.filter(|_| file != oid && file != 0 && self.moved.len() < MOST) else {
            return false;
        };
        self.moved.insert((database, file), catalog).is_none()
    }
}

/// Tells database, OID and file of each entry of the map that a record of "RelMap" has; the database is 0 where all
/// share the relation.
pub(crate) fn mappings(record: &Record<'_>, take: &mut dyn FnMut(u32, u32, u32)) {
    if record.header.rmid != rmgr::RELMAP {
        return;
    }
    let (mut database, mut oid) = (0, 0);
    fields::each(record, &mut |field| {
        let Value::Unsigned(n) = field.value else { return };
        match field.name {
            "dbid" => database = n as u32,
            "mapoid" => oid = n as u32,
            "mapfilenumber" => take(database, oid, n as u32),
            _ => {}
        }
    });
}
