//! age's files: those that age 1.1 wrote, and larger ones that its crate writes here.
//!
//! ```text
//! age/key.txt, age/other.txt    identities
//! age/*.age                     a history file: to the first of them, binary and armoured; to a passphrase
//! ```

use crate::fixture::{read_with, wal_like, zstd_bare};
use age::secrecy::SecretString;
use pgwal_source::codec::Encryption;
use pgwal_source::{Codec, Keys, ReadFault, ReadState};
use std::io::Write;

const AGE: Codec = Codec::Encrypted(Encryption::Age);
const KEY: &[u8] = include_bytes!("age/key.txt");
const OTHER: &[u8] = include_bytes!("age/other.txt");
const TEXT: &[u8] = b"1\t0/3000148\tno recovery target specified\n";

fn keys(files: &[&[u8]], passphrases: &[&str]) -> Keys {
    let mut keys = Keys::default();
    files.iter().for_each(|file| keys.add_key_file(file.to_vec()));
    passphrases.iter().for_each(|passphrase| keys.add_passphrase((*passphrase).into()));
    keys
}

fn written(encryptor: age::Encryptor, plain: &[u8]) -> Vec<u8> {
    let mut writer = encryptor.wrap_output(Vec::new()).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

/// To the key of `key.txt`.
fn to_key(plain: &[u8]) -> Vec<u8> {
    let identity = std::str::from_utf8(KEY).unwrap().lines().last().unwrap();
    let recipient = identity.parse::<age::x25519::Identity>().unwrap().to_public();
    written(age::Encryptor::with_recipients(std::iter::once(&recipient as _)).unwrap(), plain)
}

/// With less work than age asks for.
fn to_passphrase(plain: &[u8], passphrase: &str) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(4);
    written(age::Encryptor::with_recipients(std::iter::once(&recipient as _)).unwrap(), plain)
}

#[test]
fn what_age_wrote_opens_with_its_key() {
    let (binary, armoured) = (&include_bytes!("age/history.age")[..], &include_bytes!("age/armoured.age")[..]);
    for (name, stored, keys) in [
        ("binary", binary, keys(&[KEY], &[])),
        ("armoured", armoured, keys(&[KEY], &[])),
        ("one of several", armoured, keys(&[OTHER, b"no key at all", KEY], &["of nothing"])),
        ("passphrase", include_bytes!("age/passphrase.age"), keys(&[OTHER], &["of the message"])),
    ] {
        let (plain, outcome) = read_with(&[stored], keys.clone());
        assert_eq!((outcome.codec, outcome.state), (AGE, ReadState::Whole), "{name}");
        assert_eq!(plain, TEXT, "{name}");
        assert_eq!(&*keys.decrypt(stored).unwrap(), TEXT, "{name}");
    }
    for wrong in [keys(&[OTHER], &[]), keys(&[], &["of the message"]), keys(&[OTHER], &["a", "b"])] {
        for stored in [binary, armoured] {
            assert_eq!(read_with(&[stored], wrong.clone()).1.state, ReadState::WrongKey);
        }
    }
    // Nothing that age takes for a key.
    assert_eq!(read_with(&[binary], keys(&[b"no key at all"], &[])).1.state, ReadState::Closed);
    assert_eq!(read_with(&[binary], Keys::default()).1.state, ReadState::Closed);
}

#[test]
fn one_of_several_passphrases_opens() {
    let stored = to_passphrase(TEXT, "right");
    for (passphrases, state) in [
        (&["right"][..], ReadState::Whole),
        (&["wrong", "right", "another"], ReadState::Whole),
        (&["wrong"], ReadState::WrongKey),
        (&["wrong", "another"], ReadState::WrongKey),
    ] {
        assert_eq!(read_with(&[&stored], keys(&[OTHER], passphrases)).1.state, state, "{passphrases:?}");
    }
    // More work than anybody should do for a file.
    let text = String::from_utf8_lossy(include_bytes!("age/passphrase.age")).replace(" 18\n", " 40\n");
    assert_eq!(read_with(&[text.as_bytes()], keys(&[], &["of the message"])).1.state, ReadState::Closed);
}

#[test]
fn sizes_cuts_and_damage_are_told() {
    for length in [0, 1, 65_535, 65_536, 65_537, (2 << 16) + 5, 1 << 20] {
        let plain = if length < 500 { vec![b'x'; length] } else { wal_like(length) };
        let (out, outcome) = read_with(&[&to_key(&plain)], keys(&[KEY], &[]));
        assert_eq!((outcome.state, out == plain), (ReadState::Whole, true), "{length}");
    }
    let plain = wal_like(4 << 20);
    let good = to_key(&zstd_bare(&plain));
    let read = |stored: &[u8]| {
        let (out, outcome) = read_with(&[stored], keys(&[KEY], &[]));
        assert!(plain.starts_with(&out));
        outcome.state
    };
    assert_eq!(read(&good), ReadState::Whole);
    for cut in [60, 150, good.len() / 2, good.len() - 1] {
        assert_eq!(read(&good[..cut]), ReadState::CutOff, "{cut}");
    }
    // Behind whole chunks nothing is missing but the mark of the last one.
    let header = good.windows(4).position(|bytes| bytes == b"--- ").unwrap() + 48 + 16;
    assert_eq!(read(&good[..header + (1 << 16) + 16]), ReadState::CutOff);
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    assert!(good.len() > 2 << 16);
    let broken = ReadState::Undecodable(ReadFault::Checksum);
    assert_eq!(read(&flipped(header + 1000)), broken, "in a chunk");
    // The seal of the header: a key opens its stanza.
    let seal = good.windows(4).position(|bytes| bytes == b"--- ").unwrap() + 10;
    // Another character of its alphabet: with one that is none, it is no header at all.
    let mut other = good.clone();
    other[seal] = if good[seal] == b'B' { b'C' } else { b'B' };
    assert!(matches!(read(&other), ReadState::Undecodable(_)));
}

#[test]
fn a_header_without_an_end_is_no_reason_to_read_on() {
    let mut stored = b"age-encryption.org/v1\n".to_vec();
    while stored.len() < 4 << 20 {
        stored.extend(b"-> X25519 AAAA\nAAAA\n");
    }
    let (_, outcome) = read_with(&[&stored], keys(&[KEY], &[]));
    assert!(matches!(outcome.state, ReadState::Undecodable(_)), "{outcome:?}");
}
