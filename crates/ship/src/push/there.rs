//! What lies at a destination already, and whether a file belongs beside it.

use super::{PushEnd, PushRefusal, note_name};
use crate::check::Strictness;
use crate::destination::{Destination, Publication, StagedFile, ToStage};
use crate::fault::{ShipFault, ShipStep};
use crate::handed::HandedFile;
use crate::inspect::{Inspection, predecessor};
use crate::objection::LeftThere;
use crate::push::held::DestinationHolds;
use crate::push::parting::Parting;
use crate::server::ServerDirectory;
use pgwal_archive::lineage::{Descent, switch_segment};
use pgwal_archive::whose::FirstPage;
use pgwal_format::text::history::{self, Ancestor, Switch};
use pgwal_format::{FileName, Layout, Lsn, SegmentName, TimelineId};
use pgwal_verify::segment::Expect;
use pgwal_verify::{Finding, Severity, check_segment};

/// A destination, and the file that is to be stored there.
pub(super) struct DestinationThere<'a> {
    pub(super) place: &'a dyn Destination,
    pub(super) file: &'a HandedFile,
    pub(super) server: Option<&'a ServerDirectory>,
    pub(super) inspection: &'a Inspection,
    pub(super) held: DestinationHolds,
}

/// The largest segment.
const WHOLE: u64 = 1 << 30;
/// More than any history file has.
const SMALL: u64 = 1 << 20;
/// Newer timelines that are asked for.
const MOST_TIMELINES: usize = 1000;

