//! Standard input: one file of WAL, to its end, or a tar of many.
//!
//! A stream cannot be rewound, and whose WAL it is must be known before it is judged. So the bytes that were taken from
//! it are kept: no more than were asked for, which for WAL is a segment.

use crate::entry::EntryFolder;
use crate::key::Keys;
use crate::source::{AsOf, Extent, Local};
use crate::tar::{self, TarFile};
use crate::{Entry, FileKind, Listing, Source, SourceError, Stamp, Stored};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream that can be read again, from what it gave before.
pub(crate) struct StdinTape(Mutex<Tape>);

struct Tape {
    kept: Vec<u8>,
    source: Box<dyn io::Read + Send>,
}

impl Tape {
    fn read_at(&mut self, at: usize, out: &mut [u8]) -> io::Result<usize> {
        let said = |error: io::Error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => SourceError::io(Path::new("-"), &error).into(),
        };
        // What nobody asked for yet is taken from the stream up to here.
        while self.kept.len() < at {
            let mut passed = [0; 64 << 10];
            let most = (at - self.kept.len()).min(passed.len());
            let count = self.source.read(&mut passed[..most]).map_err(said)?;
            if count == 0 {
                return Ok(0);
            }
            self.kept.extend_from_slice(&passed[..count]);
        }
        let kept = self.kept.get(at..).unwrap_or(&[]);
        if kept.is_empty() {
            let count = self.source.read(out).map_err(said)?;
            self.kept.extend_from_slice(out.get(..count).unwrap_or(&[]));
            return Ok(count);
        }
        let count = kept.len().min(out.len());
        out[..count].copy_from_slice(&kept[..count]);
        Ok(count)
    }
}

/// A reading of the tape from its beginning.
struct TapeReading<'a> {
    tape: &'a Mutex<Tape>,
    at: usize,
}

impl io::Read for TapeReading<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.tape.lock().unwrap_or_else(PoisonError::into_inner).read_at(self.at, out)?;
        self.at += count;
        Ok(count)
    }
}

impl Stored for TapeReading<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.tape.lock().unwrap_or_else(PoisonError::into_inner).read_at(at, out)
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn has_changed(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn file(&self) -> Option<&File> {
        None
    }
}

/// What comes by standard input.
pub enum StdinPlace {
    /// One file.
    File(Box<dyn Source>),
    /// A tar, which was taken in to its end.
    Tar(TarFile),
}

impl StdinPlace {
    /// Looks at what comes.
    ///
    /// # Errors
    /// It is a terminal, cannot be read, or is a tar that there is no room for.
    pub fn open() -> Result<StdinPlace, SourceError> {
        StdinPlace::of(StdinTape::stdin()?)
    }

    fn of(tape: StdinTape) -> Result<StdinPlace, SourceError> {
        let reading = || TapeReading { tape: &tape.0, at: 0 };
        let refused = |error: io::Error| SourceError::of_reading("-", &error);
        if !tar::begins(reading()).map_err(refused)? {
            return Ok(StdinPlace::File(Box::new(tape)));
        }
        let Tape { kept, source } = tape.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stream = io::Read::chain(io::Cursor::new(kept), source);
        Ok(StdinPlace::Tar(TarFile::take_in(stream, "standard input")?))
    }
}

impl StdinTape {
    pub(crate) fn stdin() -> Result<StdinTape, SourceError> {
        if io::stdin().is_terminal() {
            return Err(SourceError::NotRegular { path: PathBuf::from("-"), kind: FileKind::Terminal });
        }
        Ok(StdinTape::new(Box::new(io::stdin())))
    }

    fn new(source: Box<dyn io::Read + Send>) -> StdinTape {
        StdinTape(Mutex::new(Tape { kept: Vec::new(), source }))
    }
}

impl Source for StdinTape {
    fn describe(&self) -> String {
        "standard input".to_owned()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let folder = Arc::new(EntryFolder { path: PathBuf::new(), shown: String::new() });
        Ok(Listing { entries: vec![Entry::new(None, None, &folder, OsStr::new("-"))], ..Listing::default() })
    }

    fn open(&self, _: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        Ok(Box::new(TapeReading { tape: &self.0, at: 0 }))
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, _: &Entry) -> Option<Stamp> {
        None
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn local(&self) -> Option<&dyn Local> {
        None
    }

    fn is_live(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, How, ReadOutcome, ReadState, Scratch};
    use std::ops::ControlFlow;

    #[test]
    fn a_stream_can_be_read_again() {
        let stream: &dyn Source = &StdinTape::new(Box::new(io::Cursor::new(vec![7; 300_000])));
        let entry = stream.list().unwrap().entries.remove(0);
        assert_eq!((entry.name, entry.size, entry.shown().as_str()), (None, None, "-"));
        let whole = ReadOutcome { plain_bytes: 300_000, ..ReadOutcome::of(Codec::Plain, ReadState::Whole) };
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
