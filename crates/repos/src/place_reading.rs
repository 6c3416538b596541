//! How a place is read.

use crate::contents::ContentsReading;
use pgwal_source::{Keys, Pace};
use std::sync::Arc;

/// How a place is read.
#[derive(Clone, Default)]
pub struct PlaceReading {
    /// What may open what lies there encrypted.
    pub keys: Keys,
    /// No more is read of its files than it allows.
    pub pace: Option<Arc<Pace>>,
    /// How the contents of a repository's backups are read; `None`: they are not.
    pub contents: Option<ContentsReading>,
    /// Only the WAL is asked for: what a tool's files say of backups is not read, however many there are.
    pub without_backups: bool,
    /// The system identifier of the cluster whose WAL is asked for, as that of a data directory: of the clusters of a
    /// stanza it is meant, where no other is chosen.
    pub cluster: Option<u64>,
    /// How an object store is asked: variables that go before those of the environment.
    pub variables: Vec<(String, String)>,
}
