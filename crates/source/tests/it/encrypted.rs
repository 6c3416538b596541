//! Files that are encrypted, with the right key, another one, or none; whole, cut and damaged.

use crate::fixture::{gzip, openssl, read_named, read_with, wal_like, zstd_bare};
use dryoc::classic::crypto_secretstream_xchacha20poly1305::{
    State, crypto_secretstream_xchacha20poly1305_init_push, crypto_secretstream_xchacha20poly1305_push,
};
use pgwal_source::codec::Encryption;
use pgwal_source::key::KeyFault;
use pgwal_source::{Codec, Keys, ReadFault, ReadState};

const OPENSSL: Codec = Codec::Encrypted(Encryption::OpenSsl);

fn keys(passphrase: &str) -> Keys {
    let mut keys = Keys::default();
    keys.add_passphrase(passphrase.into());
    keys
}

#[test]
fn what_openssl_wrote_opens_however_the_key_was_made() {
    // openssl enc -aes-256-cbc … -S 0102030405060708 -pass pass:walproof-test
    for (how, blocks) in [
        (
            "-md sha1",
            "2a0ccd6f891600d40cc696c2c8170cd5a5d5eeae4410a189ebcc978088150c2366d7f4ba40173e3d142c363075f20c16",
        ),
        (
            "-md sha256",
            "abb924d808dfd3e1759636fcd08ef2350a0826d46490e0921dbe9c0cffd5c46642965c638b7765c8d0f33a90520c93ac",
        ),
        ("-md md5", "69cb2c1e524b32e6ac36af66df0fc2891af53cd79eee756d7b21e224c7dba234694934f4ea97de49c81cc9d801366d15"),
        ("-pbkdf2", "3a8b5083f01f70a4d129c03c7bf4d2e370745626192efd274eb1c635848e1f49cf7b706bd78f67012689c8747280ba08"),
    ] {
        let mut stored = b"Salted__\x01\x02\x03\x04\x05\x06\x07\x08".to_vec();
        stored.extend((0..blocks.len()).step_by(2).map(|at| u8::from_str_radix(&blocks[at..at + 2], 16).unwrap()));
        let text = b"1\t0/3000148\tno recovery target specified\n";
        assert_eq!(&*keys("walproof-test").decrypt(&stored).unwrap(), text, "{how}");
        let mut several = keys("another");
        several.add_passphrase(b"walproof-test".to_vec());
        let (plain, outcome) = read_with(&[&stored], several);
        assert_eq!((plain.as_slice(), outcome.state), (&text[..], ReadState::Whole), "{how}");
        assert_eq!(keys("walproof-tes").decrypt(&stored).unwrap_err(), KeyFault::WrongKey, "{how}");
        assert_eq!(keys("walproof-test").decrypt(&stored[..40]).unwrap_err(), KeyFault::CutOff, "{how}");
    }
}

#[test]
fn an_encrypted_file_of_any_size_comes_out_as_what_was_encrypted() {
    for length in [0, 1, 15, 16, 17, 479, 480, 481, 495, 496, 497, 65_535, 65_536, (1 << 20) + 5] {
        let plain = if length < 500 { vec![b'x'; length] } else { wal_like(length) };
        for (inner, stored) in [(OPENSSL, plain.clone()), (Codec::Gzip, gzip(&plain)), (Codec::Zstd, zstd_bare(&plain))]
        {
            let encrypted = openssl(&stored, b"right");
            let (out, outcome) = read_with(&[&encrypted], keys("right"));
            assert_eq!((outcome.codec, outcome.state), (inner, ReadState::Whole), "{length} {inner}");
            assert!(out == plain, "{length} {inner}");
            assert_eq!(outcome.stored_bytes, Some(encrypted.len() as u64));
        }
    }
}

#[test]
fn another_key_is_told_from_damage_and_from_a_cut() {
    let (plain, good) = (wal_like(1 << 20), openssl(&wal_like(1 << 20), b"right"));
    let packed = openssl(&zstd_bare(&plain), b"right");
    let outcome = |files: &[&[u8]], keys: Keys| {
        let (out, outcome) = read_with(files, keys);
        assert!(plain.starts_with(&out[..out.len().saturating_sub(64)]));
        (outcome.codec, outcome.state)
    };
    let damaged = ReadState::Undecodable(ReadFault::Corrupt);

    assert_eq!(outcome(&[&good], Keys::default()), (OPENSSL, ReadState::Closed));
    assert_eq!(outcome(&[&good], keys("wrong")), (OPENSSL, ReadState::WrongKey));
    assert_eq!(outcome(&[&good], Keys::sole(b"wrong".to_vec())), (OPENSSL, ReadState::WrongKey));
    // A place of which every file is encrypted with one key.
    let sole = || Keys::sole(b"right".to_vec());
    assert_eq!(outcome(&[&good], sole()), (OPENSSL, ReadState::Whole));
    assert_eq!(outcome(&[&plain], sole()), (OPENSSL, damaged), "plain");
    assert_eq!(outcome(&[&zstd_bare(&plain)], sole()), (OPENSSL, damaged), "packed only");
    assert_eq!(outcome(&[&plain], keys("right")), (Codec::Plain, ReadState::Whole));
    for cut in [(packed.len() / 2) & !15, (packed.len() / 2) | 1] {
        assert_eq!(outcome(&[&packed[..cut]], keys("right")), (Codec::Zstd, ReadState::CutOff), "{cut}");
        assert_eq!(outcome(&[&packed[..cut]], keys("wrong")), (OPENSSL, ReadState::WrongKey), "{cut}");
    }
    assert_eq!(outcome(&[&good[..16]], keys("right")), (OPENSSL, ReadState::CutOff), "nothing but the salt");
    assert_eq!(outcome(&[&good[..good.len() - 5]], keys("right")), (OPENSSL, ReadState::CutOff));
    let mut end = good.clone();
    *end.last_mut().unwrap() ^= 1;
    assert_eq!(outcome(&[&end], keys("right")), (OPENSSL, damaged));

    // Its beginning is damaged: alone that is not to be told from another key.
    let mut head = packed.clone();
    head[20] ^= 1;
    assert_eq!(outcome(&[&head], keys("right")), (OPENSSL, ReadState::WrongKey));
    assert_eq!(outcome(&[&head, &good], keys("right")), (OPENSSL, damaged));
    // Its salt is: all of it is noise. That the key must be right only a repository knows.
    let mut salt = packed;
    salt[8] ^= 1;
    assert_eq!(outcome(&[&salt, &good], keys("right")), (OPENSSL, ReadState::WrongKey));
    assert_eq!(outcome(&[&salt, &good], Keys::sole(b"right".to_vec())), (OPENSSL, damaged));
    let other = openssl(&plain, b"other");
    assert_eq!(outcome(&[&other, &good], keys("right")), (OPENSSL, ReadState::WrongKey));
}

