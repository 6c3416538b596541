//! What is packed comes out as it went in.

use crate::fixture::{PACKERS, SEGMENT, lz4_linked, round, wal_like, zstd_bare};
use pgwal_source::codec::{Container, Encryption};
use pgwal_source::{Codec, How, ReadFault, ReadState, open};
use std::ops::ControlFlow;

#[test]
fn every_format_and_size_comes_out_whole_in_windows() {
    for length in [0, 1, 4096, 65_535, 65_536, 262_144, 300_000, 1 << 20, (5 << 20) + 7] {
        let plain = wal_like(length);
        let mut forms: Vec<(&str, Vec<u8>)> =
            PACKERS.iter().map(|packer| (packer.name, (packer.pack)(&plain))).collect();
        forms.push(("plain", plain.clone()));
        for (name, stored) in forms {
            let (out, windows, read) = round(&stored, &How::default());
            assert_eq!(read.state, ReadState::Whole, "{name} {length}");
            assert_eq!(read.plain_bytes, length as u64, "{name} {length}");
            assert_eq!(read.stored_bytes, Some(stored.len() as u64), "{name} {length}");
            assert!(out == plain, "{name} {length}");
            let (last, full) = windows.split_last().unwrap_or((&0, &[]));
            assert!(
                full.iter().all(|&window| window == 256 << 10) && *last <= 256 << 10,
                "{name} {length} {windows:?}"
            );
        }
    }
}

#[test]
fn members_behind_each_other_are_one_file() {
    let (first, second) = (wal_like(200_000), vec![3; 77_777]);
    for packer in PACKERS.iter().filter(|packer| packer.joins) {
        let mut stored = (packer.pack)(&first);
        stored.extend((packer.pack)(&[]));
        stored.extend((packer.pack)(&second));
        let (out, _, read) = round(&stored, &How::default());
        assert_eq!((read.state, read.plain_bytes), (ReadState::Whole, 277_777), "{}", packer.name);
        assert!(out.starts_with(&first) && out.ends_with(&second), "{}", packer.name);
    }
}

#[test]
fn skippable_frames_are_skipped() {
    let plain = wal_like(100_000);
    for (pack, codec) in [(zstd_bare as fn(&[u8]) -> Vec<u8>, Codec::Zstd), (lz4_linked, Codec::Lz4)] {
        let mut stored = b"\x51\x2a\x4d\x18\x05\0\0\0hello".to_vec();
        stored.extend(pack(&plain));
        stored.extend(b"\x5f\x2a\x4d\x18\0\0\0\0");
        let (out, _, read) = round(&stored, &How::default());
        assert_eq!((read.state, read.codec), (ReadState::Whole, codec));
        assert!(out == plain);
    }
}

#[test]
fn any_window_size_gives_the_same_bytes() {
    let plain = wal_like(700_000);
    for packer in &PACKERS {
        let stored = (packer.pack)(&plain);
        for window in [1, 64 << 10, 100_000, 1 << 20] {
            let (out, windows, _) = round(&stored, &How { window, ..How::default() });
            assert!(out == plain, "{} {window}", packer.name);
            assert!(windows.iter().rev().skip(1).all(|w| w % (64 << 10) == 0), "{} {windows:?}", packer.name);
        }
    }
}

#[test]
fn what_cannot_be_unpacked_is_named_and_gives_nothing() {
    for (stored, codec) in [
        (&b"Salted__12345678"[..], Codec::Encrypted(Encryption::OpenSsl)),
        (b"age-encryption.org/v1\n", Codec::Encrypted(Encryption::Age)),
        (b"PK\x03\x04xxxx", Codec::Unknown(Container::Zip)),
        (b"\x1f\x9d\x90xxxx", Codec::Unknown(Container::Compress)),
    ] {
        let (out, _, read) = round(stored, &How::default());
        assert_eq!((read.codec, read.state, read.plain_bytes, out.len()), (codec, ReadState::Closed, 0, 0));
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 8 << 20];
    let how = How { limit: 1 << 20, ..How::default() };
    for packer in &PACKERS {
        let (out, _, read) = round(&(packer.pack)(&zeros), &how);
        assert_eq!(read.state, ReadState::LimitReached, "{}", packer.name);
        assert!(out.len() > 1 << 20 && out.len() <= (1 << 20) + (256 << 10), "{} {}", packer.name, out.len());
    }
    let (_, _, read) = round(&zeros, &how);
    assert_eq!(read.state, ReadState::LimitReached);
    let (_, _, read) = round(&zeros[..1 << 20], &how);
    assert_eq!(read.state, ReadState::Whole);
}

#[test]
fn a_sink_that_breaks_off_stops_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(SEGMENT), wal_like(1 << 20)).unwrap();
    let source = open(&[folder.path().into()]).unwrap();
    let entry = &source.list().unwrap().entries[0];
    let mut windows = 0;
    let read = source.read(entry, &How::default(), &mut Default::default(), &mut |_| {
        windows += 1;
        ControlFlow::Break(())
    });
    assert_eq!((read.unwrap().state, windows), (ReadState::Stopped, 1));
}

#[test]
fn small_files_are_unpacked_too() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"1\t0/3000148\tno recovery target specified\n";
    for (packer, name) in PACKERS.iter().zip(["00000002.history", "00000003.history.zst", "00000004.history.gz"]) {
        std::fs::write(folder.path().join(name), (packer.pack)(text)).unwrap();
    }
    let source = open(&[folder.path().into()]).unwrap();
    let listing = source.list().unwrap();
    assert_eq!(listing.entries.len(), 3);
    for entry in &listing.entries {
        assert_eq!(source.small(entry, 1 << 20).unwrap().0, text);
        let (start, read) = source.small(entry, 10).unwrap();
        assert_eq!((start.as_slice(), read.state), (&text[..10], ReadState::LimitReached));
    }
}

#[test]
fn brotli_is_known_by_its_suffix_and_knows_its_end() {
    // Of brotli's own tool (-q 3), as WAL-G names it.
    let stored = b"\x0f\x14\x801\t0/1C1CA08\tno recovery target specified\n\x03";
    let text = b"1\t0/1C1CA08\tno recovery target specified\n";
    for (bytes, state) in [
        (stored.to_vec(), ReadState::Whole),
        (stored[..20].to_vec(), ReadState::CutOff),
        (stored[..stored.len() - 1].to_vec(), ReadState::CutOff),
        ([stored.as_slice(), b"x"].concat(), ReadState::Undecodable(ReadFault::Trailing)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("00000002.history.br"), bytes).unwrap();
        let source = open(&[folder.path().into()]).unwrap();
        let (plain, read) = source.small(&source.list().unwrap().entries[0], 1 << 20).unwrap();
        assert_eq!((read.codec, read.state), (Codec::Brotli, state));
        assert!(text.starts_with(&plain) && (state != ReadState::Whole || plain == text), "{plain:?}");
    }
}
