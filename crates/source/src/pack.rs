//! Packs a file for an archive: the other way round of what reading undoes.

use std::fmt;
use std::io;
use std::str::FromStr;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalPacking {
    /// gzip, at a level from 1 to 9.
    Gzip(u32),
    /// LZ4 frames.
    Lz4,
    /// Zstandard, at a level from 1 to 19.
    Zstd(i32),
}

/// A packing that is not known, or has no such level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchPacking;

impl fmt::Display for NoSuchPacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("zstd, zstd:1 to zstd:19, lz4, gzip, or gzip:1 to gzip:9")
    }
}

impl std::error::Error for NoSuchPacking {}

impl FromStr for WalPacking {
    type Err = NoSuchPacking;

    fn from_str(text: &str) -> Result<WalPacking, NoSuchPacking> {
        let (codec, level) = text.split_once(':').map_or((text, None), |(codec, level)| (codec, Some(level)));
        let level = level.map(|digits| digits.parse::<u8>().map_err(|_| NoSuchPacking)).transpose()?;
        match (codec, level) {
            ("gzip", None) => Ok(WalPacking::Gzip(6)),
            ("gzip", Some(level @ 1..=9)) => Ok(WalPacking::Gzip(level.into())),
            ("lz4", None) => Ok(WalPacking::Lz4),
            ("zstd", None) => Ok(WalPacking::Zstd(3)),
            ("zstd", Some(level @ 1..=19)) => Ok(WalPacking::Zstd(level.into())),
            _ => Err(NoSuchPacking),
        }
    }
}

impl WalPacking {
    /// What stands behind the name of a file that is packed so.
    pub const fn suffix(self) -> &'static str {
        match self {
            WalPacking::Gzip(_) => ".gz",
            WalPacking::Lz4 => ".lz4",
            WalPacking::Zstd(_) => ".zst",
        }
    }

    /// Packs bytes, with a checksum of the content in what comes out.
    ///
    /// # Errors
    /// This program was built without this packing.
    pub fn pack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            WalPacking::Gzip(level) => gzip(bytes, level),
            WalPacking::Lz4 => lz4(bytes),
            WalPacking::Zstd(level) => zstd(bytes, level),
        }
    }
}

#[cfg(feature = "gzip")]
fn gzip(bytes: &[u8], level: u32) -> io::Result<Vec<u8>> {
    use io::Write;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    out.write_all(bytes)?;
    out.finish()
}

#[cfg(not(feature = "gzip"))]
fn gzip(_: &[u8], _: u32) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

fn lz4(bytes: &[u8]) -> io::Result<Vec<u8>> {
    use io::Write;
    use lz4_flex::frame::{FrameEncoder, FrameInfo};
    let info = FrameInfo::new().content_checksum(true).content_size(Some(bytes.len() as u64));
    let mut out = FrameEncoder::with_frame_info(info, Vec::new());
    out.write_all(bytes)?;
    out.finish().map_err(io::Error::other)
}

#[cfg(feature = "zstd")]
fn zstd(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    use io::Write;
    let mut out = zstd::stream::write::Encoder::new(Vec::new(), level)?;
    out.include_checksum(true)?;
    out.set_pledged_src_size(Some(bytes.len() as u64))?;
    out.write_all(bytes)?;
    out.finish()
}

#[cfg(not(feature = "zstd"))]
fn zstd(_: &[u8], _: i32) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, feature = "gzip", feature = "zstd"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..300_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        for how in ["gzip", "gzip:1", "lz4", "zstd", "zstd:1"] {
            let how: WalPacking = how.parse().unwrap();
            let file = folder.path().join(format!("000000010000000000000001{}", how.suffix()));
            std::fs::write(&file, how.pack(&bytes).unwrap()).unwrap();
            let source = crate::open(&[file]).unwrap();
            let (plain, read) = source.small(&source.list().unwrap().entries[0], 1 << 30).unwrap();
            assert_eq!((plain == bytes, read.state), (true, crate::ReadState::Whole), "{how:?}");
        }
        for bad in ["", "zst", "zstd:0", "zstd:20", "lz4:1", "gzip:10", "gzip:x", "gzip:"] {
            assert_eq!(bad.parse::<WalPacking>(), Err(NoSuchPacking), "{bad}");
        }
    }
}
