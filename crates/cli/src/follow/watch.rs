//! Folders, signals and the reader of the list, each watched by a thread that sleeps until something happens.

use super::news::{Board, News};
use anyhow::{Context, ensure};
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use pgwal::source::Source;
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Folders that are watched at most: the newest subfolders of an archive are those that grow.
const FOLDERS: usize = 64;

/// The watch.
pub struct Watch {
    shared: Arc<Shared>,
    /// `None` where the system has no way to watch, or too few left.
    folders: Mutex<Option<(RecommendedWatcher, BTreeSet<PathBuf>)>>,
}

#[derive(Default)]
struct Shared {
    board: Board,
    interrupt: AtomicBool,
    /// 0 for none.
    signal: AtomicI32,
}

impl Watch {
    /// Watches signals, and the folders that were named.
    ///
    /// # Errors
    /// One of them is no folder, or there are no threads.
    pub fn new(archive: &[PathBuf]) -> anyhow::Result<Watch> {
        for path in archive {
            ensure!(path.is_dir(), "{} is no folder: only a folder can be followed", path.display());
        }
        let shared = Arc::new(Shared::default());
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot watch for signals")?;
        let told = Arc::clone(&shared);
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if told.signal.swap(signal, Ordering::Relaxed) != 0 {
                    // The second one: what the first one waits for may never come.
                    let _ = emulate_default_handler(signal);
                }
                told.end();
            }
        })?;
        let told = Arc::clone(&shared);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Some(tell) = meaning(event) {
                told.board.tell(tell);
            }
        });
        let watch = Watch { shared, folders: Mutex::new(watcher.ok().map(|watcher| (watcher, BTreeSet::new()))) };
        archive.iter().for_each(|path| watch.add(path));
        Ok(watch)
    }

    /// It is over, too, once nobody reads standard output any more.
    ///
    /// # Errors
    /// There are no threads.
    pub fn output(self) -> anyhow::Result<Watch> {
        let told = Arc::clone(&self.shared);
        std::thread::Builder::new().name("output".into()).spawn(move || {
            if reader_goes_away() {
                told.end();
            }
        })?;
        Ok(self)
    }

    /// Watches the folders in which there is WAL, too.
    pub fn add_folders(&self, source: &dyn Source) -> bool {
        let Ok(listing) = source.list() else { return false };
        // Where nothing lies on a disk, nothing can be watched.
        let Some(local) = source.local() else { return true };
        let mut before = PathBuf::new();
        for entry in listing.entries.iter().rev() {
            let path = local.path(entry);
            let Some(folder) = path.parent().filter(|folder| *folder != before) else { continue };
            before = folder.to_path_buf();
            self.add(folder);
        }
        // What came before somebody watched is news.
        true
    }

    fn add(&self, folder: &Path) {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((watcher, known)) = &mut *folders else { return };
        // A link is another name of a folder, and would be another watch.
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        if known.len() >= FOLDERS || known.contains(&folder) {
            return;
        }
        match watcher.watch(&folder, RecursiveMode::NonRecursive) {
            Ok(()) => drop(known.insert(folder)),
            Err(_) => *folders = None,
        }
    }

    /// Something tells of what is written.
    pub fn sees(&self) -> bool {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Set once it is over.
    pub fn interrupt(&self) -> &AtomicBool {
        &self.shared.interrupt
    }

    /// A signal came, or nobody reads the list any more.
    pub fn is_over(&self) -> bool {
        self.shared.board.is_over()
    }

    /// The signal that asks a service to end came.
    pub fn is_terminated(&self) -> bool {
        self.shared.signal.load(Ordering::Relaxed) == SIGTERM
    }

    /// As [`Board::wait`].
    pub fn wait(&self, least: Duration, most: Duration) -> News {
        self.shared.board.wait(least, most)
    }

    /// Everything is written: where a signal asked for the end, this is it.
    pub fn end(&self) {
        let signal = self.shared.signal.load(Ordering::Relaxed);
        if signal != 0 {
            let _ = emulate_default_handler(signal);
        }
    }
}

impl Shared {
    fn end(&self) {
        self.interrupt.store(true, Ordering::Relaxed);
        self.board.tell(|news| news.over = true);
    }
}

/// What an event is to us. That we opened and read files ourselves is none.
fn meaning(event: notify::Result<Event>) -> Option<fn(&mut News)> {
    let written: fn(&mut News) = |news| news.written = true;
    let renamed: fn(&mut News) = |news| news.renamed = true;
    match event.map(|event| event.kind) {
        Ok(EventKind::Modify(ModifyKind::Data(_)) | EventKind::Access(AccessKind::Close(AccessMode::Write))) => {
            Some(written)
        }
        Ok(EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_))) => None,
        // Also where events were lost.
        _ => Some(renamed),
    }
}

/// Waits until nobody reads standard output any more.
fn reader_goes_away() -> bool {
    #[expect(clippy::disallowed_methods, reason = "watched, not written to")]
    let out = io::stdout();
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    loop {
        match poll(&mut watched, None) {
            Ok(_) if watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => return true,
            Err(rustix::io::Errno::INTR) => {}
            _ => return false,
        }
    }
}
