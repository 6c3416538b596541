//! What is wrong, where, and what it costs.

mod cost;
mod detail;
mod doubt;
mod made;
mod packing;

pub use cost::{FileRange, Lost};
pub use detail::Detail;
pub use doubt::{CommandDoubt, DoubtedCommand, Unasked, WithoutProgram};
pub(crate) use made::set_severities;
pub use packing::{MisfiledAt, PackingFlaw};

use crate::codes::{Code, Severity};
use pgwal_format::{Lsn, TimelineId};

/// Something found.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// Which kind.
    pub code: Code,
    /// How bad it is here.
    pub severity: Severity,
    /// The timeline.
    pub timeline: Option<TimelineId>,
    /// Where replay stops: the first record that cannot be replayed.
    pub lsn: Option<Lsn>,
    /// The bad page, the missing segment, the wrong file; for a record the same as `lsn`.
    pub at: Option<Lsn>,
    /// The segment in which `lsn` lies.
    pub segment: Option<String>,
    /// The file in which `at` lies, or the missing one.
    pub file: Option<String>,
    /// Offset of `at` in it.
    pub offset: Option<u64>,
    /// Every range of bytes that the fault may lie in.
    pub span: Vec<FileRange>,
    /// How far the bytes could be read.
    pub readable_until: Option<Lsn>,
    /// What it costs, where it stops replay.
    pub lost: Option<Lost>,
    /// The facts.
    pub detail: Detail,
    /// Further findings of this kind that are not told one by one.
    pub more: u64,
    /// Known and accepted: it does not count for the verdict.
    pub accepted: bool,
    /// It lies in front of every backup that is known: no replay from one of them comes there.
    pub passed: bool,
    /// Another file of the same segment that is here, and that nobody has judged.
    pub copy: Option<String>,
}
