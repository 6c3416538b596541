//! How two files of one name differ.

use pgwal_archive::records_part;
use pgwal_archive::whose::FirstPage;
use pgwal_format::text::history;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};

/// How two files of one name differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// They hold the same: not a byte differs, or none that a server reads.
    Same,
    /// What is there is no WAL of this name, or not all of it.
    NotWhole {
        /// How many bytes it has.
        bytes: u64,
    },
    /// They are of two clusters.
    Cluster {
        /// The cluster of the one that is there.
        there: u64,
        /// The other's.
        own: u64,
    },
    /// Their records are the same up to here, and others from here on.
    At {
        /// The first record that differs.
        lsn: Lsn,
        /// The cluster of both.
        system_id: u64,
        /// The timeline of both.
        timeline: TimelineId,
    },
    /// They are no segments, and differ.
    Content,
}

impl Parting {
    /// Compares a file with the one that is there.
    pub fn of(name: FileName, own: &[u8], there: &[u8]) -> Parting {
        if own == there {
            return Parting::Same;
        }
        match name {
            FileName::Segment(segment) => of_segments(segment, own, there),
            // What is behind the end of an unfinished segment is chance.
            FileName::Partial(segment) => of_segments(segment, own, there),
            FileName::History(timeline) => {
                let parsed = |bytes| history::parse(bytes, timeline).ok();
                let ancestors = |bytes| {
                    let ancestors = parsed(bytes).filter(|ancestors| !ancestors.is_empty())?;
                    Some(ancestors.iter().map(|a| (a.timeline, a.switch)).collect::<Vec<_>>())
                };
                let same = ancestors(own).zip(ancestors(there)).is_some_and(|(own, there)| own == there);
                if same { Parting::Same } else { Parting::Content }
            }
            FileName::BackupHistory(..) => Parting::Content,
        }
    }
}

fn of_segments(name: SegmentName, own: &[u8], there: &[u8]) -> Parting {
    let (Ok(first), Ok(other)) = (FirstPage::of(own), FirstPage::of(there)) else {
        return Parting::NotWhole { bytes: there.len() as u64 };
    };
    if first.system_id != other.system_id {
        return Parting::Cluster { there: other.system_id, own: first.system_id };
    }
    if own.len() != there.len() || first.address != other.address || first.layout != other.layout {
        return Parting::NotWhole { bytes: there.len() as u64 };
    }
    let layout = &first.layout;
    let Some(number) = name.number(layout.address(), layout.segment) else {
        return Parting::NotWhole { bytes: there.len() as u64 };
    };
    let start = layout.address().segment_start(number, layout.segment);
    match records_part(layout, start, name.timeline, (own, there)) {
        Some(lsn) => Parting::At { lsn, system_id: first.system_id, timeline: name.timeline },
        None => Parting::Same,
    }
}
