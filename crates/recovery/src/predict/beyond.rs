//! What a server would ask for behind the file that it cannot have: a plan does not end where WAL does.

use crate::failure::Failure;
use crate::outcome::{FileAsked, Restore, Status};
use crate::predict::Site;
use crate::settings::Settings;
use crate::target::Target;
use crate::way::WalkEnd;
use pgwal_archive::Error;
use pgwal_archive::lineage::Descent;
use pgwal_format::{SegmentName, SegmentNo, TimelineId};
use std::collections::BTreeSet;

/// More than anybody fetches by a list.
const MOST: usize = 1_000_000;

impl Site<'_> {
    /// Files behind those of a restore that ends too early: up to where its data are consistent, where the target lies
    /// in front of that; else up to the target or the last file on the way. The file at which it ends is one that it
    /// needs, where others follow.
    ///
    /// # Errors
    /// As [`Site::predict`].
    pub fn beyond(&self, settings: &Settings, restore: &mut Restore) -> Result<Vec<FileAsked>, Error> {
        let asked: BTreeSet<String> = restore.files.iter().map(|file| file.name.clone()).collect();
        let is_new = |file: &FileAsked| !asked.contains(&file.name);
        let before = restore.failure == Some(Failure::BeforeConsistency) || restore.is_late();
        if before {
            let whole = self.outcome(&Settings { target: Target::Immediate, ..settings.clone() })?;
            let mut files: Vec<FileAsked> = whole.files.iter().filter(|f| f.needed && is_new(f)).cloned().collect();
            files.extend(self.behind_end(settings, &whole).into_iter().filter(is_new));
            return Ok(files);
        }
        let behind: Vec<FileAsked> = self.behind_end(settings, restore).into_iter().filter(is_new).collect();
        let ended = match &restore.end {
            Some(WalkEnd::NoFile(file)) if !behind.is_empty() => Some(file.clone()),
            _ => None,
        };
        restore.files.iter_mut().filter(|file| Some(&file.name) == ended.as_ref()).for_each(|file| file.needed = true);
        Ok(behind)
    }

    fn behind_end(&self, settings: &Settings, restore: &Restore) -> Vec<FileAsked> {
        if restore.is_good() && !restore.more_behind {
            return Vec::new();
        }
        let layout = self.layout();
        let (address, size) = (layout.address(), layout.segment);
        let ended = match &restore.end {
            Some(WalkEnd::NoFile(file) | WalkEnd::NotDelivered(file) | WalkEnd::Size { file, .. }) => {
                SegmentName::parse(file).and_then(|name| name.number(address, size))
            }
            Some(WalkEnd::Unreadable(lsn)) => Some(address.segment(*lsn, size)),
            None => None,
        };
        let Some(ended) = ended else { return Vec::new() };
        let Ok(line) = self.shelf().line(restore.target_timeline) else { return Vec::new() };
        let left = |at: usize| line.passed.get(at + 1)?.1.map(|begin| begin.segment);
        let last = match &settings.target {
            Target::Lsn(lsn) => Some(address.segment(*lsn, size)),
            // What only WAL tells the place of may lie anywhere.
            _ => line.passed.iter().enumerate().filter_map(|(i, own)| self.last_of(own.0, left(i))).max(),
        };
        let Some(last) = last else { return Vec::new() };
        let numbers = (ended.next().0..=last.0).take(MOST).map(SegmentNo);
        numbers.map(|number| self.asked_for(&line, number)).collect()
    }

    /// The last segment that a timeline has up to where it was left.
    fn last_of(&self, timeline: TimelineId, left: Option<SegmentNo>) -> Option<SegmentNo> {
        let all = self.shelf().places.iter().flat_map(|place| place.inventory.of(timeline));
        all.map(|segment| segment.number).filter(|number| left.is_none_or(|left| *number <= left)).max()
    }

    /// A segment on a line: of the newest timeline that has it, else of the one on which it lies.
    fn asked_for(&self, line: &Descent, number: SegmentNo) -> FileAsked {
        let layout = self.layout();
        let begun = line.segments().into_iter().rev().filter(|(_, begin)| *begin <= number);
        let found = begun.map(|(timeline, _)| timeline).find_map(|timeline| {
            let file = self.shelf().files(timeline, number).into_iter().next()?;
            Some((timeline, self.shelf().entry(&file)?))
        });
        let own = || line.at(layout.address().segment_start(number, layout.segment));
        let (timeline, entry) = found.map_or_else(|| (own(), None), |(timeline, entry)| (timeline, Some(entry)));
        FileAsked {
            name: self.name(timeline, number),
            status: if entry.is_some() { Status::Present } else { Status::Missing },
            needed: true,
            file: entry.map(|entry| entry.shown()),
            size: entry.and_then(|entry| entry.size),
        }
    }
}
