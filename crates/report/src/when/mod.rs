//! Times, positions, transactions and restore points.

pub mod checked;
pub mod elsewhere;
pub mod json;
pub mod restore_command;
pub mod settings;
pub mod text;

use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use pgwal_verify::times::{Moment, PointNotes};

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WhenAsked {
    /// A position.
    Lsn(Lsn),
    /// A time.
    Time(Timestamp),
    /// A transaction.
    Xid(u32),
    /// A restore point.
    Name(String),
}

impl WhenAsked {
    /// As JSON names it.
    pub fn kind(&self) -> &'static str {
        match self {
            WhenAsked::Lsn(_) => "lsn",
            WhenAsked::Time(_) => "time",
            WhenAsked::Xid(_) => "xid",
            WhenAsked::Name(_) => "name",
        }
    }
}

/// The answer about one position.
pub struct WhenAnswer {
    /// As it was written.
    pub input: String,
    /// What it means.
    pub asked: WhenAsked,
    /// Where that is; `None` where replay never gets there.
    pub moment: Option<Moment>,
    /// What is to be known of it besides.
    pub notes: PointNotes,
    /// Why it never gets there, and what to ask for instead, where that is known.
    pub why_not: Option<(String, Option<u32>)>,
    /// The timeline that was asked for.
    pub timeline: Option<TimelineId>,
    /// The setting that fetches WAL from this archive.
    pub restore_command: String,
    /// Targets in `postgresql.auto.conf` of the data directory that was named, which count more.
    pub set_by_system: Vec<String>,
}
