//! Which segments were damaged before they were archived? A note lies beside each that `archive-push` stored so.

use super::Judge;
use crate::codes::Code;
use crate::finding::{Detail, Finding};
use pgwal_format::SegmentName;
use pgwal_source::Entry;
use pgwal_source::name::DAMAGED;

impl Judge<'_> {
    pub(super) fn noted_damage(&mut self) {
        let found: Vec<Finding> = self.notes.iter().filter_map(|note| self.noted(note)).collect();
        self.findings.extend(found);
    }

    /// A note of a file that is not here says nothing any more.
    fn noted(&self, note: &str) -> Option<Finding> {
        let name = SegmentName::parse(note.rsplit('/').next()?.strip_suffix(DAMAGED)?)?;
        let number = name.number(self.layout().address(), self.layout().segment)?;
        let entry = self.entries.get(self.inventory.get(name.timeline, number)?.entry)?;
        Some(Finding {
            timeline: Some(name.timeline),
            at: Some(self.start_of(number)),
            file: Some(Entry::shown(entry)),
            detail: Detail::Noted { note: note.to_owned() },
            ..Finding::of(Code::NotedDamage)
        })
    }
}
