//! Encrypted bytes to those that were encrypted, in front of unpacking.
//!
//! Formats without a seal say of no key that it is wrong: their bytes come out as noise. There a key is right if what
//! comes out first is known ([`known`]). Where it is not, the key is another or the beginning is damaged; the end of
//! the file and the other files of the place tell these apart.

#[cfg(feature = "age")]
mod age;
mod known;
#[cfg(feature = "openssl")]
mod openssl;
#[cfg(feature = "pghoard")]
mod pghoard;
#[cfg(feature = "pgp")]
mod pgp;
mod small;
#[cfg(feature = "libsodium")]
mod sodium;
mod unmarked;

pub(crate) use small::open_any_of;
pub(crate) use unmarked::codec_of;

use crate::codec::Encryption;
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::outcome::{ReadFault, ReadState};
use crate::stored::Stored;
use std::io;

/// Bytes that were encrypted, and how they ended.
pub(crate) trait Clear: io::Read {
    /// What is wrong with the encrypted bytes, once those that came out are at their end.
    fn fault(&self) -> Option<ClearFault>;
}

/// What is wrong with encrypted bytes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum ClearFault {
    /// They end too early.
    CutOff,
    /// They do not end as they should: damaged there, or cut where nobody sees it.
    End,
    /// A seal is broken.
    #[allow(dead_code, reason = "which encryptions have seals, features say")]
    Seal,
}

/// What became of opening an encrypted file.
pub(crate) enum Decryption<'a> {
    Clear(Box<dyn Clear + 'a>),
    Refused(Refused),
}

/// Why an encrypted file is not opened.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Refused {
    /// Nobody here can.
    Closed,
    /// Nothing but its head is there.
    CutOff,
    /// None of the keys is right.
    WrongKey,
    /// A key is right, or must be; its beginning is damaged.
    Damaged,
}

impl Refused {
    pub(crate) fn state(self) -> ReadState {
        match self {
            Refused::Closed => ReadState::Closed,
            Refused::CutOff => ReadState::CutOff,
            Refused::WrongKey => ReadState::WrongKey,
            Refused::Damaged => ReadState::Undecodable(ReadFault::Corrupt),
        }
    }
}

/// Opens an encrypted file with the first key that fits. `proven`: whether the keys open other files of the place;
/// asked only where this file does not tell.
pub(crate) fn open<'a>(
    kind: Encryption,
    stored: BufferedInput<&'a mut dyn Stored>,
    keys: &Keys,
    proven: &dyn Fn() -> bool,
) -> io::Result<Decryption<'a>> {
    if keys.is_empty() {
        return Ok(Decryption::Refused(Refused::Closed));
    }
    match kind {
        #[cfg(feature = "openssl")]
        Encryption::OpenSsl => openssl::open(stored, keys, proven),
        #[cfg(feature = "libsodium")]
        Encryption::Sodium => sodium::open(stored, keys, proven),
        #[cfg(feature = "pgp")]
        Encryption::Pgp => pgp::open(stored, keys, proven),
        #[cfg(feature = "age")]
        Encryption::Age => age::open(stored, keys),
        #[cfg(feature = "pghoard")]
        Encryption::Pghoard => pghoard::open(stored, keys),
        #[allow(unreachable_patterns, reason = "which encryptions are opened, features say")]
        _ => {
            let _ = (stored, proven);
            Ok(Decryption::Refused(Refused::Closed))
        }
    }
}

/// Whether a key is right for a small file whose beginning does not say so: something in its middle is known.
pub(crate) fn is_known_inside(kind: Encryption, stored: &[u8], keys: &Keys) -> bool {
    match kind {
        #[cfg(feature = "openssl")]
        Encryption::OpenSsl => openssl::is_known_inside(stored, keys),
        _ => {
            let _ = (stored, keys);
            false
        }
    }
}

/// How a file went whose packed bytes were encrypted.
pub(crate) fn ended(unpacked: ReadState, fault: Option<ClearFault>) -> ReadState {
    match (unpacked, fault) {
        (ReadState::Whole, Some(ClearFault::CutOff)) => ReadState::CutOff,
        (ReadState::Whole, Some(ClearFault::End)) => ReadState::Undecodable(ReadFault::Corrupt),
        // What is behind a broken seal is not given out, and so missing.
        (ReadState::Whole | ReadState::CutOff, Some(ClearFault::Seal)) => ReadState::Undecodable(ReadFault::Checksum),
        _ => unpacked,
    }
}
