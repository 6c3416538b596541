//! pghoard's encryption, to an RSA key:
//!
//! ```text
//! pghoa1 | length 2 | key 16, counter 16, seal key 32, by RSA (OAEP, SHA-1) | AES-128 in counter mode | seal, 32
//! ```
//! The seal (HMAC-SHA-256) is of all that is encrypted, and stands at the end: bytes are given out before it is seen,
//! and it decides whether they count. A file that is cut ends with a wrong one. That no key opens the beginning is
//! another key's file, or damage in these few hundred bytes, and is told as the first.

use super::{Clear, ClearFault, Decryption, Refused};
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::stored::Stored;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Oaep, RsaPrivateKey};
use sha2::Sha256;
use std::io;
use zeroize::Zeroizing;

type CounterCipher = ctr::Ctr128BE<aes::Aes128>;

/// The magic and the length behind it.
const PREFIX: usize = 8;
const SEAL: usize = 32;
/// Bytes that RSA makes of keys of 1,024 to 16,384 bits.
const LENGTHS: std::ops::RangeInclusive<usize> = 128..=2048;
/// Bytes decrypted at once.
const PORTION: usize = 64 << 10;

/// Keys in PEM, which in pghoard's configuration have their lines told apart by `\n` as two characters.
fn keys_in(file: &[u8]) -> Vec<RsaPrivateKey> {
    let text = Zeroizing::new(std::str::from_utf8(file).unwrap_or("").replace("\\n", "\n"));
    let mut found = Vec::new();
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
        let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
        for part in text.split(begin.as_str()).skip(1) {
            let Some((body, _)) = part.split_once(end.as_str()) else { continue };
            let pem = Zeroizing::new(format!("{begin}{body}{end}\n"));
            found.extend(RsaPrivateKey::from_pkcs8_pem(&pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(&pem)).ok());
        }
    }
    found
}

pub(super) fn open<'a>(mut input: BufferedInput<&'a mut dyn Stored>, keys: &Keys) -> io::Result<Decryption<'a>> {
    let all: Vec<RsaPrivateKey> = keys.files().flat_map(keys_in).collect();
    if all.is_empty() {
        return Ok(Decryption::Refused(Refused::Closed));
    }
    let Some([.., a, b]) = input.peek(PREFIX)?.first_chunk::<PREFIX>() else {
        return Ok(Decryption::Refused(Refused::CutOff));
    };
    let length = usize::from(u16::from_be_bytes([*a, *b]));
    if !LENGTHS.contains(&length) {
        return Ok(Decryption::Refused(Refused::Damaged));
    }
    let head = input.peek(PREFIX + length)?;
    let Some(locked) = head.get(PREFIX..PREFIX + length) else {
        return Ok(Decryption::Refused(Refused::CutOff));
    };
    let opened = |key: &RsaPrivateKey| {
        let secret = Zeroizing::new(key.decrypt(Oaep::new::<sha1_of_rsa::Sha1>(), locked).ok()?);
        let (key, rest) = secret.split_at_checked(16)?;
        let (counter, of_seal) = rest.split_at_checked(16).filter(|(_, of_seal)| of_seal.len() == 32)?;
        Some((CounterCipher::new_from_slices(key, counter).ok()?, Hmac::<Sha256>::new_from_slice(of_seal).ok()?))
    };
    let Some((cipher, seal)) = all.iter().find_map(opened) else {
        return Ok(Decryption::Refused(Refused::WrongKey));
    };
    input.consume(PREFIX + length);
    Ok(Decryption::Clear(Box::new(PghoardFile {
        input,
        cipher,
        seal: Some(seal),
        bytes: Zeroizing::new(vec![0; SEAL + PORTION]),
        given: 0,
        ready: 0,
        held: 0,
        fault: None,
    })))
}

/// The bytes that were encrypted.
struct PghoardFile<'a> {
    input: BufferedInput<&'a mut dyn Stored>,
    cipher: CounterCipher,
    /// Of the bytes so far; `None` once it was compared.
    seal: Option<Hmac<Sha256>>,
    /// Bytes from `given` to `ready` are to be given, those behind may be the seal.
    bytes: Zeroizing<Vec<u8>>,
    given: usize,
    ready: usize,
    held: usize,
    fault: Option<ClearFault>,
}

impl PghoardFile<'_> {
    fn refill(&mut self, mut seal: Hmac<Sha256>) -> io::Result<()> {
        self.bytes.copy_within(self.ready..self.ready + self.held, 0);
        let count = self.input.read_into(&mut self.bytes[self.held..self.held + PORTION])?;
        let filled = self.held + count;
        let content = filled.saturating_sub(SEAL);
        let (encrypted, rest) = self.bytes[..filled].split_at_mut(content);
        seal.update(encrypted);
        self.cipher.apply_keystream(encrypted);
        (self.given, self.ready, self.held) = (0, content, filled - content);
        if count < PORTION {
            self.fault = if filled < SEAL {
                Some(ClearFault::CutOff)
            } else {
                seal.verify_slice(rest).err().map(|_| ClearFault::End)
            };
        } else {
            self.seal = Some(seal);
        }
        Ok(())
    }
}

impl io::Read for PghoardFile<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready {
            let Some(seal) = self.seal.take() else { return Ok(0) };
            self.refill(seal)?;
        }
        let ready = &self.bytes[self.given..self.ready];
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

impl Clear for PghoardFile<'_> {
    fn fault(&self) -> Option<ClearFault> {
        self.fault
    }
}
