//! A `restore_command` that takes files by name: what of an archive a server gets of it.

use crate::at_hand::{FilePlace, FilesAtHand, FoundFile};
use crate::command::{Delivery, FileTaking, NamedCopy};
use crate::delivered::command_here::CommandHere;
use crate::machine::readable::may_read;
use crate::settings::{Mode, Settings};
use pgwal_archive::Lineage;
use pgwal_archive::names::Inventory;
use pgwal_archive::whose::beginning;
use pgwal_format::FileName;
use pgwal_source::{Codec, Entry, Local};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// What stands behind the names of unfinished segments.
const PARTIAL: &str = ".partial";

/// Such a command, of an archive on this machine.
#[derive(Debug)]
pub struct NamedFiles {
    copies: Vec<NamedCopy>,
    /// Folders as they were named, and what they are.
    real: Mutex<HashMap<PathBuf, PathBuf>>,
    /// As whom the server runs.
    user: Option<u32>,
}

/// A file that lies there, and that the command does not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotTaken {
    /// What the command looks for.
    pub asked: String,
    /// What lies there.
    pub here: String,
    /// Why that is not it.
    pub why: WhyNotTaken,
}

/// Why a command does not take a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhyNotTaken {
    /// It has another name.
    Name,
    /// It has the name, and lies in another folder.
    Folder,
    /// It is packed and would have to be plain, or the other way round.
    Packing,
}

impl NamedFiles {
    /// That of a server that will be started as it lies. `None` for other commands, and where nothing of the archive
    /// lies in or below one of its folders: that may be the same archive under another name.
    ///
    /// `user`: as whom it will run, where that is known.
    pub fn of(here: &CommandHere, user: Option<u32>, shelf: &FilesAtHand<'_>) -> Option<NamedFiles> {
        let mut copies = Vec::new();
        for copy in here.copies.as_ref()? {
            match copy.folder.canonicalize() {
                Ok(folder) => copies.push(NamedCopy { folder, ..copy.clone() }),
                // A server finds nothing there either.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(_) => return None,
            }
        }
        let out = NamedFiles { copies, real: Mutex::default(), user };
        let mut meets = false;
        for place in shelf.places.iter().filter(|place| place.archive) {
            let local = place.source.local()?;
            let mut named = place.entries.iter().filter(|entry| entry.name.is_some());
            meets |= named.any(|entry| {
                let folder = out.folder(&local.path(entry));
                out.copies.iter().any(|copy| folder.starts_with(&copy.folder))
            });
        }
        meets.then_some(out)
    }

