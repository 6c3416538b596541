//! What a server would do with a base backup, an archive and these settings (`StartupXLOG`, from 15 on
//! `InitWalRecovery` and `PerformWalRecovery`, too).

pub(crate) mod ahead;
mod blank;
mod finish;
pub(crate) mod names;
pub(crate) mod own_wal;
mod undelivered;

use crate::at_hand::FilesAtHand;
use crate::command::archive_get::ArchiveGet;
use crate::delivered::delivery::CheckedDelivery;
use crate::delivered::named_files::NamedFiles;
use crate::events::xid_trace::follows;
use crate::events::{Ask, EventKind, Match};
use crate::failure::{Failure, Lacking};
use crate::hole::ServerAim;
use crate::outcome::{AsksArchive, Ending, OwnWal, Restore};
use crate::pages::{Blind, Extents, Tracker};
use crate::recover::names::NamesAsked;
use crate::replay::making::TablespacesMade;
use crate::replay::origin_room::OriginRoom;
use crate::replay::prepared::PreparedAcross;
use crate::replay::prepared_room::PreparedRoom;
use crate::replay::{Goal, Replay, ReplayStop, Side, Standby};
use crate::settings::{Mode, Settings};
use crate::start::Start;
use crate::start::in_place::InPlace;
use crate::start::twin::OtherCheckpoint;
use crate::target::{Target, TargetTimeline};
use crate::way::{Looking, ShortFile, WalWalk, WalkEnd, WalkOptions, Walked};
use pgwal_archive::Error;
use pgwal_archive::lineage::Descent;
use pgwal_format::recovery::RestorePoints;
use pgwal_format::text::control::ControlState;
use pgwal_format::text::history::HistoryFault;
use pgwal_format::{Dialect, FileName, Lsn, TimelineId};
use std::path::PathBuf;
use std::sync::Arc;

/// The whole of it.
pub(crate) struct Recovery<'a> {
    /// The files.
    pub shelf: &'a FilesAtHand<'a>,
    /// From where.
    pub start: &'a Start,
    /// How.
    pub settings: &'a Settings,
    /// How to read.
    pub reading: WalkOptions<'a>,
    /// What `restore_command` takes by name.
    pub named: Option<Arc<NamedFiles>>,
    /// Blocks that the backup has, or why that is not known.
    pub extents: &'a Result<Arc<Extents>, Blind>,
    /// The code above 125 with which `restore_command` ends for want of a file.
    pub end: Option<u8>,
    /// As whom the server runs, where that is known.
    pub user: Option<u32>,
    /// The code above 125 with which `recovery_end_command` ends.
    pub end_command: Option<u8>,
}

