//! pghoard's encryption. openssl made the key, what is locked with it, and one whole file.
//!
//! ```text
//! pghoard/key.pem, rsa.pem    the key, in both of its forms
//! pghoard/locked              key, counter and key of the seal, encrypted to it
//! pghoard/history             a history file
//! ```

use crate::fixture::{read_with, snappy, wal_like};
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use pgwal_source::codec::Encryption;
use pgwal_source::{Codec, Keys, ReadFault, ReadState};

const PGHOARD: Codec = Codec::Encrypted(Encryption::Pghoard);
const KEY: &str = include_str!("pghoard/key.pem");
const RSA: &str = include_str!("pghoard/rsa.pem");
const LOCKED: &[u8] = include_bytes!("pghoard/locked");
const HISTORY: &[u8] = include_bytes!("pghoard/history");
const TEXT: &[u8] = b"1\t0/3000148\tno recovery target specified\n";

fn keys(file: &str) -> Keys {
    let mut keys = Keys::default();
    keys.add_key_file(file.as_bytes().to_vec());
    keys
}

fn encrypted(plain: &[u8]) -> Vec<u8> {
    let key: Vec<u8> = (0..16).collect();
    let mut counter = [0xFF; 16];
    counter[15] = 0xFE;
    let mut bytes = plain.to_vec();
    ctr::Ctr128BE::<aes::Aes128>::new_from_slices(&key, &counter).unwrap().apply_keystream(&mut bytes);
    let mut seal = Hmac::<sha2::Sha256>::new_from_slice(&(0x20..0x40).collect::<Vec<u8>>()).unwrap();
    seal.update(&bytes);
    let seal = seal.finalize().into_bytes();
    [b"pghoa1\x01\x00", LOCKED, &bytes, &seal].concat()
}

#[test]
fn what_openssl_wrote_in_pghoards_form_opens_with_the_key() {
    assert_eq!(encrypted(TEXT), HISTORY);
    let configuration = format!("{{\"encryption_keys\": {{\"k\": {{\"private\": {KEY:?}}}}}}}");
    assert!(configuration.contains("-----\\nMI"));
    for (name, file) in [("PKCS 8", KEY), ("PKCS 1", RSA), ("pghoard.json", &configuration)] {
        let (plain, outcome) = read_with(&[HISTORY], keys(file));
        assert_eq!((outcome.codec, outcome.state), (PGHOARD, ReadState::Whole), "{name}");
        assert_eq!(plain, TEXT, "{name}");
    }
    for length in [0, 1, 31, 32, 33, 65_503, 65_504, 65_536, 65_568, 1 << 20] {
        let plain = if length < 500 { vec![b'x'; length] } else { wal_like(length) };
        let (out, outcome) = read_with(&[&encrypted(&plain)], keys(KEY));
        assert_eq!((outcome.state, out == plain), (ReadState::Whole, true), "{length}");
    }
}

#[test]
fn another_key_is_told_from_damage_and_from_a_cut() {
    assert_eq!(read_with(&[HISTORY], Keys::default()).1.state, ReadState::Closed);
    assert_eq!(read_with(&[HISTORY], keys("no key at all")).1.state, ReadState::Closed);
    let other = include_str!("pgp/open.asc");
    assert_eq!(read_with(&[HISTORY], keys(other)).1.state, ReadState::Closed, "no key of this kind");
    let mut locked = HISTORY.to_vec();
    locked[20] ^= 1;
    assert_eq!(read_with(&[&locked], keys(KEY)).1.state, ReadState::WrongKey);

    let plain = wal_like(1 << 20);
    let good = encrypted(&snappy(&plain));
    let read = |stored: &[u8]| {
        let (out, outcome) = read_with(&[stored], keys(KEY));
        assert!(plain.starts_with(&out[..out.len().saturating_sub(64 << 10)]));
        outcome.state
    };
    assert_eq!(read(&good), ReadState::Whole);
    for cut in [7, 100, 264, 280, good.len() / 2, good.len() - 1] {
        let state = read(&good[..cut]);
        assert!(matches!(state, ReadState::CutOff | ReadState::Undecodable(ReadFault::Corrupt)), "{cut}: {state:?}");
    }
    for at in [300, good.len() / 2, good.len() - 1] {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        assert!(matches!(read(&damaged), ReadState::Undecodable(_)), "{at}");
    }
    // The same of WAL that is not packed: its own bytes say nothing of a flip.
    let mut damaged = encrypted(&plain);
    damaged[500_000] ^= 1;
    let (_, outcome) = read_with(&[&damaged], keys(KEY));
    assert_eq!(outcome.state, ReadState::Undecodable(ReadFault::Corrupt));
    let mut length = good;
    length[6] = 0xFF;
    assert!(matches!(read(&length), ReadState::Undecodable(_)));
}
