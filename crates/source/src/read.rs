//! From stored bytes to plain ones: the one way to the content of a file, whatever source it lies in.

use crate::codec::{self, Codec, Encryption};
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::opening::{OpeningRule, ShortRule, UnpackRule};
use crate::outcome::{ByteSink, ReadFault, ReadOutcome, ReadState};
use crate::source::{Extent, Source};
use crate::stored::{Stored, fill_at};
use crate::{Entry, SourceError, decode, decrypt, guard, map};
use std::io;
use std::ops::ControlFlow;

/// Pushes the plain bytes of a file into `sink`, in order and without holes, until the file ends or the sink breaks
/// off. Each window is a multiple of 64 KiB long, but for the last of the file; a mapped file is one window.
///
/// Whether these bytes are all, and what kept the rest back, is in the answer: the sink must not take the end of its
/// windows for the end of the file. What a file is packed in says its content, whatever the source.
///
/// # Errors
/// The file cannot be opened or read. That it is gone, damaged or packed in an unknown way is no error.
pub fn read(
    source: &dyn Source,
    entry: &Entry,
    how: &How,
    scratch: &mut Scratch,
    sink: ByteSink<'_>,
) -> Result<ReadOutcome, SourceError> {
    let read = source.open(entry, how.extent).and_then(|mut stored| {
        let map = how.map.filter(|_| source.local().is_some());
        let how = How { map, ..*how };
        let (name, opening) = (entry.file_name(), entry.opening());
        let file = FileToRead { name, opening, keys: source.keys(entry), source, how: &how };
        read_stored(&mut *stored, &file, scratch, sink).map_err(|error| SourceError::of_reading(&entry.shown(), &error))
    });
    match read {
        Err(error) if error.is_gone() => Ok(ReadOutcome::of(Codec::Plain, ReadState::Vanished)),
        read => read,
    }
}

/// The plain bytes of a small file such as a `.history`, at most `limit` of them, and how reading it went: one that is
/// gone is no error, but empty, and [`ReadState::Vanished`] says so.
///
/// # Errors
/// As [`read`].
pub fn small(source: &dyn Source, entry: &Entry, limit: u64) -> Result<(Vec<u8>, ReadOutcome), SourceError> {
    let mut bytes = Vec::new();
    let how = How { limit, ..How::default() };
    let read = read(source, entry, &how, &mut Scratch::default(), &mut |window| {
        bytes.extend_from_slice(window);
        ControlFlow::Continue(())
    })?;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((bytes, read))
}

/// Bytes of a page of WAL, by default.
const PAGE: usize = 8 << 10;

/// How a file is to be read.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Memory-map regular files that are not packed, and push each as one window. Takes the proof that the guard is
    /// installed, without which a file that shrinks would end the process. Where mapping is not possible, or all places
    /// of the guard are taken, the file is read in windows instead.
    pub map: Option<guard::MapGuard>,
    /// Plain bytes after which reading stops; at most one window more is pushed. Bounds what a few packed bytes can
    /// turn into. By default 1 GiB, the largest segment.
    pub limit: u64,
    /// Bytes in a window: rounded up to a multiple of 64 KiB, by default 256 KiB, at most 16 MiB; of a first page 8
    /// KiB.
    pub window: usize,
    /// How much will be taken, as far as is known before.
    pub extent: Extent,
}

impl Default for How {
    fn default() -> How {
        How { map: None, limit: 1 << 30, window: 256 << 10, extent: Extent::Whole }
    }
}

impl How {
    fn window(&self) -> usize {
        match self.extent {
            Extent::FirstPage => PAGE,
            Extent::Whole | Extent::Head => self.window.clamp(1, 16 << 20).next_multiple_of(64 << 10),
        }
    }
}

/// Buffers that are used again from file to file. One for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The window that the sink sees.
    window: Vec<u8>,
    /// Packed bytes.
    input: Vec<u8>,
}

/// What is to be read, and how.
struct FileToRead<'a> {
    name: &'a str,
    opening: OpeningRule,
    keys: Option<&'a Keys>,
    source: &'a dyn Source,
    how: &'a How,
}

