//! Names of relations, databases and schemas from the rows of catalogs as WAL writes them: heap records and page
//! images of `pg_class`, `pg_namespace` and `pg_database`. No file is opened here.
//!
//! ```text
//! record ──► CatalogRows: rows by file, block, offset ──► CatalogChange: inserted, updated, deleted, seen
//!              heap records, page images                    │ kept by whoever knows how transactions end
//!                                                           └──► Names: committed rows alone
//! ```
//! An image of a page has every row on it, so that from the first checkpoint in an archive on (and `full_page_writes`)
//! no row is changed that was not seen before. A row of a transaction that did not commit names nothing.

mod change;
mod columns;
mod files;
pub mod mapping;
mod names;
mod page;
mod row;
mod rows;
mod tuple;

pub use change::CatalogChange;
pub use files::{Catalog, CatalogFiles};
pub use names::{Names, RelationName, located};
pub use row::{CatalogRow, ClassRow, NamedOid};
pub use rows::CatalogRows;