impl DestinationThere<'_> {
    /// The name is taken: it is the same file, or never replaced.
    pub(super) fn compare(&self, held: &[String]) -> Result<PushEnd, PushRefusal> {
        for stored in held {
            let there = self.place.read(stored, WHOLE)?;
            match Parting::of(self.file.name, &self.file.bytes, &there) {
                Parting::Same => {}
                parting if self.is_good_there(&parting, &there) => {
                    return Err(PushRefusal::GoodThere { stored: stored.clone() });
                }
                parting => {
                    let wrong = self.wrong_there(&parting, &there);
                    return Err(PushRefusal::Other { stored: stored.clone(), parting, wrong });
                }
            }
            // Whoever stored it may have been killed before it was flushed.
            self.place.settle(stored)?;
        }
        Ok(PushEnd::There)
    }

    /// The segment there is whole and this cluster's, and it is the one that was handed out that is not: as far as
    /// that can be read, both say the same.
    fn is_good_there(&self, parting: &Parting, there: &[u8]) -> bool {
        let FileName::Segment(name) = self.file.name else { return false };
        if self.inspection.objections.is_empty() || wrong(name, there) != Some(None) {
            return false;
        }
        match parting {
            Parting::NotWhole { .. } => {
                let control = self.server.and_then(ServerDirectory::control).map(|control| control.system_id);
                let own = control.or(self.inspection.system_id);
                own.is_some() && FirstPage::of(there).ok().map(|first| first.system_id) == own
            }
            Parting::At { lsn, .. } => {
                let damaged = wrong(name, &self.file.bytes).flatten().and_then(|finding| finding.lsn);
                damaged.is_some_and(|damaged| damaged <= *lsn)
            }
            Parting::Same | Parting::Cluster { .. } | Parting::Content => false,
        }
    }

    /// What is wrong with a segment there by itself; of two that are damaged, nobody says which is better.
    fn wrong_there(&self, parting: &Parting, there: &[u8]) -> Option<String> {
        let FileName::Segment(name) = self.file.name else { return None };
        let wrong = |bytes: &[u8]| wrong(name, bytes).flatten();
        let found = wrong(there).filter(|_| matches!(parting, Parting::At { .. }));
        let found = found.filter(|_| wrong(&self.file.bytes).is_none())?;
        Some(format!("{} ({})", found.message(None), found.code))
    }

    /// Gives the file its name; somebody else may have been faster.
    pub(super) fn publish(&self, staged: Box<dyn StagedFile + Send + '_>) -> Result<PushEnd, PushRefusal> {
        match staged.publish()? {
            Publication::Done => Ok(PushEnd::Stored),
            Publication::Taken => self.compare(&self.place.holds(self.file.name)?),
        }
    }

    /// Whether it belongs beside what lies there: the same cluster, the same version, the same story of its timeline.
    /// What newer timelines there say of it is handed back, where it is let pass.
    pub(super) fn admit(&self, strictness: Strictness) -> Result<Option<LeftThere>, PushRefusal> {
        self.is_of_cluster()?;
        let timeline = match self.file.name {
            FileName::Segment(name) | FileName::Partial(name) => name.timeline,
            FileName::History(_) | FileName::BackupHistory(..) => return Ok(None),
        };
        if timeline > TimelineId::FIRST {
            self.is_of_timeline(timeline)?;
        }
        match self.left()? {
            Some(left) if strictness == Strictness::Strict => Err(PushRefusal::Left(left)),
            left => Ok(left),
        }
    }

    /// The first newer timeline there that left this one in front of the segment. Numbers are tried one after another,
    /// as a server does.
    fn left(&self) -> Result<Option<LeftThere>, ShipFault> {
        let (FileName::Segment(name), Some(layout)) = (self.file.name, self.inspection.layout) else { return Ok(None) };
        let Some(number) = name.number(layout.address(), layout.segment) else { return Ok(None) };
        let start = layout.address().segment_start(number, layout.segment);
        let newer = (name.timeline.0.saturating_add(1)..=u32::MAX).take(MOST_TIMELINES).map(TimelineId);
        for newer in newer {
            let Some(stored) = self.place.holds(FileName::History(newer))?.into_iter().next() else { break };
            let Ok(ancestors) = history::parse(&self.place.read(&stored, SMALL)?, newer) else { continue };
            let passed = history::passed(&ancestors);
            let left = passed.iter().find(|ancestor| ancestor.timeline == name.timeline).map(|a| a.switch);
            let Some(switch) = left else { continue };
            // The segment in which it was left belongs to both, up to there; a name alone does not say how far.
            let segment = switch_segment(&switch, &layout);
            let goes_over = match switch {
                Switch::At(lsn) => lsn > start && segment == Some(number) && self.goes_over(lsn, &layout),
                Switch::In(_) => false,
            };
            let is_behind = match switch {
                Switch::At(lsn) => lsn <= start,
                Switch::In(_) => segment.is_some_and(|left| left < number),
            };
            if is_behind || goes_over {
                let place = self.place.describe();
                return Ok(Some(LeftThere { timeline: name.timeline, newer, switch, stored, place, goes_over }));
            }
        }
        Ok(None)
    }

    /// The segment has records behind a position in it.
    fn goes_over(&self, lsn: Lsn, layout: &Layout) -> bool {
        let Some(end) = &self.inspection.end else { return false };
        // At the beginning of a page the next record would begin behind its header.
        let header = if lsn.get().is_multiple_of(layout.page.bytes()) { layout.long_header() as u64 } else { 0 };
        end.stops().is_none_or(|stops| stops.get() > lsn.get().saturating_add(header))
    }

    fn is_of_cluster(&self) -> Result<(), PushRefusal> {
        let control = self.server.and_then(ServerDirectory::control);
        let version = self.inspection.layout.map(|layout| layout.dialect.version);
        let (Some(own), version) = (
            self.inspection.system_id.or(control.map(|control| control.system_id)),
            version.or(control.map(|control| control.dialect.version)),
        ) else {
            return Ok(());
        };
        let Some((stored, first)) = self.neighbour()? else { return Ok(()) };
        if first.system_id != own {
            return Err(PushRefusal::OtherCluster { stored, there: first.system_id, own });
        }
        let there = first.layout.dialect.version;
        match version.filter(|version| *version != there) {
            Some(own) => Err(PushRefusal::OtherVersion { stored, there, own }),
            None => Ok(()),
        }
    }

    /// A segment there that says whose the WAL is, with its first page: the one before, else any.
    fn neighbour(&self) -> Result<Option<(String, FirstPage)>, ShipFault> {
        let asked = self.held.before.as_ref();
        let stored = match asked.and_then(|(_, stored)| stored.clone()) {
            Some(stored) => Some(stored),
            None => self.before(asked.map(|(name, _)| *name))?,
        };
        let Some(stored) = stored.map_or_else(|| self.place.sample(), |stored| Ok(Some(stored)))? else {
            return Ok(None);
        };
        if let Some(first) = self.held.first {
            return Ok(Some((stored, first)));
        }
        let beginning = self.place.read(&stored, FirstPage::BYTES as u64)?;
        Ok(FirstPage::of(&beginning).ok().map(|first| (stored, first)))
    }

    /// The segment before on the same timeline, unless it is the one that was asked for.
    fn before(&self, asked: Option<SegmentName>) -> Result<Option<String>, ShipFault> {
        let (FileName::Segment(name) | FileName::Partial(name), Some(layout)) =
            (self.file.name, self.inspection.layout)
        else {
            return Ok(None);
        };
        let Some(before) = predecessor(name, None, &layout).filter(|before| Some(*before) != asked) else {
            return Ok(None);
        };
        Ok(self.place.holds(FileName::Segment(before))?.into_iter().next())
    }

    /// The history file there tells the same of this timeline as the server's own, and the segment lies on it.
    fn is_of_timeline(&self, timeline: TimelineId) -> Result<(), PushRefusal> {
        let Some(there) = self.history(timeline)? else { return Ok(()) };
        let last = |ancestors: &[Ancestor]| ancestors.last().map(|a| (a.timeline, position(&a.switch)));
        if let Some(own) = self.server.and_then(|server| server.history(timeline))
            && let (Some(own), Some(there)) = (last(&own), last(&there))
            && own != there
        {
            return Err(PushRefusal::OtherTimeline { timeline, there, own });
        }
        let (FileName::Segment(name), Some(layout)) = (self.file.name, self.inspection.layout) else { return Ok(()) };
        let first = Descent::of(timeline, &there, &layout).segments().last().map(|(_, first)| *first);
        let number = name.number(layout.address(), layout.segment);
        match first.filter(|first| number.is_some_and(|number| number < *first)) {
            Some(first) => {
                let first = SegmentName::new(timeline, first, layout.address(), layout.segment);
                Err(PushRefusal::BeforeTimeline { timeline, first })
            }
            None => Ok(()),
        }
    }

    fn history(&self, timeline: TimelineId) -> Result<Option<Vec<Ancestor>>, ShipFault> {
        let Some(stored) = self.place.holds(FileName::History(timeline))?.into_iter().next() else { return Ok(None) };
        let ancestors = history::parse(&self.place.read(&stored, SMALL)?, timeline).ok();
        Ok(ancestors.filter(|ancestors| !ancestors.is_empty()))
    }

    /// Notes beside a segment that it was stored although it is damaged.
    pub(super) fn note(&self, end: PushEnd) -> Result<PushEnd, PushRefusal> {
        let layout = self.inspection.layout.as_ref();
        let lines = self.inspection.objections.iter().map(|objection| objection.message(layout) + "\n");
        let text: String =
            std::iter::once(format!("{} was damaged when it was archived:\n", self.file.name)).chain(lines).collect();
        let stored = note_name(self.file.name);
        let file = ToStage { stored: &stored, bytes: text.as_bytes(), mode: self.file.mode };
        let noted = self.place.stage(file).and_then(StagedFile::publish);
        // One that is there already says the same.
        noted.map_err(|fault| ShipFault { step: ShipStep::Write, ..fault })?;
        Ok(if end == PushEnd::Stored { PushEnd::StoredDamaged } else { end })
    }
}

/// What is wrong with a segment by itself, if anything is. `None`: that cannot be told.
fn wrong(name: SegmentName, bytes: &[u8]) -> Option<Option<Finding>> {
    let checked = check_segment(bytes, &Expect::named(name)).ok()?;
    Some(checked.findings.into_iter().find(|finding| finding.severity == Severity::Error))
}

fn position(switch: &Switch) -> Option<Lsn> {
    if let Switch::At(lsn) = switch { Some(*lsn) } else { None }
}
