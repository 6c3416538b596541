//! Standard input: one file of WAL, to its end.

use crate::entry::Folder;
use crate::source::{How, Read, Scratch};
use crate::{Entry, FileKind, Listing, Source, SourceError, file};
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream that can be read once.
pub(crate) struct Stream(Mutex<Option<Box<dyn io::Read + Send>>>);

impl Stream {
    pub(crate) fn stdin() -> Result<Stream, SourceError> {
        if io::stdin().is_terminal() {
            return Err(SourceError::NotRegular { path: PathBuf::from("-"), kind: FileKind::Terminal });
        }
        Ok(Stream::new(Box::new(io::stdin())))
    }

    fn new(source: Box<dyn io::Read + Send>) -> Stream {
        Stream(Mutex::new(Some(source)))
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

    fn read(&self, _entry: &Entry, how: &How, scratch: &mut Scratch, sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<Read, SourceError> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut source = taken.ok_or(SourceError::StreamSpent)?;
        file::read_stream("-", &mut source, how, scratch, sink).map_err(|error| SourceError::io(Path::new("-"), &error))
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
    fn a_stream_is_read_once() {
        let stream = Stream::new(Box::new(io::Cursor::new(vec![7; 300_000])));
        let entry = stream.list().unwrap().entries.remove(0);
        assert_eq!((entry.name, entry.size, entry.shown().as_str()), (None, None, "-"));
        let mut lengths = Vec::new();
        let mut sink = |window: &[u8]| {
            lengths.push(window.len());
            ControlFlow::Continue(())
        };
        let read = stream.read(&entry, &How::default(), &mut Scratch::default(), &mut sink).unwrap();
        assert_eq!(read, Read { plain_bytes: 300_000, codec: Codec::Plain, state: ReadState::Whole, stored_bytes: None });
        let again = stream.read(&entry, &How::default(), &mut Scratch::default(), &mut sink);
        assert_eq!(again, Err(SourceError::StreamSpent));
        assert_eq!(lengths, [256 << 10, 300_000 - (256 << 10)]);
    }
}
