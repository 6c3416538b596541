//! Which file a server gets for a segment.

use super::{Looking, WalWalk};
use crate::at_hand::FoundFile;
use crate::command::FileTaking;
use pgwal_archive::way::tried;
use pgwal_format::{SegmentNo, TimelineId};

/// What is taken for a segment.
pub(super) enum SegmentTaken {
    /// This file.
    File(FoundFile),
    /// None.
    Nothing,
    /// None, and this one stops the server.
    Stops(String),
}

impl WalWalk<'_> {
    /// The file that is taken for a segment, where none of an older timeline than `oldest` may come.
    pub(super) fn take(
        &self,
        number: SegmentNo,
        oldest: TimelineId,
        asked: &mut Vec<(String, Option<FoundFile>)>,
    ) -> SegmentTaken {
        let checked = self.checked.as_ref().filter(|_| self.looking == Looking::Everywhere);
        let partials = self.shelf.partials || checked.is_some_and(|checked| checked.options.partial);
        let is_archived = |f: &FoundFile| self.shelf.places.get(f.place).is_some_and(|place| place.archive);
        let hides = |f: &FoundFile| checked.is_some() && self.user.is_some_and(|user| self.shelf.hides(f, user));
        // What a tool gives out for a whole one, this program does only if it is told to.
        let is_left = |f: &FoundFile| {
            checked.is_some() && !partials && self.shelf.entry(f).is_some_and(pgwal_source::Entry::is_unfinished)
        };
        let is_spoiled = |f: &FoundFile| self.spoiled.contains(f) || hides(f) || is_left(f);
        for timeline in tried(&self.line, number, oldest, &self.shelf.layout) {
            let usable = |f: &FoundFile| !(is_spoiled(f) || self.looking != Looking::Everywhere && is_archived(f));
            let mut files = self.shelf.files_or_partials(timeline, number, partials);
            if let Some(named) = self.named.as_ref().filter(|_| files.len() > 1) {
                files.sort_by_cached_key(|file| named.rank(self.shelf, file));
            }
            let found = files.iter().copied().find(usable);
            let name = self.shelf.name(timeline, number);
            asked.push((name.clone(), found));
            if let Some(checked) = checked.filter(|checked| checked.stops && !found.as_ref().is_some_and(is_archived)) {
                let spoiled = files.iter().any(|f| is_archived(f) && is_spoiled(f));
                if spoiled || checked.is_hole(timeline, number) {
                    return SegmentTaken::Stops(name);
                }
            }
            let comes = |f: &FoundFile| is_archived(f) && (!self.spoiled.contains(f) || !self.unpacks(f));
            if self.ends_missing && self.looking == Looking::Everywhere && !files.iter().any(comes) {
                return SegmentTaken::Stops(name);
            }
            if let Some(found) = found {
                return SegmentTaken::File(found);
            }
        }
        SegmentTaken::Nothing
    }

    /// A file that does not come to what it should is none to a command that unpacks it.
    fn unpacks(&self, found: &FoundFile) -> bool {
        let taking = self.named.as_ref().and_then(|named| named.taking(self.shelf, found));
        taking == Some(FileTaking::Unpacked)
    }
}
