//! What became of a request, and what is to be told on the way.

use super::copy::CopyFault;
use super::place::PlaceOut;
use super::wait::EndsWait;
use pgwal_format::{FileName, Lsn};
use pgwal_recovery::hole::HoleAhead;
use std::fmt;

/// What became of a request.
#[derive(Clone, PartialEq, Debug)]
pub enum GetAnswer {
    /// The file is where it was asked for: whole, and checked.
    Delivered,
    /// It is not there, and nothing says that it should be.
    Absent,
    /// It is not there, and WAL goes on behind it.
    Hole(HoleAhead),
    /// Copies are there, and none of them is good.
    NoGoodCopy,
    /// It is not there, and what is there is another cluster's.
    Foreign,
    /// It was not found, and not every place could be asked.
    OutOfReach,
    /// It was waited for, and somebody said that it should be waited for no longer.
    Triggered,
    /// Nobody waits for it any more.
    Orphaned,
}

/// What is to be told, whatever becomes of the request.
#[derive(Clone, PartialEq, Debug)]
pub enum GetNote {
    /// A copy is not handed out.
    BadCopy {
        /// The place.
        place: String,
        /// The file in it.
        file: String,
        /// Why.
        fault: CopyFault,
    },
    /// A place cannot be asked.
    Out(PlaceOut),
    /// A place holds no WAL at all: it may not be mounted.
    Empty(String),
    /// A place holds another cluster's WAL, and none of the server's.
    Foreign {
        /// The place.
        place: String,
        /// The cluster there.
        there: u64,
        /// The server's.
        own: u64,
    },
    /// WAL goes on behind a file that is not there.
    Hole(HoleAhead),
    /// Nobody waits for the file any more.
    EndsWait(FileName, EndsWait),
    /// The last record of the file that was handed out breaks off, and nothing follows.
    TornEnd {
        /// The file.
        file: String,
        /// Where.
        at: Lsn,
    },
}

impl fmt::Display for GetNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GetNote::BadCopy { place, file, fault } => write!(f, "{place}: {file} {fault}"),
            GetNote::Out(out) => write!(f, "cannot ask {out}"),
            GetNote::Empty(place) => write!(f, "{place} holds no WAL at all: is it mounted?"),
            GetNote::Foreign { place, there, own } => {
                write!(f, "{place} holds WAL of cluster {there}, and this server is of cluster {own} (WP106)")
            }
            GetNote::Hole(hole) => write!(f, "{hole}"),
            GetNote::EndsWait(name, why) => write!(f, "{name} is not waited for any more: {why}"),
            GetNote::TornEnd { file, at } => {
                write!(f, "the last record of {file} breaks off at {at}, and no WAL behind it is here")
            }
        }
    }
}
