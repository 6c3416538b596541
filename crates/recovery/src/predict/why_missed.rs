//! Looks for what became of a target that was not met: behind the start of replay, and in front of it.

use crate::at_hand::FilesAtHand;
use crate::events::xid_trace::{TracedEnd, XidTrace};
use crate::events::{Ask, EventKind, Events};
use crate::outcome::Restore;
use crate::outcome::missed::UnmetTarget;
use crate::settings::Settings;
use crate::sum::EventSum;
use crate::target::Target;
use crate::way::{WalWalk, WalkOptions};
use pgwal_archive::Error;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, SegmentNo, TimelineId};

/// Segments in front of the start of replay that are looked into.
const BEFORE: u64 = 64;
/// Restore points that are named.
const NAMED: usize = 5;

/// Why the target was not met.
///
/// # Errors
/// An early end was asked for, or there are no threads.
pub(crate) fn why(
    shelf: &FilesAtHand<'_>,
    reading: WalkOptions<'_>,
    restore: &Restore,
    settings: &Settings,
) -> Result<Option<UnmetTarget>, Error> {
    let look = TargetSearch { shelf, reading, restore };
    match &settings.target {
        Target::Xid(xid) => look.xid(*xid),
        Target::Name(name) => look.point(name.as_bytes()),
        Target::Time(time) if restore.began.is_some_and(|began| *time < began) => Ok(Some(UnmetTarget::Passed)),
        Target::Time(time) if time.0 > now().0 => Ok(Some(UnmetTarget::InFuture)),
        Target::Lsn(lsn) if *lsn < restore.earliest => Ok(Some(UnmetTarget::Passed)),
        _ => Ok(None),
    }
}

/// By this machine's clock.
fn now() -> Timestamp {
    Timestamp::from_unix_micros(jiff::Timestamp::now().as_microsecond())
}

struct TargetSearch<'a> {
    shelf: &'a FilesAtHand<'a>,
    reading: WalkOptions<'a>,
    restore: &'a Restore,
}

impl TargetSearch<'_> {
    fn xid(&self, xid: u32) -> Result<Option<UnmetTarget>, Error> {
        let ask = Ask { trace: Some(xid), prepared: true, ..Ask::default() };
        let mut trace = XidTrace::new(xid);
        self.walk(self.restore.redo_start, &ask, &mut |events| {
            events.trace.iter().for_each(|own| trace.add(own));
        })?;
        let missed = UnmetTarget::of(xid, &trace);
        let before = matches!(missed, Some(UnmetTarget::Before { .. } | UnmetTarget::NoEnd { last: None, .. }));
        let Some(from) = self.older().filter(|_| before) else { return Ok(missed) };
        let mut older = XidTrace::new(xid);
        self.walk(from, &ask, &mut |events| events.trace.iter().for_each(|own| older.add(own)))?;
        Ok(match (older.end, UnmetTarget::of(xid, &older)) {
            (Some(TracedEnd { xid: own, lsn, commit, .. }), _) if own == xid => {
                Some(UnmetTarget::Before { ended: Some((lsn, commit)) })
            }
            (_, Some(UnmetTarget::Before { .. } | UnmetTarget::Open { .. } | UnmetTarget::NotYet { .. }) | None) => {
                missed
            }
            (_, other) => other,
        })
    }

    fn point(&self, name: &[u8]) -> Result<Option<UnmetTarget>, Error> {
        let ask = Ask::default();
        let (mut names, mut here) = (Vec::new(), false);
        self.walk(self.restore.redo_start, &ask, &mut |events| {
            for event in &events.list {
                if let EventKind::RestorePoint { name: own, .. } = &event.what {
                    here |= own == name;
                    let own = String::from_utf8_lossy(own).into_owned();
                    if names.len() < NAMED && !names.contains(&own) {
                        names.push(own);
                    }
                }
            }
        })?;
        // It lies behind what cannot be read.
        if here {
            return Ok(None);
        }
        let mut before = None;
        if let Some(from) = self.older() {
            self.walk(from, &ask, &mut |events| {
                let own = |e: &&crate::events::RecoveryEvent| {
                    e.span.lsn < self.restore.redo_start
                        && matches!(&e.what, EventKind::RestorePoint { name: own, .. } if own == name)
                };
                before = events.list.iter().rev().find(own).map(|e| e.span.lsn).or(before);
            })?;
        }
        Ok(Some(before.map_or(UnmetTarget::NoPoint(names), UnmetTarget::PointBefore)))
    }

    /// Walks from a position to the end of what can be read. Behind that a transaction may have ended, or not.
    fn walk(&self, from: Lsn, ask: &Ask, see: &mut dyn FnMut(&Events<'_>)) -> Result<(), Error> {
        let Ok(line) = self.shelf.line(self.restore.target_timeline) else { return Ok(()) };
        let mut way = WalWalk::new(self.shelf, &line, self.reading);
        way.walk(from, ask, &mut |events: &Events<'_>, _: &EventSum| {
            see(events);
            None
        })?;
        Ok(())
    }

    /// Where WAL begins that leads to the start of replay without a gap.
    fn older(&self) -> Option<Lsn> {
        let layout = &self.shelf.layout;
        let line = self.shelf.line(self.restore.target_timeline).ok()?;
        let here = |number: SegmentNo| {
            let of = |timeline: &TimelineId| !self.shelf.files(*timeline, number).is_empty();
            line.timelines.iter().map(|(timeline, _)| timeline).any(of)
        };
        let start = layout.address().segment(self.restore.redo_start, layout.segment);
        let first = (1..=BEFORE)
            .map_while(|back| start.0.checked_sub(back).map(SegmentNo).filter(|number| here(*number)))
            .last()?;
        Some(layout.address().segment_start(first, layout.segment))
    }
}
