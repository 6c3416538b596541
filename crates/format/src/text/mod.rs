//! The small text files around WAL.

pub mod backup_history;
pub mod history;
