//! From a server, by streaming replication.

use super::failure::ShipFailure;
use super::{BackOff, FLUSH, ShipNews};
use crate::receive::{ConnInfo, ReceiveFault, Received, Receiver, ServerError, SystemIdentity};
use crate::unfinished::{ShipFolder, ShippedEnd};
use pgwal_archive::arrival::{ArrivalFault, StartPoint};
use pgwal_archive::lineage::Descent;
use pgwal_format::text::history;
use pgwal_format::{AddressScheme, Layout, Lsn, SegmentSize, TimelineId};
use pgwal_walk::Ignore;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How to ship.
#[derive(Clone, Copy, Debug)]
pub struct ServerShipOptions<'a> {
    /// A physical replication slot, so that the server keeps WAL that was not shipped.
    pub slot: Option<&'a str>,
    /// Make it, if there is none.
    pub create_slot: bool,
    /// Flush all that arrives at once, and say so: the server may wait for that with every commit.
    pub synchronous: bool,
    /// Try again, as long as that may help.
    pub retry: bool,
    /// WAL that the server has no more is left out.
    pub after_gap: bool,
    /// Where to end.
    pub end: Option<Lsn>,
    /// How often to say how far we are, at least.
    pub status: Duration,
    /// Set to stop early.
    pub interrupt: &'a AtomicBool,
}

/// How long to wait for WAL: a signal is looked for in between.
const WAIT: Duration = Duration::from_millis(500);

/// Ships until it is told to stop, or the end that was asked for is reached.
///
/// # Errors
/// What trying again does not change, or anything where it is not to try again.
pub fn ship_from_server(
    info: &ConnInfo,
    folder: &mut ShipFolder,
    options: &ServerShipOptions<'_>,
    tell: &mut dyn FnMut(&ShipNews<'_>),
) -> Result<(), ShipFailure> {
    let mut shipping = ServerShipping {
        info,
        folder,
        options,
        tell,
        size: None,
        gap: false,
        layout: None,
        best: Lsn::ZERO,
        damaged: None,
        slot_keeps: None,
        lost_slots_stay: false,
    };
    let mut back_off = BackOff::default();
    loop {
        let best = shipping.best;
        let Err(failure) = shipping.session() else { return Ok(shipping.folder.leave()?) };
        // What came before the connection broke is kept.
        if !matches!(failure, ShipFailure::Folder(_)) {
            let _ = shipping.folder.leave();
        }
        shipping.folder.forget();
        // Twice the same damage: it is not the line, it is what the server has.
        let damaged = if let ShipFailure::Server(ReceiveFault::Wal(ArrivalFault::Damaged { damage, .. })) = &failure {
            Some(damage.lsn)
        } else {
            None
        };
        let again = damaged.is_some() && std::mem::replace(&mut shipping.damaged, damaged) == damaged;
        let lasts = if damaged.is_some() { again } else { failure.is_lasting() };
        match failure {
            // A size that was taken for granted, and is another one.
            ShipFailure::Server(ReceiveFault::Wal(ArrivalFault::OtherSize { found })) if shipping.size.is_none() => {
                shipping.size = SegmentSize::new(found);
            }
            ShipFailure::Removed { .. } if options.after_gap && !shipping.gap => shipping.gap = true,
            failure if lasts || !options.retry => return Err(failure),
            failure => {
                if shipping.best > best {
                    back_off.reset();
                }
                let after = back_off.pause();
                (shipping.tell)(&ShipNews::Retry { failure: &failure, after });
                if shipping.waits(after) {
                    return Ok(());
                }
            }
        }
    }
}

struct ServerShipping<'a, 'x> {
    info: &'a ConnInfo,
    folder: &'x mut ShipFolder,
    options: &'a ServerShipOptions<'a>,
    tell: &'x mut dyn FnMut(&ShipNews<'_>),
    /// The size of segments, where a page said it and the server does not.
    size: Option<SegmentSize>,
    /// The server lacks what comes next: it begins with what it has.
    gap: bool,
    layout: Option<Layout>,
    /// The end of all that came.
    best: Lsn,
    /// Where the last session ended with damage.
    damaged: Option<Lsn>,
    /// From where the slot keeps WAL, as far as its server says it.
    slot_keeps: Option<(TimelineId, Lsn)>,
    /// Of its server, one that was given up keeps nothing any more.
    lost_slots_stay: bool,
}

