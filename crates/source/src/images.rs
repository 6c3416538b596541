//! Unpacks the page images of 15 and later, with the codecs that are here for files.

use pgwal_format::image::Unpack;

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
