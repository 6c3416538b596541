//! Bytes that pack like WAL, packers of every format, and a reader that collects what comes out.

use cbc::cipher::{Array, BlockModeEncrypt, KeyIvInit, consts::U16};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use pgwal_source::{How, Keys, ReadOutcome, Scratch, open, with_keys};
use sha1::{Digest, Sha1};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

pub const SEGMENT: &str = "000000010000000000000001";

/// A packer, and whether its format checks the plain bytes.
pub struct Packer {
    pub name: &'static str,
    pub pack: fn(&[u8]) -> Vec<u8>,
    pub checked: bool,
    /// Several of them behind each other are one file.
    pub joins: bool,
}

pub const PACKERS: [Packer; 12] = [
    Packer { name: "gzip", pack: gzip, checked: true, joins: true },
    Packer { name: "zstd", pack: zstd_bare, checked: false, joins: true },
    Packer { name: "zstd with checksum", pack: zstd_checked, checked: true, joins: true },
    Packer { name: "lz4 as pg_receivewal", pack: lz4_linked, checked: false, joins: true },
    Packer { name: "lz4 independent, all checks", pack: lz4_checked, checked: true, joins: true },
    Packer { name: "lz4 linked, 4 MiB blocks", pack: lz4_large, checked: true, joins: true },
    Packer { name: "xz", pack: xz, checked: true, joins: true },
    Packer { name: "bzip2", pack: bzip2, checked: true, joins: true },
    Packer { name: "snappy", pack: snappy, checked: true, joins: true },
    Packer { name: "lzop", pack: lzop, checked: true, joins: true },
    Packer { name: "lz4 before frames", pack: lz4_legacy, checked: false, joins: true },
    Packer { name: "lzma", pack: lzma, checked: false, joins: false },
];

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

/// As pgBackRest encrypts, and `openssl enc -aes-256-cbc -md sha1`.
pub fn openssl(plain: &[u8], passphrase: &[u8]) -> Vec<u8> {
    let salt = *b"\x10\x21\x32\x43\x54\x65\x76\x87";
    let mut made = Vec::new();
    while made.len() < 48 {
        let last = made.get(made.len().saturating_sub(20)..).unwrap_or(&[]).to_vec();
        made.extend(Sha1::digest([last.as_slice(), passphrase, &salt].concat()));
    }
    let mut cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&made[..32], &made[32..48]).unwrap();
    let padding = 16 - plain.len() % 16;
    let mut blocks = plain.to_vec();
    blocks.extend(std::iter::repeat_n(padding as u8, padding));
    cipher.encrypt_blocks(Array::<u8, U16>::slice_as_chunks_mut(&mut blocks).0);
    [b"Salted__".as_slice(), &salt, &blocks].concat()
}

pub fn zstd_bare(plain: &[u8]) -> Vec<u8> {
    zstd::encode_all(plain, 1).unwrap()
}