impl ServerShipping<'_, '_> {
    /// One connection. `Ok`: it is over.
    fn session(&mut self) -> Result<(), ShipFailure> {
        let reached = self.folder.reached()?;
        let mut server = Receiver::connect(self.info)?;
        let identity = *server.identity();
        if let Some(reached) = reached.filter(|reached| reached.system_id != identity.system_id) {
            return Err(ShipFailure::OtherCluster { here: reached.system_id, there: identity.system_id });
        }
        self.layout = reached.map(|reached| reached.layout).or(self.layout);
        let known = reached.map(|reached| reached.layout.segment).or(self.size);
        let size = known.unwrap_or(server.segment_size());
        if server.says_segment_size() && size != server.segment_size() {
            let [here, there] = [size, server.segment_size()].map(SegmentSize::bytes);
            return Err(ShipFailure::OtherSize { here, there });
        }
        if let Some(name) = self.options.slot.filter(|_| self.options.create_slot) {
            server.create_slot(name)?;
        }
        let (mut descent, history) = self.descent(&mut server, identity.timeline)?;
        // From 15 on a slot says what it keeps: nothing, once its server has given it up.
        self.slot_keeps = self.options.slot.map(|name| server.slot_keeps(name)).transpose()?.flatten();
        self.lost_slots_stay = server.lost_slots_stay();
        self.warn_of_slot(&mut server, size)?;
        let mut at = self.start_point(&identity, reached.as_ref(), &descent, size)?;
        // That of another line must not stay in the folder: it would be its latest timeline.
        self.keep(identity.timeline, history)?;
        loop {
            let chain = self.layout.map(|layout| self.folder.chain_to(&layout, at, &descent));
            server.start(at, size, self.options.slot, chain)?;
            let from = AddressScheme::Linear.segment_start(at.number, size);
            let place = server.place().to_owned();
            (self.tell)(&ShipNews::Begins { place: &place, timeline: at.timeline, from });
            if self.gap {
                (self.tell)(&ShipNews::Gap { before: from });
            }
            let streamed = self.stream(&mut server).map_err(|failure| self.removed(failure, reached.as_ref(), from))?;
            let Some((next, lsn)) = streamed else { return Ok(()) };
            self.folder.leave()?;
            (self.tell)(&ShipNews::Timeline { next, at: lsn });
            let (line, history) = self.descent(&mut server, next)?;
            self.keep(next, history)?;
            descent = line;
            at = StartPoint { timeline: next, number: AddressScheme::Linear.segment(lsn, size) };
        }
    }

    /// Takes what comes, until the timeline ends (`Some`), or it is over.
    fn stream(&mut self, server: &mut Receiver) -> Result<Option<(TimelineId, Lsn)>, ShipFailure> {
        let (mut flushed, mut told) = (Instant::now(), Instant::now());
        loop {
            if self.is_over() {
                self.folder.flush()?;
                self.confirm(server)?;
                return Ok(None);
            }
            let mut news = false;
            match server.next(WAIT, Ignore)? {
                Received::Checked(arrived) => {
                    self.layout = Some(*arrived.bytes.layout);
                    self.gap = false;
                    let finished = self.folder.take(arrived.bytes)?;
                    self.best = self.best.max(self.folder.written().unwrap_or_default());
                    if let Some((name, finished)) = finished {
                        (self.tell)(&ShipNews::Segment(name, finished));
                        news = true;
                    }
                    news |= self.options.synchronous;
                }
                Received::Nothing => {}
                Received::TimelineEnded { next, at } => return Ok(Some((next, at))),
            }
            let wanted = server.wants_status();
            let is_due = self.folder.is_dirty() && flushed.elapsed() >= FLUSH;
            if (news || is_due || wanted) && self.folder.is_dirty() {
                self.folder.flush()?;
                flushed = Instant::now();
                news = true;
            }
            if news || wanted || told.elapsed() >= self.options.status {
                self.confirm(server)?;
                told = Instant::now();
            }
        }
    }

    /// Says how far we are. What is flushed counts for the server where it keeps WAL for us, or waits for us.
    fn confirm(&self, server: &mut Receiver) -> Result<(), ShipFailure> {
        let counts = self.options.synchronous || self.options.slot.is_some();
        // Before anything came, the folder has all up to where it was begun.
        let begun = server.handed().map_or(Lsn::ZERO, |(_, lsn)| lsn);
        let written = self.folder.written().unwrap_or(begun);
        let flushed = if counts { self.folder.flushed().unwrap_or(begun) } else { Lsn::ZERO };
        Ok(server.confirm(written, flushed)?)
    }

