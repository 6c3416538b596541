//! OpenPGP messages that gpg 2.2 wrote: to a key, to one under a passphrase, to a passphrase; binary and armoured.
//!
//! ```text
//! pgp/open.asc, pgp/locked.asc   secret keys; the passphrase of the second is "of the key"
//! pgp/segment.gpg                200,000 bytes as WAL, gzip, to the first
//! pgp/*.gpg                      a history file
//! ```

use crate::fixture::read_with;
use pgwal_source::codec::Encryption;
use pgwal_source::{Codec, Keys, ReadState};

const PGP: Codec = Codec::Encrypted(Encryption::Pgp);
const OPEN: &[u8] = include_bytes!("pgp/open.asc");
const LOCKED: &[u8] = include_bytes!("pgp/locked.asc");
const SEGMENT_TO_OPEN: &[u8] = include_bytes!("pgp/segment.gpg");
const TEXT: &[u8] = b"1\t0/3000148\tno recovery target specified\n";

fn keys(files: &[&[u8]], passphrases: &[&str]) -> Keys {
    let mut keys = Keys::default();
    files.iter().for_each(|file| keys.add_key_file(file.to_vec()));
    passphrases.iter().for_each(|passphrase| keys.add_passphrase((*passphrase).into()));
    keys
}

#[test]
fn what_gpg_wrote_opens_with_its_key() {
    let (plain, outcome) = read_with(&[SEGMENT_TO_OPEN], keys(&[OPEN], &[]));
    assert_eq!((outcome.codec, outcome.state, plain.len()), (Codec::Gzip, ReadState::Whole, 200_000));
    assert!(plain.starts_with(b"\x10\xd1\x07\0"));
    let one_line = String::from_utf8(OPEN.to_vec()).unwrap().trim_end().replace('\n', "\\n");
    for (name, stored, keys) in [
        ("armoured", &include_bytes!("pgp/armoured.gpg")[..], keys(&[OPEN], &[])),
        ("one of several", include_bytes!("pgp/armoured.gpg"), keys(&[LOCKED, OPEN], &["of nothing"])),
        ("as a variable of the environment", include_bytes!("pgp/armoured.gpg"), keys(&[one_line.as_bytes()], &[])),
        ("under a passphrase", include_bytes!("pgp/locked.gpg"), keys(&[LOCKED], &["of the key"])),
        ("to a passphrase", include_bytes!("pgp/symmetric.gpg"), keys(&[], &["of another", "of the message"])),
    ] {
        let (plain, outcome) = read_with(&[stored], keys.clone());
        assert_eq!((outcome.codec, outcome.state), (PGP, ReadState::Whole), "{name}");
        assert_eq!(plain, TEXT, "{name}");
        assert_eq!(&*keys.decrypt(stored).unwrap(), TEXT, "{name}");
    }
}

#[test]
fn another_key_is_told_from_damage_and_from_a_cut() {
    assert_eq!(read_with(&[SEGMENT_TO_OPEN], Keys::default()).1.state, ReadState::Closed);
    for wrong in [keys(&[LOCKED], &["of the key"]), keys(&[], &["of the message"])] {
        let (plain, outcome) = read_with(&[SEGMENT_TO_OPEN], wrong);
        assert_eq!((outcome.codec, outcome.state, plain.len()), (PGP, ReadState::WrongKey, 0));
    }
    let (_, outcome) = read_with(&[include_bytes!("pgp/locked.gpg")], keys(&[LOCKED], &["of another key"]));
    assert_eq!(outcome.state, ReadState::WrongKey);
    let (_, outcome) = read_with(&[include_bytes!("pgp/symmetric.gpg")], keys(&[], &["of another"]));
    assert_eq!(outcome.state, ReadState::WrongKey);

    let length = SEGMENT_TO_OPEN.len();
    for cut in [length / 2, length - 100, length - 1] {
        let (plain, outcome) = read_with(&[&SEGMENT_TO_OPEN[..cut]], keys(&[OPEN], &[]));
        assert!(plain.len() <= 200_000);
        assert_eq!(outcome.state, ReadState::CutOff, "{cut}");
    }
    let mut damaged = SEGMENT_TO_OPEN.to_vec();
    damaged[length / 2] ^= 1;
    let (_, outcome) = read_with(&[&damaged], keys(&[OPEN], &[]));
    assert!(matches!(outcome.state, ReadState::Undecodable(_)), "{outcome:?}");
    // The last bytes are the seal's.
    let mut seal = SEGMENT_TO_OPEN.to_vec();
    seal[length - 3] ^= 1;
    let (_, outcome) = read_with(&[&seal], keys(&[OPEN], &[]));
    assert!(matches!(outcome.state, ReadState::Undecodable(_)), "{outcome:?}");
}
