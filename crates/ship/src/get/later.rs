//! What lies behind a segment: as much of the names of all places as the question needs, and no name that is not borne
//! out by what the file says of itself.

use super::asker::AskingServer;
use super::copy::{self, CopyFault, SegmentWanted};
use super::history_of;
use super::place::{GetPlace, PlaceOut};
use pgwal_archive::lineage::Descent;
use pgwal_archive::whose::{FirstPage, beginning};
use pgwal_format::text::history;
use pgwal_format::{FileName, Layout, SegmentName, SegmentNo, TimelineId};
use pgwal_recovery::hole::{Absence, HoleAhead, KnownNames, judge};
use pgwal_source::{Entry, NameSought};
use pgwal_verify::segment::WalExtent;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// Timelines behind the server's own that are asked for.
const MOST_TIMELINES: u32 = 1000;
/// Bytes of a history file.
const HISTORY: u64 = 1 << 20;

/// Looks behind segments.
pub(super) struct Later<'a> {
    places: &'a mut [GetPlace],
    server: &'a AskingServer,
    layout: Layout,
    /// Where each file was found.
    files: BTreeMap<SegmentName, (usize, Entry)>,
    /// Files that are not what they are called.
    false_names: BTreeSet<SegmentName>,
}

impl<'a> Later<'a> {
    pub fn new(places: &'a mut [GetPlace], server: &'a AskingServer, layout: Layout) -> Later<'a> {
        Later { places, server, layout, files: BTreeMap::new(), false_names: BTreeSet::new() }
    }

    /// Any WAL was seen near the one that was asked for.
    pub fn saw_any(&self) -> bool {
        !self.files.is_empty()
    }

    /// Whether the absence of a segment is a hole, and since when what proves it has been there.
    pub fn absence(&mut self, asked: SegmentName) -> Result<Option<(HoleAhead, Option<SystemTime>)>, PlaceOut> {
        let mut known = self.known(asked)?;
        loop {
            match judge(asked, &known, &self.server.aim(), &self.layout) {
                Absence::End => return Ok(None),
                Absence::Hole(hole) if self.is_true(hole.there) => return Ok(Some((hole, self.since(hole.there)))),
                Absence::Hole(hole) => {
                    self.false_names.insert(hole.there);
                    known.segments.remove(&hole.there);
                    // The nearest were asked for, and these were none.
                    self.add_behind(hole.there, &mut known)?;
                }
            }
        }
    }

    /// A segment behind one that is there, on the way of the server: WAL does not end in that one.
    pub fn behind(&mut self, asked: SegmentName) -> Option<SegmentName> {
        let hole = self.absence(asked).ok()??.0;
        (hole.kind != pgwal_recovery::hole::HoleKind::LeftBranch).then_some(hole.there)
    }

    /// As much as the question needs.
    fn known(&mut self, asked: SegmentName) -> Result<KnownNames, PlaceOut> {
        let mut known = KnownNames::default();
        let own = asked.timeline;
        let first = self.server.aim().start.map_or(own, |start| start.min(own));
        for number in (first.0.saturating_add(1)..=u32::MAX).take(MOST_TIMELINES as usize) {
            if !self.add_history(TimelineId(number), &mut known)? && number >= own.0 {
                break;
            }
        }
        let before = self.number(asked).and_then(|number| number.0.checked_sub(1));
        let before = before.map(|number| self.name(own, SegmentNo(number)));
        for timeline in self.timelines(own, &known) {
            // From the one before on: what is asked for may be there under an older or newer timeline.
            let at = SegmentName { timeline, ..before.unwrap_or(asked) };
            self.add(NameSought::One(FileName::Segment(at)), &mut known)?;
            self.add_behind(at, &mut known)?;
            if timeline < own {
                // The nearest may lie in front of the fork.
                self.add_behind(SegmentName { timeline, ..asked }, &mut known)?;
            }
        }
        self.add_begun(asked, &mut known)?;
        Ok(known)
    }

    /// The timeline itself, those that descend from it, and those that it descends from.
    fn timelines(&self, own: TimelineId, known: &KnownNames) -> BTreeSet<TimelineId> {
        let mut all = BTreeSet::from([own]);
        for (timeline, ancestors) in &known.histories {
            if *timeline == own {
                all.extend(ancestors.iter().map(|ancestor| ancestor.timeline));
            } else if ancestors.iter().any(|ancestor| ancestor.timeline == own) {
                all.insert(*timeline);
                let later = ancestors.iter().map(|ancestor| ancestor.timeline).filter(|timeline| *timeline > own);
                all.extend(later);
            }
        }
        all
    }

    fn add_history(&mut self, timeline: TimelineId, known: &mut KnownNames) -> Result<bool, PlaceOut> {
        let mut is_there = false;
        for place in self.places.iter_mut() {
            for entry in place.find(history_of(timeline))?.entries {
                let read = copy::read(place.source()?, &entry, HISTORY).ok().flatten();
                is_there = true;
                if let Some(Ok(ancestors)) = read.map(|bytes| history::parse(&bytes, timeline)) {
                    known.histories.insert(timeline, ancestors);
                    return Ok(true);
                }
            }
        }
        Ok(is_there)
    }

    fn add_behind(&mut self, before: SegmentName, known: &mut KnownNames) -> Result<(), PlaceOut> {
        self.add(NameSought::Behind(before), known)
    }

    fn add(&mut self, sought: NameSought, known: &mut KnownNames) -> Result<(), PlaceOut> {
        for (at, place) in self.places.iter_mut().enumerate() {
            for entry in place.find(sought)?.entries {
                if let Some(FileName::Segment(name)) = entry.name
                    && !self.false_names.contains(&name)
                {
                    known.segments.insert(name);
                    self.files.entry(name).or_insert((at, entry));
                }
            }
        }
        Ok(())
    }

    /// The segments in which the timelines before this one were left, where they hold more than up to there.
    fn add_begun(&mut self, asked: SegmentName, known: &mut KnownNames) -> Result<(), PlaceOut> {
        let Some(ancestors) = known.histories.get(&asked.timeline) else { return Ok(()) };
        let descent = Descent::of(asked.timeline, ancestors, &self.layout);
        let pairs = descent.passed.iter().zip(descent.passed.iter().skip(1));
        let forks: Vec<_> = pairs.filter_map(|((parent, _), (_, begin))| Some((*parent, (*begin)?))).collect();
        for (parent, fork) in forks {
            // Only its first segment is looked for in the parent.
            if self.number(asked) != Some(fork.segment) {
                continue;
            }
            let name = self.name(parent, fork.segment);
            self.add(NameSought::One(FileName::Segment(name)), known)?;
            let Some((at, entry)) = self.files.get(&name).cloned() else { continue };
            let Some(place) = self.places.get_mut(at) else { continue };
            let read = copy::read(place.source()?, &entry, 1 << 30).ok().flatten();
            let checked =
                read.and_then(|bytes| copy::check(&bytes, name, &SegmentWanted::default(), WalExtent::Unfinished).ok());
            let Some(checked) = checked else { continue };
            if fork.lsn.is_some_and(|lsn| checked.end.stops().is_none_or(|end| end > lsn)) {
                known.beyond_fork.insert(name);
            }
        }
        Ok(())
    }

    /// A file is what its name says, of this cluster.
    fn is_true(&mut self, name: SegmentName) -> bool {
        let Some((at, entry)) = self.files.get(&name).cloned() else { return false };
        let Some(Ok(source)) = self.places.get_mut(at).map(GetPlace::source) else { return false };
        let Some((bytes, _, _)) = beginning(source, &entry) else { return true };
        let Ok(first) = FirstPage::of(&bytes) else { return false };
        let own = first.name();
        (own.log, own.seg) == (name.log, name.seg)
            && own.timeline <= name.timeline
            && self.server.system_id().is_none_or(|id| id == first.system_id)
    }

    /// Since when a file has been there.
    fn since(&mut self, name: SegmentName) -> Option<SystemTime> {
        let (at, entry) = self.files.get(&name).cloned()?;
        let source = self.places.get_mut(at)?.source().ok()?;
        source.stamp(&entry).map(|stamp| stamp.arrived())
    }

    fn number(&self, name: SegmentName) -> Option<SegmentNo> {
        name.number(self.layout.address(), self.layout.segment)
    }

    fn name(&self, timeline: TimelineId, number: SegmentNo) -> SegmentName {
        SegmentName::new(timeline, number, self.layout.address(), self.layout.segment)
    }
}

