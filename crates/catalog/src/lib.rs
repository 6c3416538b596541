//! Names of relations, databases and schemas from the rows of catalogs: as WAL writes them, in heap records and page
//! images of `pg_class`, `pg_namespace` and `pg_database`, and as they lie in the files of a base backup; besides, what
//! belongs to which table (`pg_index`, `pg_inherits`). No file is opened here.
//!
//! ```text
//! record ──► CatalogRows: rows by file, block, offset ──► CatalogChange: inserted, updated, deleted, seen
//!              heap records, page images                    │ kept by whoever knows how transactions end
//!                                                           └──► Names: committed rows alone
//! ```
//! An image of a page has every row on it, so that from the first checkpoint in an archive on (and `full_page_writes`)
//! no row is changed that was not seen before. A row of a transaction that did not commit names nothing.

mod base;
mod change;
mod columns;
mod facts;
mod files;
mod find;
mod keeper;
mod listed;
pub mod mapping;
mod marked;
mod names;
mod page;
mod place;
mod row;
mod rows;
mod settle;
mod spelled;
mod tuple;

pub use base::{
    BaseCatalogs, BaseFacts, BaseReader, DataFile, WantedFiles, XactStatus, databases, file_map, is_file_map,
    tablespaces,
};
pub use change::{CatalogChange, SeenRow};
pub use files::{Catalog, CatalogFiles};
pub use find::FoundRelation;
pub use keeper::NameKeeper;
pub use listed::ListedNames;
pub use marked::MarkedDatabase;
pub use names::{Names, RelationName};
pub use page::{MadeBy, RowEnd};
pub use place::located;
pub use row::{CatalogRow, ClassRow, NamedOid, OwnedOid};
pub use rows::CatalogRows;
