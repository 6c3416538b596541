//! The small files around WAL.

pub mod backup_history;
pub mod backup_label;
pub mod control;
pub mod history;
pub mod origin_checkpoint;
pub mod replication_slot;
pub mod settings;
