//! What real servers did in recovery.

use std::collections::BTreeMap;
use std::{fs, io};

use serde::Deserialize;

use crate::packed::kept;

/// One recovery of a real server. LSNs are spelled as its log has them, without leading zeros; `None` is "not stated".
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct RecoveryStory {
    /// What was tried, where a sentence says it.
    #[serde(default)]
    pub what: String,
    /// The settings that recovery was given, by PostgreSQL's names. Beside them the server had those of
    /// [`RecoveryStory::SERVER`].
    pub settings: BTreeMap<String, String>,
    /// Data files were consistent and connections accepted, whatever came later.
    pub started: Option<bool>,
    /// Start of the last record read.
    pub redo_done_at: Option<String>,
    /// End of the last record replayed.
    pub last_replay_lsn: Option<String>,
    /// It was promoted.
    pub promoted: Option<bool>,
    /// The timeline that it selected then.
    pub timeline_after: Option<String>,
    /// It reached its target. To be compared only where it did not die.
    pub reached: Option<bool>,
    /// What it said when it died, with the level in front.
    pub fatal: Option<String>,
}

impl RecoveryStory {
    /// What every server was given, so that no setting is lower than on the primary.
    pub const SERVER: [(&'static str, &'static str); 5] = [
        ("hot_standby", "on"),
        ("max_connections", "120"),
        ("max_worker_processes", "12"),
        ("max_locks_per_transaction", "200"),
        ("archive_mode", "off"),
    ];

    /// 26 recoveries of a version (10, 13, 15, 19) from an early backup and the whole archive, of which testdata has
    /// the tail.
    ///
    /// # Errors
    /// What the file system says, or that the JSON file is not as expected.
    pub fn targets(version: &str) -> io::Result<Vec<RecoveryStory>> {
        Ok(serde_json::from_slice(&fs::read(kept("recovery_targets").join(format!("{version}.json")))?)?)
    }
}
