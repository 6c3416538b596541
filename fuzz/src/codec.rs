//! Packed files: whatever the bytes, what comes out is bounded.

use pgwal_source::codec::Encryption;
use pgwal_source::{Codec, How, ReadState, Scratch, open};
use std::cell::RefCell;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tempfile::TempDir;

/// Plain bytes after which reading stops.
const LIMIT: u64 = 4 << 20;
/// Bytes in a window.
const WINDOW: usize = 64 << 10;

/// Reads a file of these bytes under a segment's name, and under that of a format without a magic; each once to the
/// limit and once until the first window.
pub fn run(bytes: &[u8]) {
    for name in ["000000010000000000000001", "000000010000000000000001.br"] {
        named(name, bytes);
    }
}

fn named(name: &str, bytes: &[u8]) {
    let codec = Codec::detect(bytes.get(..pgwal_source::codec::HEAD).unwrap_or(bytes), name);
    PLACE.with_borrow_mut(|place| {
        place.file.set_file_name(name);
        fs::write(&place.file, bytes).expect("a temporary file can be written");
        let source = open(std::slice::from_ref(&place.file)).expect("a regular file opens");
        let entries = source.list().expect("a file can be listed").entries;
        let how = How { limit: LIMIT, window: WINDOW, ..How::default() };
        let (mut pushed, mut sum, mut short) = (0u64, 0u64, false);
        let read = source.read(&entries[0], &how, &mut place.scratch, &mut |window| {
            assert!(!short, "only the last window may be short");
            short = window.len() != WINDOW;
            assert!(!window.is_empty() && window.len() <= WINDOW);
            pushed += window.len() as u64;
            sum = window.iter().fold(sum, |sum, &b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
            ControlFlow::Continue(())
        });
        let read = read.expect("damage is no error");
        // What is said to be packed in a way without a magic, and looks like noise, may be encrypted without a header.
        let noise = pushed == 0 && read.codec == Codec::Encrypted(Encryption::Sodium);
        // Of one without a byte its name alone says how it is packed.
        let codec = if noise || bytes.is_empty() { read.codec } else { codec };
        assert_eq!((read.plain_bytes, read.codec, read.stored_bytes), (pushed, codec, Some(bytes.len() as u64)));
        assert!(pushed <= LIMIT + WINDOW as u64, "{pushed} bytes");
        assert!(codec.is_open() || (pushed, read.state) == (0, ReadState::Closed));
        if codec == Codec::Plain && bytes.len() as u64 <= LIMIT {
            assert_eq!((pushed, read.state), (bytes.len() as u64, ReadState::Whole));
        }

        // Reading once more, with buffers that were used, gives the same; and a sink that breaks off is obeyed.
        let mut again = 0u64;
        let second = source.read(&entries[0], &how, &mut place.scratch, &mut |window| {
            again = window.iter().fold(again, |sum, &b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
            ControlFlow::Continue(())
        });
        assert_eq!((second.expect("damage is no error"), again), (read, sum));
        let mut calls = 0;
        let _ = source.read(&entries[0], &how, &mut place.scratch, &mut |_| {
            calls += 1;
            ControlFlow::Break(())
        });
        assert_eq!(calls, u64::from(pushed > 0), "the sink broke off");
    });
}

struct Place {
    file: PathBuf,
    scratch: Scratch,
    _folder: TempDir,
}

thread_local! {
    /// A file in memory where there is such a place.
    static PLACE: RefCell<Place> = RefCell::new({
        let shm = PathBuf::from("/dev/shm");
        let folder = if shm.is_dir() { TempDir::new_in(shm) } else { TempDir::new() }.expect("a temporary folder can be made");
        Place { file: folder.path().join("000000010000000000000001"), scratch: Scratch::default(), _folder: folder }
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("codec", super::run).unwrap() >= 10);
    }
}
