//! Pieces of files in a store, read and held against what is known of them.

use crate::contents::ContentsRead;
use crate::one_file::OneFile;
use crate::store::Store;
use pgwal_format::text::control::ControlFile;
use pgwal_source::codec::Container;
use pgwal_source::{Codec, Entry, How, Keys, ReadOutcome, ReadState, Scratch, Source, SourceError, Stored, by_crew};
use sha1::{Digest, Sha1};
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;

/// What is known of the content of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PieceSum {
    /// SHA-1 of the stored bytes.
    Stored([u8; 20]),
    /// SHA-1 of the plain bytes.
    Plain([u8; 20]),
    /// CRC-32C of the stored bytes.
    Crc32c(u32),
    /// It is a control file, which has a checksum of its own.
    Control,
    /// Nothing: it has to unpack to its end.
    Unpacks,
}

/// A file of a backup, where it lies.
pub(crate) struct DataPiece {
    /// The file in the store.
    pub file: String,
    /// From where on, and how many bytes, where it is not all of the file.
    pub part: Option<(u64, u64)>,
    /// What it should hold.
    pub sum: PieceSum,
}

/// What became of a piece.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PieceRead {
    /// It is what it should be.
    Right(u64),
    /// It is not: stored bytes read, and why, as what follows its name.
    Wrong(u64, String),
    /// It could not be read.
    Unread(String),
    /// It is not there, which its name already told.
    Absent,
}

/// Has every one of `count` things looked at, by so many threads.
pub(crate) fn share(
    count: usize,
    jobs: usize,
    look: &(dyn Fn(usize, &mut Scratch, &mut ContentsRead) + Sync),
) -> ContentsRead {
    type Own = (Scratch, ContentsRead);
    let begin = || -> Own { (Scratch::default(), ContentsRead::default()) };
    let one = |at: usize, (scratch, read): &mut Own| look(at, scratch, read);
    by_crew(count, jobs, &begin, &one, &mut |(_, all), (_, read)| all.merge(read)).1
}

/// Reads a piece. `Unpacks` and plain sums are those of what was packed and encrypted.
pub(crate) fn read(store: &dyn Store, keys: &Keys, piece: &DataPiece, scratch: &mut Scratch) -> PieceRead {
    let open = || stored_of(store, piece);
    let source = OneFile { place: store.describe(), keys, open: &open };
    match piece.sum {
        PieceSum::Plain(expected) => {
            let mut sum = Sha1::new();
            let read = unpacked(&source, &piece.file, scratch, &mut |window| sum.update(window));
            let right = sum.finalize().as_slice() == expected;
            judged(read, || right.then_some(()).ok_or("has another SHA-1 than its manifest says"))
        }
        PieceSum::Unpacks => judged(unpacked(&source, &piece.file, scratch, &mut |_| ()), || Ok(())),
        _ => match stored_of(store, piece) {
            Ok(Some(mut stored)) => {
                let length = piece.part.map(|(_, length)| length);
                stored_piece(&mut *stored, piece.sum, length)
            }
            Ok(None) => PieceRead::Absent,
            Err(error) => PieceRead::Unread(error.to_string()),
        },
    }
}

/// Hands on the plain bytes of a piece, whatever it is packed and encrypted in.
pub(crate) fn plain_piece(
    store: &dyn Store,
    keys: &Keys,
    piece: &DataPiece,
    scratch: &mut Scratch,
    sink: &mut dyn FnMut(&[u8]),
) -> PieceRead {
    let open = || stored_of(store, piece);
    match open() {
        Ok(Some(_)) => {}
        Ok(None) => return PieceRead::Absent,
        Err(error) => return PieceRead::Unread(error.to_string()),
    }
    let source = OneFile { place: store.describe(), keys, open: &open };
    judged(unpacked(&source, &piece.file, scratch, sink), || Ok(()))
}

/// Reads the stored bytes of a piece from where `stored` is, and holds them against their sum.
pub(crate) fn stored_piece(stored: &mut dyn Read, sum: PieceSum, length: Option<u64>) -> PieceRead {
    let (mut sha1, mut crc, mut head) = (Sha1::new(), 0, Vec::new());
    let read = drain(stored, length, &mut |bytes| match sum {
        PieceSum::Stored(_) | PieceSum::Plain(_) => sha1.update(bytes),
        PieceSum::Crc32c(_) => crc = pgwal_crc::castagnoli::append(crc, bytes),
        PieceSum::Control => head.extend(bytes.iter().take(8192_usize.saturating_sub(head.len()))),
        PieceSum::Unpacks => {}
    });
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => return PieceRead::Unread(error.to_string()),
    };
    if length.is_some_and(|length| bytes < length) {
        return PieceRead::Wrong(bytes, "ends too early".to_owned());
    }
    let (right, what) = match sum {
        PieceSum::Stored(expected) | PieceSum::Plain(expected) => {
            (sha1.finalize().as_slice() == expected, "has another SHA-1 than its manifest says")
        }
        PieceSum::Crc32c(expected) => (crc == expected, "has another CRC than the list of files says"),
        PieceSum::Control => (ControlFile::parse(&head).is_ok(), "is no control file with a right checksum"),
        PieceSum::Unpacks => (true, ""),
    };
    if right { PieceRead::Right(bytes) } else { PieceRead::Wrong(bytes, what.to_owned()) }
}