/// A newer timeline that comes from this one is known to the places. Numbers are tried one after another, as a server
/// does.
pub(super) fn is_left(places: &mut [GetPlace], timeline: TimelineId) -> bool {
    let newer = (timeline.0.saturating_add(1)..=u32::MAX).take(MOST_TIMELINES as usize).map(TimelineId);
    for newer in newer {
        let mut is_there = false;
        for place in places.iter_mut() {
            let Ok(found) = place.find(history_of(newer)) else { continue };
            is_there |= !found.entries.is_empty();
            let Ok(source) = place.source() else { continue };
            let read = found.entries.iter().filter_map(|entry| copy::read(source, entry, HISTORY).ok().flatten());
            let mut all = read.filter_map(|bytes| history::parse(&bytes, newer).ok());
            if all.any(|ancestors| ancestors.iter().any(|ancestor| ancestor.timeline == timeline)) {
                return true;
            }
        }
        if !is_there {
            break;
        }
    }
    false
}

/// How WAL is laid out, by a segment of the same timeline that is there.
pub(super) fn layout_beside(places: &mut [GetPlace], asked: SegmentName) -> Option<Layout> {
    let first = SegmentName { log: 0, seg: 0, ..asked };
    for place in places.iter_mut() {
        for sought in [asked, first].map(NameSought::Behind) {
            let Ok(found) = place.find(sought) else { continue };
            let source = place.source().ok()?;
            let layouts = found.entries.iter().take(3).filter_map(|entry| beginning(source, entry));
            if let Some(first) = layouts.filter_map(|(bytes, _, _)| FirstPage::of(&bytes).ok()).next() {
                return Some(first.layout);
            }
        }
    }
    None
}

