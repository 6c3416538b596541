//! What a server dies of that does not get a file, or not as it is to be.

use super::Recovery;
use crate::failure::Failure;
use crate::recover::names::NamesAsked;
use crate::settings::Mode;
use crate::way::WalkEnd;
use pgwal_format::{FileName, TimelineId};

impl Recovery<'_> {
    /// `restore_command` ends with a code above 125 where a file is not in the archive.
    pub(super) fn ends_missing(&self) -> bool {
        self.end.is_some() && self.settings.mode != Mode::Crash
    }

    /// A server that has recovered runs a command, and ends with it.
    pub(super) fn ends_with_end_command(&self) -> Option<Failure> {
        let command = self.settings.end_command.clone();
        self.end_command.map(|exit| Failure::EndCommand { command, exit })
    }

    /// A file of wrong size is FATAL wherever it comes, and so is one that is not handed out.
    pub(super) fn of_file(&self, end: Option<WalkEnd>) -> Option<Failure> {
        match end {
            Some(WalkEnd::NotDelivered(file)) => Some(self.not_delivered(file, true)),
            Some(WalkEnd::Size { file, found, expected }) => Some(Failure::Size { file, found, expected }),
            _ => None,
        }
    }

    /// `certain`: it is asked for whatever is in memory.
    pub(crate) fn not_delivered(&self, file: String, certain: bool) -> Failure {
        match self.end.filter(|_| self.ends_missing()) {
            Some(exit) => Failure::CommandEnds { file, exit, certain },
            None => Failure::NotDelivered { file, certain },
        }
    }

    /// The first history file among those asked for that the archive lacks, where that ends the server; or, of
    /// `walproof archive-get`, that it may not read.
    pub(super) fn lacks_history(&self, names: &NamesAsked) -> Option<Failure> {
        let lacking = |timeline: &TimelineId| match self.ends_missing() {
            true => !self.shelf.archives_history(*timeline),
            false => self.user.is_some_and(|user| self.shelf.hides_history(*timeline, user)),
        };
        let stops = self.command().is_some() && self.settings.mode == Mode::Archive;
        let file = names.asked_histories().filter(|_| self.ends_missing() || stops).find(lacking)?;
        Some(self.not_delivered(FileName::History(file).to_string(), true))
    }

    /// The same of those that are asked for when it promotes: up to the first number that no timeline has.
    pub(super) fn lacks_history_of_promotion(&self, target: TimelineId) -> Option<Failure> {
        let newest = self.shelf.newest(target).0;
        let mut asked = (target.0.saturating_add(1)..=newest.saturating_add(1)).map(TimelineId);
        let file = asked.find(|timeline| !self.shelf.archives_history(*timeline)).filter(|_| self.ends_missing())?;
        Some(self.not_delivered(FileName::History(file).to_string(), true))
    }
}
