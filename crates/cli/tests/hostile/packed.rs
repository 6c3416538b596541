//! Small files that unpack to very large ones. Read as far as a segment, and no further.

use crate::run::{Ran, good, run, segment, walproof, write};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const GIB: u64 = 1 << 30;

/// `verify` with a GiB of address space.
fn verify_with_little_memory(folder: &TempDir) -> Ran {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -v 1048576; exec \"$0\" verify --jobs 2 \"$1\"", env!("CARGO_BIN_EXE_walproof")])
        .arg(folder.path());
    let begun = Instant::now();
    let ran = run(&mut shell);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    ran
}

/// 100 GiB of zeros in gzip: the segment has a wrong size. Exit code 1.
#[test]
fn a_gzip_bomb() {
    const MEMBER: usize = 64 << 20;
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    (0..64).for_each(|_| member.write_all(&[0; MEMBER / 64]).unwrap());
    let member = member.finish().unwrap();
    let folder = good();
    let mut file = std::fs::File::create(folder.path().join(format!("{}.gz", segment(12)))).unwrap();
    (0..100 * GIB / MEMBER as u64).for_each(|_| file.write_all(&member).unwrap());
    verify_with_little_memory(&folder).exits(1).says(&segment(12));
}

/// 100 GiB of zeros in a zstd frame of 3 MB: blocks of 128 KiB, each four bytes long. Exit code 1.
#[test]
fn a_zstd_bomb() {
    const BLOCK: u64 = 128 << 10;
    // Magic; no checksum, no size, a window of 128 KiB.
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38];
    // Size, type 1 (one byte, repeated), not the last; then the byte.
    (0..100 * GIB / BLOCK).for_each(|_| frame.extend([0x02, 0x00, 0x10, 0x00]));
    frame.extend([0x01, 0x00, 0x00]);
    let folder = good();
    write(&folder, &format!("{}.zst", segment(12)), &frame);
    verify_with_little_memory(&folder).exits(1).says(&segment(12));
}

/// Headers that ask for gigabytes before a single byte is there: windows and dictionaries. Exit code 1.
#[test]
fn headers_that_ask_for_memory() {
    let folder = good();
    // A window of 3.75 TiB.
    write(&folder, &format!("{}.zst", segment(12)), &[0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xFF, 0x02, 0x00, 0x10, 0x00]);
    // A dictionary of 4 GiB.
    let lzma = [&[0x5D, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0xFF; 8], &[0; 64]].concat();
    write(&folder, &format!("{}.lzma", segment(13)), &lzma);
    let ran = verify_with_little_memory(&folder).exits(1);
    assert!(!ran.complained.contains("memory"), "{}", ran.complained);
}

/// A bomb in the place of a history file, too. Exit code 1.
#[test]
fn a_bomb_for_a_history_file() {
    let mut text = GzEncoder::new(Vec::new(), Compression::best());
    (0..256).for_each(|_| text.write_all(&[b'#'; 1 << 20]).unwrap());
    let folder = good();
    write(&folder, "00000002.history.gz", &text.finish().unwrap());
    verify_with_little_memory(&folder).exits(1).says("00000002.history");
    run(walproof().arg("timelines").arg(folder.path()));
}
