//! What `pg_waldump` says where it is started between two records (`main` of `pg_waldump.c`, after
//! `XLogFindNextRecord`):
//!
//! ```text
//! first record is after 0/900030, at 0/900060, skipping over 48 bytes
//! ```
//! The start of a segment is no such place. Up to 16 the line stands on standard output, before everything else.

use pgwal_format::dialect::StartNote;
use pgwal_format::{Layout, Lsn};
use pgwal_query::any::Any;
use pgwal_source::Source;
use pgwal_verify::records::{ListError, ListRequest, list};
use pgwal_verify::{Options, verify};

/// Segments in which the first record is looked for, until it is found; then in all.
const AHEAD: [u64; 2] = [2, 16];

/// The line, where the program of the WAL's own version would print it on standard output. `options` say what is
/// listed.
///
/// # Errors
/// The archive cannot be looked at.
pub fn note(source: &dyn Source, options: &Options<'_>) -> Result<Option<String>, ListError> {
    let Some(start) = options.start else { return Ok(None) };
    let Some(layout) = verify(source, &options.any_names()).map_err(ListError::Verify)?.layout else { return Ok(None) };
    let counted = match layout.dialect.start_note {
        StartNote::Aside => return Ok(None),
        StartNote::Bytes => false,
        StartNote::Counted => true,
    };
    if layout.address().offset(start, layout.segment) == 0 {
        return Ok(None);
    }
    Ok(first(source, options, start, &layout)?.filter(|&first| first != start).map(|first| {
        let skipped = layout.address().distance(first, start, layout.segment);
        let bytes = if counted && skipped == 1 { "byte" } else { "bytes" };
        let lsn = |lsn: Lsn| format!("{:X}/{:X}", lsn.high(), lsn.low());
        format!("first record is after {}, at {}, skipping over {skipped} {bytes}\n", lsn(start), lsn(first))
    }))
}

/// The first record of the range, with nothing wrong before it.
fn first(source: &dyn Source, options: &Options<'_>, start: Lsn, layout: &Layout) -> Result<Option<Lsn>, ListError> {
    let (address, size) = (layout.address(), layout.segment);
    for ahead in AHEAD.map(Some).into_iter().chain([None]) {
        let limit = ahead.and_then(|n| {
            address.advance(address.segment_start(address.segment(start, size), size), n * size.bytes(), size)
        });
        let mut near = options.beside();
        if let Some(limit) = limit {
            near.end = Some(near.end.map_or(limit, |end| end.min(limit)));
        }
        let whole = near.end == options.end;
        let listed = list(source, &ListRequest { options: near, limit: Some(1) }, &Any, &mut |_| Ok(()))?;
        if whole || listed.first.is_some() {
            return Ok(listed.first.filter(|_| listed.complete));
        }
    }
    Ok(None)
}