impl Recovery<'_> {
    /// Predicts.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub fn run(&self) -> Result<Restore, Error> {
        let (own, settings) = (self.start.own_timeline(), self.settings);
        let target = match settings.timeline {
            _ if settings.mode == Mode::Crash => own,
            TargetTimeline::Current => own,
            TargetTimeline::Latest => self.shelf.newest(own),
            TargetTimeline::Number(n) => n,
        };
        let mut names = NamesAsked::default();
        if settings.mode != Mode::Crash {
            names.histories(self.shelf, settings.timeline, own, target);
        }
        let exists = match settings.timeline {
            TargetTimeline::Number(n) => n == TimelineId::FIRST || self.shelf.has_history(n),
            _ => true,
        };
        let line = match self.shelf.line(target) {
            _ if !exists && settings.mode != Mode::Crash => Err(Failure::NoTimeline(target)),
            Ok(line) => Ok(line),
            Err(fault) => Err(Failure::History(history_says(&fault))),
        };
        let mut out = self.blank(own, target);
        out.closed = settings.mode != Mode::Crash && self.is_way_closed(target);
        if let Some(failure) = self.lacks_history(&names) {
            return Ok(self.dies(out, failure, names));
        }
        let line = match line {
            Ok(line) => line,
            Err(failure) => return Ok(self.dies(out, failure, names)),
        };
        let rules = &self.dialect().recovery;
        if rules.history_first && !line.holds(own) {
            let failure = Failure::NotAChild { target, own, checkpoint: self.start.checkpoint, left: line.left(own) };
            return Ok(self.dies(out, failure, names));
        }
        let any = Ask { ends: vec![Lsn::ZERO], ..Ask::default() };
        let ask = self.ask();
        let ahead = Ask { ahead: settings.reads_ahead, ..Ask::default() };
        let mut way = WalWalk::new(self.shelf, &line, self.reading);
        way.looking = match settings.mode {
            Mode::Crash => Looking::Inside,
            _ if !self.start.in_archive_recovery(rules) => Looking::InsideFirst,
            _ => Looking::Everywhere,
        };
        out.asks_archive = match way.looking {
            Looking::Everywhere => AsksArchive::AtOnce,
            Looking::InsideFirst => AsksArchive::BehindOwnWal,
            Looking::Inside => AsksArchive::Never,
        };
        way.checked = self.command().map(|options| {
            let start = self.start.control.as_ref().map_or(own, |control| control.timeline);
            let aim = ServerAim { start: Some(start), timeline: settings.timeline };
            CheckedDelivery::new(options, settings.mode == Mode::Archive, self.shelf, aim)
        });
        out.command = self.command();
        way.named.clone_from(&self.named);
        way.ends_missing = self.ends_missing();
        way.user = self.user;
        self.asks_archive(&mut way);
        let begun = match self.begin(&mut way, &any, &line, &mut out)? {
            Ok(begun) => begun,
            Err(failure) => {
                out.closed |= way.closed;
                names.segments(&way);
                return Ok(self.dies(out, failure, names));
            }
        };
        names.segments(&way);
        if let Some(refusal) = settings.slots.refusal(&self.start.slots, rules).filter(|_| !settings.planned) {
            return Ok(self.dies(out, Failure::Slot(refusal), names));
        }
        let kept = settings.slots.origins.map(|most| OriginRoom::new(most, &self.start.origins)).transpose();
        let kept = match kept {
            Ok(kept) => kept,
            Err(failure) => return Ok(self.dies(out, failure, names)),
        };
        let room = match self.room(&begun) {
            Ok(room) => room,
            Err(failure) => return Ok(self.dies(out, failure, names)),
        };
        if !rules.history_first {
            names.between(self.shelf, out.timeline, target);
            if let Some(failure) = self.lacks_history(&names) {
                return Ok(self.dies(out, failure, names));
            }
        }
        let goal = self.goal();
        let mut replay = Replay::new(self.dialect(), &line, &goal, out.timeline, out.redo_start);
        self.prepare(&mut replay, &out, &begun);
        if out.own_wal.is_some() {
            replay.minimum = Some((out.redo_start, out.timeline));
        }
        if rules.reads_prepared {
            replay.prepared = Some(PreparedAcross::new(self.shelf));
        }
        (replay.room, replay.origins) = (room, kept);
        let data = (!settings.planned).then(|| PathBuf::from(&self.start.data));
        replay.made = TablespacesMade::new(self.dialect().version, data);
        replay.in_place = InPlace::of(self.start, settings);
        replay.nowhere.clone_from(&self.start.nowhere);
        replay.unlinked.clone_from(&self.start.unlinked);
        replay.no_folder.clone_from(&self.start.no_folder);
        replay.pages = self.extents.as_ref().ok().map(|extents| Tracker::new(extents, settings.ignore_invalid_pages));
        let stuck = self.start.control.as_ref().and_then(|c| replay.check_settings(&c.parameters));
        if let Some(ReplayStop::Dies(failure) | ReplayStop::Stuck(failure)) = stuck {
            names.segments(&way);
            return Ok(self.dies(out, failure, names));
        }
        // No block was looked for yet.
        let _ = replay.check_consistency();
        let mut walked = match settings.mode {
            Mode::Crash if self.start.is_clean() => Walked::End(WalkEnd::Unreadable(begun.from)),
            _ => way.walk(begun.from, &ask, &mut |events, valid| replay.take(events, valid))?,
        };
        if let (Looking::InsideFirst, Walked::End(end)) = (way.looking, &walked) {
            // What lay in pg_wal is replayed: a server takes its data for consistent, and asks the archive from here on
            // (`SwitchIntoArchiveRecovery`).
            let on = if let WalkEnd::Unreadable(lsn) = end { *lsn } else { replay.replayed };
            out.own_wal = Some(OwnWal { to: replay.replayed, segments: way.segments });
            way.follows = replay.read;
            // It goes on from the file that it has read: timelines before that one are not asked for any more.
            way.oldest = way.read;
            self.turns_to_archive(&mut way);
            replay.minimum = Some((replay.replayed, replay.timeline));
            walked = match replay.check_consistency() {
                Some(stop) => Walked::Stop(stop),
                None => way.walk(on, &ask, &mut |events, valid| replay.take(events, valid))?,
            };
        }
        names.segments(&way);
        let walked = self.read_ahead(&mut way, &mut replay, walked, &ahead, &mut out)?;
        // A record that comes into a page of another timeline is read, and not replayed; of one that is read
        // ahead it is a matter of time.
        let is_next = way.unexpected.is_some() && self.settings.reads_ahead.is_none();
        if let (Walked::End(WalkEnd::Unreadable(at)), true) = (&walked, is_next) {
            replay.read = Some(self.shelf.layout.record_from(*at));
        }
        names.ahead(&way);
        out.closed |= way.closed;
        let branch = way.left_branch(&line, replay.replayed, replay.timeline);
        // Whoever asks for a timeline by its number takes it for this WAL's.
        let unasked = branch.filter(|_| self.settings.timeline == TargetTimeline::Latest);
        let over = unasked.and_then(|branch| way.record_over(&branch));
        out.others_history = branch.zip(over);
        out.left_branch = branch.filter(|_| over.is_none());
        self.finish(out, replay, walked, names)
    }

    /// Whether the way to the target depends on a history file that nobody here can read.
    fn is_way_closed(&self, target: TimelineId) -> bool {
        let next = FileName::History(TimelineId(target.0.saturating_add(1))).to_string();
        let looks_on = self.settings.timeline == TargetTimeline::Latest;
        self.shelf.is_history_closed(target) || looks_on && self.shelf.is_refused(&next)
    }

    /// The server does not start, and asks for nothing.
    pub fn refused(&self, failure: Failure) -> Restore {
        let own = self.start.own_timeline();
        self.dies(self.blank(own, own), failure, NamesAsked::default())
    }

    /// `walproof archive-get`, where that is the `restore_command`.
    fn command(&self) -> Option<ArchiveGet> {
        self.settings.archive_get().filter(|_| self.settings.mode != Mode::Crash)
    }

    /// What lies in `pg_wal` was replayed.
    fn turns_to_archive(&self, way: &mut WalWalk<'_>) {
        way.looking = Looking::Everywhere;
        self.asks_archive(way);
    }

    /// From here on the archive is asked, by a standby as often as it takes.
    fn asks_archive(&self, way: &mut WalWalk<'_>) {
        if self.settings.mode == Mode::Standby && way.looking == Looking::Everywhere {
            way.short = ShortFile::NotYet;
        }
    }

    fn dialect(&self) -> &'static Dialect {
        self.shelf.layout.dialect
    }

    /// Nothing is known with which they could be compared, or of themselves.
    fn settings_unknown(&self) -> bool {
        let goal = self.goal();
        let all = self.dialect().recovery.parameters.len();
        goal.hot_standby && (goal.parameters.len() < all || self.start.control.is_none())
    }

    fn dies(&self, mut out: Restore, failure: Failure, names: NamesAsked) -> Restore {
        out.ending = match failure {
            Failure::Waits { .. } => Ending::Waits,
            _ if failure.is_panic() => Ending::Panic,
            _ => Ending::Fatal,
        };
        let said = out.ending != Ending::Waits && failure.is_in_its_words();
        out.server_says = said.then(|| failure.server_says(self.dialect()));
        out.failure = Some(failure);
        out.files = names.files(self.shelf, &out);
        out
    }

    fn ask(&self) -> Ask {
        let rules = &self.dialect().recovery;
        let inclusive = self.settings.inclusive;
        let target = match &self.settings.target {
            _ if self.settings.mode == Mode::Crash => None,
            Target::None | Target::Immediate => None,
            Target::Lsn(lsn) => Some(Match::Start(*lsn)),
            Target::Xid(xid) => Some(Match::Xid(*xid)),
            Target::Name(name) => Some(Match::Name(name.clone().into_bytes())),
            Target::Time(time) => Some(Match::Time {
                time: *time,
                at: !inclusive,
                restore_points: rules.restore_points == RestorePoints::Before,
            }),
        };
        let control = self.start.control.as_ref();
        let mut ends: Vec<Lsn> =
            [control.and_then(|c| c.min_recovery_point), control.and_then(|c| c.backup_end), self.start.stop]
                .into_iter()
                .flatten()
                .collect();
        ends.sort_unstable();
        let open_prepared = rules.reads_prepared;
        let extents = self.extents.as_ref().ok().cloned();
        let nowhere = self.start.nowhere.union(&self.start.unlinked).copied().collect();
        Ask { target, prepared: rules.prepared_ends, ends, open_prepared, extents, nowhere, ..Ask::default() }
    }

    fn goal(&self) -> Goal {
        let rules = &self.dialect().recovery;
        let settings = self.settings;
        let before = match settings.target {
            Target::Time(_) => true,
            Target::Name(_) => rules.restore_points == RestorePoints::Before,
            _ => !settings.inclusive,
        };
        let p = &settings.parameters;
        let here = |field: &str| match field {
            "max_connections" => p.max_connections,
            "max_worker_processes" => p.max_worker_processes,
            "max_wal_senders" => p.max_wal_senders,
            "max_prepared_xacts" => p.max_prepared_transactions,
            "max_locks_per_xact" => p.max_locks_per_transaction,
            _ => None,
        };
        Goal {
            immediate: settings.target == Target::Immediate,
            side: if before { Side::Before } else { Side::After },
            hot_standby: settings.hot_standby && settings.mode != Mode::Crash,
            from_archive: settings.mode != Mode::Crash,
            loads_nothing: settings.loads_nothing,
            parameters: rules.parameters.iter().filter_map(|p| Some((p.field, here(p.field)?))).collect(),
        }
    }

    /// Reads the checkpoint and the record at which replay starts, and compares timelines.
    fn begin<'w>(
        &self,
        way: &mut WalWalk<'w>,
        any: &'w Ask,
        line: &Descent,
        out: &mut Restore,
    ) -> Result<Result<Begun, Failure>, Error> {
        let start = self.start;
        let sought = if start.seeks_checkpoint { way.checkpoint_of(start.redo, any)? } else { None };
        let at = sought.unwrap_or(start.checkpoint);
        let (checkpoint, end) = way.one(at, any)?;
        let Some(EventKind::Checkpoint { redo, timeline, shutdown, time, next_xid, .. }) =
            checkpoint.as_ref().map(|event| &event.what)
        else {
            out.end.clone_from(&end);
            let failure = match checkpoint {
                None if way.short == ShortFile::NotYet => Failure::Waits { lacks: Lacking::Checkpoint, at },
                _ => Failure::NoCheckpoint { lsn: at, label: start.label },
            };
            return Ok(Err(self.of_file(end).unwrap_or(failure)));
        };
        let ended = checkpoint.as_ref().map_or(at, |event| event.span.end);
        (out.redo_start, out.earliest) = (*redo, self.before_header(*redo));
        out.timeline = *timeline;
        out.began = *time;
        if *redo < at {
            let (mut record, mut end) = way.one(*redo, any)?;
            if record.is_none() && way.looking == Looking::InsideFirst {
                // The end of what can be read in pg_wal, although the checkpoint lies behind it.
                out.own_wal = Some(OwnWal { to: *redo, segments: 0 });
                self.turns_to_archive(way);
                (record, end) = way.one(*redo, any)?;
            }
            if record.is_none() {
                out.end.clone_from(&end);
                let failure = match way.short {
                    ShortFile::NotYet => Failure::Waits { lacks: Lacking::Redo, at: *redo },
                    ShortFile::Fatal => Failure::NoRedo { redo: *redo, checkpoint: at, label: start.label },
                };
                return Ok(Err(self.of_file(end).unwrap_or(failure)));
            }
        }
        let rules = &self.dialect().recovery;
        if out.own_wal.is_some() && rules.turns_without_timeline {
            let (target, point, timeline) = (line.target, out.redo_start, TimelineId(0));
            return Ok(Err(Failure::WithoutMinimum { target, point, timeline }));
        }
        let own = if rules.label_timeline { start.timeline } else { *timeline };
        if !rules.history_first && line.at(at) != own {
            let (target, checkpoint) = (line.target, at);
            return Ok(Err(Failure::NotAChild { target, own, checkpoint, left: line.left(own) }));
        }
        if let Some((point, timeline)) =
            start.control.as_ref().and_then(|c| c.min_recovery_point.zip(c.min_recovery_timeline))
            && !rules.history_first
            && line.at(Lsn::new(point.get().saturating_sub(1))) != timeline
        {
            return Ok(Err(Failure::WithoutMinimum { target: line.target, point, timeline }));
        }
        let state = start.control.as_ref().map(|c| c.state);
        let standby = matches!(state, None | Some(ControlState::InArchiveRecovery | ControlState::ShutDownInRecovery));
        if start.from_standby && !standby {
            return Ok(Err(Failure::StandbyLabel));
        }
        out.other_checkpoint = OtherCheckpoint::of(start, at, (*timeline, *time));
        let from = if out.redo_start < at { out.redo_start } else { ended };
        Ok(Ok(Begun { shutdown: *shutdown, from, next_xid: *next_xid }))
    }

    /// The start of the page, where a record is the first one on it.
    fn before_header(&self, lsn: Lsn) -> Lsn {
        let layout = &self.shelf.layout;
        let in_page = lsn.get() % layout.page.bytes();
        let long = layout.address().offset(lsn, layout.segment) < layout.page.bytes();
        let header = if long { layout.long_header() } else { layout.short_header() };
        if in_page == header as u64 { Lsn::new(lsn.get() - in_page) } else { lsn }
    }

    /// The room for prepared transactions, where it is known, and those that the directory holds. What was prepared
    /// behind the checkpoint comes again in WAL, and is removed.
    fn room(&self, begun: &Begun) -> Result<Option<PreparedRoom>, Failure> {
        let counts = self.dialect().recovery.reads_prepared;
        let Some(most) = self.settings.parameters.max_prepared_transactions.filter(|_| counts) else { return Ok(None) };
        let primary = self.start.control.as_ref().and_then(|control| control.parameters.max_prepared_xacts);
        let mut room = PreparedRoom::new(most, primary);
        let is_known = |xid: &u32| begun.next_xid.is_none_or(|next| follows(next, *xid));
        match self.start.two_phase.iter().filter(|xid| is_known(xid)).find_map(|xid| room.take(*xid)) {
            Some(failure) => Err(failure),
            None => Ok(Some(room)),
        }
    }

    /// What recovery knows before the first record.
    fn prepare(&self, replay: &mut Replay<'_>, out: &Restore, begun: &Begun) {
        let (start, rules) = (self.start, &self.dialect().recovery);
        let control = start.control.as_ref();
        if start.label || self.settings.mode != Mode::Crash && start.in_archive_recovery(rules) {
            let known =
                control.and_then(|c| Some((c.min_recovery_point?, c.min_recovery_timeline.unwrap_or(c.timeline))));
            let known = known.or(start
                .stop
                .filter(|_| rules.backup_end == pgwal_format::recovery::BackupEnd::HistoryFile)
                .map(|s| (s, out.timeline)));
            replay.minimum =
                Some(known.filter(|(lsn, _)| *lsn >= out.redo_start).unwrap_or((out.redo_start, out.timeline)));
        }
        if rules.backup_end == pgwal_format::recovery::BackupEnd::Record {
            if start.label {
                replay.backup_start = Some(out.redo_start);
                // From 15 on only a label that says so makes a server wait for the end.
                replay.end_required = start.streamed && !(start.is_cut && rules.label_timeline);
                replay.backup_end = control.and_then(|c| c.min_recovery_point).filter(|_| start.from_standby);
            } else if let Some(control) = control {
                replay.backup_start = control.backup_start;
                replay.backup_end = control.backup_end;
                replay.end_required = control.backup_end_required.unwrap_or(false);
            }
        }
        if begun.shutdown && replay.standby == Standby::Initialized {
            replay.standby = Standby::Ready;
        }
        replay.replayed = begun.from;
    }
}

/// What the start says.
struct Begun {
    /// The checkpoint was one at shutdown.
    shutdown: bool,
    /// The position of the first record that is replayed.
    from: Lsn,
    /// The next transaction, as the checkpoint has it.
    next_xid: Option<u32>,
}

fn history_says(fault: &HistoryFault) -> String {
    match fault {
        HistoryFault::Syntax { text, .. } => format!("syntax error in history file: {text}"),
        HistoryFault::NotRising { text, .. } => format!("invalid data in history file: {text}"),
        HistoryFault::NotBelow { .. } => "invalid data in history file".into(),
        _ => "syntax error in history file".into(),
    }
}
