//! What is told once: that something appeared, and that it is gone.

use super::state::Unreachable;
use crate::codes::{Code, Severity};
use crate::finding::Finding;
use pgwal_format::{Layout, Lsn, TimelineId};

/// Something that is new since the last look.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// Something is wrong.
    Appeared(Box<ToldFinding>),
    /// It is not any more.
    Gone(Box<ToldFinding>),
    /// It cannot be looked at.
    OutOfReach(Unreachable),
    /// It can again; why it could not.
    InReach(Unreachable),
    /// The first look, another verdict, another timeline, another cluster; and where replay comes less far than
    /// before, or an error came or went and it comes elsewhere.
    State,
}

/// A finding, and how the WAL is laid out that it is of.
#[derive(Clone, Debug)]
pub struct ToldFinding {
    /// The finding.
    pub finding: Finding,
    /// The layout at that time.
    pub layout: Layout,
    pub(super) key: FindingKey,
}

/// Which finding it is. A gap that grows at its end is the same one; one that is worse now is another.
pub(super) type FindingKey = (Code, Severity, Option<TimelineId>, Option<Lsn>, Option<String>);

pub(super) fn key(finding: &Finding) -> FindingKey {
    let base = |file: &String| file.rsplit('/').next().unwrap_or(file).to_owned();
    (finding.code, finding.severity, finding.timeline, finding.at.or(finding.lsn), finding.file.as_ref().map(base))
}

impl ToldFinding {
    pub(super) fn of(finding: Finding, layout: Layout) -> ToldFinding {
        ToldFinding { key: key(&finding), finding, layout }
    }
}
