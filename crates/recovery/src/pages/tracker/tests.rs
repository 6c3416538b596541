use super::*;
use crate::sum::EventSum;

const TABLE: RelFileLocator = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
const NEW: RelFileLocator = RelFileLocator { spc: 1663, db: 5, rel: 16400 };

struct TrackedStory<'a> {
    tracker: Tracker<'a>,
    at: u64,
}

impl TrackedStory<'_> {
    fn with(extents: &Extents, ignored: bool) -> TrackedStory<'_> {
        TrackedStory { tracker: Tracker::new(extents, ignored), at: 0x100 }
    }

    fn does(&mut self, change: Change, consistent: bool) -> bool {
        self.at += 8;
        self.tracker.replay(&Noted { lsn: Lsn::new(self.at), change }, consistent)
    }

    fn writes(&mut self, rel: RelFileLocator, block: u32) -> &mut Self {
        assert!(!self.does(Change::Writes { rel, fork: 0, first: block, last: block }, false));
        self
    }

    fn needs(&mut self, rel: RelFileLocator, block: u32) -> &mut Self {
        assert!(!self.does(Change::Needs { rel, fork: 0, block, before: EventSum::default() }, false));
        self
    }

    fn then(&mut self, change: Change) -> &mut Self {
        assert!(!self.does(change, false));
        self
    }

    /// Blocks that a server complains of when it is consistent, and the first.
    fn complains(&mut self) -> Option<(u64, u32, bool)> {
        let dies = self.tracker.check();
        assert_eq!(dies, self.tracker.told().is_some());
        self.tracker.told().map(|told| (told.count, told.first.block, told.first.zeros))
    }
}

fn backup() -> Extents {
    Extents::made(&[(TABLE, 0, 3)])
}

#[test]
fn blocks_of_the_backup_and_blocks_that_wal_writes_are_there() {
    let extents = backup();
    let mut story = TrackedStory::with(&extents, false);
    story.needs(TABLE, 2).writes(TABLE, 3).needs(TABLE, 3).writes(NEW, 0).needs(NEW, 0);
    assert_eq!(story.complains(), None);
}

#[test]
fn a_block_behind_the_end_and_a_relation_without_a_file_are_missed() {
    let extents = backup();
    let mut story = TrackedStory::with(&extents, false);
    story.needs(NEW, 4).needs(TABLE, 3);
    assert_eq!(story.complains(), Some((2, 4, false)));
    assert_eq!(story.tracker.told().map(|t| t.first.in_backup), Some(None));
}

#[test]
fn an_image_comes_too_late_for_a_change_before_it() {
    let extents = backup();
    assert_eq!(TrackedStory::with(&extents, false).needs(TABLE, 3).writes(TABLE, 3).complains(), Some((1, 3, false)));
}

#[test]
fn what_a_file_skips_when_it_grows_is_zeros() {
    let extents = backup();
    let mut story = TrackedStory::with(&extents, false);
    story.writes(TABLE, 9).writes(TABLE, 5).needs(TABLE, 5).needs(TABLE, 9).needs(TABLE, 6);
    assert_eq!(story.complains(), Some((1, 6, true)));
}

#[test]
fn drops_and_truncations_make_a_server_forget() {
    let extents = backup();
    let drops: [fn() -> Change; 3] =
        [|| Change::Drops(TABLE), || Change::Truncates(TABLE, 3), || Change::DropsDatabase(5, vec![1663])];
    for drop in drops {
        assert_eq!(TrackedStory::with(&extents, false).needs(TABLE, 7).then(drop()).complains(), None, "{:?}", drop());
    }
    assert_eq!(
        TrackedStory::with(&extents, false).needs(TABLE, 7).then(Change::Truncates(TABLE, 8)).complains(),
        Some((1, 7, false))
    );
    assert_eq!(
        TrackedStory::with(&extents, false).needs(TABLE, 7).then(Change::Drops(NEW)).complains(),
        Some((1, 7, false))
    );
}

#[test]
fn what_was_truncated_has_to_be_written_again() {
    let extents = backup();
    let mut story = TrackedStory::with(&extents, false);
    story.writes(TABLE, 3).writes(TABLE, 4).then(Change::Truncates(TABLE, 4)).needs(TABLE, 3).needs(TABLE, 4);
    assert_eq!(story.complains(), Some((1, 4, false)));
}

#[test]
fn a_copied_database_has_the_files_of_the_one_it_came_from() {
    let extents = backup();
    let mut story = TrackedStory::with(&extents, false);
    let there = |rel: RelFileLocator| RelFileLocator { spc: 1663, db: 6, ..rel };
    story.writes(TABLE, 3).writes(NEW, 0).then(Change::Copies { from: (1663, 5), to: (1663, 6) });
    story.needs(there(TABLE), 2).needs(there(TABLE), 3).needs(there(NEW), 0).needs(there(NEW), 1);
    assert_eq!(story.complains(), Some((1, 1, false)));
}

#[test]
fn behind_consistency_the_first_one_is_the_end() {
    let extents = backup();
    let needs = || Change::Needs { rel: TABLE, fork: 0, block: 3, before: EventSum::default() };
    assert!(TrackedStory::with(&extents, false).does(needs(), true));
    let mut lenient = TrackedStory::with(&extents, true);
    assert!(!lenient.does(needs(), true));
    assert_eq!(lenient.tracker.told().map(|t| t.count), Some(1));
}

#[test]
fn of_a_tablespace_that_the_backup_has_not_nothing_is_said() {
    let extents = backup();
    let mut story = TrackedStory::with(&extents, false);
    story.needs(RelFileLocator { spc: 16500, ..TABLE }, 3);
    assert_eq!((story.complains(), story.tracker.blind().collect::<Vec<_>>()), (None, vec![Blind::Tablespace]));
}
