//! Why a target is not met, where more WAL would not help, or what it waits for.

use crate::at_hand::FilesAtHand;
use crate::events::{Ask, EventKind, Events};
use crate::outcome::Restore;
use crate::settings::Settings;
use crate::sum::EventSum;
use crate::target::Target;
use crate::way::{WalWalk, WalkOptions};
use crate::xid_trace::{TracedEnd, XidTrace, follows};
use pgwal_archive::Error;
use pgwal_format::{Lsn, SegmentNo, TimelineId};

/// Why a target is not met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missed {
    /// The transaction is a subtransaction, and ends with another one.
    Subtransaction {
        /// Of this one.
        of: u32,
        /// Where that ended, and whether it committed.
        ended: Option<(Lsn, bool)>,
    },
    /// It ended before replay starts.
    Before {
        /// Where, and whether it committed, where that is here.
        ended: Option<(Lsn, bool)>,
    },
    /// It was open when the server crashed, or its number was never used: it has no end.
    NoEnd {
        /// Its last record.
        last: Option<Lsn>,
        /// It does not run any more there.
        gone: Lsn,
    },
    /// It was prepared and is neither committed nor rolled back.
    Prepared {
        /// Its name.
        gid: String,
        /// The record.
        lsn: Lsn,
    },
    /// It still runs at the end.
    Open {
        /// Its last record.
        last: Lsn,
    },
    /// Its number was not given yet.
    NotYet {
        /// The last one that was.
        last: u32,
    },
    /// The restore point lies before the start of replay.
    PointBefore(Lsn),
    /// There is no restore point of that name: those that there are, in order.
    NoPoint(Vec<String>),
}

impl Missed {
    /// WAL that is not here may bring it.
    pub const fn may_come(&self) -> bool {
        matches!(self, Missed::Prepared { .. } | Missed::Open { .. } | Missed::NotYet { .. } | Missed::NoPoint(_))
    }

    /// What a trace of a transaction comes to; `None` where it ended, or nothing is known of it.
    pub fn of(xid: u32, trace: &XidTrace) -> Option<Missed> {
        if let Some(end) = trace.end {
            let ended = Some((end.lsn, end.commit));
            return (end.xid != xid).then_some(Missed::Subtransaction { of: end.xid, ended });
        }
        if let Some(prepared) = &trace.prepared {
            return Some(if prepared.xid == xid {
                Missed::Prepared { gid: prepared.gid.clone(), lsn: prepared.lsn }
            } else {
                Missed::Subtransaction { of: prepared.xid, ended: None }
            });
        }
        if let Some(of) = trace.top {
            return Some(Missed::Subtransaction { of, ended: None });
        }
        let last = trace.records.map(|(_, last)| last);
        match (last, trace.quiet) {
            (Some(last), Some((_, gone))) if gone > last => Some(Missed::NoEnd { last: Some(last), gone }),
            (Some(last), _) => Some(Missed::Open { last }),
            // What WAL tells of running transactions first, it tells of those from before.
            (None, Some((gone, _))) if trace.first_told == Some(gone) => Some(Missed::Before { ended: None }),
            (None, Some((gone, _))) => Some(Missed::NoEnd { last: None, gone }),
            (None, None) => {
                let last = trace.highest.filter(|known| follows(xid, *known))?;
                Some(Missed::NotYet { last })
            }
        }
    }
}

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
) -> Result<Option<Missed>, Error> {
    let look = Look { shelf, reading, restore };
    match &settings.target {
        Target::Xid(xid) => look.xid(*xid),
        Target::Name(name) => look.point(name.as_bytes()),
        _ => Ok(None),
    }
}

struct Look<'a> {
    shelf: &'a FilesAtHand<'a>,
    reading: WalkOptions<'a>,
    restore: &'a Restore,
}

impl Look<'_> {
    fn xid(&self, xid: u32) -> Result<Option<Missed>, Error> {
        let ask = Ask { trace: Some(xid), prepared: true, ..Ask::default() };
        let mut trace = XidTrace::new(xid);
        self.walk(self.restore.redo_start, &ask, &mut |events| {
            events.trace.iter().for_each(|own| trace.add(own));
        })?;
        let missed = Missed::of(xid, &trace);
        let before = matches!(missed, Some(Missed::Before { .. } | Missed::NoEnd { last: None, .. }));
        let Some(from) = self.older().filter(|_| before) else { return Ok(missed) };
        let mut older = XidTrace::new(xid);
        self.walk(from, &ask, &mut |events| events.trace.iter().for_each(|own| older.add(own)))?;
        Ok(match (older.end, Missed::of(xid, &older)) {
            (Some(TracedEnd { xid: own, lsn, commit, .. }), _) if own == xid => {
                Some(Missed::Before { ended: Some((lsn, commit)) })
            }
            (_, Some(Missed::Before { .. } | Missed::Open { .. } | Missed::NotYet { .. }) | None) => missed,
            (_, other) => other,
        })
    }

    fn point(&self, name: &[u8]) -> Result<Option<Missed>, Error> {
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
        Ok(Some(before.map_or(Missed::NoPoint(names), Missed::PointBefore)))
    }

    /// Walks from a position to the end of what is here.
    fn walk(&self, from: Lsn, ask: &Ask, see: &mut dyn FnMut(&Events<'_>)) -> Result<(), Error> {
        let Ok(line) = self.shelf.line(self.restore.target_timeline) else { return Ok(()) };
        let mut way = WalWalk::new(self.shelf, &line, self.reading);
        way.through_damage = true;
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
