//! Whose WAL a restore finds: the cluster of its backup, and others whose files lie there.

use crate::predict::Site;
use pgwal_archive::whose::{Cluster, FirstPage, beginning};
use pgwal_format::{PageSize, SegmentName, SegmentNo, SegmentSize, TimelineId};

impl Site<'_> {
    /// The cluster of the backup, or of the WAL where the backup does not say it.
    pub fn system_id(&self) -> u64 {
        self.system_id
    }

    /// The cluster of the WAL.
    pub fn wal_system_id(&self) -> u64 {
        self.wal_system_id
    }

    /// Whose WAL the archive holds besides.
    pub fn others(&self) -> &[Cluster] {
        &self.others
    }

    /// Whether a backup history file tells of a backup of another cluster: the segment in which it began is.
    pub fn is_of_another(&self, name: SegmentName) -> bool {
        let layout = &self.shelf.layout;
        let number = name.number(layout.address(), layout.segment).filter(|_| !self.others.is_empty());
        number.is_some_and(|number| !self.is_own(name.timeline, number))
    }

    /// The cluster whose WAL the first file of a segment is, where that is another one.
    pub fn stranger(&self, name: SegmentName) -> Option<u64> {
        let layout = &self.shelf.layout;
        let number = name.number(layout.address(), layout.segment)?;
        let first = self.first_page(name.timeline, number)?;
        Some(first.system_id).filter(|id| *id != self.system_id)
    }

    /// The sizes of segment and page that the first file of a segment was written with, where they are others.
    pub fn other_sizes(&self, name: SegmentName) -> Option<(SegmentSize, PageSize)> {
        let layout = &self.shelf.layout;
        let first = self.first_page(name.timeline, name.number(layout.address(), layout.segment)?)?.layout;
        let own = (layout.segment, layout.page);
        Some((first.segment, first.page)).filter(|sizes| *sizes != own)
    }

    /// Whose WAL this restore takes.
    pub fn cluster(&self) -> Cluster {
        Cluster { layout: self.shelf.layout, system_id: self.system_id }
    }

    /// Whether the file of a segment is of this cluster; one that does not say it may be.
    pub(super) fn is_own(&self, timeline: TimelineId, number: SegmentNo) -> bool {
        let own = Cluster { layout: self.shelf.layout, system_id: self.system_id };
        self.first_page(timeline, number).is_none_or(|first| own.owns(&first))
    }

    /// What the first file of a segment says of itself.
    fn first_page(&self, timeline: TimelineId, number: SegmentNo) -> Option<FirstPage> {
        self.shelf.files(timeline, number).iter().find_map(|found| {
            let place = self.shelf.places.get(found.place)?;
            FirstPage::of(&beginning(place.source, self.shelf.entry(found)?)?.0).ok()
        })
    }
}
