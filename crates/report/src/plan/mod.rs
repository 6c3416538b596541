//! The files that a restore asks for.

pub mod json;
pub mod outline;
pub mod text;

use pgwal_verify::Outcome;
use pgwal_verify::recovery::outcome::{FileAsked, Restore};

/// The files of a restore.
pub struct RestorePlan {
    /// The verdict of the restore.
    pub outcome: Outcome,
    /// The prediction in it, with the files.
    pub restore: Restore,
    /// Files that are asked for behind what is missing or damaged, or up to consistency where the target lies in front
    /// of it.
    pub beyond: Vec<FileAsked>,
    /// The oldest segment that the backup needs: what is before it may be removed as far as it is concerned.
    pub oldest_needed: Option<String>,
}

impl RestorePlan {
    /// Every file that recovery needs to come where it should, as far as names tell, in the order in which a server
    /// asks.
    pub fn needed(&self) -> impl Iterator<Item = &FileAsked> {
        self.restore.files.iter().chain(&self.beyond).filter(|file| file.needed)
    }
}
