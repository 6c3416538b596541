//! AES-256-CBC as `openssl enc` writes it, and pgBackRest:
//!
//! ```text
//! Salted__ | salt, 8 | blocks of 16 bytes, each combined with the one before; the last is filled up with its padding
//! ```
//!
//! Key and first vector come from the passphrase and the salt (`EVP_BytesToKey`): by SHA-1 in pgBackRest, by SHA-256 in
//! `openssl enc` (before 1.1 by MD5), with `-pbkdf2` by 10,000 rounds of HMAC-SHA-256. Which, the file does not say.
//! Nothing is sealed: a wrong byte spoils its block, and one byte of the next.

use super::known::{holds_text, is_known};
use super::{Clear, ClearFault, Decryption, Refused};
use crate::codec::HEAD;
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::stored::{Stored, fill_at};
use cbc::cipher::{Array, BlockModeDecrypt, KeyIvInit, consts::U16};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::io;
use zeroize::Zeroizing;

type Cipher = cbc::Decryptor<aes::Aes256>;

const BLOCK: usize = 16;
/// `Salted__` and the salt.
const PREFIX: usize = 16;
/// Bytes decrypted at once.
const PORTION: usize = 64 << 10;

/// How a key is made of a passphrase.
#[derive(Clone, Copy, PartialEq)]
enum Derivation {
    Sha1,
    Sha256,
    Md5,
    Pbkdf2,
}

/// pgBackRest's first; the slow one last.
const DERIVATIONS: [Derivation; 4] = [Derivation::Sha1, Derivation::Sha256, Derivation::Md5, Derivation::Pbkdf2];

impl Derivation {
    /// A key and, behind it, the first vector.
    fn derive(self, passphrase: &[u8], salt: &[u8]) -> Zeroizing<[u8; 48]> {
        match self {
            Derivation::Sha1 => hashed::<Sha1>(passphrase, salt),
            Derivation::Sha256 => hashed::<Sha256>(passphrase, salt),
            Derivation::Md5 => hashed::<Md5>(passphrase, salt),
            Derivation::Pbkdf2 => {
                let mut out = Zeroizing::new([0; 48]);
                pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, salt, 10_000, &mut *out);
                out
            }
        }
    }

    fn cipher(self, passphrase: &[u8], salt: &[u8], before: Option<&[u8]>) -> Option<Cipher> {
        let made = self.derive(passphrase, salt);
        let (key, vector) = made.split_at(32);
        Cipher::new_from_slices(key, before.unwrap_or(vector)).ok()
    }
}

/// `EVP_BytesToKey` of one round: each hash is of the one before, the passphrase and the salt.
fn hashed<D: Digest>(passphrase: &[u8], salt: &[u8]) -> Zeroizing<[u8; 48]> {
    let mut out = Zeroizing::new([0; 48]);
    let (mut filled, mut last) = (0, Zeroizing::new(Vec::new()));
    while let Some(room) = out.get_mut(filled..).filter(|room| !room.is_empty()) {
        let mut hash = D::new();
        hash.update(last.as_slice());
        hash.update(passphrase);
        hash.update(salt);
        last = Zeroizing::new(hash.finalize().to_vec());
        let count = room.len().min(last.len());
        room[..count].copy_from_slice(&last[..count]);
        filled += count;
    }
    out
}

/// Decrypts whole blocks in place; what is no whole block stays.
fn decrypt(cipher: &mut Cipher, bytes: &mut [u8]) {
    let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(bytes);
    cipher.decrypt_blocks(blocks);
}

/// How many bytes of the last block are content.
fn without_padding(block: &[u8]) -> Option<usize> {
    let count = usize::from(*block.last()?);
    let content = block.len().checked_sub(count)?;
    let padding = block.get(content..)?;
    ((1..=BLOCK).contains(&count) && padding.iter().all(|&b| usize::from(b) == count)).then_some(content)
}

pub(super) fn open<'a>(
    mut input: BufferedInput<&'a mut dyn Stored>,
    keys: &Keys,
    proven: &dyn Fn() -> bool,
) -> io::Result<Decryption<'a>> {
    let head = EncryptedHead::of(input.peek(HEAD + 1)?);
    let Some(salt) = head.salt() else { return Ok(Decryption::Refused(Refused::CutOff)) };
    if head.blocks().is_empty() {
        return Ok(Decryption::Refused(Refused::CutOff));
    }
    for derivation in DERIVATIONS {
        for passphrase in keys.passphrases() {
            if head.is_known(derivation, passphrase) {
                let Some(cipher) = derivation.cipher(passphrase, salt, None) else { continue };
                input.consume(PREFIX);
                return Ok(Decryption::Clear(Box::new(OpenSsl::new(input, cipher))));
            }
        }
    }
    // Damage at the beginning leaves the end right.
    let ends_well = ends_well(*input.get_ref(), keys, salt)?;
    let refused = if !proven() {
        Refused::WrongKey
    } else if ends_well || keys.is_sole() {
        Refused::Damaged
    } else {
        Refused::WrongKey
    };
    Ok(Decryption::Refused(refused))
}

