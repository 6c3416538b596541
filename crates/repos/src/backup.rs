//! A backup, as its tool's own files tell of it.

use crate::contents::{ContentFault, ContentsRead, ContentsReading};
use crate::told_cluster::ToldCluster;
use pgwal_format::text::backup_label::{self, BackupLabel};
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId, Version};
use pgwal_source::Keys;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A backup, as its tool's own files tell of it.
#[derive(Clone, Debug, Default)]
pub struct ListedBackup {
    /// The tool's name for it.
    pub label: String,
    /// Where it lies, in the store.
    pub file: String,
    /// What it holds.
    pub mode: BackupMode,
    /// The backup that it builds on.
    pub parent: Option<String>,
    /// Where replay starts.
    pub start: Option<Lsn>,
    /// The segment of it.
    pub start_file: Option<SegmentName>,
    /// Where it is consistent.
    pub stop: Option<Lsn>,
    /// The last segment that it needs.
    pub stop_file: Option<SegmentName>,
    /// When it began, in seconds since 1970.
    pub started: Option<i64>,
    /// When it ended.
    pub stopped: Option<i64>,
    /// Bytes of the data directory.
    pub size: Option<u64>,
    /// Bytes that it takes in the repository.
    pub stored: Option<u64>,
    /// The cluster.
    pub system_id: Option<u64>,
    /// The major version of the server.
    pub version: Option<Version>,
    /// Tablespaces of its own, by their OIDs, where the tool says so.
    pub tablespaces: Vec<u32>,
    /// Its `backup_label`, where it is at hand.
    pub backup_label: Option<Vec<u8>>,
    /// A folder with WAL of its own.
    pub wal_inside: Option<String>,
    /// What opens its files, where the repository itself says so.
    pub(crate) keys: Option<Keys>,
    /// Its tool does not take it for its newest one: it was not finished, or the tool does not know it.
    pub(crate) not_taken: bool,
    /// Why it does not restore.
    pub defects: Vec<BackupDefect>,
    /// What of it was not looked at, in words.
    pub not_checked: Vec<&'static str>,
    /// What was read of its files' contents, where that was asked for.
    pub contents: Option<ContentsRead>,
}

/// What a backup holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BackupMode {
    /// Everything.
    #[default]
    Full,
    /// What changed since a full one.
    Differential,
    /// What changed since the one before.
    Incremental,
    /// A snapshot of volumes, which lie elsewhere.
    Snapshot,
    /// Nothing says.
    Unknown,
}

impl BackupMode {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            BackupMode::Full => "full",
            BackupMode::Differential => "differential",
            BackupMode::Incremental => "incremental",
            BackupMode::Snapshot => "snapshot",
            BackupMode::Unknown => "unknown",
        }
    }
}

/// Why a backup does not restore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BackupDefect {
    /// What describes it is not there: its tool does not know it.
    Undescribed {
        /// The file that is missing.
        file: String,
    },
    /// What describes it cannot be read.
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
    /// It is being made, or was given up.
    Unfinished(String),
    /// Its tool says that it failed.
    Status(String),
    /// A file that it needs is not there.
    Missing {
        /// The first of them.
        file: String,
        /// How many.
        count: u64,
    },
    /// A file has another size than it should.
    OtherSize {
        /// The first of them.
        file: String,
        /// Its size.
        found: u64,
        /// What it should have.
        expected: u64,
        /// How many.
        count: u64,
    },
    /// The content of a file is not what it was.
    Damaged {
        /// The first of them.
        file: String,
        /// What is wrong with it, as what follows its name.
        why: String,
        /// How many.
        count: u64,
    },
    /// The backup that it builds on is not there.
    NoParent(String),
    /// A backup that it builds on does not restore.
    BadParent {
        /// It.
        label: String,
        /// Why not.
        why: String,
    },
    /// Its tool cannot give out the WAL that it needs.
    NoWalFor(String),
    /// The WAL in which it starts is another cluster's: no server replays that on it.
    OtherCluster {
        /// Its own.
        own: ToldCluster,
        /// The segment in which it starts.
        file: SegmentName,
        /// Whose WAL that is.
        found: ToldCluster,
    },
    /// No file of its data is there.
    NoData {
        /// Where they should be.
        folder: String,
        /// Its own list of them is there, and names none.
        none_listed: bool,
    },
    /// All files of it together have fewer bytes than its tool wrote down.
    LessData {
        /// Where they are.
        folder: String,
        /// Their bytes.
        found: u64,
        /// What they should have.
        expected: u64,
    },
}