/// Reads up to so many bytes, all of them where no number is said.
pub(crate) fn drain(stored: &mut dyn Read, length: Option<u64>, sink: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
    let mut window = vec![0; 256 << 10];
    let mut done = 0;
    loop {
        let left = length.map_or(u64::MAX, |length| length - done).min(window.len() as u64) as usize;
        let count = match window.get_mut(..left) {
            Some([]) | None => return Ok(done),
            Some(room) => match stored.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            },
        };
        if count == 0 {
            return Ok(done);
        }
        sink(window.get(..count).unwrap_or_default());
        done += count as u64;
    }
}

/// Plain bytes of a piece.
fn unpacked(
    source: &dyn Source,
    file: &str,
    scratch: &mut Scratch,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<ReadOutcome, SourceError> {
    let how = How { limit: u64::MAX, ..How::default() };
    let entry = Entry::named(file, None);
    pgwal_source::read(source, &entry, &how, scratch, &mut |window| {
        sink(window);
        ControlFlow::Continue(())
    })
}

fn judged(read: Result<ReadOutcome, SourceError>, sum: impl FnOnce() -> Result<(), &'static str>) -> PieceRead {
    let read = match read {
        Ok(read) => read,
        Err(error) => return PieceRead::Unread(error.to_string()),
    };
    let bytes = read.stored_bytes.unwrap_or(read.plain_bytes);
    let codec = read.codec;
    match read.state {
        ReadState::Whole => match sum() {
            Ok(()) => PieceRead::Right(bytes),
            Err(why) => PieceRead::Wrong(bytes, why.to_owned()),
        },
        ReadState::CutOff => PieceRead::Wrong(bytes, format!("is cut off: its {codec} ends too early")),
        ReadState::Undecodable(_) => PieceRead::Wrong(bytes, format!("cannot be unpacked: its {codec} is damaged")),
        ReadState::Vanished => PieceRead::Absent,
        ReadState::Changed => PieceRead::Unread("changed while it was read".to_owned()),
        ReadState::WrongKey => PieceRead::Unread("is encrypted, and none of the keys opens it".to_owned()),
        // It is not packed: there is nothing in it that could say it is damaged.
        _ if codec == Codec::Unknown(Container::Tar) => PieceRead::Right(0),
        _ if matches!(codec, Codec::Encrypted(_)) => PieceRead::Unread("is encrypted".to_owned()),
        _ => PieceRead::Unread(format!("is packed as {codec}, which is not read")),
    }
}

/// The stored bytes of a piece; `None` where there is no such file.
fn stored_of<'a>(store: &'a dyn Store, piece: &DataPiece) -> Result<Option<Box<dyn Stored + 'a>>, SourceError> {
    let Some(stored) = store.open(&piece.file)? else { return Ok(None) };
    Ok(Some(match piece.part {
        None => stored,
        Some((from, length)) => Box::new(StoredPart { stored, from, length, at: 0 }),
    }))
}

/// A part of a file.
struct StoredPart<'a> {
    stored: Box<dyn Stored + 'a>,
    from: u64,
    length: u64,
    at: u64,
}

impl StoredPart<'_> {
    fn room(&self, at: u64, wanted: usize) -> usize {
        usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX).min(wanted)
    }
}

impl Read for StoredPart<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.read_at(self.at, out)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Stored for StoredPart<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let room = self.room(offset, out.len());
        match out.get_mut(..room) {
            Some([]) | None => Ok(0),
            Some(out) => self.stored.read_at(self.from.saturating_add(offset), out),
        }
    }

    fn size(&self) -> Option<u64> {
        // What the file has less is missing of the part.
        let there = self.stored.size().map_or(self.length, |size| size.saturating_sub(self.from));
        Some(there.min(self.length))
    }

    fn has_changed(&self) -> io::Result<bool> {
        self.stored.has_changed()
    }

    fn file(&self) -> Option<&File> {
        None
    }
}
