//! What became of a request, and what is to be told on the way.

use super::copy::CopyFault;
use super::hole::{HoleAhead, HoleKind};
use super::place::PlaceOut;
use pgwal_format::Lsn;
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
    /// WAL goes on behind a file that is not there.
    Hole(HoleAhead),
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
            GetNote::Hole(hole) => write!(f, "{hole}"),
            GetNote::TornEnd { file, at } => {
                write!(f, "the last record of {file} breaks off at {at}, and no WAL behind it is here")
            }
        }
    }
}

impl fmt::Display for HoleAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HoleAhead { asked, there, kind } = self;
        match kind {
            HoleKind::SameTimeline => {
                write!(f, "{asked} is missing, and {there} behind it is here: WAL does not end there (WP101)")
            }
            HoleKind::LaterTimeline => write!(
                f,
                "{asked} is missing, and {there} of timeline {} to which recovery is going is here: WAL does not end there (WP101)",
                there.timeline
            ),
            HoleKind::LeftBranch => write!(
                f,
                "{asked} is missing, the first segment of timeline {}: recovery would go on along timeline {} instead, behind the point where it was left, and {there} is here (WP101)",
                asked.timeline, there.timeline
            ),
        }
    }
}
