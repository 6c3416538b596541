//! What a record does to the rows of a catalog.

use crate::row::CatalogRow;

/// A change of a row, by a transaction of which it is not yet known how it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CatalogChange {
    /// A new row.
    Inserted(CatalogRow),
    /// A row that has a new version; each `None` where its bytes are not known.
    Updated {
        /// As it was.
        before: Option<CatalogRow>,
        /// As it is.
        after: Option<CatalogRow>,
    },
    /// A row that is deleted; `None` where its bytes are not known.
    Deleted(Option<CatalogRow>),
    /// The row of a database is marked where it stands as one that goes away (`DATCONNLIMIT_INVALID_DB`: DROP DATABASE
    /// of 16, and of late releases of 11 to 15), whatever becomes of the transaction. Its OID, where that is known.
    Marked(Option<u32>),
    /// A row that a page image shows.
    Seen {
        /// The row.
        row: CatalogRow,
        /// The transaction that made it, where nothing says that it committed.
        xmin: Option<u32>,
        /// A later version of it was made, or it was deleted.
        superseded: bool,
    },
}
