//! Page headers: `page` is what a page, or the beginning of a segment, holds.

use crate::layouts;
use pgwal_format::page::{MAX_HEADER, PageFault};
use pgwal_format::sniff::{self, Content};
use pgwal_format::{Layout, PageSize, SegmentSize};

/// Reads `page` in every way, and asks what it says of itself.
pub fn run(page: &[u8]) {
    detected(page);
    for layout in layouts::all(PageSize::DEFAULT, SegmentSize::DEFAULT) {
        checked(&layout, page);
    }
}

fn detected(page: &[u8]) {
    let content = sniff::content(page);
    match Layout::detect(page) {
        Ok(layout) => {
            assert!(matches!(content, Content::Wal(dialect) if dialect == layout.dialect));
            let header = layout.page_header(page);
            assert_eq!(header.magic, layout.dialect.magic);
            checked(&layout, page);
        }
        Err(_) => assert!(!matches!(content, Content::Wal(_))),
    }
}

fn checked(layout: &Layout, page: &[u8]) {
    let header = layout.page_header(page);
    assert!(header.data >= layout.short_header() && header.data <= MAX_HEADER, "{header:?}");
    let id = header.long.map(|long| long.system_id);
    match layout.check_page(&header, header.address, header.long.is_some(), id) {
        Ok(()) => {
            assert_eq!(header.magic, layout.dialect.magic);
            assert_eq!(header.info & !layout.dialect.page.all, 0);
            if let Some(long) = header.long {
                assert_eq!(
                    (u64::from(long.segment_size), u64::from(long.page_size)),
                    (layout.segment.bytes(), layout.page.bytes())
                );
                let other = layout.check_page(&header, header.address, true, id.map(|id| !id));
                assert!(matches!(other, Err(PageFault::SystemId { .. })), "{other:?}");
            }
            let elsewhere = header.address.plus_within(layout.page.bytes());
            let other = layout.check_page(&header, elsewhere, false, id);
            assert_eq!(other, Err(PageFault::Address { found: header.address }));
        }
        Err(PageFault::Address { .. } | PageFault::SystemId { .. } | PageFault::Timeline { .. }) => {
            panic!("checked against itself: {header:?}")
        }
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("page", super::run).unwrap() >= 10);
    }
}
