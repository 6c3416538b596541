//! The backups of a place, and what each can be restored to.

pub mod json;
pub mod text;

use crate::repository::named;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_repos::Repository;
use pgwal_verify::times::Times;
use pgwal_verify::windows::{BackupWindow, NoWindow, unlisted, windows};

/// One archive of a place.
pub struct ArchiveBackups<'a> {
    /// As a user names it.
    pub place: String,
    /// The repository that it lies in.
    pub repository: Option<&'a Repository>,
    /// Its times; an error in words where it cannot be looked at.
    pub times: Result<&'a Times, String>,
}

/// The backups of a place.
pub struct BackupsAnswer<'a> {
    /// As a user named it.
    pub place: String,
    /// Its archives.
    pub archives: Vec<ArchiveBackups<'a>>,
    /// Base backups that lie there as folders, without an archive of their own.
    pub base_backups: Vec<String>,
    /// This machine's clock.
    pub now: Timestamp,
}

/// The last commit that a backup reaches; where none reaches any, the last that replays.
fn last_commit(windows: &[BackupWindow<'_>], times: &Times) -> Option<Timestamp> {
    let ends = windows.iter().filter_map(|window| window.ends.1).filter(|end| end.committed);
    ends.map(|end| end.time).max().or(times.outcome.replayed.last_commit)
}

impl ArchiveBackups<'_> {
    fn windows(&self, now: Timestamp) -> Vec<BackupWindow<'_>> {
        let listed = self.repository.map(|repository| repository.backups.as_slice());
        self.times.as_ref().map_or(Vec::new(), |times| windows(times, listed, now.unix_micros() / 1_000_000))
    }

    /// What of it is not told of, and why.
    fn left_out(&self) -> Vec<String> {
        let Some(repository) = self.repository else { return Vec::new() };
        let files = self.times.as_ref().map_or(Vec::new(), |times| unlisted(times, &repository.backups));
        let more = if files.len() > 1 { format!(" and {} more", files.len() - 1) } else { String::new() };
        let told = files.first().map(|first| {
            format!("{first}{more}: of a backup that {} does not list, expired or taken without it", repository.layout)
        });
        repository.left_out.iter().cloned().chain(told).collect()
    }

    fn named(&self) -> String {
        self.repository.map_or_else(|| "folder of WAL".to_owned(), named)
    }

    /// Whether a backup of it restores to something.
    pub fn restores(&self, now: Timestamp) -> bool {
        self.windows(now).iter().any(|window| window.reach.is_some())
    }

    /// Whether of a backup of it nothing says where its replay starts.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.windows(now).iter().any(is_open)
    }
}

/// Nothing says what WAL the backup needs, nor that it does not restore.
pub(crate) fn is_open(window: &BackupWindow<'_>) -> bool {
    matches!(window.why, Some(NoWindow::Unknown))
}
