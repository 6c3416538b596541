//! The files that a restore asks for.

pub mod json;
pub mod text;

use pgwal_verify::Outcome;
use pgwal_verify::recovery::outcome::Restore;

/// The files of a restore.
pub struct RestorePlan {
    /// The verdict of the restore.
    pub outcome: Outcome,
    /// The prediction in it, with the files.
    pub restore: Restore,
    /// The oldest segment that the backup needs: what is before it may be removed as far as it is concerned.
    pub oldest_needed: Option<String>,
}
