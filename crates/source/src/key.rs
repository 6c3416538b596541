//! Passphrases and keys for what lies encrypted, wiped from memory when the last of their holders goes.

use crate::codec::{self, Codec};
use crate::input::BufferedInput;
use crate::{Entry, Extent, Source, Stored, decrypt};
use std::fmt;
use std::io::{Cursor, Read};
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// Passphrases and keys that may open what lies in a place. A copy is another hold on the same ones.
///
/// Every one is tried on every file: what a file is encrypted with stands in the file, for which key it was does not.
#[derive(Clone, Default)]
pub struct Keys(Arc<HeldKeys>);

#[derive(Clone, Default)]
struct HeldKeys {
    passphrases: Vec<Zeroizing<Vec<u8>>>,
    files: Vec<Zeroizing<Vec<u8>>>,
    sole: bool,
    /// Whether one of them opens anything where it was asked first.
    proven: OnceLock<bool>,
    #[cfg(feature = "pgp")]
    pgp: OnceLock<Arc<decrypt::PgpKeys>>,
}

/// Bytes of an encrypted file, as they were before. Wiped at their end.
pub struct Cleartext(Zeroizing<Vec<u8>>);

/// Why an encrypted file does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// It is not encrypted in a way that is read.
    Unknown,
    /// None of the keys opens it.
    WrongKey,
    /// Its end is missing.
    CutOff,
    /// One of the keys is right, and the file is damaged.
    Damaged,
}

impl Keys {
    /// The one passphrase of everything in a place, as the place's own files say: what it does not open, where it opens
    /// other files, is damaged.
    pub fn sole(passphrase: Vec<u8>) -> Keys {
        let mut keys = Keys::default();
        keys.add_passphrase(passphrase);
        keys.held().sole = true;
        keys
    }

    /// Adds a passphrase.
    pub fn add_passphrase(&mut self, passphrase: Vec<u8>) {
        self.held().passphrases.push(Zeroizing::new(passphrase));
    }

    /// Adds what a file of keys holds: an OpenPGP key, age's identities, a raw key.
    pub fn add_key_file(&mut self, content: Vec<u8>) {
        self.held().files.push(Zeroizing::new(content));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.passphrases.is_empty() && self.0.files.is_empty()
    }

    /// The bytes of a small encrypted file: what lies beside WAL, such as a repository's description.
    ///
    /// # Errors
    /// It does not open.
    pub fn decrypt(&self, stored: &[u8]) -> Result<Cleartext, KeyFault> {
        let Codec::Encrypted(kind) = Codec::detect(stored.get(..codec::HEAD).unwrap_or(stored), "") else {
            return Err(KeyFault::Unknown);
        };
        let mut cursor = Cursor::new(stored);
        let input: BufferedInput<&mut dyn Stored> = BufferedInput::new(&mut cursor, Vec::new());
        let mut clear = match decrypt::open(kind, input, self, &|| false) {
            Ok(decrypt::Opening::Clear(clear)) => clear,
            Ok(decrypt::Opening::Refused(decrypt::Refused::Closed)) => return Err(KeyFault::Unknown),
            Ok(decrypt::Opening::Refused(decrypt::Refused::CutOff)) => return Err(KeyFault::CutOff),
            Ok(decrypt::Opening::Refused(_)) | Err(_) => {
                let known = decrypt::is_known_inside(kind, stored, self);
                return Err(if known { KeyFault::Damaged } else { KeyFault::WrongKey });
            }
        };
        // Room for all of it at once: what grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(stored.len() + 64));
        clear.read_to_end(&mut bytes).map_err(|_| KeyFault::Damaged)?;
        match clear.fault() {
            None => Ok(Cleartext(bytes)),
            Some(decrypt::ClearFault::CutOff) => Err(KeyFault::CutOff),
            Some(_) => Err(KeyFault::Damaged),
        }
    }

    pub(crate) fn passphrases(&self) -> impl Iterator<Item = &[u8]> {
        self.0.passphrases.iter().map(|secret| secret.as_slice())
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &[u8]> {
        self.0.files.iter().map(|secret| secret.as_slice())
    }

    #[cfg(feature = "pgp")]
    pub(crate) fn pgp(&self) -> &decrypt::PgpKeys {
        self.0.pgp.get_or_init(|| Arc::new(decrypt::PgpKeys::of(self)))
    }

    pub(crate) fn is_sole(&self) -> bool {
        self.0.sole
    }

    /// Whether they open anything in the source: the same for whoever asks, whatever was read before.
    pub(crate) fn open_any_of(&self, source: &dyn Source) -> bool {
        *self.0.proven.get_or_init(|| {
            let Ok(listing) = source.list() else { return false };
            let step = listing.entries.len().div_ceil(SAMPLE).max(1);
            listing.entries.iter().step_by(step).any(|entry| self.open_beginning_of(source, entry))
        })
    }

    fn open_beginning_of(&self, source: &dyn Source, entry: &Entry) -> bool {
        let Ok(mut stored) = source.open(entry, Extent::Head) else { return false };
        let mut head = [0; codec::HEAD];
        let Ok(filled) = crate::stored::fill_at(&*stored, 0, &mut head) else { return false };
        let Codec::Encrypted(kind) =
            decrypt::codec_of(head.get(..filled).unwrap_or(&[]), entry.file_name(), Some(self))
        else {
            return false;
        };
        let input: BufferedInput<&mut dyn Stored> = BufferedInput::new(&mut *stored, Vec::new());
        matches!(decrypt::open(kind, input, self, &|| false), Ok(decrypt::Opening::Clear(_)))
    }

    fn held(&mut self) -> &mut HeldKeys {
        let held = Arc::make_mut(&mut self.0);
        held.proven = OnceLock::new();
        #[cfg(feature = "pgp")]
        {
            held.pgp = OnceLock::new();
        }
        held
    }
}

/// Files that are asked whether a key is right.
const SAMPLE: usize = 64;

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} passphrases, {} files)", self.0.passphrases.len(), self.0.files.len())
    }
}

impl std::ops::Deref for Cleartext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Cleartext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cleartext({} bytes)", self.0.len())
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyFault::Unknown => "it is not encrypted in a way that is read",
            KeyFault::WrongKey => "none of the keys opens it",
            KeyFault::CutOff => "it is encrypted, and its end is missing",
            KeyFault::Damaged => "the key is right, and what is encrypted is damaged",
        })
    }
}

impl std::error::Error for KeyFault {}
