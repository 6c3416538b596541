//! How a restore ends, once replay has come as far as it does.

use super::Recovery;
use crate::failure::{Failure, Lacking};
use crate::outcome::{Ending, Restore};
use crate::recover::names::NamesAsked;
use crate::recover::own_wal;
use crate::replay::{Replay, ReplayStop};
use crate::settings::Mode;
use crate::way::{WalkEnd, Walked};
use pgwal_archive::Error;
use pgwal_format::TimelineId;
use pgwal_format::recovery::settings::TargetAction;
use std::path::Path;

impl Recovery<'_> {
    pub(super) fn finish(
        &self,
        mut out: Restore,
        replay: Replay<'_>,
        walked: Walked,
        names: NamesAsked,
    ) -> Result<Restore, Error> {
        let settings = self.settings;
        out.consistent_at = replay.consistent_at;
        out.starts = replay.active;
        out.redo_end = replay.read;
        out.replay_end = Some(replay.replayed);
        out.timeline = replay.timeline;
        out.replayed = replay.sum;
        out.other_backup = replay.other_backup;
        out.makes_tablespaces.clone_from(&replay.made.unseen);
        out.others_tablespace.clone_from(&replay.made.of_others);
        out.unlinked.clone_from(&replay.unlinked);
        out.no_folder.clone_from(&replay.no_folder);
        out.rolled_back = replay.rolled_back;
        out.minimal = replay.minimal;
        let all = self.dialect().recovery.parameters.len();
        out.settings_unknown &= !(replay.compared && replay.goal.parameters.len() == all);
        out.early_acts = replay.acts.replayed(|lsn| lsn < replay.replayed);
        if let Some(pages) = &replay.pages {
            out.invalid_pages = pages.told();
            out.blind.extend(pages.blind());
        }
        let consistent = replay.consistent_at.is_some();
        let at_target = match walked {
            Walked::Stop(ReplayStop::Dies(failure)) => return Ok(self.dies(out, failure, names)),
            Walked::Stop(ReplayStop::Stuck(failure)) => {
                out.ending = Ending::Pauses;
                out.server_says = Some("hot standby is not possible because of insufficient parameter settings".into());
                out.failure = Some(failure);
                out.files = names.files(self.shelf, &out);
                return Ok(out);
            }
            Walked::Stop(ReplayStop::Target) => true,
            Walked::End(end) => {
                out.end = Some(end);
                replay.ended_at_target()
            }
        };
        let waits = self.command().is_some_and(|command| command.waits) && settings.mode == Mode::Archive;
        if let Some(WalkEnd::NotDelivered(file)) = out.end.clone().filter(|_| waits) {
            out.end = Some(WalkEnd::NoFile(file));
        }
        if let Some(failure) = self.of_file(out.end.clone()) {
            return Ok(self.dies(out, failure, names));
        }
        if let Some(target) = &mut out.target {
            target.reached = at_target;
        }
        let mut names = names;
        if at_target && !consistent {
            return Ok(self.dies(out, Failure::BeforeConsistency, names));
        }
        out.ending = match settings.action {
            _ if !at_target && settings.mode == Mode::Standby && !self.is_triggered() => Ending::Waits,
            _ if !at_target && waits && matches!(out.end, Some(WalkEnd::NoFile(_))) => Ending::Waits,
            TargetAction::Shutdown if at_target => Ending::ShutsDown,
            TargetAction::Pause if at_target && replay.active => Ending::Pauses,
            _ => Ending::Promotes,
        };
        if out.ending == Ending::Waits && !consistent {
            let failure = Failure::Waits { lacks: Lacking::Consistency, at: replay.replayed };
            return Ok(self.dies(out, failure, names));
        }
        out.is_inside_backup = replay.backup_start.is_some() && matches!(out.ending, Ending::Pauses | Ending::Waits);
        if out.ending == Ending::Pauses {
            out.dies_at_promotion = replay.read_prepared(replay.timeline);
            if out.dies_at_promotion.is_none() {
                let last = self.last_is_gone(&out, &mut names)?;
                let lacks = || self.lacks_history_of_promotion(out.target_timeline);
                let keeps = || self.keeps_signal().or_else(|| self.ends_with_end_command());
                out.dies_at_promotion = last.or_else(lacks).or_else(keeps);
            }
        }
        if out.ending == Ending::Promotes {
            if !at_target && out.target.is_some() && self.dialect().unreached_target_is_fatal {
                return Ok(self.dies(out, Failure::NotReached, names));
            }
            let short =
                replay.backup_start.is_some() || replay.minimum.is_some_and(|(point, _)| replay.replayed < point);
            // A server may have crashed while it was backed up; its own WAL is all that it needs.
            if short && (settings.mode != Mode::Crash || replay.end_required) {
                let backup = replay.backup_start.is_some() || replay.end_required;
                return Ok(self.dies(out, if backup { Failure::BackupEnd } else { Failure::Consistency }, names));
            }
            if let Some(failure) = replay.read_prepared(replay.timeline) {
                return Ok(self.dies(out, failure, names));
            }
            if let Some(failure) = self.last_is_gone(&out, &mut names)? {
                out.starts = true;
                out.dies_at_end(failure, self.dialect(), settings.hot_standby);
                out.files = names.files(self.shelf, &out);
                return Ok(out);
            }
            out.starts = true;
            let lacks = self.lacks_history_of_promotion(out.target_timeline);
            if let Some(failure) = lacks.or_else(|| self.keeps_signal()) {
                names.newest(self.shelf, out.target_timeline);
                out.dies_at_end(failure, self.dialect(), settings.hot_standby);
                out.files = names.files(self.shelf, &out);
                return Ok(out);
            }
            if settings.mode != Mode::Crash {
                names.new_timeline(self.shelf, out.target_timeline);
            }
            if let Some(failure) = self.ends_with_end_command() {
                out.dies_at_end(failure, self.dialect(), settings.hot_standby);
                out.files = names.files(self.shelf, &out);
                return Ok(out);
            }
        }
        if settings.mode != Mode::Crash {
            out.new_timeline = self.shelf.newest(out.target_timeline).0.checked_add(1).map(TimelineId);
        }
        out.files = names.files(self.shelf, &out);
        Ok(out)
    }

    /// What becomes of the record that a server reads once more before it promotes.
    fn last_is_gone(&self, out: &Restore, names: &mut NamesAsked) -> Result<Option<Failure>, Error> {
        own_wal::last_is_gone(self.shelf, self.reading, out, names, &|end| self.of_file(end))
    }

    /// A standby that is started as it lies finds the file that ends it, once no more WAL comes.
    fn is_triggered(&self) -> bool {
        let file = self.settings.trigger_file.as_ref().filter(|_| !self.settings.planned);
        file.is_some_and(|file| Path::new(&self.start.data).join(file).exists())
    }

    /// The end of recovery removes the file that asked for it, which is none.
    fn keeps_signal(&self) -> Option<Failure> {
        let counts = self.settings.mode != Mode::Crash && !self.settings.planned;
        self.start.signal_folder.filter(|_| counts).map(Failure::SignalFolder)
    }
}
