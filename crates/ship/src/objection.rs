//! Why a file is not let pass, and what about it cannot be judged.

use crate::ends::StateTrouble;
use pgwal_format::layout::NotWal;
use pgwal_format::text::backup_history::BackupHistoryFault;
use pgwal_format::text::history::{HistoryFault, Switch};
use pgwal_format::{Lsn, SegmentName, TimelineId, Version};
use pgwal_verify::{Code, Finding};

/// Why a file is not let pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Objection {
    /// What `check_segment` found.
    Finding(Box<Finding>),
    /// Its first page is none.
    NotWal(NotWal),
    /// Nothing but zeros.
    Unwritten,
    /// The server is of another version.
    OtherVersion {
        /// The version that wrote the segment.
        found: Version,
        /// The server's.
        server: Version,
    },
    /// The server has segments of another size.
    OtherSize {
        /// What the segment says, in bytes.
        found: u64,
        /// The server's.
        server: u64,
    },
    /// Its records end before it does, and no timeline was left there.
    EndsEarly {
        /// The record that is not there.
        at: Lsn,
    },
    /// Its timeline begins behind it, by the history file.
    BeforeTimeline {
        /// The timeline.
        timeline: TimelineId,
        /// Its first segment.
        first: SegmentName,
    },
    /// A history file that names no ancestor: a server that follows it finds nothing.
    EmptyHistory,
    /// A history file that a server does not take.
    History(HistoryFault),
    /// A history file that does not go on from that of the timeline it left.
    CutHistory {
        /// The timeline that was left.
        parent: TimelineId,
    },
    /// A backup history file that cannot be read.
    BackupHistory(BackupHistoryFault),
    /// A backup history file of another backup.
    OtherBackup {
        /// Where that began.
        start: Lsn,
    },
}

impl Objection {
    /// The file is what its name says, and something in it cannot be read: no other copy of it will come.
    pub fn is_damage(&self) -> bool {
        match self {
            Objection::Finding(finding) => {
                !matches!(finding.code, Code::Misplaced | Code::Size | Code::ForeignCluster | Code::WrongTimeline)
            }
            Objection::EndsEarly { .. } => true,
            _ => false,
        }
    }
}

/// What about a file cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// WAL of a version that is not known here.
    UnknownVersion {
        /// The magic of its first page.
        magic: u16,
    },
    /// Sizes of segments or pages that are not known here.
    UnknownSizes,
    /// Its records end before it does; whether a timeline was left there is not known.
    EndsEarly {
        /// The record that is not there.
        at: Lsn,
    },
    /// The segment before it ended in front of this one's beginning: what lies between is lost.
    AfterGap {
        /// The segment before.
        before: SegmentName,
        /// The record that is not there.
        at: Lsn,
    },
    /// By a history file at the destination, its timeline was left in front of it: a server writes on that another one
    /// has taken over from, or the file is of a test restore. Which of the two, nobody here can tell.
    Left(LeftThere),
    /// What is remembered of the segments before it cannot be used.
    State(StateTrouble),
    /// It is not in the index: why.
    Index(String),
}

/// A timeline that was left, by a history file of a newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftThere {
    /// The timeline.
    pub timeline: TimelineId,
    /// The one that left it.
    pub newer: TimelineId,
    /// Where; up to 9.2 the segment in which.
    pub switch: Switch,
    /// The history file, and the destination in which it lies.
    pub stored: String,
    /// The destination.
    pub place: String,
    /// The segment begins in front of that, and has records behind it.
    pub goes_over: bool,
}

impl Doubt {
    /// It is about the file itself.
    pub fn is_of_file(&self) -> bool {
        !matches!(self, Doubt::State(_) | Doubt::Index(_))
    }
}
