//! Of what a restore comes to, that which nothing has happened to yet.

use super::Recovery;
use crate::outcome::{AsksArchive, Ending, Reached, Restore};
use crate::settings::Mode;
use crate::target::Target;
use pgwal_format::TimelineId;

impl Recovery<'_> {
    pub(super) fn blank(&self, own: TimelineId, target: TimelineId) -> Restore {
        let aims = self.settings.mode != Mode::Crash && self.settings.target != Target::None;
        Restore {
            starts: false,
            consistent_at: None,
            redo_start: self.start.redo,
            earliest: self.start.redo,
            redo_end: None,
            replay_end: None,
            timeline: own,
            new_timeline: None,
            target_timeline: target,
            target: aims.then(|| Reached { target: self.settings.target.clone(), reached: false }),
            ending: Ending::Fatal,
            failure: None,
            server_says: None,
            assumed: self.settings.assumed.clone(),
            respelled: self.settings.respelled.clone(),
            libraries: self.settings.libraries.clone(),
            settings_unknown: self.settings_unknown(),
            replayed: Default::default(),
            first_dropped: None,
            dropped_cut: false,
            partial: None,
            more_behind: false,
            missed: None,
            rolled_back: None,
            early_acts: Vec::new(),
            left_out: None,
            same_points: Vec::new(),
            files: Vec::new(),
            end: None,
            closed: false,
            began: None,
            alternatives: Vec::new(),
            invalid_pages: None,
            blind: self.extents.as_ref().err().copied().into_iter().collect(),
            dies_at_promotion: None,
            is_inside_backup: false,
            asks_archive: AsksArchive::AtOnce,
            own_wal: None,
            own_wal_behind: None,
            minimal: None,
            short_of_minimum: None,
            unlabelled: None,
            other_checkpoint: None,
            other_backup: None,
            makes_tablespaces: Vec::new(),
            others_tablespace: None,
            unlinked: self.start.unlinked.clone(),
            no_folder: self.start.no_folder.clone(),
            left_branch: None,
            others_history: None,
            chosen: None,
            first_there: Vec::new(),
            command: None,
        }
    }
}
