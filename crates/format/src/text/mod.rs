//! The small files around WAL.

pub mod backup_history;
pub mod control;
pub mod history;
