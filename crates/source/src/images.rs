//! Unpacks the page images of 15 and later, with the codecs that are here for files.

use pgwal_format::image::{Unpack, pglz_pack};

/// lz4 and zstd for [`pgwal_format::image::restore`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Images;

impl Unpack for Images {
    fn lz4(&self, packed: &[u8], out: &mut [u8]) -> Option<usize> {
        lz4_flex::block::decompress_into(packed, out).ok()
    }

    #[cfg(feature = "zstd")]
    fn zstd(&self, packed: &[u8], out: &mut [u8]) -> Option<usize> {
        zstd::bulk::decompress_to_buffer(packed, out).ok()
    }

    #[cfg(not(feature = "zstd"))]
    fn zstd(&self, _: &[u8], _: &mut [u8]) -> Option<usize> {
        None
    }
}

/// How a server packs page images (`wal_compression`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImagePacking {
    /// Not at all.
    Off,
    /// PostgreSQL's own way (9.5 and later).
    Pglz,
    /// LZ4 (15 and later).
    Lz4,
    /// Zstandard (15 and later), at its own default level.
    Zstd,
}

impl ImagePacking {
    /// All of them.
    pub const ALL: [ImagePacking; 4] = [ImagePacking::Off, ImagePacking::Pglz, ImagePacking::Lz4, ImagePacking::Zstd];

    /// As the setting names it.
    pub const fn name(self) -> &'static str {
        match self {
            ImagePacking::Off => "off",
            ImagePacking::Pglz => "pglz",
            ImagePacking::Lz4 => "lz4",
            ImagePacking::Zstd => "zstd",
        }
    }

    /// Whether this program can pack so.
    pub const fn is_here(self) -> bool {
        !matches!(self, ImagePacking::Zstd) || cfg!(feature = "zstd")
    }

    /// How many bytes come of some; `None` where a server would keep them as they are.
    pub fn packed(self, plain: &[u8]) -> Option<usize> {
        match self {
            ImagePacking::Off => None,
            ImagePacking::Pglz => pglz_pack::pack(plain).map(|packed| packed.len()),
            ImagePacking::Lz4 => Some(lz4_flex::block::compress(plain).len()),
            ImagePacking::Zstd => zstd_packed(plain),
        }
    }
}

#[cfg(feature = "zstd")]
fn zstd_packed(plain: &[u8]) -> Option<usize> {
    zstd::bulk::compress(plain, zstd::DEFAULT_COMPRESSION_LEVEL).ok().map(|packed| packed.len())
}

#[cfg(not(feature = "zstd"))]
fn zstd_packed(_: &[u8]) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_and_room_is_a_bound() {
        let plain: Vec<u8> = (0..8000u32).map(|i| (i / 40) as u8).collect();
        let lz4 = lz4_flex::block::compress(&plain);
        let zstd = zstd::bulk::compress(&plain, 1).unwrap();
        for (unpack, packed) in
            [(Images::lz4 as fn(&Images, &[u8], &mut [u8]) -> Option<usize>, lz4), (Images::zstd, zstd)]
        {
            let mut out = vec![0; 32768];
            assert_eq!(unpack(&Images, &packed, &mut out), Some(8000));
            assert!(out[..8000] == plain);
            assert_eq!(unpack(&Images, &packed, &mut out[..7999]), None);
            assert_eq!(unpack(&Images, &packed[..packed.len() / 2], &mut out), None);
            assert_eq!(unpack(&Images, &[0xFF; 50], &mut out), None);
        }
    }
}
