//! A stored image to a page.

use super::{page_checksum, pglz};
use crate::record::Image;
use crate::{Endian, Layout, Lsn};
use std::fmt;

/// The largest data page.
const LARGEST: usize = 32 * 1024;
/// The usual one, where nothing tells.
const USUAL: usize = 8192;

/// Unpacks what is not PostgreSQL's own. Each fills the beginning of `out` and says with how many bytes; `None` where
/// the packed bytes make no sense or `out` has no room for what is in them.
pub trait Unpack {
    /// A block of LZ4.
    fn lz4(&self, packed: &[u8], out: &mut [u8]) -> Option<usize>;

    /// A frame of zstd.
    fn zstd(&self, packed: &[u8], out: &mut [u8]) -> Option<usize>;
}

/// Why an image is no page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Unrestorable {
    /// Its bytes are not all there.
    Cut,
    /// Packed in a way that this version does not have.
    Method {
        /// `bimg_info`.
        info: u8,
    },
    /// Does not unpack.
    Packed {
        /// The method.
        method: &'static str,
    },
    /// With its hole it has a size that no page has.
    Size {
        /// The size in bytes.
        found: usize,
    },
    /// The hole begins behind the end.
    Hole,
    /// A fork without a name.
    Fork {
        /// Its number.
        number: u8,
    },
}

impl fmt::Display for Unrestorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unrestorable::Cut => f.write_str("not all of its bytes are there"),
            Unrestorable::Method { info } => write!(f, "its flags 0x{info:02X} name no compression of this version"),
            Unrestorable::Packed { method } => write!(f, "it does not unpack as {method}"),
            Unrestorable::Size { found } => write!(f, "with its hole it has {found} bytes, which no page has"),
            Unrestorable::Hole => f.write_str("its hole begins behind its end"),
            Unrestorable::Fork { number } => write!(f, "no fork has the number {number}"),
        }
    }
}

/// Makes a page of an image: unpacks it and fills the hole with zeros. `page` is overwritten.
///
/// The size of data pages is no part of WAL. A packed image tells it together with its hole; of another the page's own
/// header does.
///
/// # Errors
/// The image is damaged under a right checksum, or forged.
pub fn restore(
    layout: &Layout,
    image: &Image,
    stored: &[u8],
    unpack: &dyn Unpack,
    page: &mut Vec<u8>,
) -> Result<(), Unrestorable> {
    without_hole(layout, image, stored, unpack, page)?;
    let length = page.len();
    let size = match image.hole_length {
        Some(hole) => length + usize::from(hole),
        None => size(page, layout.endian),
    };
    if !is_page_size(size) || size < length {
        return Err(Unrestorable::Size { found: size });
    }
    let hole = usize::from(image.hole_offset);
    if hole > length {
        return Err(Unrestorable::Hole);
    }
    page.resize(size, 0);
    let behind = hole + size - length;
    page.copy_within(hole..length, behind);
    if let Some(gap) = page.get_mut(hole..behind) {
        gap.fill(0);
    }
    Ok(())
}

/// What is stored of a page once it is unpacked: all but its hole. `page` is overwritten.
///
/// # Errors
/// As [`restore`].
pub fn without_hole(
    layout: &Layout,
    image: &Image,
    stored: &[u8],
    unpack: &dyn Unpack,
    page: &mut Vec<u8>,
) -> Result<(), Unrestorable> {
    page.clear();
    if stored.len() != image.length as usize {
        return Err(Unrestorable::Cut);
    }
    if image.compressed {
        let [is_pglz, is_lz4, is_zstd] = layout.dialect.image.methods.map(|bit| image.info & bit != 0);
        page.resize(LARGEST.saturating_sub(usize::from(image.hole_length.unwrap_or(0))), 0);
        let (length, method) = match () {
            () if is_pglz => (pglz::unpack(stored, page).ok(), "pglz"),
            () if is_lz4 => (unpack.lz4(stored, page), "lz4"),
            () if is_zstd => (unpack.zstd(stored, page), "zstd"),
            () => return Err(Unrestorable::Method { info: image.info }),
        };
        page.truncate(length.ok_or(Unrestorable::Packed { method })?);
    } else {
        page.extend_from_slice(stored.get(..LARGEST).unwrap_or(stored));
    }
    Ok(())
}

/// Gives a page the position that replay gives it, `end` of the record, and, where the version has page checksums, the
/// right one. A new page stays as it is.
///
/// Servers without checksums never look at that field, and what stands there in an image says nothing: it is filled in
/// when a page is written.
pub fn stamp(layout: &Layout, page: &mut [u8], end: Lsn, block: u32) {
    let endian = layout.endian;
    if half(page, 14, endian) == 0 {
        return;
    }
    put(page, 0, &word(end.high(), endian));
    put(page, 4, &word(end.low(), endian));
    if layout.dialect.page_checksums {
        let sum = page_checksum(page, block, endian);
        put(page, 8, &if endian == Endian::Little { sum.to_le_bytes() } else { sum.to_be_bytes() });
    }
}

