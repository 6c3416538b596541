//! From the files of a server: its `pg_wal`, as it grows, or an archive.

use super::failure::ShipFailure;
use super::{FLUSH, ShipNews};
use crate::unfinished::ShipFolder;
use pgwal_archive::arrival::CheckedBytes;
use pgwal_archive::follow::{
    FollowLoss, FollowNews, FollowOpened, FollowState, FollowedSegment, Following, TakeFollowed,
};
use pgwal_archive::lineage::Descent;
use pgwal_archive::whose::Cluster;
use pgwal_archive::{Look, Which};
use pgwal_format::record::Record;
use pgwal_format::text::history;
use pgwal_format::{FileName, Layout, Lsn, TimelineId};
use pgwal_source::{ReadState, Source};
use pgwal_walk::Ignore;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// How to ship.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileShipOptions<'a> {
    /// Flush after every look, not once a second.
    pub synchronous: bool,
    /// WAL that is gone is left out.
    pub after_gap: bool,
    /// Where to end.
    pub end: Option<Lsn>,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

/// Ships what comes.
pub struct FileShipper<'a> {
    source: &'a dyn Source,
    following: Following<'a>,
    folder: &'a mut ShipFolder,
    options: FileShipOptions<'a>,
    flushed: Instant,
    /// That of the last file of which something was shipped.
    timeline: Option<TimelineId>,
}

/// More than any history file has.
const HISTORY: u64 = 1 << 20;

impl<'a> FileShipper<'a> {
    /// Begins behind what lies in the folder, or with the oldest segment there is.
    ///
    /// # Errors
    /// It is the WAL of another cluster, or does not come from what lies there; or a place cannot be looked at.
    pub fn open(
        source: &'a dyn Source,
        folder: &'a mut ShipFolder,
        options: FileShipOptions<'a>,
        tell: &mut dyn FnMut(&ShipNews<'_>),
    ) -> Result<FileShipper<'a>, ShipFailure> {
        let histories = histories(source)?;
        let reached = folder.reached()?;
        let (mut start, mut cluster) = (None, None);
        if let Some(reached) = &reached {
            let own = reached.segment.timeline;
            let newest = histories.keys().next_back().copied().filter(|newest| *newest > own).unwrap_or(own);
            let ancestors = histories.get(&newest).and_then(|bytes| history::parse(bytes, newest).ok());
            let descent = Descent::of(newest, &ancestors.unwrap_or_default(), &reached.layout);
            let other = ShipFailure::OtherHistory { here: (own, reached.end), there: newest };
            let at = folder.go_on(reached, &descent)?.ok_or(other)?;
            let (address, size) = (reached.layout.address(), reached.layout.segment);
            start = Some(address.segment_start(at.number, size));
            cluster = Some(Cluster { layout: reached.layout, system_id: reached.system_id });
        }
        let (end, interrupt) = (options.end, options.interrupt);
        let look = Look { timeline: Which::Latest, start, end, interrupt, ..Look::default() };
        let FollowOpened::Following(following) = Following::open(source, look)? else { return Err(ShipFailure::NoWal) };
        let found = following.cluster();
        if let Some(own) = cluster.filter(|own| own.system_id != found.system_id) {
            return Err(ShipFailure::OtherCluster { here: own.system_id, there: found.system_id });
        }
        if let Some(own) = cluster.filter(|own| own.layout.segment != found.layout.segment) {
            let [here, there] = [own.layout, found.layout].map(|layout| layout.segment.bytes());
            return Err(ShipFailure::OtherSize { here, there });
        }
        let (timeline, from) = following.place();
        tell(&ShipNews::Begins { place: &source.describe(), timeline, from });
        let mut own =
            FileShipper { source, following: *following, folder, options, flushed: Instant::now(), timeline: None };
        own.take_histories(&histories)?;
        Ok(own)
    }

