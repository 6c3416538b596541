//! Which files a server asks for, in order.

use crate::at_hand::{FilesAtHand, FoundFile};
use crate::failure::Failure;
use crate::outcome::{FileAsked, Restore, Status};
use crate::target::TargetTimeline;
use crate::way::{LeftBranch, WalWalk, WalkEnd};
use pgwal_format::{FileName, SegmentName, TimelineId};

/// Names in the order in which they are asked for.
#[derive(Default)]
pub(crate) struct NamesAsked {
    /// The name, whether there is such a file, and which.
    list: Vec<(String, bool, Option<FoundFile>)>,
    /// How many of `list` were asked for before those ahead of replay, and how many those are.
    ahead: (usize, usize),
}

impl NamesAsked {
    fn history(&mut self, shelf: &FilesAtHand<'_>, timeline: TimelineId) {
        let name = FileName::History(timeline).to_string();
        // A word that was read as 0 is looked for, too.
        if timeline != TimelineId::FIRST && !self.list.iter().any(|(known, ..)| *known == name) {
            self.list.push((name, shelf.has_history(timeline), None));
        }
    }

    /// Those asked for before anything is read.
    pub fn histories(&mut self, shelf: &FilesAtHand<'_>, asked: TargetTimeline, own: TimelineId, target: TimelineId) {
        if asked == TargetTimeline::Latest {
            (own.0.saturating_add(1)..=target.0.saturating_add(1)).for_each(|t| self.history(shelf, TimelineId(t)));
        }
        self.history(shelf, target);
    }

    /// Histories asked for so far, in order.
    pub fn asked_histories(&self) -> impl Iterator<Item = TimelineId> {
        self.list.iter().filter_map(|(name, ..)| match FileName::parse(name) {
            Some(FileName::History(timeline)) => Some(timeline),
            _ => None,
        })
    }

    /// Those asked for at a promotion.
    pub fn new_timeline(&mut self, shelf: &FilesAtHand<'_>, target: TimelineId) {
        self.newest(shelf, target);
        // The new history begins with that of its parent, which is asked for even where there can be none.
        let parent = FileName::History(target).to_string();
        if !self.list.iter().any(|(known, ..)| *known == parent) {
            self.list.push((parent, shelf.has_history(target), None));
        }
    }

    /// A number is looked for that no timeline has.
    pub fn newest(&mut self, shelf: &FilesAtHand<'_>, target: TimelineId) {
        let newest = shelf.newest(target);
        (target.0.saturating_add(1)..=newest.0.saturating_add(1)).for_each(|t| self.history(shelf, TimelineId(t)));
    }

    /// Segments asked for so far.
    pub fn segments(&mut self, way: &WalWalk<'_>) {
        for request in &way.requests {
            let there = request.damaged || request.found.is_some();
            match self.list.iter_mut().find(|(name, ..)| *name == request.name) {
                Some(known) => (known.1, known.2) = (there, request.found),
                None => self.list.push((request.name.clone(), there, request.found)),
            }
        }
    }

    /// Segments of which some were asked for before.
    pub fn again(&mut self, way: &WalWalk<'_>) {
        let new: Vec<_> = way.requests.iter().filter(|r| !self.list.iter().any(|(name, ..)| *name == r.name)).collect();
        self.list.extend(new.into_iter().map(|r| (r.name.clone(), r.damaged || r.found.is_some(), r.found)));
    }

    /// Segments asked for ahead of replay, which does not come to them.
    pub fn ahead(&mut self, way: &WalWalk<'_>) {
        let known = self.list.len();
        self.again(way);
        self.ahead = (known, self.list.len() - known);
    }

    /// Histories of the timelines between the start and the target, which a promoted server archives again (9.3 and
    /// later).
    pub fn between(&mut self, shelf: &FilesAtHand<'_>, start: TimelineId, target: TimelineId) {
        // A server would go on for hours where the numbers are far apart.
        (start.0..target.0).take(1000).for_each(|t| self.history(shelf, TimelineId(t)));
    }

    /// The segment with which the child of a branch that was left begins, where it was asked for in vain.
    fn lacked(&self, branch: LeftBranch, shelf: &FilesAtHand<'_>) -> Option<String> {
        let layout = shelf.layout;
        let number = layout.address().segment(branch.fork, layout.segment);
        let name = SegmentName::new(branch.child, number, layout.address(), layout.segment).to_string();
        self.list.iter().any(|(own, there, _)| *own == name && !there).then_some(name)
    }

    /// What became of each.
    pub fn files(&self, shelf: &FilesAtHand<'_>, out: &Restore) -> Vec<FileAsked> {
        let short = !out.comes_to_its_end();
        let ended = match &out.end {
            Some(WalkEnd::NoFile(name) | WalkEnd::NotDelivered(name) | WalkEnd::Size { file: name, .. }) => {
                Some(name.clone())
            }
            Some(WalkEnd::Unreadable(lsn)) => {
                let number = shelf.layout.address().segment(*lsn, shelf.layout.segment);
                self.list
                    .iter()
                    .rev()
                    .filter_map(|(name, _, found)| Some((name, (*found)?)))
                    .find(|(_, f)| f.number == number)
                    .map(|(n, _)| n.clone())
            }
            None => None,
        };
        let lacked = out.left_branch.and_then(|branch| self.lacked(branch, shelf));
        let stops = short && lacked.is_none();
        let (first, count) = self.ahead;
        let file = |(at, (name, there, found)): (usize, &(String, bool, Option<FoundFile>))| {
            let ahead = (first..first + count).contains(&at);
            let entry = found.as_ref().and_then(|f| shelf.entry(f));
            let last = ended.as_ref() == Some(name);
            let is_history = name.ends_with(".history");
            let is_refused = shelf.is_refused(name);
            let status = match (there, found, is_history) {
                (false, ..) if is_refused => Status::Damaged,
                (false, ..) => Status::Missing,
                (true, Some(_), _) if last && stops => Status::Damaged,
                (true, Some(_), _) if ahead => Status::Unneeded,
                (true, Some(_), _) | (true, None, true) => Status::Present,
                (true, None, false) => Status::Damaged,
            };
            let is_target =
                matches!(&out.failure, Some(Failure::NoTimeline(t)) if FileName::History(*t).to_string() == *name);
            let needed = match status {
                _ if is_target || is_refused => true,
                // Of what nobody has, that it is missing is known where the command says so.
                Status::Missing if matches!(&out.failure, Some(Failure::CommandEnds { .. })) => false,
                Status::Missing | Status::Damaged => last && stops || lacked.as_ref() == Some(name),
                Status::Unneeded => false,
                _ => true,
            };
            FileAsked {
                name: name.clone(),
                status,
                needed,
                file: entry.map(|e| e.shown()),
                size: entry.and_then(|e| e.size),
            }
        };
        self.list.iter().enumerate().map(file).collect()
    }
}