/// A history file that was cut at the end of a line is one of another history. The first records of its timeline say
/// which timeline was left for it.
pub(super) fn is_true_history(places: &mut [GetPlace], timeline: TimelineId, bytes: &[u8]) -> Result<(), CopyFault> {
    let Some(says) = history::parse(bytes, timeline).ok().and_then(|ancestors| Some(ancestors.last()?.timeline)) else {
        return Ok(());
    };
    let from = NameSought::Behind(SegmentName { timeline, log: 0, seg: 0 });
    for place in places.iter_mut() {
        let Ok(found) = place.find(from) else { continue };
        let Some((entry, Some(FileName::Segment(name)))) = found.entries.first().map(|entry| (entry, entry.name))
        else {
            continue;
        };
        let Ok(source) = place.source() else { continue };
        let read = copy::read(source, entry, 1 << 30).ok().flatten();
        let wanted = SegmentWanted::default();
        let checked = read.and_then(|bytes| copy::check(&bytes, name, &wanted, WalExtent::Unfinished).ok());
        let opened = checked.and_then(|checked| {
            checked.tally.openings.iter().find(|opened| opened.timeline == timeline).and_then(|opened| opened.previous)
        });
        // One that is older than the last line says was in force in a recovery that did not get that far.
        if let Some(records) = opened.filter(|previous| *previous > says) {
            return Err(CopyFault::FalseHistory { says, records });
        }
    }
    Ok(())
}
