//! What a recovery is asked to do, what a server would do then, and the verdict of that.

pub use crate::of_backup::{findings_of, of_flaw};
pub use crate::restore::{RestoreFiles, predict, verify_restore};
pub use pgwal_recovery::*;
