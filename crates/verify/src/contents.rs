//! What was read of the contents of backups.

use pgwal_format::Lsn;
use pgwal_recovery::backup::{self, Backup, DataFiles, FlawKind, JudgedBy, Weight};
use pgwal_repos::{ContentFault, ContentsRead, PlainPlace, Store, each_file};
use pgwal_source::{SourceError, Stored};

/// What was read of the files of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupContents {
    /// Its label, or as it was named.
    pub backup: String,
    /// What was read.
    pub read: ContentsRead,
}

/// Reads a data directory, or a tar of one, that a backup tool keeps as it is. `start`: where the backup begins, where
/// its own files do not say it. `None`: it is neither.
pub fn plain(place: PlainPlace<'_>, start: Option<Lsn>, jobs: usize) -> Option<ContentsRead> {
    let backup = match place {
        PlainPlace::Disk(path) => {
            let mut backup = backup::open(path).ok()?;
            backup::look(&mut backup, path, start, jobs);
            backup
        }
        PlainPlace::Store(store, folder) => {
            let files = StoredData { store, folder };
            let mut backup = match backup::of_files(&files) {
                Ok(backup) => backup,
                Err(error) => {
                    let unread = ContentFault::of(folder.to_owned(), format!("cannot be read: {error}"), 1);
                    return Some(ContentsRead { unread: Some(unread), ..ContentsRead::default() });
                }
            };
            backup::look_at(&mut backup, &files, start, jobs);
            backup
        }
    };
    read_of(&backup)
}

/// A data directory in a store.
struct StoredData<'a> {
    store: &'a dyn Store,
    folder: &'a str,
}

impl DataFiles for StoredData<'_> {
    fn describe(&self) -> String {
        self.folder.to_owned()
    }

    fn list(&self) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        // What cannot be listed is not there for whoever would restore it.
        let _ = each_file(self.store, self.folder, &mut |name, size| all.push((name.to_owned(), size)));
        all.retain(|(name, _)| !name.starts_with("pg_wal/") && !name.starts_with("pg_xlog/"));
        all
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError> {
        self.store.open(&format!("{}/{name}", self.folder))
    }
}

/// What was read of a backup that lies on this machine's disk.
pub(crate) fn read_of(backup: &Backup) -> Option<ContentsRead> {
    let contents = backup.contents.as_ref()?;
    let mut read = ContentsRead { files: contents.files, bytes: contents.bytes, ..ContentsRead::default() };
    let fault = |why: String, file: &String| ContentFault::of(file.clone(), why, 1);
    for flaw in &backup.flaws {
        let decides = flaw.weight.is_none_or(|weight| weight == Weight::Error);
        let why = match &flaw.kind {
            FlawKind::Content { count } if decides => {
                let why = "has another content than backup_manifest says".to_owned();
                read.damaged.get_or_insert(ContentFault::of(flaw.file.clone(), why, *count));
                continue;
            }
            FlawKind::Pages { block, pages, files } => {
                read.suspect = Some(fault(wrong_pages(*pages, *block, *files), &flaw.file));
                continue;
            }
            FlawKind::Unread { why, count } => {
                read.unread = Some(ContentFault::of(flaw.file.clone(), format!("cannot be read: {why}"), *count));
                continue;
            }
            FlawKind::Closed(codec) => {
                read.unread = Some(fault(format!("is {codec}"), &flaw.file));
                continue;
            }
            FlawKind::Tar(what) | FlawKind::ControlSays(what) if decides => what.clone(),
            FlawKind::NoControl => "is missing".to_owned(),
            FlawKind::Control(error) => error.to_string(),
            FlawKind::Files { missing, other_size } if decides => {
                format!("and others: {missing} missing, {other_size} of another size, by backup_manifest")
            }
            _ => continue,
        };
        read.damaged.get_or_insert(fault(why, &flaw.file));
    }
    match contents.by {
        JudgedBy::Manifest => {}
        JudgedBy::Pages => read.not_checked.push("files that hold no data pages: no checksum of them is known"),
        JudgedBy::Nothing => read.not_checked.push("contents: no checksum of them is known"),
    }
    Some(read)
}

/// ` (and 2 more)`
pub(crate) fn more_files(count: u64) -> String {
    match count.saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    }
}

pub(crate) fn wrong_pages(pages: u64, block: u32, files: u64) -> String {
    let pages = match pages {
        1 => "a page with a wrong checksum: block".to_owned(),
        pages => format!("pages with a wrong checksum ({pages} of them), the first is block"),
    };
    let files = if files > 1 { format!(" (in {files} files)") } else { String::new() };
    format!("has {pages} {block}{files}")
}
