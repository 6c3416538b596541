//! What a record does to the rows of a catalog.

use crate::marked::MarkedDatabase;
use crate::page::{MadeBy, RowEnd};
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
    /// The row of a database is marked where it stands as one that goes away, whatever becomes of the transaction.
    Marked(MarkedDatabase),
    /// A row that a page image shows.
    Seen(SeenRow),
}

impl CatalogChange {
    /// The rows that it tells, as they were and as they are.
    pub fn rows(&self) -> impl Iterator<Item = &CatalogRow> {
        let (before, after) = match self {
            CatalogChange::Inserted(row) => (None, Some(row)),
            CatalogChange::Updated { before, after } => (before.as_ref(), after.as_ref()),
            CatalogChange::Deleted(row) => (row.as_ref(), None),
            CatalogChange::Marked(_) => (None, None),
            CatalogChange::Seen(seen) => (None, Some(&seen.row)),
        };
        before.into_iter().chain(after)
    }
}

/// A row on a page, and what is said there of the transactions that made it and ended it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenRow {
    /// The row.
    pub row: CatalogRow,
    /// The transaction that made it.
    pub xmin: u32,
    /// How that one ended, as far as the page says.
    pub made: MadeBy,
    /// The transaction that ended it.
    pub end: RowEnd,
}
