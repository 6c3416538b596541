//! What a recovery is asked to do, what a server would do then, and the verdict of that.

pub use crate::restore::{RestoreFiles, findings_of, of_flaw, predict, verify_restore};
pub use pgwal_recovery::*;
