//! What WAL consists of.

pub mod csv;
pub mod json;
pub mod text;
mod under;
mod words;

use pgwal_forensics::{FartherCheckpoints, TopAnswer};
use pgwal_source::ImagePacking;

/// A list of sums.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TopSection {
    /// Relations and their forks.
    Relation,
    /// Resource managers and operations.
    Record,
    /// Minutes.
    Minute,
    /// Checkpoints.
    Checkpoint,
    /// Databases.
    Database,
    /// Transactions.
    Xid,
}

impl TopSection {
    /// All of them.
    pub const ALL: [TopSection; 6] = [
        TopSection::Relation,
        TopSection::Record,
        TopSection::Minute,
        TopSection::Checkpoint,
        TopSection::Database,
        TopSection::Xid,
    ];

    /// As options and documents name it.
    pub const fn name(self) -> &'static str {
        match self {
            TopSection::Relation => "relation",
            TopSection::Record => "record",
            TopSection::Minute => "minute",
            TopSection::Checkpoint => "checkpoint",
            TopSection::Database => "database",
            TopSection::Xid => "xid",
        }
    }
}

/// What is told of an archive.
pub struct TopReport<'a> {
    /// Where it lies.
    pub place: String,
    /// Which lists.
    pub by: &'a [TopSection],
    /// Which way of packing images was asked for.
    pub packing: Option<ImagePacking>,
    /// Which checkpoints were asked for.
    pub farther: Option<FartherCheckpoints>,
    /// What was found.
    pub answer: &'a TopAnswer,
}
