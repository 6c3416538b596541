//! libsodium's secret streams (XChaCha20-Poly1305), as WAL-G writes them:
//!
//! ```text
//! header, 24 | chunk: tag 1, 8192 bytes, seal 16 | … | the last chunk, which may be shorter; its tag says that it is
//! ```
//! Each chunk is sealed, and the seal of one goes into the next: a wrong key, a wrong byte and a missing chunk are each
//! told at once.

use super::{Clear, ClearFault, Opening, Refused};
use crate::input::BufferedInput;
use crate::key::Keys;
use crate::stored::Stored;
use dryoc::classic::crypto_secretstream_xchacha20poly1305::{
    Key, State, crypto_secretstream_xchacha20poly1305_init_pull as init,
    crypto_secretstream_xchacha20poly1305_pull as pull,
};
use std::io;
use zeroize::Zeroizing;

const HEADER: usize = 24;
/// Bytes that a chunk has more than what is in it.
const MORE: usize = 17;
const CHUNK: usize = 8192 + MORE;
const FINAL: u8 = 3;

/// Keys that a file of keys may hold: as they are, in hexadecimal digits, in base64; shorter ones filled with zeros, as
/// WAL-G does it.
fn keys_in(file: &[u8]) -> Vec<Zeroizing<Key>> {
    let text = file.trim_ascii();
    let mut found = Vec::new();
    let mut add = |bytes: &[u8]| {
        let mut key = Zeroizing::new([0; 32]);
        let count = bytes.len().min(key.len());
        key[..count].copy_from_slice(&bytes[..count]);
        found.push(key);
    };
    if file.len() == 32 {
        add(file);
    }
    if let Some(bytes) = hexadecimal(text).filter(|bytes| bytes.len() == 32) {
        add(&bytes);
    }
    if let Some(bytes) = base64(text).filter(|bytes| bytes.len() == 32) {
        add(&bytes);
    }
    // WAL-G takes no shorter ones. What is much longer is a key of another kind.
    if (25..=128).contains(&text.len()) {
        add(text);
    }
    found
}

fn hexadecimal(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(pair.first()?)? << 4 | digit(pair.get(1)?)?) as u8);
    text.chunks(2).map(pair).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

fn base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits = text.trim_ascii_end().strip_suffix(b"=").unwrap_or(text);
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for &byte in group {
            bits = bits << 6 | u32::from(value(byte)?);
        }
        let bytes = (bits << (8 + 6 * (4 - group.len()))).to_be_bytes();
        out.extend_from_slice(bytes.get(..group.len().saturating_sub(1))?);
    }
    Some(out)
}

pub(super) fn open<'a>(
    mut input: BufferedInput<&'a mut dyn Stored>,
    keys: &Keys,
    proven: &dyn Fn() -> bool,
) -> io::Result<Opening<'a>> {
    let all: Vec<Zeroizing<Key>> = keys.files().flat_map(keys_in).collect();
    if all.is_empty() {
        return Ok(Opening::Refused(Refused::Closed));
    }
    let begun = input.peek(HEADER + CHUNK)?;
    let Some((header, chunk)) = begun.split_first_chunk::<HEADER>().filter(|(_, chunk)| chunk.len() >= MORE) else {
        return Ok(Opening::Refused(Refused::CutOff));
    };
    let mut plain = Zeroizing::new(vec![0; CHUNK - MORE]);
    for key in all {
        let mut state = State::new();
        init(&mut state, header, &key);
        let mut tag = 0;
        if pull(&mut state, &mut plain, &mut tag, chunk, None).is_ok() {
            let mut state = State::new();
            init(&mut state, header, &key);
            input.consume(HEADER);
            return Ok(Opening::Clear(Box::new(Sodium::new(input, state))));
        }
    }
    Ok(Opening::Refused(if proven() { Refused::Damaged } else { Refused::WrongKey }))
}

struct Sodium<'a> {
    input: BufferedInput<&'a mut dyn Stored>,
    state: State,
    chunk: Vec<u8>,
    plain: Zeroizing<Vec<u8>>,
    given: usize,
    ready: usize,
    is_over: bool,
    fault: Option<ClearFault>,
}

impl<'a> Sodium<'a> {
    fn new(input: BufferedInput<&'a mut dyn Stored>, state: State) -> Sodium<'a> {
        let plain = Zeroizing::new(vec![0; CHUNK - MORE]);
        Sodium { input, state, chunk: vec![0; CHUNK], plain, given: 0, ready: 0, is_over: false, fault: None }
    }

    fn refill(&mut self) -> io::Result<()> {
        (self.given, self.ready) = (0, 0);
        let count = self.input.read_into(&mut self.chunk)?;
        let mut tag = 0;
        let opened = match self.chunk.get(..count) {
            Some(chunk) if count >= MORE => pull(&mut self.state, &mut self.plain, &mut tag, chunk, None).ok(),
            _ => None,
        };
        match opened {
            Some(length) => {
                self.ready = length;
                if tag == FINAL {
                    self.is_over = true;
                    // Nothing may follow.
                    self.fault = (!self.input.peek(1)?.is_empty()).then_some(ClearFault::Seal);
                }
            }
            None => {
                self.is_over = true;
                self.fault = Some(if count < CHUNK { ClearFault::CutOff } else { ClearFault::Seal });
            }
        }
        Ok(())
    }
}

impl io::Read for Sodium<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready && !self.is_over {
            self.refill()?;
        }
        let ready = &self.plain[self.given..self.ready];
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

impl Clear for Sodium<'_> {
    fn fault(&self) -> Option<ClearFault> {
        self.fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_every_form_that_wal_g_takes() {
        let key: Vec<u8> = (0..32).collect();
        let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
        for file in
            [key.clone(), format!("{hex}\n").into_bytes(), b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n".to_vec()]
        {
            assert!(keys_in(&file).iter().any(|found| found.as_slice() == key), "{file:?}");
        }
        assert!(keys_in(b"twenty-five-characters-it").iter().any(|found| found.ends_with(b"it\0\0\0\0\0\0\0")));
        assert!(keys_in(b"too short").is_empty());
    }
}
