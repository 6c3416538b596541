//! One segment alone, as at the moment at which it is archived.

use crate::judge::code_of;
use crate::{Code, Mark};
use pgwal_archive::Tally;
use pgwal_archive::whose::FirstPage;
use pgwal_format::layout::NotWal;
use pgwal_format::{Layout, Lsn, SegmentName};
use pgwal_walk::{Damage, KEEP, ScanExpect, Tail, scan};

/// What a segment must be.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Expect {
    /// The name under which it is to be archived.
    pub name: Option<SegmentName>,
    /// The cluster.
    pub system_id: Option<u64>,
}

/// What a segment is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// How it is laid out.
    pub layout: Layout,
    /// The cluster that wrote it.
    pub system_id: u64,
    /// The name that its content says.
    pub name: SegmentName,
    /// What its records came to.
    pub tally: Tally,
    /// What is wrong: the code, the first record that cannot be read, what was found there.
    pub problems: Vec<(Code, Lsn)>,
    /// A record goes on in the next segment.
    pub continues: bool,
}

/// Checks a whole segment by itself: size, name, cluster, every page and every record that lies in it. What only its
/// neighbours can tell is not checked: the rest of a record begun before it, and the link to the last record before it.
///
/// # Errors
/// The bytes do not begin with a page of WAL of any version.
pub fn check_segment(bytes: &[u8], expect: &Expect) -> Result<Checked, NotWal> {
    let first = FirstPage::of(bytes)?;
    let layout = first.layout;
    let number = layout.address().segment(first.address, layout.segment);
    let timeline = expect.name.map_or(first.timeline, |n| n.timeline);
    let name = SegmentName::new(timeline, number, layout.address(), layout.segment);
    let mut problems: Vec<(Code, Lsn)> = Vec::new();
    if expect.name.is_some_and(|n| n != name) {
        problems.push((Code::Misplaced, first.address));
    }
    if bytes.len() as u64 != layout.segment.bytes() {
        problems.push((Code::Size, first.address));
    }
    if expect.system_id.is_some_and(|id| id != first.system_id) {
        problems.push((Code::ForeignCluster, first.address));
    }
    let start = layout.address().segment_start(number, layout.segment);
    let scanned = scan(
        bytes,
        ScanExpect { layout: &layout, start, timeline: Some(timeline), system_id: None, keep: KEEP },
        Tally::default(),
    );
    problems.extend(scanned.damages.iter().map(|d: &Damage<Mark>| (code_of(&d.fault), d.lsn)));
    if let Tail::Stopped(stop) = &scanned.tail
        && !stop.rest.clean
    {
        problems.push((code_of(&stop.fault), stop.lsn));
    }
    let continues = matches!(scanned.tail, Tail::Open(_));
    Ok(Checked { layout, system_id: first.system_id, name, tally: scanned.acc, problems, continues })
}
