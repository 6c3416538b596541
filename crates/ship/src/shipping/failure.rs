//! Why shipping ends, or stops for a while.

use crate::fault::{ShipFault, ShipStep};
#[cfg(feature = "server")]
use crate::receive::ReceiveFault;
use pgwal_archive::follow::FollowLoss;
#[cfg(feature = "server")]
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_verify::Finding;
use pgwal_verify::records::finding_of;
use std::fmt;

/// Why shipping ends, or stops for a while.
#[derive(Debug)]
pub enum ShipFailure {
    /// The folder that is shipped to.
    Folder(ShipFault),
    /// The files that are shipped cannot be looked at.
    Files(pgwal_archive::Error),
    /// There is no WAL among them.
    NoWal,
    /// The place holds the WAL of another cluster.
    OtherCluster {
        /// What lies in the folder.
        here: u64,
        /// What was to be shipped.
        there: u64,
    },
    /// What lies in the folder is of a timeline that what is shipped does not come from.
    OtherHistory {
        /// The timeline in the folder, and where it ends.
        here: (TimelineId, Lsn),
        /// The newest of what is shipped.
        there: TimelineId,
    },
    /// The folder has segments of another size.
    OtherSize {
        /// In the folder, in bytes.
        here: u64,
        /// What was to be shipped.
        there: u64,
    },
    /// WAL that cannot be shipped: damaged, or gone.
    Lost(Box<FollowLoss>, Box<Layout>),
    /// What the server says.
    #[cfg(feature = "server")]
    Server(ReceiveFault),
    /// The server has removed WAL before it was sent.
    #[cfg(feature = "server")]
    Removed {
        /// In its words.
        says: String,
        /// Where what lies in the folder ends.
        reached: Lsn,
        /// The time of the last commit there, where that is known.
        last_commit: Option<Timestamp>,
        /// A slot was in use, which should have kept it: its name, and whether it keeps nothing from now on.
        slot: Option<(String, bool)>,
    },
}

impl ShipFailure {
    /// Trying again changes nothing: somebody has to do something.
    pub fn is_lasting(&self) -> bool {
        match self {
            ShipFailure::Folder(fault) => fault.step == ShipStep::Compare,
            // A server that is not promoted yet, or has not come so far.
            ShipFailure::OtherHistory { here, there } => here.0 <= *there,
            ShipFailure::Files(error) => matches!(error, pgwal_archive::Error::NoWal { .. }),
            ShipFailure::Lost(loss, _) => !matches!(**loss, FollowLoss::Unreadable { .. }),
            #[cfg(feature = "server")]
            ShipFailure::Server(fault) => fault.is_lasting(),
            _ => true,
        }
    }

    /// The finding that it is, where it is about WAL.
    pub fn finding(&self) -> Option<(Finding, &Layout)> {
        match self {
            ShipFailure::Lost(loss, layout) => Some((finding_of(layout, loss), layout)),
            _ => None,
        }
    }
}

impl From<ShipFault> for ShipFailure {
    fn from(fault: ShipFault) -> ShipFailure {
        ShipFailure::Folder(fault)
    }
}

impl From<pgwal_archive::Error> for ShipFailure {
    fn from(error: pgwal_archive::Error) -> ShipFailure {
        ShipFailure::Files(error)
    }
}

#[cfg(feature = "server")]
impl From<ReceiveFault> for ShipFailure {
    fn from(fault: ReceiveFault) -> ShipFailure {
        ShipFailure::Server(fault)
    }
}

impl fmt::Display for ShipFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShipFailure::Folder(fault) => write!(f, "{fault}"),
            ShipFailure::Files(error) => write!(f, "{error}"),
            ShipFailure::NoWal => f.write_str("there is no WAL to be shipped"),
            ShipFailure::OtherCluster { here, there } => write!(
                f,
                "the folder holds WAL of the cluster {here}, and what was to be shipped is that of {there}: nothing was written"
            ),
            ShipFailure::OtherHistory { here: (timeline, end), there } => write!(
                f,
                "the folder holds WAL of timeline {timeline} up to {end}, and timeline {there} does not come from there"
            ),
            ShipFailure::OtherSize { here, there } => {
                write!(f, "the folder has segments of {here} bytes, and what was to be shipped has {there}")
            }
            ShipFailure::Lost(loss, layout) => {
                let finding = finding_of(layout, loss);
                let place = finding.file.clone().unwrap_or_default();
                write!(f, "{place}: {} ({})", finding.message(Some(layout)), finding.code)?;
                if let FollowLoss::Gap { .. } = **loss {
                    write!(f, ", removed before it was shipped: {REMEDY}")?;
                }
                Ok(())
            }
            #[cfg(feature = "server")]
            ShipFailure::Server(fault) => write!(f, "{fault}"),
            #[cfg(feature = "server")]
            ShipFailure::Removed { says, reached, last_commit, slot } => {
                write!(f, "{says}; what is here ends at {reached}")?;
                if let Some(time) = last_commit {
                    write!(f, " (last commit {time})")?;
                }
                write!(f, ": {REMEDY}")?;
                let Some((name, is_over)) = slot else {
                    return f.write_str(", and next time with --slot, so that the server keeps WAL");
                };
                write!(f, "; the server gave up what slot \"{name}\" keeps, as max_slot_wal_keep_size lets it")?;
                if *is_over { write!(f, ": {}", dropping(name)) } else { Ok(()) }
            }
        }
    }
}

/// What to do where WAL is gone.
const REMEDY: &str = "look for it in the archive, or take a new base backup and go on with --after-gap";

/// What to do with a slot that keeps nothing any more.
pub fn dropping(slot: &str) -> String {
    let quoted = slot.replace('\'', "''");
    format!("drop it (SELECT pg_drop_replication_slot('{quoted}')), and make it anew with --create-slot")
}

impl std::error::Error for ShipFailure {}
