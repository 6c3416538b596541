//! What a server makes of the records, one segment after another (`PerformWalRecovery`; `StartupXLOG` up to 14).
//!
//! ```text
//! for each record:  the target lies before it? ── stop
//!                   replay: timelines, settings, running transactions, the end of the backup
//!                   consistent now? accept connections now?
//!                   the target lies behind it? ── stop
//! ```

pub(crate) mod known;
pub(crate) mod making;
pub(crate) mod origin_room;
pub(crate) mod prepared;
pub(crate) mod prepared_room;
pub(crate) mod primary;

use crate::events::acts::EarlyActs;
use crate::events::xid_trace::follows;
use crate::events::{EventKind, Events, RecoveryEvent};
use crate::failure::Failure;
use crate::pages::{Change, Noted, Tracker};
use crate::replay::making::TablespacesMade;
use crate::replay::origin_room::OriginRoom;
use crate::replay::prepared::PreparedAcross;
use crate::replay::prepared_room::PreparedRoom;
use crate::start::in_place::InPlace;
use crate::sum::{EventSum, RecordSpan, ReplayedCommit};
use pgwal_archive::lineage::Descent;
use pgwal_format::recovery::RecoveryRules;
use pgwal_format::rmgr::tablespace::TablespaceChange;
use pgwal_format::{Dialect, Lsn, TimelineId};
use std::collections::BTreeSet;

/// What hot standby knows of running transactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standby {
    /// It is off.
    Off,
    /// Nothing yet.
    Initialized,
    /// Subtransactions are missing until everything up to this transaction has ended.
    Pending(u32),
    /// Enough for queries.
    Ready,
}

/// On which side of the record that matches the target recovery stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// It is not replayed.
    Before,
    /// It is.
    After,
}

/// What is asked of recovery.
#[derive(Clone, Debug)]
pub struct Goal {
    /// It stops as soon as it is consistent.
    pub immediate: bool,
    /// Where it stops at a record that matches.
    pub side: Side,
    /// Hot standby is on.
    pub hot_standby: bool,
    /// Recovery from an archive was asked for: what only that minds counts.
    pub from_archive: bool,
    /// No library is loaded that could bring a resource manager.
    pub loads_nothing: bool,
    /// Settings that a standby needs, by their names in records; one that is not here is as high as needed.
    pub parameters: Vec<(&'static str, i32)>,
}

/// How replay ends before WAL does.
#[derive(Clone, PartialEq, Debug)]
pub enum ReplayStop {
    /// At the target.
    Target,
    /// The server dies.
    Dies(Failure),
    /// It pauses for good: a setting is too low.
    Stuck(Failure),
}

/// The state of a recovery.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    /// The version.
    pub dialect: &'static Dialect,
    /// The timelines that may come.
    pub line: &'a Descent,
    /// What is asked.
    pub goal: &'a Goal,
    /// The timeline in force.
    pub timeline: TimelineId,
    /// Where the data files may be consistent at the earliest, and on which timeline.
    pub minimum: Option<(Lsn, TimelineId)>,
    /// Where the backup that is being replayed started.
    pub backup_start: Option<Lsn>,
    /// Where it ended, where `pg_control` of a standby says so.
    pub backup_end: Option<Lsn>,
    /// Only a record can tell where it ended.
    pub end_required: bool,
    /// Where it became consistent.
    pub consistent_at: Option<Lsn>,
    /// Running transactions.
    pub standby: Standby,
    /// Connections are accepted.
    pub active: bool,
    /// End of the last record replayed.
    pub replayed: Lsn,
    /// Start of the last record read.
    pub read: Option<Lsn>,
    /// All records replayed.
    pub sum: EventSum,
    /// Blocks that are not there, where that can be told.
    pub pages: Option<Tracker<'a>>,
    /// Prepared transactions that are read again, where they can be missed.
    pub prepared: Option<PreparedAcross<'a>>,
    /// How many more may be prepared, where that is known.
    pub room: Option<PreparedRoom>,
    /// How many more replication origins may come, where that is known.
    pub origins: Option<OriginRoom>,
    /// The last backup that ended on the way and is not the one that is being restored: where it started, and the
    /// record of its end.
    pub other_backup: Option<(Lsn, Lsn)>,
    /// Tablespaces that WAL made.
    pub made: TablespacesMade,
    /// Tablespaces in the data directory itself.
    pub in_place: InPlace,
    /// Tablespaces whose place is not there.
    pub nowhere: BTreeSet<u32>,
    /// Tablespaces that have no link.
    pub unlinked: BTreeSet<u32>,
    /// Databases that have no folder.
    pub no_folder: BTreeSet<u32>,
    /// Records that act before their commits, those of the last segment replayed in part included.
    pub acts: EarlyActs,
    /// The target, where it is the end of a transaction that was rolled back.
    pub rolled_back: Option<Lsn>,
    /// WAL told the primary's settings.
    pub compared: bool,
    /// From here on WAL was written with `wal_level = minimal`, of which this server only warns.
    pub minimal: Option<Lsn>,
    /// One more record is to be read, and then it ends.
    past_target: bool,
}