    /// What a server gets: the files that are taken alone. `None` where those are all.
    pub fn delivered<'a>(&self, shelf: &FilesAtHand<'a>, settle: Duration) -> Option<FilesAtHand<'a>> {
        let layout = shelf.layout;
        let mut all = true;
        let mut places = Vec::new();
        for place in &shelf.places {
            let local = place.source.local().filter(|_| place.archive);
            let taken = |index: usize| {
                let found = place.entries.get(index).zip(local);
                found.is_none_or(|(entry, local)| self.takes(place, local, entry))
            };
            let lacks = (0..place.entries.len()).any(|index| !taken(index));
            all &= !lacks;
            let nameless = |_: usize| None::<FileName>;
            let inventory = Inventory::among(&place.entries, &nameless, &layout, &taken);
            let (lineage, history_flaws) = Lineage::read(place.source, &place.entries, &inventory, settle);
            let (source, archive) = (place.source, place.archive);
            let (entries, refused) = (place.entries.clone(), place.refused.clone());
            places.push(FilePlace { source, entries, inventory, lineage, history_flaws, refused, archive });
        }
        let partials = shelf.partials || self.copies.iter().any(|copy| copy.suffix.contains(PARTIAL));
        (!all || partials != shelf.partials).then_some(FilesAtHand { places, layout, partials })
    }

    /// Whether the command finds this under a name that it takes, in a folder that is not among those looked at.
    pub fn finds_elsewhere(&self, shelf: &FilesAtHand<'_>, name: FileName) -> bool {
        let own = name.to_string();
        let paths = self.copies.iter().map(|copy| copy.folder.join(format!("{own}{}", copy.suffix)));
        let mut there = paths.filter(|path| path.exists());
        let listed = |path: &Path| {
            shelf.places.iter().filter(|place| place.archive).any(|place| {
                let Some(local) = place.source.local() else { return false };
                let mut named = place.entries.iter().filter(|entry| entry.name == Some(name));
                named.any(|entry| {
                    let (file, folder) = (local.path(entry), self.folder(&local.path(entry)));
                    file.file_name().is_some_and(|file| folder.join(file) == path)
                })
            })
        };
        there.any(|path| !listed(&path))
    }

    /// What becomes of a file on the way; `None` where it comes from elsewhere.
    pub fn taking(&self, shelf: &FilesAtHand<'_>, found: &FoundFile) -> Option<FileTaking> {
        let (place, entry) =
            shelf.places.get(found.place).zip(shelf.entry(found)).filter(|(place, _)| place.archive)?;
        self.copy_of(place.source.local()?, entry).map(|copy| copy.taking)
    }

    /// How early in the command a file is tried; what comes from elsewhere is behind all of it.
    pub fn rank(&self, shelf: &FilesAtHand<'_>, found: &FoundFile) -> usize {
        let found = shelf.places.get(found.place).zip(shelf.entry(found)).filter(|(place, _)| place.archive);
        let at = found.and_then(|(place, entry)| self.nth_of(place.source.local()?, entry));
        at.unwrap_or(usize::MAX)
    }

    /// A file of this name, which lies there under another or in another form than the command takes.
    pub fn amiss(&self, shelf: &FilesAtHand<'_>, name: FileName) -> Option<NotTaken> {
        let found = shelf.places.iter().filter(|place| place.archive).find_map(|place| {
            let local = place.source.local()?;
            let mut own = place.entries.iter().filter(|entry| entry.name == Some(name)).peekable();
            let first = own.peek().copied();
            // What the server may not read is another matter than how it is packed.
            let is_shut = |entry: &Entry| self.user.is_some_and(|user| !may_read(&local.path(entry), user));
            let delivers = |entry: &Entry| {
                self.copy_of(local, entry).is_some_and(|copy| is_shut(entry) || is_in_form(place, copy, entry))
            };
            first.filter(|_| !own.any(delivers)).map(|entry| (local, entry))
        });
        let (local, entry) = found?;
        let file = local.path(entry);
        let is_own =
            |copy: &&NamedCopy| file.file_name().is_some_and(|file| is_named(file, &name.to_string(), &copy.suffix));
        let suffix = self.copies.iter().find(is_own).or(self.copies.first()).map_or("", |copy| &copy.suffix);
        let why = match (self.copy_of(local, entry), self.copies.iter().any(|copy| is_own(&copy))) {
            (Some(_), _) => WhyNotTaken::Packing,
            (None, true) => WhyNotTaken::Folder,
            (None, false) => WhyNotTaken::Name,
        };
        Some(NotTaken { asked: format!("{name}{suffix}"), here: entry.shown(), why })
    }

    /// Unfinished segments are taken where they have been renamed, and what nobody asks for is as it is.
    fn takes(&self, place: &FilePlace<'_>, local: &dyn Local, entry: &Entry) -> bool {
        let partials = self.copies.iter().any(|copy| copy.suffix.contains(PARTIAL));
        let is_asked = match entry.name {
            Some(FileName::Segment(_) | FileName::History(_)) | None => true,
            Some(FileName::Partial(_)) => partials,
            Some(FileName::BackupHistory(..)) => false,
        };
        // Of a segment, that it is not in the form is found when it is read.
        let is_history = matches!(entry.name, Some(FileName::History(_)));
        let may = self.user.is_none_or(|user| may_read(&local.path(entry), user));
        let fits = |copy: &NamedCopy| may && (!is_history || is_in_form(place, copy, entry));
        !is_asked || self.copy_of(local, entry).is_some_and(fits)
    }

    fn copy_of(&self, local: &dyn Local, entry: &Entry) -> Option<&NamedCopy> {
        self.copies.get(self.nth_of(local, entry)?)
    }

    fn nth_of(&self, local: &dyn Local, entry: &Entry) -> Option<usize> {
        // A server asks for the whole segment.
        let name = match entry.name? {
            FileName::Partial(name) => FileName::Segment(name),
            name => name,
        };
        let (path, name) = (local.path(entry), name.to_string());
        let folder = self.folder(&path);
        let file = path.file_name()?;
        self.copies.iter().position(|copy| copy.folder == folder && is_named(file, &name, &copy.suffix))
    }

    /// The folder of a file, links followed.
    fn folder(&self, path: &Path) -> PathBuf {
        let parent = path.parent().unwrap_or(path);
        let mut known = self.real.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(real) = known.get(parent) {
            return real.clone();
        }
        let real = parent.canonicalize().unwrap_or_else(|_| parent.to_path_buf());
        known.insert(parent.to_path_buf(), real.clone());
        real
    }
}

/// Folders of which a command copies the first file that is there as it is, good or bad, in its order; none where it
/// does something else, or where it is not that of a server that will be started as it lies.
pub fn first_there(settings: &Settings) -> Vec<PathBuf> {
    let command = settings.restore_command.as_ref().filter(|_| !settings.planned && settings.mode != Mode::Crash);
    let copies = command.and_then(|command| Delivery::by_name(command)).unwrap_or_default();
    let all = copies.iter().all(|copy| copy.taking == FileTaking::AsItIs);
    copies.into_iter().filter(|_| all).filter_map(|copy| copy.folder.canonicalize().ok()).collect()
}

/// Whether a file is packed or plain as a command expects it.
fn is_in_form(place: &FilePlace<'_>, copy: &NamedCopy, entry: &Entry) -> bool {
    let is_plain = || beginning(place.source, entry).is_some_and(|(_, codec, _)| codec == Codec::Plain);
    match copy.taking {
        FileTaking::Either => true,
        FileTaking::Unpacked => !is_plain(),
        FileTaking::AsItIs => is_plain(),
    }
}

fn is_named(file: &OsStr, name: &str, suffix: &str) -> bool {
    file.to_str().and_then(|file| file.strip_prefix(name)) == Some(suffix)
}