impl fmt::Display for BackupDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = |f: &mut fmt::Formatter<'_>, count: u64| match count.saturating_sub(1) {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        };
        match self {
            BackupDefect::Undescribed { file } => write!(f, "{file} is missing"),
            BackupDefect::Unreadable { file, why } => write!(f, "{file} {why}"),
            BackupDefect::Unfinished(why) => write!(f, "it is not finished: {why}"),
            BackupDefect::Status(status) => write!(f, "its tool says {status}"),
            BackupDefect::Missing { file, count } => {
                write!(f, "{file} is missing")?;
                more(f, *count)
            }
            BackupDefect::OtherSize { file, found, expected, count } => {
                write!(f, "{file} has {found} bytes instead of {expected}")?;
                more(f, *count)
            }
            BackupDefect::Damaged { file, why, count } => {
                write!(f, "{file} {why}")?;
                more(f, *count)
            }
            BackupDefect::NoParent(label) => write!(f, "{label}, on which it builds, is missing"),
            BackupDefect::BadParent { label, why } => write!(f, "{label}, on which it builds, does not restore: {why}"),
            BackupDefect::NoWalFor(why) => f.write_str(why),
            BackupDefect::OtherCluster { own, file, found } => {
                write!(f, "it is of {own}, and {file}, in which it starts, is WAL of {found}")
            }
            BackupDefect::NoData { folder, none_listed: false } => write!(f, "{folder} holds no data files"),
            BackupDefect::NoData { folder, none_listed: true } => {
                write!(f, "{folder} holds no data files, and its list of them is empty")
            }
            BackupDefect::LessData { folder, found, expected } => {
                write!(f, "the files in {folder} have {found} bytes, and its tool wrote down {expected}")
            }
        }
    }
}

impl ListedBackup {
    /// Whether it restores, as far as was looked.
    pub fn restores(&self) -> bool {
        self.defects.is_empty()
    }

    /// Whether it is being made, and nothing else keeps it from restoring.
    pub fn is_unfinished(&self) -> bool {
        !self.defects.is_empty() && self.defects.iter().all(|defect| matches!(defect, BackupDefect::Unfinished(_)))
    }

    /// Whether it never had data by its own list of files, which is all that keeps it from restoring: its tool made no
    /// backup there.
    pub fn is_empty_by_its_list(&self) -> bool {
        let empty = |defect: &BackupDefect| matches!(defect, BackupDefect::NoData { none_listed: true, .. });
        self.defects.iter().any(empty)
            && self.defects.iter().all(|defect| empty(defect) || matches!(defect, BackupDefect::BadParent { .. }))
    }

    /// Whether replay can start from it: it restores, and where it starts is known.
    pub fn is_a_start(&self) -> bool {
        self.restores() && self.history_name().is_some()
    }

    /// The timeline on which it began.
    pub fn timeline(&self) -> Option<TimelineId> {
        self.start_file.map(|file| file.timeline)
    }

    /// Puts a defect down, once.
    pub(crate) fn put_down(&mut self, defect: BackupDefect) {
        if !self.defects.contains(&defect) {
            self.defects.push(defect);
        }
    }

    /// Takes in what was read of its files.
    pub(crate) fn take_contents(&mut self, read: ContentsRead) {
        if let Some(ContentFault { file, why, count, .. }) = read.damaged.clone() {
            self.put_down(BackupDefect::Damaged { file, why, count });
        }
        self.contents = Some(read);
    }

    /// Its `backup_label`, read.
    pub(crate) fn label_read(&self) -> Option<BackupLabel> {
        backup_label::parse_uncompared(self.backup_label.as_deref()?).ok()
    }

    /// The name that a server gives to its backup history file; `None` where start and segment are not known, or do not
    /// fit each other.
    pub fn history_name(&self) -> Option<FileName> {
        let (start, file) = (self.start?, self.start_file?);
        let seg = u64::from(file.seg);
        // The segment's size is whichever puts the start into the segment.
        let low = u64::from(start.low());
        let fits = |size: &u64| low / size == seg && file.log == start.high();
        let size = (20..=30).rev().map(|bits| 1u64 << bits).find(fits)?;
        Some(FileName::BackupHistory(file, u32::try_from(low % size).ok()?))
    }

