//! Rows of the resource managers whose records are also read as types: those types stand in the modules of the same
//! names above, which read records by these rows.

pub mod database;
pub mod standby;
pub mod storage;
pub mod xact;
pub mod xlog;
