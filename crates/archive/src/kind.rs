//! Whose WAL the bytes of a file are, by what they say themselves.

use crate::stretch::Unusable;
use crate::whose::{Cluster, FirstPage};
use pgwal_format::layout::NotWal;
use pgwal_format::sniff::{self, Content};
use pgwal_format::{Dialect, Layout, Lsn};

/// WAL of another version, of other sizes, or of another machine, where that is plain from the first pages: nothing of
/// such a file is read as WAL of the archive. One field that differs is damage. `start` is where the file's name puts
/// it.
pub fn other_kind(bytes: &[u8], whose: &Cluster, start: Lsn) -> Option<Unusable> {
    if let Some(magic) = unknown_version(bytes, &whose.layout, start) {
        return Some(Unusable::Magic(magic));
    }
    let first = FirstPage::of(bytes).ok();
    let own = first.map_or(whose.layout, |first| first.layout);
    if let Some(dialect) = other_version(bytes, &own, &whose.layout, start) {
        return Some(Unusable::Version(dialect));
    }
    let first = first.filter(|first| own.dialect == whose.layout.dialect && !first.fits(&whose.layout))?;
    if (Layout { align: own.align, ..whose.layout }) == own {
        // Only records tell how they are aligned; an identifier of its own says as much.
        return (first.system_id != whose.system_id).then_some(Unusable::Cluster { found: first.system_id });
    }
    is_of_other_sizes(bytes, &first, &whose.layout, start).then_some(Unusable::Geometry(own))
}

/// The magic of the first page, where it is that of no release, and no page is one of ours: records alone do not tell
/// versions apart.
fn unknown_version(bytes: &[u8], ours: &Layout, start: Lsn) -> Option<u16> {
    let Err(NotWal::Unreleased { magic, .. }) = FirstPage::of(bytes) else { return None };
    let mut offsets = (0..bytes.len()).step_by(ours.page.bytes() as usize);
    (!offsets.any(|offset| is_page(bytes, offset, ours, start))).then_some(magic)
}

/// The version of the file, where its first page and most others say that it is another one than the archive's.
fn other_version(bytes: &[u8], own: &Layout, ours: &Layout, start: Lsn) -> Option<&'static Dialect> {
    let magic = own.page_header(bytes).magic;
    let dialect = Dialect::by_magic(magic).filter(|found| *found != ours.dialect)?;
    let pages = |layout: &Layout| layout.page.bytes() as usize;
    let theirs = bytes.chunks(pages(own)).filter(|page| own.page_header(page).magic == magic).count();
    let offsets = (0..bytes.len()).step_by(pages(ours));
    (theirs > offsets.filter(|&offset| is_page(bytes, offset, ours, start)).count()).then_some(dialect)
}

/// Whether the sizes on the first page are the file's, and not a damaged field: the second page, or the file's own
/// size, would show it.
fn is_of_other_sizes(bytes: &[u8], first: &FirstPage, ours: &Layout, start: Lsn) -> bool {
    let own = &first.layout;
    if own.endian != ours.endian {
        return true;
    }
    if own.page == ours.page {
        return first.address != start || bytes.len() as u64 != ours.segment.bytes();
    }
    let is_ours = is_page(bytes, ours.page.bytes() as usize, ours, start);
    let is_theirs = is_page(bytes, own.page.bytes() as usize, own, first.address);
    // Every larger page begins where a smaller one does, too.
    !is_ours || own.page < ours.page && is_theirs
}

/// A page of this layout that belongs there.
fn is_page(bytes: &[u8], offset: usize, layout: &Layout, start: Lsn) -> bool {
    let header = bytes.get(offset..).map(|page| layout.page_header(page));
    header.is_some_and(|header| {
        header.magic == layout.dialect.magic && header.address == start.plus_within(offset as u64)
    })
}

/// What a file without a single record of this segment is.
pub fn name_content(bytes: &[u8], whose: &Cluster, start: Lsn) -> Option<Unusable> {
    let expected = &whose.layout;
    match FirstPage::of(bytes) {
        Ok(first) if first.layout.dialect.magic != expected.dialect.magic => {
            Some(Unusable::Version(first.layout.dialect))
        }
        Ok(first) if !first.fits(expected) => Some(Unusable::Geometry(first.layout)),
        Ok(first) if first.system_id != whose.system_id && first.address == start => {
            Some(Unusable::Cluster { found: first.system_id })
        }
        Ok(first) if first.address != start && is_whole(bytes, expected, first.address) => {
            Some(Unusable::Belongs { address: first.address, timeline: first.timeline })
        }
        Ok(_) => None,
        Err(NotWal::Unreleased { magic, .. }) => Some(Unusable::Magic(magic)),
        Err(NotWal::NoMagic | NotWal::TooShort) => match sniff::content(bytes.get(..4096).unwrap_or(bytes)) {
            Content::Zeros if bytes.iter().all(|&b| b == 0) => Some(Unusable::Unwritten),
            Content::Elf => Some(Unusable::NotWal(Unusable::CONTENTS[0])),
            Content::Text => Some(Unusable::NotWal(Unusable::CONTENTS[1])),
            Content::Random => Some(Unusable::NotWal(Unusable::CONTENTS[2])),
            Content::Zeros => None,
            _ => Some(Unusable::NotWal(Unusable::CONTENTS[3])),
        },
        Err(_) => None,
    }
}

/// The second page, too, belongs where the first says: the file is another segment, not one with a damaged page.
fn is_whole(bytes: &[u8], layout: &Layout, address: Lsn) -> bool {
    let page = layout.page.bytes();
    let Some(second) = bytes.get(page as usize..) else { return true };
    let zero = second.get(..16).is_some_and(|b| b.iter().all(|&b| b == 0));
    zero || layout.page_header(second).address == address.plus_within(page)
}
