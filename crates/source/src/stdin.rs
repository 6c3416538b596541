//! Standard input: one file of WAL, to its end.
//!
//! A stream cannot be rewound, and whose WAL it is must be known before it is judged. So the bytes that were taken from
//! it
//! are kept: no more than were asked for, which for WAL is a segment.

use crate::entry::Folder;
use crate::source::{How, Read, Scratch};
use crate::{Entry, FileKind, Listing, Source, SourceError, file};
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream that can be read again, from what it gave before.
pub(crate) struct Stream(Mutex<Tape>);

struct Tape {
    kept: Vec<u8>,
    source: Box<dyn io::Read + Send>,
}

/// A reading of the tape from its beginning.
struct Replay<'a> {
    tape: &'a mut Tape,
    at: usize,
}

impl io::Read for Replay<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let kept = self.tape.kept.get(self.at..).unwrap_or(&[]);
        let count = if kept.is_empty() {
            let count = self.tape.source.read(out)?;
            self.tape.kept.extend_from_slice(out.get(..count).unwrap_or(&[]));
            count
        } else {
            let count = kept.len().min(out.len());
            out[..count].copy_from_slice(&kept[..count]);
            count
        };
        self.at += count;
        Ok(count)
    }
}

impl Stream {
    pub(crate) fn stdin() -> Result<Stream, SourceError> {
        if io::stdin().is_terminal() {
            return Err(SourceError::NotRegular { path: PathBuf::from("-"), kind: FileKind::Terminal });
        }
        Ok(Stream::new(Box::new(io::stdin())))
    }

    fn new(source: Box<dyn io::Read + Send>) -> Stream {
        Stream(Mutex::new(Tape { kept: Vec::new(), source }))
    }
}

impl Source for Stream {
    fn describe(&self) -> String {
        "standard input".to_owned()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let folder = Arc::new(Folder { path: PathBuf::new(), shown: String::new() });
        Ok(Listing { entries: vec![Entry::new(None, None, &folder, OsStr::new("-"))], ..Listing::default() })
    }

    fn read(
        &self,
        _entry: &Entry,
        how: &How,
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Read, SourceError> {
        let mut tape = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file::read_stream("-", &mut Replay { tape: &mut tape, at: 0 }, how, scratch, sink)
            .map_err(|error| SourceError::io(Path::new("-"), &error))
    }

    fn is_live(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, ReadState};

    #[test]
    fn a_stream_can_be_read_again() {
        let stream = Stream::new(Box::new(io::Cursor::new(vec![7; 300_000])));
        let entry = stream.list().unwrap().entries.remove(0);
        assert_eq!((entry.name, entry.size, entry.shown().as_str()), (None, None, "-"));
        let whole = Read { plain_bytes: 300_000, codec: Codec::Plain, state: ReadState::Whole, stored_bytes: None };
        let begun =
            stream.read(&entry, &How::default(), &mut Scratch::default(), &mut |_| ControlFlow::Break(())).unwrap();
        assert_eq!(begun.state, ReadState::Stopped);
        for _ in 0..2 {
            let mut lengths = Vec::new();
            let mut sink = |window: &[u8]| {
                assert!(window.iter().all(|&byte| byte == 7));
                lengths.push(window.len());
                ControlFlow::Continue(())
            };
            assert_eq!(stream.read(&entry, &How::default(), &mut Scratch::default(), &mut sink).unwrap(), whole);
            assert_eq!(lengths, [256 << 10, 300_000 - (256 << 10)]);
        }
    }
}
