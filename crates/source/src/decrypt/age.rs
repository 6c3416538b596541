//! age's files (age-encryption.org/v1), binary or armoured, to X25519 keys and to passphrases.
//!
//! ```text
//! age-encryption.org/v1 | -> a stanza for each key or passphrase | --- a seal | nonce, 16 | chunk: 64 KiB, seal 16 | …
//! ```
//! The last chunk is marked as such. A stanza does not say for which key it is: that none opens is another key's file,
//! or damage in these few hundred bytes, and is told as the first. Everything behind them is sealed.

use super::{Clear, ClearFault, Decryption, Refused};
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::stored::Stored;
use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Identity, scrypt, x25519};
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// No header is longer: more than a hundred stanzas, each of which makes the library begin anew.
const HEADER: usize = 16 << 10;
/// The most work that a file may ask for to make a key of a passphrase, as the logarithm of its rounds: a second or
/// more, and 1 GiB of memory. age itself asks for a quarter of that.
const MOST_WORK: u8 = 20;
const ARMOUR: &[u8] = b"-----BEGIN AGE";

/// One passphrase is worked on at a time, whatever the threads: it takes a quarter of a GiB.
static WORK: Mutex<()> = Mutex::new(());

pub(super) fn open<'a>(mut input: BufferedInput<&'a mut dyn Stored>, keys: &Keys) -> io::Result<Decryption<'a>> {
    let own: Vec<x25519::Identity> = keys.files().flat_map(identities_in).collect();
    let mut passphrases: Vec<scrypt::Identity> = keys.passphrases().filter_map(of_passphrase).collect();
    if own.is_empty() && passphrases.is_empty() {
        return Ok(Decryption::Refused(Refused::Closed));
    }
    let is_armoured = input.peek(ARMOUR.len())?.starts_with(ARMOUR);
    if passphrases.len() > 1 {
        // The first stanza that is a passphrase's decides, so each is tried on the beginning.
        let head = input.peek(HEADER)?;
        let right = passphrases.iter().position(|passphrase| opens(head, is_armoured, passphrase)).unwrap_or(0);
        passphrases = vec![passphrases.swap_remove(right)];
    }
    let all: Vec<&dyn Identity> = own
        .iter()
        .map(|key| key as &dyn Identity)
        .chain(passphrases.iter().map(|passphrase| passphrase as &dyn Identity))
        .collect();
    let progress = Arc::new(AgeProgress { left: AtomicUsize::new(HEADER), is_over: AtomicBool::new(false) });
    let reader = AgeReader { input, progress: Arc::clone(&progress) };
    let clear: Result<Box<dyn Read + 'a>, DecryptError> = if is_armoured {
        clear(Decryptor::new_buffered(ArmoredReader::new(reader)), &all)
    } else {
        clear(Decryptor::new_buffered(reader), &all)
    };
    match clear {
        Ok(clear) => {
            progress.left.store(usize::MAX, Ordering::Relaxed);
            Ok(Decryption::Clear(Box::new(AgeFile { clear, progress, fault: None })))
        }
        Err(error) => Ok(Decryption::Refused(refused(error)?)),
    }
}

/// `AGE-SECRET-KEY-1…`, a line each; the others are comments.
fn identities_in(file: &[u8]) -> Vec<x25519::Identity> {
    let lines = std::str::from_utf8(file).unwrap_or("").lines();
    lines.filter_map(|line| line.trim().parse().ok()).collect()
}

fn of_passphrase(bytes: &[u8]) -> Option<scrypt::Identity> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut identity = scrypt::Identity::new(SecretString::from(text.to_owned()));
    identity.set_max_work_factor(MOST_WORK);
    Some(identity)
}

/// Whether a header opens.
fn opens(head: &[u8], is_armoured: bool, identity: &dyn Identity) -> bool {
    if is_armoured {
        clear(Decryptor::new_buffered(ArmoredReader::new(head)), &[identity]).is_ok()
    } else {
        clear(Decryptor::new_buffered(head), &[identity]).is_ok()
    }
}

fn clear<'a, R: Read + 'a>(
    header: Result<Decryptor<R>, DecryptError>,
    identities: &[&dyn Identity],
) -> Result<Box<dyn Read + 'a>, DecryptError> {
    let header = header?;
    let _one = header.is_scrypt().then(|| WORK.lock().unwrap_or_else(PoisonError::into_inner));
    let reader = header.decrypt(identities.iter().copied())?;
    Ok(Box::new(reader))
}

/// `Err`: nothing is wrong with it, the file cannot be read.
fn refused(error: DecryptError) -> io::Result<Refused> {
    Ok(match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            Refused::WrongKey
        }
        DecryptError::Io(error) => {
            if error.get_ref().is_some_and(|inner| inner.is::<crate::SourceError>()) {
                return Err(error);
            }
            if error.kind() == io::ErrorKind::UnexpectedEof { Refused::CutOff } else { Refused::Damaged }
        }
        // A key fits, and the header is another than was sealed; or it is none.
        DecryptError::InvalidMac | DecryptError::InvalidHeader => Refused::Damaged,
        // A later version of age; more work than is done for a file.
        _ => Refused::Closed,
    })
}

/// How far the stored bytes have been read.
struct AgeProgress {
    /// So many may still be.
    left: AtomicUsize,
    /// There are no more.
    is_over: AtomicBool,
}

/// The stored bytes, as the library takes them: it reads a header until it ends, if it ever does.
struct AgeReader<'a> {
    input: BufferedInput<&'a mut dyn Stored>,
    progress: Arc<AgeProgress>,
}

impl Read for AgeReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for AgeReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.progress.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the header has no end"));
        }
        let ready = self.input.fill()?;
        if ready.is_empty() {
            self.progress.is_over.store(true, Ordering::Relaxed);
        }
        Ok(&ready[..ready.len().min(left)])
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        let left = self.progress.left.load(Ordering::Relaxed);
        if left < usize::MAX {
            self.progress.left.store(left.saturating_sub(count), Ordering::Relaxed);
        }
    }
}

/// The bytes that were encrypted.
struct AgeFile<'a> {
    clear: Box<dyn Read + 'a>,
    progress: Arc<AgeProgress>,
    fault: Option<ClearFault>,
}

impl Read for AgeFile<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_some() {
            return Ok(0);
        }
        match self.clear.read(out) {
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<crate::SourceError>()) => Err(error),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(_) => {
                // A chunk that does not open is another than was sealed; at the end of the file, half of one.
                let is_over = self.progress.is_over.load(Ordering::Relaxed);
                self.fault = Some(if is_over { ClearFault::CutOff } else { ClearFault::Seal });
                Ok(0)
            }
            read => read,
        }
    }
}

impl Clear for AgeFile<'_> {
    fn fault(&self) -> Option<ClearFault> {
        self.fault
    }
}
