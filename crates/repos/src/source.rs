//! The WAL of a repository, and its backups among it.

use crate::backup::ListedBackup;
use crate::lookup::{Lookup, had_already, looked_up, passed_over};
use pgwal_format::FileName;
use pgwal_source::{
    AsOf, Entry, Extent, HeldEntry, Keys, Listing, Local, NameSought, Refusal, Source, SourceError, Stamp, Stored,
};
use std::collections::{HashMap, HashSet};
use std::io::Cursor;
use std::path::PathBuf;
use std::time::SystemTime;

/// The WAL of a repository. For each backup that restores stands a backup history file, as a server would have written
/// it. Those that servers wrote are left out beside them: of a backup that the tool has not, or that does not restore,
/// nobody starts.
pub(crate) struct RepoSource {
    wal: Box<dyn Source>,
    /// By id.
    told: HashMap<String, ToldBackup>,
    /// Of backups that do not restore.
    broken: HashSet<FileName>,
    read: SystemTime,
    /// Which files the tool finds; `None`: whatever is there counts.
    lookup: Option<Lookup>,
}

/// A backup that the tool tells of.
struct ToldBackup {
    entry: Entry,
    text: String,
    path: Option<PathBuf>,
}

impl RepoSource {
    pub(crate) fn new(
        wal: Box<dyn Source>,
        lookup: Option<Lookup>,
        backups: &[ListedBackup],
        path: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> RepoSource {
        // Without backups nobody asks for them.
        let own = if backups.is_empty() { HashMap::new() } else { own_history_files(wal.as_ref()) };
        let starts = backups.iter().filter(|backup| backup.is_a_start());
        let told = starts.filter_map(|backup| {
            let name = backup.history_name()?;
            let text = match own.get(&name.to_string()).and_then(|text| relabelled(text, backup)) {
                Some(text) => text,
                None => backup.history_text()?,
            };
            let mut entry = Entry::named(&backup.file, Some(text.len() as u64));
            entry.name = Some(name);
            Some((entry.id().into_owned(), ToldBackup { entry, text, path: path(&backup.file) }))
        });
        let broken = backups.iter().filter(|backup| !backup.restores()).filter_map(ListedBackup::history_name);
        RepoSource { told: told.collect(), broken: broken.collect(), wal, read: SystemTime::now(), lookup }
    }

    /// What of a list the tool finds, and what lies beside its way.
    fn found(&self, mut listing: Listing) -> Listing {
        let Some(lookup) = self.lookup else { return listing };
        let all = std::mem::take(&mut listing.entries).into_iter().map(|entry| looked_up(entry, lookup));
        for found in all {
            match found {
                Ok(entry) => listing.entries.push(entry),
                Err(misfiled) => listing.misfiled.push(*misfiled),
            }
        }
        if !lookup.not_yet.is_empty() {
            had_already(&mut listing, lookup);
        }
        if !lookup.first_of.is_empty() {
            passed_over(&mut listing, lookup);
        }
        Listing { entries: Listing::of(listing.entries).entries, ..listing }
    }

    fn told(&self, entry: &Entry) -> Option<&ToldBackup> {
        self.told.get(entry.id().as_ref()).filter(|told| told.entry == *entry)
    }
}

/// What the server's own backup history files say, by name.
fn own_history_files(wal: &dyn Source) -> HashMap<String, String> {
    let entries = wal.list().map(|listing| listing.entries).unwrap_or_default();
    let named = entries.iter().filter(|entry| matches!(entry.name, Some(FileName::BackupHistory(..))));
    let read = named.filter_map(|entry| {
        let (bytes, _) = wal.small(entry, 64 << 10).ok()?;
        Some((entry.name?.to_string(), String::from_utf8_lossy(&bytes).into_owned()))
    });
    read.collect()
}

/// The server's own file, under the tool's name for the backup; `None` where it is of another backup. An incremental
/// one the tool combines with those before it.
fn relabelled(text: &str, backup: &ListedBackup) -> Option<String> {
    let history = pgwal_format::text::backup_history::parse(text.as_bytes()).ok()?;
    if Some(history.start) != backup.start {
        return None;
    }
    let label = format!("LABEL: {}", backup.label);
    let own = text.lines().filter(|line| !line.starts_with("INCREMENTAL FROM "));
    let lines = own.map(|line| if line.starts_with("LABEL: ") { label.as_str() } else { line });
    Some(lines.flat_map(|line| [line, "\n"]).collect())
}

impl Source for RepoSource {
    fn describe(&self) -> String {
        self.wal.describe()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut listing = self.found(self.wal.list()?);
        let own = std::mem::take(&mut listing.entries);
        let is_history = |entry: &Entry| matches!(entry.name, Some(FileName::BackupHistory(..)));
        // Where the tool has none, others may: a backup that was taken without it.
        let others = |entry: &Entry| self.told.is_empty() && entry.name.is_none_or(|name| !self.broken.contains(&name));
        let entries = own.into_iter().filter(|entry| !is_history(entry) || others(entry));
        let all: Vec<Entry> = entries.chain(self.told.values().map(|told| told.entry.clone())).collect();
        Ok(Listing { entries: Listing::of(all).entries, ..listing })
    }