fn read_stored(
    stored: &mut dyn Stored,
    file: &FileToRead<'_>,
    scratch: &mut Scratch,
    sink: ByteSink<'_>,
) -> io::Result<ReadOutcome> {
    let size = stored.size();
    let FileToRead { name, opening, how, .. } = *file;
    let mut read = match read_mapped(stored, file, sink)? {
        Some(read) => read,
        None => {
            let mut input: BufferedInput<&mut dyn Stored> =
                BufferedInput::new(&mut *stored, std::mem::take(&mut scratch.input));
            let codec = decrypt::codec_of(input.peek(codec::HEAD)?, name, file.keys);
            scratch.window.resize(how.window(), 0);
            match (codec, file.keys) {
                (Codec::Encrypted(kind), Some(keys)) => read_encrypted(input, kind, keys, file, scratch, sink)?,
                // The tool that keeps the place opens every file of it with this key, and refuses what is none.
                (_, Some(keys)) if keys.is_sole() && !input.peek(1)?.is_empty() => {
                    let state = ReadState::Undecodable(ReadFault::Corrupt);
                    ReadOutcome::of(Codec::Encrypted(Encryption::OpenSsl), state)
                }
                _ => {
                    let read = unpacked(codec, (opening, name), &mut input, &mut scratch.window, how, sink)?;
                    scratch.input = input.into_buffer();
                    read
                }
            }
        }
    };
    read.stored_bytes = size;
    let whole = read.codec == Codec::Plain && read.state == ReadState::Whole;
    if whole && size.is_some_and(|size| size != read.plain_bytes) || stored.has_changed()? {
        read.state = ReadState::Changed;
    }
    Ok(read)
}

fn read_encrypted(
    stored: BufferedInput<&mut dyn Stored>,
    kind: Encryption,
    keys: &Keys,
    file: &FileToRead<'_>,
    scratch: &mut Scratch,
    sink: ByteSink<'_>,
) -> io::Result<ReadOutcome> {
    let encrypted = Codec::Encrypted(kind);
    let clear = match decrypt::open(kind, stored, keys, &|| decrypt::open_any_of(keys, file.source))? {
        decrypt::Decryption::Clear(clear) => clear,
        decrypt::Decryption::Refused(why) => {
            return Ok(ReadOutcome::of(encrypted, why.state()));
        }
    };
    let mut input = BufferedInput::new(clear, Vec::new());
    let inner = Codec::detect(input.peek(codec::HEAD)?, file.name);
    let read = unpacked(inner, (file.opening, file.name), &mut input, &mut scratch.window, file.how, sink)?;
    let state = decrypt::ended(read.state, input.get_ref().fault());
    scratch.input = input.into_buffer();
    let codec = if read.codec == Codec::Plain { encrypted } else { read.codec };
    Ok(ReadOutcome { codec, state, ..read })
}

/// Unpacks a file that is found to be packed in `found`, as whoever gives it out does.
fn unpacked<R: io::Read>(
    found: Codec,
    (opening, name): (OpeningRule, &str),
    input: &mut BufferedInput<R>,
    window: &mut [u8],
    how: &How,
    sink: ByteSink<'_>,
) -> io::Result<ReadOutcome> {
    // Whatever it should be, it ends too early.
    if input.peek(1)?.is_empty()
        && let Some((codec, short)) = opening.of_nothing(name)
    {
        let state = if short == ShortRule::Refused { ReadState::CutOff } else { ReadState::Whole };
        return Ok(ReadOutcome::of(codec, state));
    }
    let UnpackRule { codec, behind, short } = match opening.of(found) {
        Err(fault) => return Ok(ReadOutcome::of(found, ReadState::Undecodable(fault))),
        Ok(as_what) => as_what,
    };
    let read = decode::run((codec, behind), input, window, how.limit, sink)?;
    let is_given = matches!(short, ShortRule::Given | ShortRule::GivenAsItIs);
    let state = if is_given && read.state == ReadState::CutOff { ReadState::Whole } else { read.state };
    let (plain_bytes, behind) = (read.plain, read.behind);
    Ok(ReadOutcome { plain_bytes, behind, ..ReadOutcome::of(codec, state) })
}

/// `None`: it is to be read in windows.
fn read_mapped(stored: &dyn Stored, file: &FileToRead<'_>, sink: ByteSink<'_>) -> io::Result<Option<ReadOutcome>> {
    let FileToRead { name, opening, keys, how, .. } = *file;
    let Some(((guard, mapped), size)) = how.map.zip(stored.file()).zip(stored.size().filter(|&size| size > 0)) else {
        return Ok(None);
    };
    // The beginning, without moving on.
    let mut head = [0; codec::HEAD];
    let filled = fill_at(stored, 0, &mut head)?;
    let as_it_is = opening.of(Codec::Plain).is_ok_and(|unpack| unpack.codec == Codec::Plain);
    if !as_it_is || keys.is_some_and(Keys::is_sole) || decrypt::codec_of(&head[..filled], name, keys) != Codec::Plain {
        return Ok(None);
    }
    let length = size.min(how.limit.saturating_add(how.window() as u64));
    let mut state = if length < size { ReadState::LimitReached } else { ReadState::Whole };
    let faulted = map::look(mapped, length, guard, &mut |bytes| {
        if sink(bytes).is_break() {
            state = ReadState::Stopped;
        }
    });
    let Some(faulted) = faulted else { return Ok(None) };
    if faulted {
        state = ReadState::Changed;
    }
    Ok(Some(ReadOutcome { plain_bytes: length, ..ReadOutcome::of(Codec::Plain, state) }))
}
