//! Passphrases and keys for what lies encrypted, wiped from memory when the last of their holders goes.

use std::any::Any;
use std::fmt;
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
    unlocked: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// Bytes of an encrypted file, as they were before. Wiped at their end.
pub struct Cleartext(pub(crate) Zeroizing<Vec<u8>>);

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

    /// Takes in those of others.
    pub fn join(&mut self, others: &Keys) {
        for passphrase in &others.0.passphrases {
            self.held().passphrases.push(passphrase.clone());
        }
        for file in &others.0.files {
            self.held().files.push(file.clone());
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.passphrases.is_empty() && self.0.files.is_empty()
    }

    pub(crate) fn passphrases(&self) -> impl Iterator<Item = &[u8]> {
        self.0.passphrases.iter().map(|secret| secret.as_slice())
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &[u8]> {
        self.0.files.iter().map(|secret| secret.as_slice())
    }

    pub(crate) fn is_sole(&self) -> bool {
        self.0.sole
    }

    /// Whether they open anything where they were asked first: the same for whoever asks later.
    pub(crate) fn proven(&self, ask: impl FnOnce() -> bool) -> bool {
        *self.0.proven.get_or_init(ask)
    }

    /// What is made of them once and kept, as unlocking takes long. One type of it: the first asked for.
    #[allow(dead_code, reason = "which encryptions have keys that are locked, features say")]
    pub(crate) fn unlocked<T: Send + Sync + 'static>(&self, make: impl Fn(&Keys) -> T) -> Arc<T> {
        let kept = self.0.unlocked.get_or_init(|| Arc::new(make(self)));
        Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(make(self)))
    }

    fn held(&mut self) -> &mut HeldKeys {
        let held = Arc::make_mut(&mut self.0);
        held.proven = OnceLock::new();
        held.unlocked = OnceLock::new();
        held
    }
}

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