    /// The line of a timeline, and the history file that says it, which is shipped as well.
    fn descent(&self, server: &mut Receiver, timeline: TimelineId) -> Result<(Descent, Option<Vec<u8>>), ShipFailure> {
        if timeline <= TimelineId::FIRST {
            return Ok((Descent::alone(timeline), None));
        }
        let bytes = server.history(timeline)?;
        let strange = |_| ReceiveFault::Protocol(format!("the history of timeline {timeline} is none"));
        let ancestors = history::parse(&bytes, timeline).map_err(strange)?;
        // Without a layout nothing is here yet, and nobody asks where timelines begin.
        let of = |layout| Descent::of(timeline, &ancestors, &layout);
        Ok((self.layout.map_or_else(|| Descent::alone(timeline), of), Some(bytes)))
    }

    /// Stores a timeline's history file, where it has one.
    fn keep(&mut self, timeline: TimelineId, history: Option<Vec<u8>>) -> Result<(), ShipFailure> {
        if let Some(bytes) = history {
            self.folder.history(timeline, &bytes)?;
        }
        Ok(())
    }

    /// Tells of a slot that keeps more than it may, as its server reckons: in whole segments. It is given up by a
    /// checkpoint, if what it keeps is not shipped before.
    fn warn_of_slot(&mut self, server: &mut Receiver, size: SegmentSize) -> Result<(), ShipFailure> {
        let Some(slot) = self.options.slot else { return Ok(()) };
        let Some((_, from)) = self.slot_keeps else {
            if self.gap && self.lost_slots_stay {
                (self.tell)(&ShipNews::SlotLost { slot });
            }
            return Ok(());
        };
        let Some(allowed) = server.slots_may_keep()? else { return Ok(()) };
        let position = server.identity().position;
        let [first, last] = [from, position].map(|lsn| AddressScheme::Linear.segment(lsn, size).0);
        if last.saturating_sub(first) > allowed / size.bytes() {
            let keeps = u64::try_from(AddressScheme::Linear.distance(position, from, size)).unwrap_or_default();
            (self.tell)(&ShipNews::SlotUnreserved { slot, keeps, allowed });
        }
        Ok(())
    }

    fn start_point(
        &self,
        identity: &SystemIdentity,
        reached: Option<&ShippedEnd>,
        descent: &Descent,
        size: SegmentSize,
    ) -> Result<StartPoint, ShipFailure> {
        let segment = |lsn| AddressScheme::Linear.segment(lsn, size);
        let now = StartPoint { timeline: identity.timeline, number: segment(identity.position) };
        match reached {
            Some(reached) if !self.gap => self.folder.go_on(reached, descent)?.ok_or(ShipFailure::OtherHistory {
                here: (reached.segment.timeline, reached.end),
                there: identity.timeline,
            }),
            _ => {
                // Behind a gap: what the slot keeps goes before what the server writes now.
                let kept = self.slot_keeps.filter(|(_, lsn)| reached.is_none_or(|reached| *lsn > reached.end));
                Ok(kept.map_or(now, |(timeline, lsn)| StartPoint { timeline, number: segment(lsn) }))
            }
        }
    }

    /// What the server says of WAL that is gone, with what to do.
    fn removed(&self, failure: ShipFailure, reached: Option<&ShippedEnd>, from: Lsn) -> ShipFailure {
        match failure {
            ShipFailure::Server(ReceiveFault::Server(error))
                if error.is_removed_wal() || error.refuses_slot() && self.is_slot_lost() =>
            {
                let here = reached.map(|reached| reached.end);
                let end = self.folder.written().or(here);
                ShipFailure::Removed {
                    says: ServerError::to_string(&error),
                    reached: end.unwrap_or(from),
                    last_commit: reached.and_then(|reached| reached.last_commit).filter(|_| end == here),
                    slot: self.options.slot.map(|name| (name.to_owned(), error.refuses_slot() || self.lost_slots_stay)),
                }
            }
            failure => failure,
        }
    }

    /// There is a slot, and its server keeps nothing for it.
    fn is_slot_lost(&self) -> bool {
        self.options.slot.is_some() && self.slot_keeps.is_none()
    }

    fn is_over(&self) -> bool {
        let written = self.folder.written();
        let is_there = self.options.end.is_some_and(|end| written.is_some_and(|written| written >= end));
        is_there || self.options.interrupt.load(Ordering::Relaxed)
    }

    /// Waits; `true` where it is over.
    fn waits(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.options.interrupt.load(Ordering::Relaxed) {
            std::thread::sleep(WAIT.min(until.saturating_duration_since(Instant::now())));
        }
        self.options.interrupt.load(Ordering::Relaxed)
    }
}