impl<'a> Replay<'a> {
    /// At the start: `replayed` is where replay begins.
    pub fn new(
        dialect: &'static Dialect,
        line: &'a Descent,
        goal: &'a Goal,
        timeline: TimelineId,
        replayed: Lsn,
    ) -> Replay<'a> {
        let standby = if goal.hot_standby { Standby::Initialized } else { Standby::Off };
        Replay {
            dialect,
            line,
            goal,
            timeline,
            minimum: None,
            backup_start: None,
            backup_end: None,
            end_required: false,
            consistent_at: None,
            standby,
            active: false,
            replayed,
            read: None,
            sum: EventSum::default(),
            pages: None,
            prepared: None,
            room: None,
            origins: None,
            other_backup: None,
            made: TablespacesMade::new(dialect.version, None),
            in_place: InPlace::default(),
            nowhere: BTreeSet::new(),
            unlinked: BTreeSet::new(),
            no_folder: BTreeSet::new(),
            acts: EarlyActs::default(),
            rolled_back: None,
            compared: false,
            minimal: None,
            past_target: false,
        }
    }

    pub(crate) fn rules(&self) -> &'static RecoveryRules {
        &self.dialect.recovery
    }

    /// Takes the records of a segment, of which `valid` are those that can be read. `Some` where replay ends here.
    pub fn take(&mut self, events: &Events<'_>, valid: &EventSum) -> Option<ReplayStop> {
        let stop = self.take_each(events, valid);
        if let Some(prepared) = &mut self.prepared {
            prepared.read(events.file);
        }
        stop
    }

    fn take_each(&mut self, events: &Events<'_>, valid: &EventSum) -> Option<ReplayStop> {
        let first = events.first.filter(|_| valid.records > 0)?;
        if self.past_target {
            self.read = Some(first.lsn);
            return Some(ReplayStop::Target);
        }
        if self.goal.immediate && self.consistent_at.is_some() {
            // It was so before the first record.
            self.read = Some(first.lsn);
            return Some(ReplayStop::Target);
        }
        self.acts.add(&events.acts);
        let start = self.sum;
        let mut noted = events.noted();
        for event in events.list.iter().filter(|e| e.before.records < valid.records) {
            let dies = self.change(&start, &mut noted, |lsn| lsn < event.span.lsn);
            if dies.is_some() {
                return dies;
            }
            self.up_to(&start, &event.before);
            self.read = Some(event.span.lsn);
            if event.hit && matches!(event.what, EventKind::Ended { commit: false, .. }) {
                self.rolled_back = Some(event.span.lsn);
            }
            if event.hit && self.goal.side == Side::Before {
                return Some(ReplayStop::Target);
            }
            if let Some(stop) = self.replay(event, events.file) {
                return Some(stop);
            }
            let dies = self.change(&start, &mut noted, |lsn| lsn <= event.span.lsn);
            if dies.is_some() {
                return dies;
            }
            self.replayed = event.span.end;
            self.count(event);
            let dies = self.check_consistency();
            if dies.is_some() {
                return dies;
            }
            if event.hit {
                return self.at_target(event, valid);
            }
            if self.goal.immediate && self.consistent_at.is_some() {
                return self.immediately(event, valid);
            }
        }
        let dies = self.change(&start, &mut noted, |lsn| valid.last.is_some_and(|last| lsn <= last.lsn));
        if dies.is_some() {
            return dies;
        }
        self.up_to(&start, valid);
        None
    }

    /// Replays what records do to blocks and files, as long as they are `within`.
    fn change(&mut self, start: &EventSum, noted: &mut &[Noted], within: impl Fn(Lsn) -> bool) -> Option<ReplayStop> {
        let pages = self.pages.as_mut()?;
        while let Some((first, rest)) = noted.split_first().filter(|(first, _)| within(first.lsn)) {
            *noted = rest;
            if pages.replay(first, self.consistent_at.is_some()) {
                if let Change::Needs { before, .. } = &first.change {
                    self.up_to(start, before);
                }
                self.read = Some(first.lsn);
                return Some(ReplayStop::Dies(Failure::InvalidPages));
            }
        }
        None
    }

    /// Consistent: that is looked at behind a transaction's record and in front of any.
    fn immediately(&mut self, event: &RecoveryEvent, valid: &EventSum) -> Option<ReplayStop> {
        if !event.of_transaction {
            let readable = event.before.records + 1 < valid.records;
            self.read = Some(event.next.filter(|_| readable)?.lsn);
        }
        Some(ReplayStop::Target)
    }

    /// The target was replayed.
    fn at_target(&mut self, event: &RecoveryEvent, valid: &EventSum) -> Option<ReplayStop> {
        if !self.rules().reads_past_target {
            return Some(ReplayStop::Target);
        }
        self.past_target = true;
        let readable = event.before.records + 1 < valid.records;
        let next: RecordSpan = event.next.filter(|_| readable)?;
        self.read = Some(next.lsn);
        Some(ReplayStop::Target)
    }

    /// WAL ended; whether the target had been reached.
    pub fn ended_at_target(&self) -> bool {
        self.past_target
    }

    /// Everything up to a point in a segment was replayed.
    fn up_to(&mut self, start: &EventSum, sum: &EventSum) {
        self.sum = EventSum {
            records: start.records + sum.records,
            commits: start.commits + sum.commits,
            last: sum.last.or(self.sum.last),
            last_commit: sum.last_commit.or(self.sum.last_commit),
            last_ended: sum.last_ended.or(self.sum.last_ended),
        };
        if let Some(last) = sum.last {
            (self.replayed, self.read) = (last.end, Some(last.lsn));
        }
    }

    fn count(&mut self, event: &RecoveryEvent) {
        self.sum.records += 1;
        self.sum.last = Some(event.span);
        if let EventKind::Ended { commit, xid, time, .. } = event.what {
            self.sum.last_ended = Some(time);
            if commit {
                self.sum.commits += 1;
                self.sum.last_commit = Some(ReplayedCommit { xid, time, lsn: event.span.lsn });
            }
        }
    }

    /// Replays a record that recovery minds.
    pub(crate) fn replay(&mut self, event: &RecoveryEvent, file: Option<TimelineId>) -> Option<ReplayStop> {
        match &event.what {
            EventKind::Mark | EventKind::RestorePoint { .. } => None,
            EventKind::OfExtension(manager) => {
                self.goal.loads_nothing.then_some(ReplayStop::Dies(Failure::NoManager(*manager)))
            }
            EventKind::Origin(change) => self.origins.as_mut()?.replay(*change).map(ReplayStop::Dies),
            EventKind::Ended { xid, origin, .. } => {
                if let Some(prepared) = &mut self.prepared {
                    prepared.ended(*xid);
                }
                if let Some(room) = &mut self.room {
                    room.ended(*xid);
                }
                self.origins.as_mut()?.replay((*origin)?).map(ReplayStop::Dies)
            }
            EventKind::Tablespace(change) => {
                self.in_place.replay(change);
                let (TablespaceChange::Created(oid, _)
                | TablespaceChange::CreatedInPlace(oid)
                | TablespaceChange::Dropped(oid)) = change;
                self.nowhere.remove(oid);
                self.unlinked.remove(oid);
                self.made.replay(change).map(ReplayStop::Dies)
            }
            EventKind::Database(oid) => {
                self.no_folder.remove(oid);
                None
            }
            EventKind::ChangesNowhere(oid) => {
                if self.unlinked.contains(oid) {
                    // A server makes a folder in the place of the link.
                    self.in_place.replay(&TablespaceChange::CreatedInPlace(*oid));
                }
                self.nowhere.contains(oid).then_some(ReplayStop::Dies(Failure::TablespaceNowhere(*oid)))
            }
            EventKind::Prepared(xid) => {
                if let Some(prepared) = &mut self.prepared {
                    prepared.prepared(*xid, event, file);
                }
                self.room.as_mut()?.take(*xid).map(ReplayStop::Dies)
            }
            EventKind::Checkpoint { shutdown: true, timeline, previous, .. } => {
                // While it is replayed, the timeline of the record before it is still that of all that was.
                let in_force = self.timeline;
                let opened = self.opens(*timeline, *previous, event.span.end);
                if opened.is_some() {
                    return opened;
                }
                let open = self.backup_start.is_some() && self.backup_end.is_none();
                if self.rules().notices_canceled_backup && self.goal.from_archive && open {
                    return Some(ReplayStop::Dies(Failure::Canceled));
                }
                if self.standby != Standby::Off {
                    self.standby = Standby::Ready;
                    return self.read_prepared(in_force).map(ReplayStop::Dies);
                }
                None
            }
            EventKind::Checkpoint { timeline, .. } => {
                let failure = Failure::CheckpointTimeline { found: *timeline, expected: self.timeline };
                (*timeline != self.timeline).then_some(ReplayStop::Dies(failure))
            }
            EventKind::EndOfRecovery { timeline, previous } => self.opens(*timeline, Some(*previous), event.span.end),
            EventKind::BackupEnd(start) => {
                if self.backup_start == Some(*start) {
                    self.backup_end = Some(event.span.end);
                } else {
                    self.other_backup.get_or_insert((*start, event.span.lsn));
                }
                None
            }
            EventKind::Parameters(parameters) => {
                self.compared = true;
                self.mind_minimal(parameters, event.span.lsn);
                self.check_settings(parameters)
            }
            EventKind::Running { overflow, any, next_xid, oldest } => {
                self.standby = match self.standby {
                    Standby::Initialized if *overflow => Standby::Pending(next_xid.wrapping_sub(1)),
                    Standby::Initialized => Standby::Ready,
                    Standby::Pending(_) if !overflow || !any => Standby::Ready,
                    Standby::Pending(xmin) if follows(*oldest, xmin) => Standby::Ready,
                    known => known,
                };
                None
            }
        }
    }

    /// Prepared transactions are read again.
    pub fn read_prepared(&self, in_force: TimelineId) -> Option<Failure> {
        self.prepared.as_ref()?.read_again(in_force)
    }

    /// A record says which timeline is in force from it on.
    fn opens(&mut self, timeline: TimelineId, previous: Option<TimelineId>, end: Lsn) -> Option<ReplayStop> {
        if timeline == self.timeline {
            return None;
        }
        let failure = match (previous, self.minimum) {
            (Some(found), _) if self.rules().compares_previous_timeline && found != self.timeline => {
                Failure::PreviousTimeline { found, current: self.timeline }
            }
            _ if timeline < self.timeline || !self.line.holds(timeline) => {
                Failure::OtherTimeline { found: timeline, after: self.timeline }
            }
            (_, Some((point, on))) if self.rules().compares_previous_timeline && end < point && timeline > on => {
                Failure::BeforeMinimum { found: timeline, point, timeline: on }
            }
            _ => {
                self.timeline = timeline;
                return None;
            }
        };
        Some(ReplayStop::Dies(failure))
    }

    /// Whether the data files are consistent now, and queries possible (`CheckRecoveryConsistency`). `Some`: they would
    /// be, but for blocks that are not there.
    pub fn check_consistency(&mut self) -> Option<ReplayStop> {
        let (minimum, _) = self.minimum?;
        if self.backup_end.is_some_and(|end| end <= self.replayed) {
            (self.backup_start, self.backup_end, self.end_required) = (None, None, false);
        }
        let waits = self.end_required || self.backup_start.is_some() && !self.rules().label_timeline;
        if self.consistent_at.is_none() && !waits && minimum <= self.replayed {
            if self.pages.as_mut().is_some_and(Tracker::check) {
                return Some(ReplayStop::Dies(Failure::InvalidPages));
            }
            if let Some(oid) = self.in_place.refused(self.rules()) {
                return Some(ReplayStop::Dies(Failure::InPlaceTablespace(oid)));
            }
            self.consistent_at = Some(self.replayed);
        }
        self.active |= self.standby == Standby::Ready && self.consistent_at.is_some();
        None
    }
}
