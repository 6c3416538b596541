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