    fn find(&self, sought: &NameSought) -> Result<Listing, SourceError> {
        match sought {
            // Which of them count, the whole list says.
            NameSought::One(FileName::BackupHistory(..)) => Ok(sought.among(self.list()?)),
            NameSought::One(FileName::Segment(name)) if self.lookup.is_some_and(|l| l.takes_unfinished()) => {
                let mut all = self.wal.find(sought)?;
                let unfinished = self.wal.find(&NameSought::One(FileName::Partial(*name)))?;
                all.entries.extend(unfinished.entries);
                all.unreadable.extend(unfinished.unreadable);
                Ok(sought.among(self.found(all)))
            }
            _ => Ok(self.found(self.wal.find(sought)?)),
        }
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        match self.told(entry) {
            Some(told) => Ok(Box::new(Cursor::new(told.text.as_bytes()))),
            None => self.wal.open(entry, extent),
        }
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        match self.told(entry) {
            Some(told) => Some(Stamp::tagged(told.text.len() as u64, SystemTime::UNIX_EPOCH, told.text.as_bytes())),
            None => self.wal.stamp(entry),
        }
    }

    fn as_of(&self, entry: &Entry) -> AsOf {
        match self.told(entry) {
            Some(_) => AsOf::Then(self.read),
            None => self.wal.as_of(entry),
        }
    }

    fn keys(&self, entry: &Entry) -> Option<&Keys> {
        if self.told(entry).is_some() { None } else { self.wal.keys(entry) }
    }

    fn is_live(&self) -> bool {
        self.wal.is_live()
    }

    fn local(&self) -> Option<&dyn Local> {
        self.wal.local().map(|_| self as &dyn Local)
    }
}

impl Local for RepoSource {
    fn path(&self, entry: &Entry) -> PathBuf {
        let told = self.told(entry).and_then(|told| told.path.clone());
        told.or_else(|| Some(self.wal.local()?.path(entry))).unwrap_or_default()
    }

    fn may_read(&self, entry: &Entry) -> bool {
        self.told(entry).is_some() || self.wal.local().is_none_or(|local| local.may_read(entry))
    }

    fn hold(&self, entry: &Entry) -> Result<HeldEntry, SourceError> {
        match self.wal.local() {
            Some(local) if self.told(entry).is_none() => local.hold(entry),
            _ => Err(SourceError::foreign(entry.shown(), Refusal::Other, "it is no file that can be kept open")),
        }
    }

    fn control_file(&self) -> Option<Vec<u8>> {
        self.wal.local()?.control_file()
    }
}
