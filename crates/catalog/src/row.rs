//! Rows of catalogs: the columns that name things.

use crate::columns::{self, NAME};
use crate::files::Catalog;
use crate::tuple::HeapTuple;
use pgwal_format::{Endian, Layout, Version};

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CatalogRow {
    /// Of `pg_class`.
    Class(ClassRow),
    /// Of `pg_namespace`.
    Namespace(NamedOid),
    /// Of `pg_database`.
    Database(NamedOid),
    /// Of `pg_index`: an index, and its table.
    Index(OwnedOid),
    /// Of `pg_inherits`: a partition, or whatever else inherits, and of which table it is.
    Inherits(OwnedOid),
}

/// A relation that belongs to another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnedOid {
    /// Its OID.
    pub oid: u32,
    /// That of the other one.
    pub of: u32,
}

/// A relation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassRow {
    /// Its OID, which stays.
    pub oid: u32,
    /// `relname`, in whatever encoding the database has.
    pub name: Vec<u8>,
    /// `relnamespace`: the OID of its schema.
    pub namespace: u32,
    /// `relfilenode`: its file number, which changes; 0 where it has no file, or `pg_filenode.map` names it.
    pub file: u32,
    /// `reltablespace`; 0 for that of the database.
    pub tablespace: u32,
    /// `relpersistence`: `p`, `u` or `t`.
    pub persistence: u8,
    /// `relkind`: `r` table, `i` index, `t` TOAST table, `S` sequence, `v` view, `m` materialised view …
    pub kind: u8,
}

/// A schema or a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedOid {
    /// Its OID.
    pub oid: u32,
    /// Its name.
    pub name: Vec<u8>,
}

impl CatalogRow {
    /// Its OID.
    pub fn oid(&self) -> u32 {
        match self {
            CatalogRow::Class(row) => row.oid,
            CatalogRow::Namespace(row) | CatalogRow::Database(row) => row.oid,
            CatalogRow::Index(row) | CatalogRow::Inherits(row) => row.oid,
        }
    }

    /// A number for each kind.
    pub(crate) const fn kind_number(&self) -> u8 {
        match self {
            CatalogRow::Class(_) => 0,
            CatalogRow::Namespace(_) => 1,
            CatalogRow::Database(_) => 2,
            CatalogRow::Index(_) => 3,
            CatalogRow::Inherits(_) => 4,
        }
    }

    /// It names something.
    pub(crate) const fn is_name(&self) -> bool {
        !matches!(self, CatalogRow::Index(_) | CatalogRow::Inherits(_))
    }

    /// Reads a row of WAL. `None` before 9.5, and for a tuple that ends before its columns or whose name is none.
    pub(crate) fn of(layout: &Layout, catalog: Catalog, tuple: &HeapTuple) -> Option<CatalogRow> {
        CatalogRow::read((layout.dialect.version, layout.endian), catalog, tuple)
    }

    /// The same, of a version and in an order of bytes.
    pub(crate) fn read(
        (version, endian): (Version, Endian),
        catalog: Catalog,
        tuple: &HeapTuple,
    ) -> Option<CatalogRow> {
        let data = tuple.data();
        let number = |at: usize| Some(endian.u32(*data.get(at..)?.first_chunk()?));
        let named = |(oid, name): (Option<usize>, usize)| {
            let oid = oid.map_or_else(|| tuple.oid(endian), number)?;
            let name = data.get(name..)?.get(..NAME)?;
            let name = name.get(..name.iter().position(|&b| b == 0)?)?.to_vec();
            (oid != 0 && !name.is_empty()).then_some(NamedOid { oid, name })
        };
        // Both OIDs are the first columns.
        let owned = || {
            let (oid, of) = (number(0)?, number(4)?);
            (oid != 0 && of != 0).then_some(OwnedOid { oid, of })
        };
        let columns = columns::class(version)?;
        match catalog {
            Catalog::Class => {
                let NamedOid { oid, name } = named((columns.oid, columns.relname))?;
                Some(CatalogRow::Class(ClassRow {
                    oid,
                    name,
                    namespace: number(columns.relnamespace)?,
                    file: number(columns.relfilenode)?,
                    tablespace: number(columns.reltablespace)?,
                    persistence: *data.get(columns.relpersistence)?,
                    kind: *data.get(columns.relkind)?,
                }))
            }
            Catalog::Namespace => named(columns::named(version)?).map(CatalogRow::Namespace),
            Catalog::Database => named(columns::named(version)?).map(CatalogRow::Database),
            Catalog::Index => owned().map(CatalogRow::Index),
            Catalog::Inherits => owned().map(CatalogRow::Inherits),
        }
    }
}
