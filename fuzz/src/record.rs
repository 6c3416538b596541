//! Records: header, structure, and what is read of the data.

use crate::layouts;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::{Rmgr, xact, xlog};
use pgwal_format::{Generation, Layout, Lsn, PageSize, SegmentSize};
use pgwal_walk::KEEP;

/// Reads `bytes` as a record of every version, alignment and byte order.
pub fn run(bytes: &[u8]) {
    for layout in layouts::all(PageSize::DEFAULT, SegmentSize::DEFAULT) {
        let _ = layout.total_length(bytes);
        if let Some(header) = layout.record_header_at(bytes) {
            assert_eq!(header.tot_len, layout.total_length(bytes));
            let body = bytes.get(layout.record_header()..).unwrap_or(&[]);
            read(&layout, &header, body);
            // As long as it says, and as long as there are bytes.
            read(&layout, &RecordHeader { tot_len: bytes.len().max(layout.record_header()) as u32, ..header }, body);
        }
    }
}

fn read(layout: &Layout, header: &RecordHeader, bytes: &[u8]) {
    let total = (header.tot_len as usize).saturating_sub(layout.record_header());
    let body = bytes.get(..total).unwrap_or(bytes);
    let checked = layout.check_header(header);
    assert!(checked.is_err() || header.tot_len as usize >= layout.record_header());
    let (head, _) = bytes.split_at(bytes.len().min(layout.record_header()));
    let _ = layout.checksum(head, body);

    let mut blocks = Vec::new();
    let shape = layout.shape(header, body, &mut |block| blocks.push(block));
    if let Ok(shape) = shape {
        assert!(shape.main_start.checked_add(shape.main_len).is_some_and(|end| end <= total), "{shape:?} of {total}");
        assert!(shape.image_len <= total && shape.main_len + shape.image_len <= total, "{shape:?} of {total}");
        assert!(blocks.windows(2).all(|two| two[0].id < two[1].id));
        let images: u64 = blocks.iter().filter_map(|b| b.image).map(|i| u64::from(i.length)).sum();
        assert!(images == shape.image_len as u64 || body.len() < total, "{shape:?}: images of {images}");
    }
    if layout.dialect.generation == Generation::Modern && body.len() > KEEP {
        assert_eq!(layout.shape(header, &body[..KEEP], &mut |_| ()), shape, "the beginning is enough");
    }

    let record = Record { lsn: Lsn::new(0x100_0028), end: Lsn::new(0x100_0100), header: *header, body, layout };
    assert!(record.main_data().len() <= body.len());
    let _ = (xact::ended(&record), xlog::opening(&record), xlog::overwritten(&record), record.is_whole());
    let _ = (format!("{}", Rmgr(header.rmid).name(layout.dialect)), header.is_switch());
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("record", super::run).unwrap() >= 10);
    }
}
