//! What is damaged gives what it can, and says that this was not all.

use crate::fixture::{PACKERS, gzip, lz4_linked, round, wal_like, zstd_bare};
use pgwal_source::{How, LeftBehind, ReadFault, ReadState};

#[test]
fn a_file_that_is_cut_off_gives_its_beginning() {
    let plain = wal_like(600_000);
    for packer in &PACKERS {
        let stored = (packer.pack)(&plain);
        // Below ten bytes some formats cannot be told apart from plain bytes.
        let ends = (stored.len().saturating_sub(12)..stored.len()).chain((14..stored.len()).step_by(stored.len() / 40));
        for cut in ends {
            let (out, _, read) = round(&stored[..cut], &How::default());
            assert_eq!(read.state, ReadState::CutOff, "{} {cut} of {}", packer.name, stored.len());
            assert!(plain.starts_with(&out), "{} {cut}", packer.name);
        }
    }
}

#[test]
fn a_cut_file_of_pg_receivewal_gives_nearly_all_it_holds() {
    let plain = wal_like(600_000);
    for pack in [gzip as fn(&[u8]) -> Vec<u8>, lz4_linked] {
        let stored = pack(&plain);
        for tenth in 1..10 {
            let (out, _, _) = round(&stored[..stored.len() * tenth / 10], &How::default());
            // The bytes pack evenly, so the share of plain bytes is about that of packed ones.
            let expected = plain.len() * tenth / 10;
            assert!(out.len().abs_diff(expected) < 50_000, "{tenth}: {} of about {expected}", out.len());
        }
    }
}

#[test]
fn a_flipped_bit_never_passes_for_whole_where_the_format_can_tell() {
    let plain = wal_like(100_000);
    for packer in &PACKERS {
        let stored = (packer.pack)(&plain);
        for bit in (0..stored.len() * 8).step_by((stored.len() / 25) | 1) {
            let mut damaged = stored.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let (out, _, read) = round(&damaged, &How::default());
            if packer.checked && read.state == ReadState::Whole && read.codec.to_string() != "plain" {
                assert!(out == plain, "{} bit {bit}: wrong bytes pass for whole", packer.name);
            }
        }
    }
}

#[test]
fn the_fault_is_told_apart() {
    let plain = wal_like(300_000);
    let damaged = |mut stored: Vec<u8>, from_end: usize| {
        let at = stored.len() - from_end;
        stored[at] ^= 0x40;
        round(&stored, &How::default())
    };
    // gzip ends with a CRC-32 and the size.
    let (out, _, read) = damaged(gzip(&plain), 8);
    assert_eq!((read.state, out == plain), (ReadState::Undecodable(ReadFault::Checksum), true));
    let (out, _, read) = damaged(gzip(&plain), 1);
    assert_eq!((read.state, out == plain), (ReadState::Undecodable(ReadFault::Checksum), true));
    let middle = gzip(&plain).len() / 2;
    let (_, _, read) = damaged(gzip(&plain), middle);
    assert!(matches!(read.state, ReadState::Undecodable(_)), "{read:?}");
    for packer in PACKERS.iter().filter(|packer| packer.name.contains("checksum") || packer.name.contains("4 MiB")) {
        let (_, _, read) = damaged((packer.pack)(&plain), 1);
        assert_eq!(read.state, ReadState::Undecodable(ReadFault::Checksum), "{}", packer.name);
    }
}

#[test]
fn bytes_behind_the_end_are_told() {
    let plain = wal_like(100_000);
    // These have no end: what follows is one more block, and a wrong one.
    let ending = PACKERS.iter().filter(|packer| !matches!(packer.name, "snappy" | "lz4 before frames"));
    for packer in ending {
        for tail in [&b"garbage"[..], &[0; 512], b"x"] {
            let mut stored = (packer.pack)(&plain);
            stored.extend(tail);
            let (out, _, read) = round(&stored, &How::default());
            let left = if tail[0] == 0 { LeftBehind::Zeros } else { LeftBehind::Bytes };
            // As `gzip -d` and `bzip2 -d` end without an error.
            let passes =
                packer.name.starts_with("bzip2") || packer.name.starts_with("gzip") && left == LeftBehind::Zeros;
            let state = if passes { ReadState::Whole } else { ReadState::Undecodable(ReadFault::Trailing) };
            assert_eq!((read.state, out == plain), (state, true), "{} {tail:?}", packer.name);
            assert_eq!(read.behind, Some(left).filter(|_| passes), "{} {tail:?}", packer.name);
        }
    }
}

#[test]
fn a_start_without_the_rest_is_cut_off() {
    for stored in [&gzip(b"x")[..5], &zstd_bare(&[1; 1000])[..6], &lz4_linked(&[1; 1000])[..5]] {
        let (out, _, read) = round(stored, &How::default());
        assert_eq!((read.state, out.len()), (ReadState::CutOff, 0), "{stored:x?}");
    }
}

#[test]
fn random_bytes_behind_every_magic_neither_panic_nor_hang() {
    let mut seed = 7u32;
    for magic in [
        &b"\x1f\x8b\x08\0"[..],
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
        b"\xfd7zXZ\0",
        b"BZh91AY&SY",
        b"\xff\x06\0\0sNaPpY",
        b"\x89LZO\0\r\n\x1a\n\x10\x40\x20\xa0\x09\x40\x01\x05\x03\0\0\x0d",
        b"\x02\x21\x4c\x18",
        b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
    ] {
        for _ in 0..300 {
            let mut stored = magic.to_vec();
            for _ in 0..200 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                stored.push((seed >> 24) as u8);
            }
            let (_, _, read) = round(&stored, &How::default());
            assert_ne!(read.codec.to_string(), "plain");
        }
    }
}