fn zstd_checked(plain: &[u8]) -> Vec<u8> {
    let mut packer = zstd::Encoder::new(Vec::new(), 3).unwrap();
    packer.include_checksum(true).unwrap();
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

pub fn lz4_linked(plain: &[u8]) -> Vec<u8> {
    lz4(plain, FrameInfo::new().block_mode(BlockMode::Linked).block_size(BlockSize::Max64KB))
}

fn lz4_checked(plain: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().block_mode(BlockMode::Independent).block_size(BlockSize::Max256KB);
    lz4(plain, info.block_checksums(true).content_checksum(true).content_size(Some(plain.len() as u64)))
}

fn lz4_large(plain: &[u8]) -> Vec<u8> {
    lz4(plain, FrameInfo::new().block_mode(BlockMode::Linked).block_size(BlockSize::Max4MB).content_checksum(true))
}

fn lz4(plain: &[u8], info: FrameInfo) -> Vec<u8> {
    let mut packer = FrameEncoder::with_frame_info(info, Vec::new());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

pub fn snappy(plain: &[u8]) -> Vec<u8> {
    let mut packer = snap::write::FrameEncoder::new(Vec::new());
    packer.write_all(plain).unwrap();
    packer.flush().unwrap();
    let packed = packer.into_inner().unwrap();
    // The encoder writes nothing at all where nothing is to be packed.
    if packed.is_empty() { b"\xff\x06\0\0sNaPpY".to_vec() } else { packed }
}

/// As `lzop` does it, with the header that it writes to a pipe.
pub fn lzop(plain: &[u8]) -> Vec<u8> {
    let header = b"\x10\x40\x20\xa0\x09\x40\x01\x05\x03\0\0\x0d\0\0\x81\x80\x6b\x0a\xf2\x80\0\0\0\0\0";
    let mut out = b"\x89LZO\0\r\n\x1a\n".to_vec();
    out.extend(header);
    out.extend(adler(header));
    for block in plain.chunks(256 << 10) {
        let packed = lzokay::compress::compress(block).unwrap();
        let packed = if packed.len() < block.len() { &packed } else { block };
        out.extend((block.len() as u32).to_be_bytes());
        out.extend((packed.len() as u32).to_be_bytes());
        out.extend(adler(block));
        out.extend(packed);
    }
    out.extend([0; 4]);
    out
}

fn adler(bytes: &[u8]) -> [u8; 4] {
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16 | a).to_be_bytes()
}

fn lz4_legacy(plain: &[u8]) -> Vec<u8> {
    let mut out = b"\x02\x21\x4c\x18".to_vec();
    for block in plain.chunks(8 << 20) {
        let packed = lz4_flex::block::compress(block);
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend(packed);
    }
    out
}

fn xz(plain: &[u8]) -> Vec<u8> {
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

fn bzip2(plain: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

pub fn lzma(plain: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut packer = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

/// A page magic, then runs, repeats and noise.
pub fn wal_like(length: usize) -> Vec<u8> {
    let mut bytes = vec![0x10, 0xD1, 0x07, 0x00];
    let mut seed = 1u32;
    while bytes.len() < length {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match seed >> 29 {
            0..=2 => bytes.extend(std::iter::repeat_n(0, (seed >> 20 & 127) as usize)),
            3..=5 => {
                let from = bytes.len().saturating_sub((seed >> 8) as usize % 100_000);
                let to = (from + (seed >> 16 & 127) as usize).min(bytes.len());
                bytes.extend_from_within(from..to);
            }
            _ => bytes.extend(seed.to_le_bytes()),
        }
    }
    bytes.truncate(length);
    bytes
}

/// Writes the bytes as a segment and reads it back: plain bytes, window lengths, and how it went.
pub fn round(stored: &[u8], how: &How) -> (Vec<u8>, Vec<usize>, ReadOutcome) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SEGMENT);
    std::fs::write(&path, stored).unwrap();
    read(&path, how)
}

/// Reads the only file of a source.
pub fn read(path: &Path, how: &How) -> (Vec<u8>, Vec<usize>, ReadOutcome) {
    let source = open(&[path.to_path_buf()]).unwrap();
    let listing = source.list().unwrap();
    assert_eq!(listing.entries.len(), 1);
    let (mut plain, mut windows) = (Vec::new(), Vec::new());
    let read = source
        .read(&listing.entries[0], how, &mut Scratch::default(), &mut |window| {
            plain.extend_from_slice(window);
            windows.push(window.len());
            ControlFlow::Continue(())
        })
        .unwrap();
    (plain, windows, read)
}

/// Reads the first of these files of a folder.
pub fn read_with(files: &[&[u8]], keys: Keys) -> (Vec<u8>, ReadOutcome) {
    read_named(files, "", keys)
}

/// The same of files whose names end so.
pub fn read_named(files: &[&[u8]], suffix: &str, keys: Keys) -> (Vec<u8>, ReadOutcome) {
    let folder = tempfile::tempdir().unwrap();
    for (i, bytes) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{}{i}{suffix}", &SEGMENT[..23])), bytes).unwrap();
    }
    let source = with_keys(open(&[folder.path().to_path_buf()]).unwrap(), keys);
    let mut plain = Vec::new();
    let entry = &source.list().unwrap().entries[0];
    let read = source.read(entry, &How::default(), &mut Scratch::default(), &mut |window| {
        plain.extend_from_slice(window);
        ControlFlow::Continue(())
    });
    (plain, read.unwrap())
}
