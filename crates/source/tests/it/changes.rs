//! Files that others write while they are read.

use crate::fixture::{SEGMENT, wal_like};
use pgwal_source::{Codec, Entry, How, ReadOutcome, ReadState, Scratch, Source, guard, open};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

struct Archive {
    _folder: tempfile::TempDir,
    path: PathBuf,
    source: Box<dyn Source>,
    entry: Entry,
}

fn archive(bytes: &[u8]) -> Archive {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SEGMENT);
    fs::write(&path, bytes).unwrap();
    // An earlier time, so that a change within one tick of the clock is one all the same.
    let earlier = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    File::options().write(true).open(&path).unwrap().set_modified(earlier).unwrap();
    let source = open(&[folder.path().into()]).unwrap();
    let entry = source.list().unwrap().entries.remove(0);
    Archive { _folder: folder, path, source, entry }
}

fn mapped() -> How {
    How { map: Some(guard::install().unwrap()), ..How::default() }
}

fn read(archive: &Archive, how: &How, mut sink: impl FnMut(&[u8])) -> ReadOutcome {
    archive
        .source
        .read(&archive.entry, how, &mut Scratch::default(), &mut |window| {
            sink(window);
            ControlFlow::Continue(())
        })
        .unwrap()
}

/// The places of the guard are the whole process's: one test takes all of them, and the others wait for it.
static PLACES: RwLock<()> = RwLock::new(());

fn some_places() -> RwLockReadGuard<'static, ()> {
    PLACES.read().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_mapped_file_is_one_window() {
    let _places = some_places();
    let plain = wal_like((1 << 20) + 123);
    let archive = archive(&plain);
    let mut windows = Vec::new();
    let whole = read(&archive, &mapped(), |window| windows.push(window.to_vec()));
    assert_eq!(
        whole,
        ReadOutcome {
            plain_bytes: plain.len() as u64,
            codec: Codec::Plain,
            state: ReadState::Whole,
            stored_bytes: Some(plain.len() as u64),
            behind: None,
        }
    );
    assert!(windows == [plain]);
}

#[test]
fn a_mapped_file_that_shrinks_is_changed_and_no_crash() {
    let _places = some_places();
    shrink();
}

pub fn shrink() {
    let archive = archive(&[0x55; 1 << 20]);
    let mut sum = 0;
    let read = read(&archive, &mapped(), |window| {
        File::options().write(true).open(&archive.path).unwrap().set_len(4096).unwrap();
        sum = window.iter().map(|&byte| u64::from(byte)).sum();
    });
    assert_eq!(read.state, ReadState::Changed);
    assert_eq!(sum, 4096 * 0x55, "lost pages read as zeros");
}

/// How many windows a plain file of 600,000 bytes comes in that may be mapped.
pub fn windows_of_a_mapped_file() -> usize {
    let mut windows = 0;
    read(&archive(&wal_like(600_000)), &mapped(), |_| windows += 1);
    windows
}

#[test]
fn many_threads_may_lose_their_files_at_once() {
    let _places = some_places();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(shrink);
        }
    });
}

#[test]
fn more_maps_than_the_guard_watches_are_read_in_windows() {
    let _all = PLACES.write().unwrap_or_else(PoisonError::into_inner);
    let outer = archive(&wal_like(600_000));
    fn nest(archive: &Archive, how: &How, depth: usize, windows: &mut usize) {
        let read = archive.source.read(&archive.entry, how, &mut Scratch::default(), &mut |_| {
            *windows += 1;
            if depth > 0 {
                nest(archive, how, depth - 1, windows);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(read.unwrap().state, ReadState::Whole | ReadState::Stopped));
    }
    let mut windows = 0;
    nest(&outer, &mapped(), 300, &mut windows);
    assert_eq!(windows, 300 + 3, "the innermost is read in three windows");
}

#[test]
fn a_file_that_is_rewritten_while_it_is_read_is_changed() {
    let _places = some_places();
    for how in [How::default(), mapped()] {
        let archive = archive(&wal_like(1 << 20));
        let read = read(&archive, &how, |_| {
            OpenOptions::new().write(true).open(&archive.path).unwrap().write_all(b"other").unwrap();
        });
        assert_eq!(read.state, ReadState::Changed);
    }
}

#[test]
fn a_file_that_grows_or_shrinks_between_windows_is_changed() {
    for length in [1 << 18, 3 << 20] {
        let archive = archive(&wal_like(1 << 20));
        let read = read(&archive, &How::default(), |_| {
            File::options().write(true).open(&archive.path).unwrap().set_len(length).unwrap()
        });
        assert_eq!(read.state, ReadState::Changed, "{length}");
    }
}

#[test]
fn a_packed_or_empty_file_is_not_mapped() {
    let packed = archive(&crate::fixture::gzip(&wal_like(300_000)));
    let mut windows = 0;
    let whole = read(&packed, &mapped(), |_| windows += 1);
    assert_eq!((whole.codec, whole.state, windows), (Codec::Gzip, ReadState::Whole, 2));
    let empty = archive(b"");
    assert_eq!(read(&empty, &mapped(), |_| panic!("no bytes, no window")).state, ReadState::Whole);
}

#[test]
fn a_file_that_is_held_keeps_its_bytes() {
    let plain = wal_like(100_000);
    let archive = archive(&plain);
    let held = archive.source.hold(&archive.entry).unwrap().unwrap();
    fs::remove_file(&archive.path).unwrap();
    let mut bytes = b"before".to_vec();
    held.read(70_000, 10_000, &mut bytes).unwrap();
    held.read(99_999, 10_000, &mut bytes).unwrap();
    assert!(
        bytes[..6] == *b"before" && bytes[6..10_006] == plain[70_000..80_000] && bytes[10_006..] == plain[99_999..]
    );
    assert_eq!(held.size().unwrap(), 100_000);
    assert!(matches!(archive.source.hold(&archive.entry), Err(pgwal_source::SourceError::NotFound { .. })));
}