#[test]
fn a_small_file_tells_a_wrong_key_from_damage_by_what_is_in_its_middle() {
    let text = "[cipher]\ncipher-pass=\"abcdefghijklmnopqrstuvwxyz\"\n".repeat(20);
    let mut stored = openssl(text.as_bytes(), b"right");
    assert_eq!(&*keys("right").decrypt(&stored).unwrap(), text.as_bytes());
    stored[17] ^= 4;
    assert_eq!(keys("right").decrypt(&stored).unwrap_err(), KeyFault::Damaged);
    assert_eq!(keys("wrong").decrypt(&stored).unwrap_err(), KeyFault::WrongKey);
    assert_eq!(keys("right").decrypt(b"[cipher]").unwrap_err(), KeyFault::Unknown);
    assert_eq!(format!("{:?}", keys("right")), "Keys(1 passphrases, 0 files)");
}

/// As WAL-G encrypts.
fn sodium(plain: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let (mut state, mut header) = (State::new(), [0; 24]);
    crypto_secretstream_xchacha20poly1305_init_push(&mut state, &mut header, key);
    let mut out = header.to_vec();
    let full = plain.len() / 8192;
    for (i, chunk) in plain.chunks(8192).chain(plain.len().is_multiple_of(8192).then_some(&[][..])).enumerate() {
        let mut sealed = vec![0; chunk.len() + 17];
        let tag = if i == full { 3 } else { 0 };
        crypto_secretstream_xchacha20poly1305_push(&mut state, &mut sealed, chunk, None, tag).unwrap();
        out.extend(sealed);
    }
    out
}

#[test]
fn what_wal_g_encrypts_with_libsodium_opens_and_each_fault_is_told() {
    let key = *b"0123456789abcdef0123456789ABCDEF";
    let with = |key: &[u8]| {
        let mut keys = Keys::default();
        keys.add_key_file(key.to_vec());
        keys
    };
    let plain = wal_like(1 << 20);
    let packed = zstd_bare(&plain);
    let good = sodium(&packed, &key);
    let read = |files: &[&[u8]], keys: Keys| {
        let (out, read) = read_named(files, ".zst", keys);
        assert!(plain.starts_with(&out));
        (read.codec, read.state, out.len())
    };
    let sealed = Codec::Encrypted(Encryption::Sodium);
    assert_eq!(read(&[&good], Keys::default()), (sealed, ReadState::Closed, 0));
    assert_eq!(read(&[&good], keys("a passphrase is no key")), (sealed, ReadState::Closed, 0));
    assert_eq!(read(&[&good], with(b"another key of thirty-two bytes!")), (sealed, ReadState::WrongKey, 0));
    assert_eq!(read(&[&good], with(&key)), (Codec::Zstd, ReadState::Whole, 1 << 20));
    // Behind a chunk, and inside of one.
    for cut in [24 + 3 * 8209, good.len() / 2] {
        let (codec, state, _) = read(&[&good[..cut]], with(&key));
        assert_eq!((codec, state), (Codec::Zstd, ReadState::CutOff), "{cut}");
    }
    let mut middle = good.clone();
    middle[good.len() / 2] ^= 1;
    let broken = ReadState::Undecodable(ReadFault::Checksum);
    assert_eq!(read(&[&middle], with(&key)).1, broken);
    let mut first = good.clone();
    first[100] ^= 1;
    assert_eq!(read(&[&first], with(&key)).1, ReadState::WrongKey);
    assert_eq!(read(&[&first, &good], with(&key)).1, ReadState::Undecodable(ReadFault::Corrupt));
    let more = [good.as_slice(), b"x"].concat();
    // As if the last chunk were not there whole.
    assert_eq!(read(&[&more], with(&key)).1, ReadState::CutOff);
    for length in [0, 1, 8191, 8192, 8193] {
        let text = vec![b'x'; length];
        let mut keys = with(&key);
        keys.add_passphrase(b"beside".to_vec());
        let (out, outcome) = read_with(&[&sodium(&gzip(&text), &key)], keys);
        assert_eq!((out == text, outcome.state), (true, ReadState::Whole), "{length}");
    }
}

#[test]
fn keys_are_tried_on_nothing_that_is_not_encrypted() {
    let plain = wal_like(300_000);
    let (out, outcome) = read_with(&[&plain], keys("right"));
    assert_eq!((outcome.codec, outcome.state, out == plain), (Codec::Plain, ReadState::Whole, true));
}
