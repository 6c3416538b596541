//! The one face of every place where WAL lies.

use crate::codec::Codec;
use crate::stamp::Stamp;
use crate::{Content, Entry, Held, Listing, SourceError, guard};
use std::ops::ControlFlow;
use std::time::SystemTime;

/// A place where WAL lies. May be shared by threads, each with a [`Scratch`] of its own.
pub trait Source: Send + Sync {
    /// The place as a user would name it.
    fn describe(&self) -> String;

    /// What lies there now.
    ///
    /// # Errors
    /// The place itself cannot be looked at. What cannot be looked at inside it is in [`Listing::unreadable`].
    fn list(&self) -> Result<Listing, SourceError>;

    /// Pushes the plain bytes of a file into `sink`, in order and without holes, until the file ends or the sink breaks
    /// off. Each window is a multiple of 64 KiB long, but for the last of the file; a mapped file is one window.
    ///
    /// Whether these bytes are all, and what kept the rest back, is in the answer: the sink must not take the end of
    /// its
    /// windows for the end of the file.
    ///
    /// # Errors
    /// The file cannot be opened or read. That it is gone, damaged or packed in an unknown way is no error.
    fn read(
        &self,
        entry: &Entry,
        how: &How,
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Read, SourceError>;

    /// Whether a server may be writing here: a data directory's `pg_wal` or `pg_xlog`.
    fn is_live(&self) -> bool;

    /// Opens a file and keeps it open, for those who may come to read it after its name is gone. `None` where there is
    /// no
    /// such way to a file.
    ///
    /// # Errors
    /// The file cannot be opened, or is gone already.
    fn hold(&self, _entry: &Entry) -> Result<Option<Held>, SourceError> {
        Ok(None)
    }

    /// The server's control file, where this is the WAL of a data directory: its first 8 KiB.
    fn control_file(&self) -> Option<Vec<u8>> {
        None
    }

    /// What tells that a file is the one that was read before, without reading it; `None` where nothing does.
    fn stamp(&self, _entry: &Entry) -> Option<Stamp> {
        None
    }

    /// When the file was as it is here: now, unless somebody looked at it before.
    fn seen_at(&self, _entry: &Entry) -> SystemTime {
        SystemTime::now()
    }

    /// Whether it stays what it is: what was kept once does not change any more.
    fn is_kept(&self) -> bool {
        false
    }

    /// Whether nothing forbids this user to read a file.
    fn may_read(&self, _entry: &Entry) -> bool {
        true
    }

    /// The stored bytes of a file, to be kept.
    fn keep(&self, entry: &Entry) -> Content {
        Content::of(&entry.path(), None)
    }

    /// The plain bytes of a small file such as a `.history`, at most `limit` of them, and how reading it went.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn small(&self, entry: &Entry, limit: u64) -> Result<(Vec<u8>, Read), SourceError> {
        let mut bytes = Vec::new();
        let how = How { limit, ..How::default() };
        let read = self.read(entry, &how, &mut Scratch::default(), &mut |window| {
            bytes.extend_from_slice(window);
            ControlFlow::Continue(())
        })?;
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((bytes, read))
    }
}

/// How a file is to be read.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Memory-map regular files that are not packed, and push each as one window. Takes the proof that the guard is
    /// installed, without which a file that shrinks would end the process. Where mapping is not possible, or all places
    /// of the guard are taken, the file is read in windows instead.
    pub map: Option<guard::Guard>,
    /// Plain bytes after which reading stops; at most one window more is pushed. Bounds what a few packed bytes can
    /// turn
    /// into. By default 1 GiB, the largest segment.
    pub limit: u64,
    /// Bytes in a window: rounded up to a multiple of 64 KiB, by default 256 KiB, at most 16 MiB.
    pub window: usize,
}

impl Default for How {
    fn default() -> How {
        How { map: None, limit: 1 << 30, window: 256 << 10 }
    }
}

impl How {
    pub(crate) fn window(&self) -> usize {
        self.window.clamp(1, 16 << 20).next_multiple_of(64 << 10)
    }
}

/// Buffers that are used again from file to file. One for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The window that the sink sees.
    pub(crate) window: Vec<u8>,
    /// Packed bytes.
    pub(crate) input: Vec<u8>,
}

/// How reading a file went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Plain bytes pushed to the sink.
    pub plain_bytes: u64,
    /// What the file is packed in.
    pub codec: Codec,
    /// Whether that was all.
    pub state: ReadState,
    /// Bytes on disk when the file was opened; `None` for a stream, and where there is no file any more.
    pub stored_bytes: Option<u64>,
}

/// Whether the bytes pushed were all, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadState {
    /// The whole file.
    Whole,
    /// The packed file ends too early. Every plain byte that could be had of it was pushed.
    CutOff,
    /// The rest cannot be unpacked.
    Undecodable(Fault),
    /// Nothing was pushed: the file is encrypted, or packed in a way that is not read. The codec names it.
    Closed,
    /// The file's size, time or bytes changed while it was read: what was pushed proves nothing.
    Changed,
    /// There is no such file any more.
    Vanished,
    /// [`How::limit`] was reached.
    LimitReached,
    /// The sink broke off.
    Stopped,
}

/// What is wrong with a packed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A checksum of the packed format does not match. The plain bytes came out, but they are not those that were
    /// packed.
    Checksum,
    /// The packed bytes make no sense.
    Corrupt,
    /// The packed stream is whole, and other bytes follow it.
    Trailing,
    /// Well formed, but it asks for a dictionary, for more memory than is granted, or for a feature that is not read.
    Unsupported,
}