pub(super) fn is_known_inside(stored: &[u8], keys: &Keys) -> bool {
    let (Some(salt), Some(blocks)) = (stored.get(8..PREFIX), stored.get(PREFIX..)) else { return false };
    DERIVATIONS.iter().any(|derivation| {
        keys.passphrases().any(|passphrase| {
            let mut clear = Zeroizing::new(blocks.to_vec());
            derivation.cipher(passphrase, salt, None).is_some_and(|mut cipher| {
                decrypt(&mut cipher, &mut clear);
                holds_text(&clear)
            })
        })
    })
}

/// Whether the last block ends with a padding, by any of the keys.
fn ends_well(stored: &dyn Stored, keys: &Keys, salt: &[u8]) -> io::Result<bool> {
    let Some(from) = stored.size().filter(|size| size % 16 == 0).and_then(|size| size.checked_sub(2 * 16)) else {
        return Ok(false);
    };
    let mut ends = [0; 2 * BLOCK];
    if fill_at(stored, from, &mut ends)? < ends.len() {
        return Ok(false);
    }
    let (before, last) = ends.split_at(BLOCK);
    Ok(DERIVATIONS.iter().any(|derivation| {
        keys.passphrases().any(|passphrase| {
            // The salt is no block: what follows it was combined with the first vector.
            let before = Some(before).filter(|_| from > 0);
            let mut block = last.to_vec();
            derivation.cipher(passphrase, salt, before).is_some_and(|mut cipher| {
                decrypt(&mut cipher, &mut block);
                // A single byte would be right by chance with one of 255 wrong keys, and so for a few files of many.
                without_padding(&block).is_some_and(|content| content < BLOCK - 1)
            })
        })
    }))
}

/// The first bytes of a file.
struct EncryptedHead {
    bytes: Vec<u8>,
    /// There are no more.
    all: bool,
}

impl EncryptedHead {
    fn of(bytes: &[u8]) -> EncryptedHead {
        EncryptedHead { bytes: bytes[..bytes.len().min(HEAD)].to_vec(), all: bytes.len() <= HEAD }
    }

    fn salt(&self) -> Option<&[u8]> {
        self.bytes.get(8..PREFIX)
    }

    fn blocks(&self) -> &[u8] {
        self.bytes.get(PREFIX..).unwrap_or(&[])
    }

    fn is_known(&self, derivation: Derivation, passphrase: &[u8]) -> bool {
        let Some(mut cipher) = self.salt().and_then(|salt| derivation.cipher(passphrase, salt, None)) else {
            return false;
        };
        let mut clear = Zeroizing::new(self.blocks().to_vec());
        let whole = clear.len() - clear.len() % BLOCK;
        decrypt(&mut cipher, &mut clear);
        let is_cut = whole < clear.len();
        clear.truncate(whole);
        if !self.all || is_cut {
            return is_known(&clear, false);
        }
        let last = whole.saturating_sub(BLOCK);
        match clear.get(last..).and_then(without_padding) {
            Some(0) if last == 0 => true,
            Some(content) => is_known(clear.get(..last + content).unwrap_or(&[]), true),
            None => is_known(&clear, false),
        }
    }
}

/// The bytes that were encrypted.
struct OpenSsl<'a> {
    input: BufferedInput<&'a mut dyn Stored>,
    cipher: Cipher,
    /// Decrypted bytes: those from `given` to `ready` are to be given, the block behind may be the last.
    bytes: Zeroizing<Vec<u8>>,
    given: usize,
    ready: usize,
    held: usize,
    at_end: bool,
    fault: Option<ClearFault>,
}

impl<'a> OpenSsl<'a> {
    fn new(input: BufferedInput<&'a mut dyn Stored>, cipher: Cipher) -> OpenSsl<'a> {
        let bytes = Zeroizing::new(vec![0; BLOCK + PORTION]);
        OpenSsl { input, cipher, bytes, given: 0, ready: 0, held: 0, at_end: false, fault: None }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.bytes.copy_within(self.ready..self.ready + self.held, 0);
        let room = &mut self.bytes[self.held..self.held + PORTION];
        let count = self.input.read_into(room)?;
        decrypt(&mut self.cipher, &mut room[..count]);
        let whole = self.held + count - count % BLOCK;
        let last = whole.saturating_sub(BLOCK);
        (self.given, self.ready, self.held) = (0, last, whole - last);
        if count < PORTION {
            self.at_end = true;
            let content = if count % BLOCK > 0 || whole == 0 {
                self.fault = Some(ClearFault::CutOff);
                None
            } else {
                let content = self.bytes.get(last..whole).and_then(without_padding);
                self.fault = content.is_none().then_some(ClearFault::End);
                content
            };
            // What is there is given, whatever is wrong with it.
            (self.ready, self.held) = (content.map_or(whole, |content| last + content), 0);
        }
        Ok(())
    }
}

impl io::Read for OpenSsl<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready && !self.at_end {
            self.refill()?;
        }
        let ready = &self.bytes[self.given..self.ready];
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

impl Clear for OpenSsl<'_> {
    fn fault(&self) -> Option<ClearFault> {
        self.fault
    }
}
