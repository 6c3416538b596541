//! One look at the segment that is being read.

use super::file::{Filled, SegmentFile};
use super::{DOUBT, FollowLoss, FollowStep, Following, GRACE, TakeFollowed};
use pgwal_format::{Lsn, SegmentNo};
use pgwal_walk::{Damage, Fault, Fold, Head, RecordBoundary, Run, ScanExpect, Stop, Tail, scan, scan_on};
use std::collections::BTreeSet;

impl Following<'_> {
    /// Looks at the segment.
    pub(super) fn step<T: TakeFollowed>(&mut self, take: &mut T) -> Result<FollowStep, T::Error> {
        let Some(file) = self.file(self.number) else { return self.missing(take) };
        let filled = match self.fill(&file) {
            Ok(filled) => filled,
            Err(loss) => {
                if let Some(loss) = loss {
                    take.lost(&loss)?;
                }
                self.outdated = true;
                return Ok(FollowStep::Wait);
            }
        };
        let start = self.start_of(self.number);
        let expect = ScanExpect {
            layout: &self.layout,
            start,
            timeline: Some(file.timeline),
            system_id: Some(self.names.own.archive.cluster.system_id),
            keep: usize::MAX,
            history: &[],
        };
        let room = take.room(file.timeline);
        let mut run = match self.here.place {
            Some(place) => scan_on(&self.here.bytes, expect, room, place),
            None => scan(&self.here.bytes, expect, room),
        };
        if matches!(run.tail, Tail::Switched { .. })
            && take.wants_bytes()
            && let Some(later) = self.switch_over(run.slack.is_empty(), &file)
        {
            return Ok(later);
        }
        let mut damages = std::mem::take(&mut run.damages);
        let joint = if self.here.place.is_none() { self.left.meet(&run) } else { None };
        let over = joint.as_ref().and_then(|joint| joint.over.clone());
        damages.splice(0..0, joint.iter().flat_map(|joint| joint.damages().cloned()));
        if let Some(damage) = damages.first()
            && !self.is_sure(damage.lsn, DOUBT)
        {
            return Ok(FollowStep::Doubt);
        }
        let begun = self.begun();
        let over_seam = over.as_ref().map(|over| (over.lsn, over.header.is_switch()));
        if let Some(over) = over {
            let layout = self.layout;
            let record = over.record(&layout);
            self.reached = Some((self.left_timeline, record.end));
            take.over_seam(&record, self.left_timeline)?;
        }
        let records = std::mem::replace(&mut run.acc, take.room(file.timeline));
        let segment = file.of(self.number);
        let lost: Vec<FollowLoss> = damages
            .iter()
            .map(|damage| FollowLoss::Damage { damage: damage.clone(), begun, segment: segment.clone() })
            .collect();
        take.records(records, &lost)?;
        if run.last.is_some() {
            self.reached = Some((file.timeline, run.end));
        }
        self.hand_on(&run, over_seam, &file, take)?;
        if take.is_full() || self.end.is_some_and(|end| run.end >= end) {
            return Ok(FollowStep::Done);
        }
        // Nothing but the rest of a record and zeros: the end of a switch, or of any record, with more to come.
        if matches!(run.tail, Tail::Switched { .. }) && self.here.place.is_none() && run.first.is_none() {
            match over_seam {
                Some((_, true)) => {}
                Some((lsn, false)) => {
                    let offset = run.end.minus_within(start) as usize;
                    self.here.place = Some(RecordBoundary {
                        offset,
                        last: Some(lsn),
                        timeline: run.last_timeline.unwrap_or_default(),
                    });
                    self.left.cut();
                    return Ok(FollowStep::On);
                }
                None if self.is_written(self.number.next()) => {}
                None => return Ok(FollowStep::Wait),
            }
        }
        let entered = self.is_entered(&run);
        if let Tail::Stopped(stop) = run.tail {
            if entered {
                let before = self.here.place;
                let offset = run.end.minus_within(start) as usize;
                let timeline = run.last_timeline.or(before.map(|p| p.timeline)).unwrap_or_default();
                let last = run.last.or(over_seam.filter(|_| damages.is_empty()).map(|(lsn, _)| lsn));
                self.here.place = Some(RecordBoundary { offset, last, timeline });
                self.left.cut();
            }
            return self.stopped(&stop, (filled, begun), &file, take);
        }
        self.doubt = None;
        if !run.is_through() {
            self.left_timeline = file.timeline;
        }
        self.left.push(&run);
        self.go_to(self.number.next());
        Ok(FollowStep::On)
    }

    /// It is known where the next record starts.
    fn is_entered<F: Fold>(&self, run: &Run<F>) -> bool {
        self.here.place.is_some()
            || run.first.is_some()
            || match &run.head {
                Head::Record => true,
                Head::Rest(rest) => rest.end.is_some(),
                _ => false,
            }
    }

    /// Hands on the bytes of the records that were, or those up to the end of the segment.
    fn hand_on<F: Fold, T: TakeFollowed>(
        &mut self,
        run: &Run<F>,
        over_seam: Option<(Lsn, bool)>,
        file: &SegmentFile,
        take: &mut T,
    ) -> Result<(), T::Error> {
        if !take.wants_bytes() {
            return Ok(());
        }
        let size = self.layout.segment.bytes() as usize;
        let from = self.here.place.map_or(0, |place| place.offset);
        let end = run.end.minus_within(run.from) as usize;
        let is_rest_alone = self.here.place.is_none() && run.first.is_none();
        let to = match run.tail {
            Tail::Stopped(_) if self.is_entered(run) => end,
            Tail::Stopped(_) => return Ok(()),
            Tail::Switched { .. } if is_rest_alone => match over_seam {
                Some((_, false)) => end,
                None if !self.is_written(self.number.next()) => return Ok(()),
                _ => size,
            },
            _ => size,
        };
        let bytes = self.here.bytes.get(from..to).unwrap_or(&[]);
        if bytes.is_empty() { Ok(()) } else { take.bytes(&file.of(self.number), from, bytes) }
    }

    /// `None` where what lies behind a switch is what the server leaves there (`is_clean`: zeros, up to 10 with the
    /// headers of pages), and not what it is going to write over. Only all of the segment tells.
    fn switch_over(&mut self, is_clean: bool, file: &SegmentFile) -> Option<FollowStep> {
        let had = self.here.bytes.len();
        if had < self.layout.segment.bytes() as usize {
            self.here.widen();
            let grew = self.fill(file).is_ok() && self.here.bytes.len() > had;
            return Some(if grew { FollowStep::On } else { FollowStep::Wait });
        }
        (!is_clean && !self.is_written(self.number.next())).then_some(FollowStep::Wait)
    }

    /// No record comes next. Is that the end for now?
    fn stopped<T: TakeFollowed>(
        &mut self,
        stop: &Stop,
        (filled, begun): (Filled, Lsn),
        file: &SegmentFile,
        take: &mut T,
    ) -> Result<FollowStep, T::Error> {
        if filled == Filled::Window && stop.fault == Fault::CutOff {
            self.here.widen();
            return Ok(FollowStep::On);
        }
        // Nobody writes on what has no name, but for what overwrites it.
        if file.gone {
            return self.missing(take);
        }
        // With the rest of the record not yet there, what lies in the next file says nothing.
        if !self.is_written(self.number.next()) {
            return Ok(FollowStep::Wait);
        }
        let patience = if stop.fault == Fault::CutOff { GRACE } else { DOUBT };
        if !self.is_sure(stop.lsn, patience) {
            return Ok(FollowStep::Doubt);
        }
        self.doubt = None;
        let damage = Damage {
            lsn: stop.lsn,
            begun_before: stop.begun_before,
            at: stop.at,
            fault: stop.fault,
            end: stop.end,
            until: None,
            until_prev: None,
            before: (),
        };
        take.lost(&FollowLoss::Damage { damage, begun, segment: file.of(self.number) })?;
        self.left.cut();
        self.go_to(self.number.next());
        Ok(FollowStep::On)
    }

    /// There is no file for the segment, or no more of it. Will it come?
    fn missing<T: TakeFollowed>(&mut self, take: &mut T) -> Result<FollowStep, T::Error> {
        let listed = self.names.way.legs.iter().map(|leg| leg.first.max(self.number.next()));
        let later: BTreeSet<SegmentNo> = listed.chain(self.kept.after(self.number)).collect();
        let later = later.into_iter().find(|&n| self.is_written(n));
        let Some(later) = later else { return Ok(FollowStep::Wait) };
        // A server removes only what it has written, and in order: what is missing there was missed, and more is lost
        // by waiting.
        let patience = if self.names.own.archive.live { DOUBT } else { GRACE };
        if !self.is_sure(self.start_of(self.number), patience) {
            return Ok(FollowStep::Doubt);
        }
        self.doubt = None;
        let timeline = self.timeline_of(self.number);
        let lost =
            self.here.place.map_or(self.begun(), |place| self.start_of(self.number).plus_within(place.offset as u64));
        take.lost(&FollowLoss::Gap { timeline, lsn: lost, first: self.number, next: later })?;
        self.left.cut();
        self.go_to(later);
        Ok(FollowStep::On)
    }
}