/// The size in the header of a page with a hole, or the usual one.
fn size(page: &[u8], endian: Endian) -> usize {
    let said = usize::from(half(page, 18, endian) & 0xFF00);
    if is_page_size(said) && said > page.len() { said } else { USUAL.max(page.len().next_power_of_two()) }
}

fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (1024..=LARGEST).contains(&size)
}

fn half(page: &[u8], at: usize, endian: Endian) -> u16 {
    page.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| endian.u16(*bytes))
}

fn word(value: u32, endian: Endian) -> [u8; 4] {
    if endian == Endian::Little { value.to_le_bytes() } else { value.to_be_bytes() }
}

fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = page.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Align, Dialect, PageSize, SegmentSize};
    use proptest::prelude::*;

    struct Nothing;

    impl Unpack for Nothing {
        fn lz4(&self, _: &[u8], _: &mut [u8]) -> Option<usize> {
            None
        }
        fn zstd(&self, _: &[u8], _: &mut [u8]) -> Option<usize> {
            None
        }
    }

    fn layout(version: &str) -> Layout {
        let dialect: &Dialect = version.parse::<crate::Version>().unwrap().dialect().unwrap();
        Layout {
            dialect,
            endian: Endian::Little,
            align: Align::Eight,
            page: PageSize::new(8192).unwrap(),
            segment: SegmentSize::DEFAULT,
        }
    }

    fn image(length: u32, hole_offset: u16, hole_length: Option<u16>) -> Image {
        Image { length, hole_offset, hole_length, info: 0, apply: true, compressed: false }
    }

    /// A page of `size` bytes with a hole from 24 on, and what is stored of it.
    fn stored(size: u16) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..124).map(|i| i as u8 | 1).collect();
        bytes[18..20].copy_from_slice(&(size | 4).to_le_bytes());
        bytes
    }

    #[test]
    fn a_hole_is_filled_to_the_size_that_the_page_names() {
        for size in [1024u16, 2048, 8192, 16384, 32768] {
            let (stored, mut page) = (stored(size), Vec::new());
            restore(&layout("15"), &image(124, 24, None), &stored, &Nothing, &mut page).unwrap();
            assert_eq!(
                (page.len(), &page[..24], &page[usize::from(size) - 100..]),
                (usize::from(size), &stored[..24], &stored[24..])
            );
            assert!(page[24..usize::from(size) - 100].iter().all(|&b| b == 0));
        }
        let mut page = Vec::new();
        restore(&layout("15"), &image(124, 24, None), &[7; 124], &Nothing, &mut page).unwrap();
        assert_eq!(page.len(), 8192, "nothing tells");
    }

    #[test]
    fn what_cannot_be_a_page_is_refused() {
        let (bytes, mut page) = (stored(8192), Vec::new());
        let mut refused = |image: Image| restore(&layout("15"), &image, &bytes, &Nothing, &mut page).unwrap_err();
        assert_eq!(refused(image(125, 24, None)), Unrestorable::Cut);
        assert_eq!(refused(image(124, 24, Some(100))), Unrestorable::Size { found: 224 });
        assert_eq!(refused(image(124, 200, Some(8068))), Unrestorable::Hole);
        assert_eq!(refused(Image { compressed: true, ..image(124, 24, Some(8068)) }), Unrestorable::Method { info: 0 });
        assert_eq!(
            refused(Image { compressed: true, info: 0x08, ..image(124, 24, Some(8068)) }),
            Unrestorable::Packed { method: "lz4" }
        );
    }

    #[test]
    fn a_new_page_is_left_alone_and_9_2_has_no_checksum() {
        let mut new = vec![0; 8192];
        stamp(&layout("15"), &mut new, Lsn::new(0x1_0000_0002), 7);
        assert!(new.iter().all(|&b| b == 0));
        for (version, keeps) in [("9.2", true), ("9.3", false)] {
            let mut page = vec![1; 8192];
            stamp(&layout(version), &mut page, Lsn::new(0x1_0000_0002), 7);
            assert_eq!(page[..8], [1, 0, 0, 0, 2, 0, 0, 0]);
            assert_eq!(page[8..10] == [1, 1], keeps, "{version}");
        }
    }

    proptest! {
        #[test]
        fn no_image_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), hole_offset: u16, hole_length: Option<u16>, info: u8, compressed: bool, extra in 0u32..2) {
            let mut page = Vec::new();
            let image = Image { length: bytes.len() as u32 + extra, hole_offset, hole_length, info, apply: true, compressed };
            if restore(&layout("15"), &image, &bytes, &Nothing, &mut page).is_ok() {
                prop_assert!(is_page_size(page.len()));
                stamp(&layout("15"), &mut page, Lsn::new(9), 1);
            }
        }
    }
}
