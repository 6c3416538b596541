//! One file, opened and read.

use crate::codec::{self, Codec};
use crate::decode;
use crate::input::Input;
use crate::pace::{Pace, Paced};
use crate::source::{How, Read, ReadState, Scratch};
use crate::{SourceError, map};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

/// A sink of plain bytes.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>;

/// Reads a file as [`Source::read`](crate::Source::read) says.
pub(crate) fn read(
    path: &Path,
    how: &How,
    pace: Option<&Pace>,
    scratch: &mut Scratch,
    sink: Sink<'_>,
) -> Result<Read, SourceError> {
    let result = match open(path) {
        Ok(file) => read_open(&file, path, how, pace, scratch, sink),
        Err(error) => Err(error),
    };
    match result {
        Ok(read) => read,
        Err(error) if is_gone(&error) => {
            Ok(Read { plain_bytes: 0, codec: Codec::Plain, state: ReadState::Vanished, stored_bytes: None })
        }
        Err(error) => Err(SourceError::io(path, &error)),
    }
}

/// Reads a stream to its end.
pub(crate) fn read_stream(
    name: &str,
    source: &mut dyn io::Read,
    how: &How,
    scratch: &mut Scratch,
    sink: Sink<'_>,
) -> io::Result<Read> {
    let mut input = Input::new(source, &mut scratch.input);
    let codec = Codec::detect(input.peek(codec::HEAD)?, name);
    scratch.window.resize(how.window(), 0);
    let (plain_bytes, state) = decode::run(codec, &mut input, &mut scratch.window, how.limit, sink)?;
    Ok(Read { plain_bytes, codec, state, stored_bytes: None })
}

pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        // A named pipe that took the file's place must not make us wait for its writer.
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    options.open(path)
}

fn read_open(
    file: &File,
    path: &Path,
    how: &How,
    pace: Option<&Pace>,
    scratch: &mut Scratch,
    sink: Sink<'_>,
) -> io::Result<Result<Read, SourceError>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Err(SourceError::not_regular(path, metadata.file_type())));
    }
    let before = Stamp::of(&metadata);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    // The kernel reads a mapped file, and as fast as it likes.
    let mapped = match how.map.filter(|_| pace.is_none()) {
        Some(guard) if before.size > 0 && is_plain(file, name)? => read_mapped(file, before.size, how, guard, sink),
        _ => None,
    };
    let mut read = match mapped {
        Some(read) => read,
        None => match pace {
            Some(pace) => read_stream(name, &mut Paced { file, pace }, how, scratch, sink)?,
            None => read_stream(name, &mut &*file, how, scratch, sink)?,
        },
    };
    read.stored_bytes = Some(before.size);
    let short = read.codec == Codec::Plain && read.state == ReadState::Whole && read.plain_bytes != before.size;
    if short || Stamp::of(&file.metadata()?) != before {
        read.state = ReadState::Changed;
    }
    Ok(Ok(read))
}

/// Looks at the beginning without moving the file's position.
fn is_plain(file: &File, name: &str) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileExt;
        let mut head = [0; codec::HEAD];
        let mut filled = 0;
        while filled < head.len() {
            match file.read_at(&mut head[filled..], filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Codec::detect(&head[..filled], name) == Codec::Plain)
    }
    #[cfg(not(unix))]
    {
        let _ = (file, name);
        Ok(false)
    }
}

fn read_mapped(file: &File, size: u64, how: &How, guard: map::guard::Guard, sink: Sink<'_>) -> Option<Read> {
    let length = size.min(how.limit.saturating_add(how.window() as u64));
    let mut state = if length < size { ReadState::LimitReached } else { ReadState::Whole };
    let faulted = map::look(file, length, guard, &mut |bytes| {
        if sink(bytes).is_break() {
            state = ReadState::Stopped;
        }
    })?;
    if faulted {
        state = ReadState::Changed;
    }
    Some(Read { plain_bytes: length, codec: Codec::Plain, state, stored_bytes: None })
}

/// What changes when a file is written to.
#[derive(PartialEq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

fn is_gone(error: &io::Error) -> bool {
    // A file that another client of a network share has removed.
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::StaleNetworkFileHandle)
}