    /// What a server would have written into its backup history file. `None` where too much of it is not known.
    pub(crate) fn history_text(&self) -> Option<String> {
        let (start, file) = (self.start?, self.start_file?);
        // Where the tool does not say where the backup ended, nothing more is asked of WAL than its start.
        let stop = self.stop.unwrap_or(start).max(start);
        let stop_file = self.stop_file.unwrap_or(file);
        let checkpoint = self.label_read().map(|label| label.checkpoint);
        let time = |seconds: Option<i64>| {
            let time = jiff::Timestamp::from_second(seconds?).ok()?;
            Some(time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        };
        let mut text = format!(
            "START WAL LOCATION: {} (file {file})\nSTOP WAL LOCATION: {} (file {stop_file})\n",
            start.unpadded(),
            stop.unpadded()
        );
        if let Some(checkpoint) = checkpoint {
            text += &format!("CHECKPOINT LOCATION: {}\n", checkpoint.unpadded());
        }
        if let Some(started) = time(self.started) {
            text += &format!("START TIME: {started}\n");
        }
        text += &format!("LABEL: {}\n", self.label);
        if let Some(stopped) = time(self.stopped) {
            text += &format!("STOP TIME: {stopped}\n");
        }
        Some(text)
    }
}

/// Puts backups in the order in which they were made, by what they say of it. One that does not say stays behind the
/// one before it.
pub(crate) fn sort_by_time(backups: &mut Vec<ListedBackup>) {
    let mut last = i64::MIN;
    let mut timed: Vec<(i64, ListedBackup)> = Vec::with_capacity(backups.len());
    for backup in backups.drain(..) {
        last = backup.stopped.or(backup.started).unwrap_or(last);
        timed.push((last, backup));
    }
    timed.sort_by_key(|(time, _)| *time);
    backups.extend(timed.into_iter().map(|(_, backup)| backup));
}

/// Says of each backup whose parent is not there that it does not restore. What it needs of a parent that is there, its
/// own manifest says.
pub(crate) fn judge_parents(backups: &mut [ListedBackup]) {
    let labels: HashSet<String> = backups.iter().map(|backup| backup.label.clone()).collect();
    for backup in backups {
        if let Some(parent) = backup.parent.clone().filter(|parent| !labels.contains(parent)) {
            backup.put_down(BackupDefect::NoParent(parent));
        }
    }
}

/// Says of each backup whose parents are missing, or lack what it needs of them, that it does not restore. `needs`:
/// what of a parent's defects keeps those that build on it from being restored.
pub(crate) fn judge_chains(backups: &mut [ListedBackup], needs: fn(&BackupDefect) -> bool) {
    // A chain is as long as there are backups, at most; mostly parents come first, and one round is enough.
    for _ in 0..backups.len() {
        let lacks = |backup: &ListedBackup| backup.defects.iter().find(|defect| needs(defect)).map(ToString::to_string);
        let mut state: HashMap<String, Option<String>> =
            backups.iter().map(|backup| (backup.label.clone(), lacks(backup))).collect();
        let mut changed = false;
        for backup in backups.iter_mut() {
            let Some(parent) = backup.parent.clone() else { continue };
            let defect = match state.get(&parent) {
                None => BackupDefect::NoParent(parent),
                Some(Some(why)) => BackupDefect::BadParent { label: parent, why: why.clone() },
                Some(None) => continue,
            };
            let told = |own: &BackupDefect| match (own, &defect) {
                (BackupDefect::BadParent { label, .. }, BackupDefect::BadParent { label: other, .. }) => label == other,
                _ => *own == defect,
            };
            if !backup.defects.iter().any(told) {
                changed = true;
                state.insert(backup.label.clone(), Some(defect.to_string()));
                backup.put_down(defect);
            }
        }
        if !changed {
            return;
        }
    }
}

/// Whatever is wrong with a parent is wrong with those that build on it.
pub(crate) fn anything(_: &BackupDefect) -> bool {
    true
}

/// The place of the backup that its tool takes for the newest one, whether it restores or not; where it takes none, of
/// the last one that restores.
pub(crate) fn newest(backups: &[ListedBackup]) -> Option<usize> {
    let taken = backups.iter().rposition(|backup| !backup.not_taken);
    taken.or_else(|| backups.iter().rposition(ListedBackup::restores))
}

/// Which backups are looked at, in order: that one and all that it builds on, or all of them. The list is in the order
/// in which they were made.
pub(crate) fn asked(backups: &[ListedBackup], reading: &ContentsReading) -> Vec<usize> {
    let at = |label: &str| backups.iter().position(|backup| backup.label == label);
    let Some(label) = reading.backup.as_deref() else { return (0..backups.len()).collect() };
    let mut next = match label {
        "latest" => newest(backups),
        label => at(label),
    };
    let mut chain = Vec::new();
    while let Some(index) = next.filter(|index| !chain.contains(index)) {
        chain.push(index);
        next = backups.get(index).and_then(|backup| at(backup.parent.as_deref()?));
    }
    chain.sort_unstable();
    chain
}
