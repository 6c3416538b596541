//! What a file is that is to be archived: the one judgement behind `check` and `push`.

mod others;
mod segment;

use crate::handed::HandedFile;
use crate::objection::{Doubt, Objection};
use crate::server::ServerDirectory;
use pgwal_archive::alone::SegmentEnd;
use pgwal_archive::lineage::Descent;
use pgwal_format::text::history::Ancestor;
use pgwal_format::{FileName, Layout, SegmentName, SegmentNo};
use pgwal_verify::segment::WalExtent;

/// What a file came to.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// Why it is not let pass.
    pub objections: Vec<Objection>,
    /// What could not be judged.
    pub doubts: Vec<Doubt>,
    /// How it is laid out, where it is WAL.
    pub layout: Option<Layout>,
    /// The cluster that wrote it.
    pub system_id: Option<u64>,
    /// The name that its content says.
    pub is: Option<SegmentName>,
    /// Where it ends.
    pub end: Option<SegmentEnd>,
}

/// Where the segment before ended, and which it is.
pub type Predecessor = (SegmentName, SegmentEnd);

/// Judges a file by itself, by what its data directory says, and by the segment before it.
pub fn inspect(file: &HandedFile, server: Option<&ServerDirectory>, before: Option<Predecessor>) -> Inspection {
    match file.name {
        FileName::Segment(name) => segment::inspect(file, (name, WalExtent::Whole), server, before),
        FileName::Partial(name) => segment::inspect(file, (name, WalExtent::Unfinished), server, before),
        FileName::History(timeline) => others::history(&file.bytes, timeline, server),
        FileName::BackupHistory(segment, _) => others::backup(&file.bytes, segment),
    }
}

/// The segment before another one, on the way to its timeline.
pub fn predecessor(name: SegmentName, history: Option<&[Ancestor]>, layout: &Layout) -> Option<SegmentName> {
    let number = SegmentNo(name.number(layout.address(), layout.segment)?.0.checked_sub(1)?);
    let line = history.map(|ancestors| Descent::of(name.timeline, ancestors, layout).segments());
    let before = line.and_then(|line| line.iter().rev().find(|(_, begin)| *begin <= number).map(|(t, _)| *t));
    Some(SegmentName::new(before.unwrap_or(name.timeline), number, layout.address(), layout.segment))
}
