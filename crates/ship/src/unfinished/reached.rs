//! What lies in a folder already, and where whoever ships goes on.

use super::ShipFolder;
use super::segment::{
    LARGEST, SegmentLack, UnfinishedSegment, ends_at, give_way, lack_of, read_partial, scanned, too_long, whole_records,
};
use crate::destination::Destination;
use crate::fault::{ShipFault, ShipStep};
use pgwal_archive::arrival::StartPoint;
use pgwal_archive::lineage::Descent;
use pgwal_archive::whose::FirstPage;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{FileName, Layout, Lsn, SegmentName, SegmentNo};
use pgwal_source::name::{NamePlace, place};
use pgwal_walk::{Chain, Tail};

/// How far the WAL in a folder goes.
#[derive(Clone, Copy, Debug)]
pub struct ShippedEnd {
    /// The newest segment, whole or not.
    pub segment: SegmentName,
    /// Its number.
    pub number: SegmentNo,
    /// All of it is there.
    pub is_whole: bool,
    /// It is named as a whole one is, and its records end before its end: as a timeline's last segment, which up to 9.4
    /// is archived so where a promotion left it.
    pub is_short: bool,
    /// The end of its last whole record; of a whole segment, its end.
    pub end: Lsn,
    /// The time of the last commit in it, where there is one.
    pub last_commit: Option<Timestamp>,
    /// How it is laid out.
    pub layout: Layout,
    /// The cluster.
    pub system_id: u64,
}

impl ShippedEnd {
    /// Where to go on along a timeline with these ancestors: behind what is there, or, where that is of a timeline that
    /// was left before, where it was left. `None`: what is there is of no timeline on the way.
    pub fn go_on(&self, descent: &Descent) -> Option<StartPoint> {
        let number = if self.is_whole { self.number.next() } else { self.number };
        let own = StartPoint { timeline: self.segment.timeline, number };
        let at = descent.timelines.iter().position(|(timeline, _)| *timeline == own.timeline)?;
        let Some((next, begin)) = descent.timelines.get(at + 1) else { return Some(own) };
        let fork = (*begin)?;
        let beyond = number > fork.segment || fork.lsn.is_some_and(|lsn| self.end > lsn);
        Some(if beyond { StartPoint { timeline: *next, number: fork.segment } } else { own })
    }

    /// Its timeline was left in it, on the way to a later one.
    fn is_left(&self, descent: &Descent) -> bool {
        let at = descent.timelines.iter().position(|(timeline, _)| *timeline == self.segment.timeline);
        let next = at.and_then(|at| descent.timelines.get(at + 1));
        next.and_then(|(_, begin)| *begin).is_some_and(|fork| fork.segment <= self.number)
    }
}

impl ShipFolder {
    /// How far the WAL goes that lies here. Unfinished segments of which the archive has the whole are removed.
    ///
    /// # Errors
    /// The folder, or its newest segment, cannot be read; or an unfinished segment has other records than the whole
    /// one of its name; or the newest is named as a whole one is, and is damaged.
    pub fn reached(&mut self) -> Result<Option<ShippedEnd>, ShipFault> {
        let mut found = self.segments()?;
        for (name, _) in found.iter().filter(|(name, is_whole)| !is_whole && found.contains(&(*name, true))) {
            give_way(&self.folder, &self.partial(*name), *name)?;
        }
        found.sort_by_key(|(name, is_whole)| (name.log, name.seg, name.timeline, *is_whole));
        for (name, is_whole) in found.into_iter().rev() {
            let reached = self.look_at(name, is_whole)?;
            if reached.is_some() {
                return Ok(reached);
            }
        }
        Ok(None)
    }

    /// Where to go on along a timeline: behind the newest segment on its way. `newest` is what [`ShipFolder::reached`]
    /// says. `None`: that is of no timeline on the way.
    ///
    /// # Errors
    /// The folder, or the segment, cannot be read; or that is named as a whole one is, and is not whole.
    pub fn go_on(&self, newest: &ShippedEnd, descent: &Descent) -> Result<Option<StartPoint>, ShipFault> {
        let Some(beyond) = newest.go_on(descent) else { return Ok(None) };
        let own = self.reached_on(descent, &newest.layout)?;
        if let Some(short) = own.iter().chain([newest]).find(|end| end.is_short && !end.is_left(descent)) {
            return Err(self.refused(&short.segment.to_string(), &ends_at(short.end)));
        }
        Ok(Some(own.and_then(|own| own.go_on(descent)).unwrap_or(beyond)))
    }

    /// How far the WAL goes that lies here on the way of a timeline: its own goes before that of its ancestors, of
    /// which each counts up to where it was left.
    fn reached_on(&self, descent: &Descent, layout: &Layout) -> Result<Option<ShippedEnd>, ShipFault> {
        let found = self.segments()?;
        for (at, (timeline, begin)) in descent.timelines.iter().enumerate().rev() {
            let left = descent.timelines.get(at + 1).and_then(|(_, begin)| *begin);
            let is_on_the_way = |name: SegmentName| {
                name.number(layout.address(), layout.segment).is_some_and(|number| {
                    begin.is_none_or(|begin| begin.segment <= number) && left.is_none_or(|left| number <= left.segment)
                })
            };
            let mut own: Vec<(SegmentName, bool)> =
                found.iter().filter(|(name, _)| name.timeline == *timeline && is_on_the_way(*name)).copied().collect();
            own.sort_by_key(|(name, is_whole)| (name.log, name.seg, *is_whole));
            for (name, is_whole) in own.into_iter().rev() {
                let reached = self.look_at(name, is_whole)?;
                if reached.is_some() {
                    return Ok(reached);
                }
            }
        }
        Ok(None)
    }

