//! How reading a file went.

use crate::codec::Codec;
use std::ops::ControlFlow;

/// Takes plain bytes, window by window.
pub type ByteSink<'a> = &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>;

/// How reading a file went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOutcome {
    /// Plain bytes pushed to the sink.
    pub plain_bytes: u64,
    /// What the file is packed in; of an encrypted file that opened, what is packed in it, if anything is.
    pub codec: Codec,
    /// Whether that was all.
    pub state: ReadState,
    /// Stored bytes when the file was opened; `None` for a stream, and where there is no file any more.
    pub stored_bytes: Option<u64>,
    /// What follows the packed bytes that were given, and is passed over by whoever gives the file out.
    pub behind: Option<LeftBehind>,
}

impl ReadOutcome {
    /// Of a file of which nothing was pushed.
    pub(crate) fn of(codec: Codec, state: ReadState) -> ReadOutcome {
        ReadOutcome { plain_bytes: 0, codec, state, stored_bytes: None, behind: None }
    }
}

/// What is passed over behind the end of a packed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftBehind {
    /// Further members, which hold plain bytes of their own.
    Members,
    /// Zeros.
    Zeros,
    /// Other bytes.
    Bytes,
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
    Undecodable(ReadFault),
    /// Nothing was pushed: the file is encrypted, or packed in a way that is not read. The codec names it.
    Closed,
    /// Nothing was pushed: the file is encrypted, and none of the keys that are here opens it. The codec names how.
    WrongKey,
    /// The file's size, time or bytes changed while it was read: what was pushed proves nothing.
    Changed,
    /// There is no such file any more.
    Vanished,
    /// [`How::limit`](crate::How::limit) was reached.
    LimitReached,
    /// The sink broke off.
    Stopped,
}

/// What is wrong with a packed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadFault {
    /// A checksum of the packed format does not match. The plain bytes came out, but they are not those that were
    /// packed.
    Checksum,
    /// The packed bytes make no sense.
    Corrupt,
    /// The packed stream is whole, and other bytes follow it.
    Trailing,
    /// It is packed otherwise than its name says, or its name says what is not unpacked there: whoever gives it out
    /// goes by the name.
    Otherwise,
    /// Well formed, but it asks for a dictionary, for more memory than is granted, or for a feature that is not read.
    Unsupported,
}
