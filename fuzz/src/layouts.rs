//! Every way in which WAL can be laid out.

use pgwal_format::dialect::DIALECTS;
use pgwal_format::{Align, Endian, Layout, PageSize, SegmentSize};

/// Every version on every alignment and byte order, with pages and segments of these sizes.
pub(crate) fn all(page: PageSize, segment: SegmentSize) -> impl Iterator<Item = Layout> {
    DIALECTS.iter().flat_map(move |dialect| {
        [Align::Eight, Align::Four].into_iter().flat_map(move |align| {
            [Endian::Little, Endian::Big].map(|endian| Layout { dialect, align, endian, segment, page })
        })
    })
}

/// A layout out of two bytes, with segments of 1 MiB.
pub(crate) fn chosen(version: u8, shape: u8) -> Layout {
    Layout {
        dialect: &DIALECTS[usize::from(version) % DIALECTS.len()],
        align: if shape & 1 == 0 { Align::Eight } else { Align::Four },
        endian: if shape & 2 == 0 { Endian::Little } else { Endian::Big },
        segment: SegmentSize::new(1 << 20).expect("1 MiB is a segment's size"),
        page: PageSize::new(1024 << (shape >> 2 & 7).min(6)).expect("1 to 64 KiB are sizes of a page"),
    }
}