    /// Ships what has come since.
    ///
    /// # Errors
    /// It cannot be written; or WAL is damaged, or gone.
    pub fn advance(
        &mut self,
        news: FollowNews,
        tell: &mut dyn FnMut(&ShipNews<'_>),
    ) -> Result<FollowState, ShipFailure> {
        if news == FollowNews::Renamed {
            let histories = histories(self.source)?;
            self.take_histories(&histories)?;
        }
        let layout = *self.following.layout();
        let mut taking =
            Taking { folder: self.folder, layout, options: self.options, tell, timeline: &mut self.timeline };
        let state = self.following.advance(news, &mut taking)?;
        if self.folder.is_dirty() && (self.options.synchronous || self.flushed.elapsed() >= FLUSH) {
            self.folder.flush()?;
            self.flushed = Instant::now();
        }
        Ok(state)
    }

    /// Something is written that is to be flushed soon.
    pub fn is_dirty(&self) -> bool {
        self.folder.is_dirty()
    }

    /// Flushes what was written.
    ///
    /// # Errors
    /// It cannot be.
    pub fn finish(self) -> Result<(), ShipFailure> {
        Ok(self.folder.leave()?)
    }

    fn take_histories(&mut self, histories: &BTreeMap<TimelineId, Vec<u8>>) -> Result<(), ShipFailure> {
        for (timeline, bytes) in histories {
            self.folder.history(*timeline, bytes)?;
        }
        Ok(())
    }
}

/// The history files that are whole.
fn histories(source: &dyn Source) -> Result<BTreeMap<TimelineId, Vec<u8>>, ShipFailure> {
    let mut out = BTreeMap::new();
    for entry in source.list().map_err(pgwal_archive::Error::from)?.entries {
        let Some(FileName::History(timeline)) = entry.name else { continue };
        let Ok((bytes, read)) = source.small(&entry, HISTORY) else { continue };
        // One that is being written comes with the next look.
        let is_whole = read.state == ReadState::Whole
            && bytes.ends_with(b"\n")
            && history::parse(&bytes, timeline).is_ok_and(|ancestors| !ancestors.is_empty());
        if is_whole {
            out.insert(timeline, bytes);
        }
    }
    Ok(out)
}

/// Takes what is read.
struct Taking<'x, 'a> {
    folder: &'x mut ShipFolder,
    layout: Layout,
    options: FileShipOptions<'a>,
    tell: &'x mut dyn FnMut(&ShipNews<'_>),
    timeline: &'x mut Option<TimelineId>,
}

impl TakeFollowed for Taking<'_, '_> {
    type Fold = Ignore;
    type Error = ShipFailure;

    fn room(&self, _: TimelineId) -> Ignore {
        Ignore
    }

    fn records(&mut self, _: Ignore, lost: &[FollowLoss]) -> Result<(), ShipFailure> {
        lost.iter().try_for_each(|loss| self.lost(loss))
    }

    fn over_seam(&mut self, _: &Record<'_>, _: TimelineId) -> Result<(), ShipFailure> {
        Ok(())
    }

    fn wants_bytes(&self) -> bool {
        true
    }

    fn bytes(&mut self, segment: &FollowedSegment, offset: usize, bytes: &[u8]) -> Result<(), ShipFailure> {
        let (timeline, number) = (segment.timeline, segment.number);
        let start = self.layout.address().segment_start(number, self.layout.segment);
        let at = start.plus_within(offset as u64);
        if self.timeline.replace(timeline).is_some_and(|before| before != timeline) {
            (self.tell)(&ShipNews::Timeline { next: timeline, at });
        }
        let checked = CheckedBytes { layout: &self.layout, timeline, number, offset: offset as u64, bytes };
        if let Some((name, finished)) = self.folder.take(checked)? {
            (self.tell)(&ShipNews::Segment(name, finished));
        }
        Ok(())
    }

    fn lost(&mut self, loss: &FollowLoss) -> Result<(), ShipFailure> {
        match loss {
            // What was shipped behind the place where a timeline was left lies under that one's name.
            FollowLoss::Left { switch, child, .. } => {
                (self.tell)(&ShipNews::Timeline { next: *child, at: *switch });
                Ok(())
            }
            FollowLoss::Gap { next, .. } if self.options.after_gap => {
                let before = self.layout.address().segment_start(*next, self.layout.segment);
                (self.tell)(&ShipNews::Gap { before });
                Ok(())
            }
            loss => Err(ShipFailure::Lost(Box::new(loss.clone()), Box::new(self.layout))),
        }
    }

    fn is_full(&self) -> bool {
        let written = self.folder.written();
        self.options.end.is_some_and(|end| written.is_some_and(|written| written >= end))
    }
}