    /// Every segment that lies here, and whether it is whole.
    fn segments(&self) -> Result<Vec<(SegmentName, bool)>, ShipFault> {
        let failed = |error: std::io::Error| ShipFault::io(ShipStep::Read, &self.path, &error);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(failed)? {
            let Ok(stored) = entry.map_err(failed)?.file_name().into_string() else { continue };
            let NamePlace::Wal(placed) = place(&stored) else { continue };
            match placed.name {
                FileName::Segment(name) => found.push((name, true)),
                FileName::Partial(name) => found.push((name, false)),
                _ => {}
            }
        }
        Ok(found)
    }

    /// What a segment says; `None` for an unfinished one in which nothing was written yet.
    fn look_at(&self, segment: SegmentName, is_whole: bool) -> Result<Option<ShippedEnd>, ShipFault> {
        let Some((stored, bytes)) = self.bytes_of(segment, is_whole)? else { return Ok(None) };
        let refused =
            |why: String| ShipFault::of(ShipStep::Compare, self.path.join(&stored).display().to_string(), why);
        let first = match FirstPage::of(&bytes) {
            Err(_) if !is_whole => return Ok(None),
            first => first.map_err(|why| refused(format!("it is {why}")))?,
        };
        let (layout, system_id) = (first.layout, first.system_id);
        let (address, size) = (layout.address(), layout.segment);
        let number = segment.number(address, size).ok_or_else(|| refused("its name is that of no segment".into()))?;
        let mut reached = ShippedEnd {
            segment,
            number,
            is_whole,
            is_short: false,
            end: address.segment_start(number.next(), size),
            last_commit: None,
            layout,
            system_id,
        };
        if !is_whole && bytes.len() as u64 > size.bytes() {
            return Err(too_long(&self.path.join(&stored), size.bytes()));
        }
        reached.last_commit = scanned(&bytes, segment, &layout).and_then(|run| run.acc.last_commit);
        if is_whole {
            return match lack_of(&bytes, segment, &layout) {
                None => Ok(Some(reached)),
                Some(SegmentLack::Short(end)) => {
                    (reached.is_whole, reached.is_short, reached.end) = (false, true, end);
                    Ok(Some(reached))
                }
                Some(lack) => Err(refused(lack.to_string())),
            };
        }
        let records = whole_records(bytes, segment, &layout).len() as u64;
        if records == size.bytes() {
            UnfinishedSegment::open(&self.folder, &self.path, segment, &layout)?.finish(&self.folder)?;
            reached.is_whole = true;
        } else {
            reached.end = address.segment_start(number, size).plus_within(records);
        }
        Ok(Some(reached))
    }

    /// The name and the bytes of the file of a segment.
    fn bytes_of(&self, segment: SegmentName, is_whole: bool) -> Result<Option<(String, Vec<u8>)>, ShipFault> {
        let file = if is_whole { FileName::Segment(segment) } else { FileName::Partial(segment) };
        let Some(stored) = self.folder.holds(file)?.into_iter().next() else { return Ok(None) };
        // One of our own is refused where it is no file; packed ones are read as all others are.
        let bytes = if !is_whole && stored == file.to_string() {
            read_partial(&self.path.join(&stored), LARGEST)?
        } else {
            Some(self.folder.read(&stored, LARGEST)?)
        };
        Ok(bytes.map(|bytes| (stored, bytes)))
    }

    fn partial(&self, name: SegmentName) -> std::path::PathBuf {
        self.path.join(FileName::Partial(name).to_string())
    }

    /// The end of the segment before one, for the record that goes on from there; an empty chain where that is not
    /// here.
    pub fn chain_to(&self, layout: &Layout, start: StartPoint, descent: &Descent) -> Chain {
        let mut chain = Chain::new(layout);
        let Some(before) = start.number.0.checked_sub(1).map(SegmentNo) else { return chain };
        let lines = descent.segments();
        let timeline = lines.iter().rev().find(|(timeline, begin)| *timeline <= start.timeline && *begin <= before);
        let timeline = timeline.map_or(start.timeline, |(timeline, _)| *timeline);
        let name = SegmentName::new(timeline, before, layout.address(), layout.segment);
        let stored = self.folder.holds(FileName::Segment(name)).ok().and_then(|stored| stored.into_iter().next());
        let Some(bytes) = stored.and_then(|stored| self.folder.read(&stored, LARGEST).ok()) else { return chain };
        // Nothing follows one that is damaged: what comes is checked from its own beginning on.
        let run = scanned(&bytes, name, layout);
        if let Some(run) = run.filter(|run| run.damages.is_empty() && !matches!(run.tail, Tail::Stopped(_))) {
            chain.push(&run);
        }
        chain
    }
}
