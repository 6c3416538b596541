//! The line up to the description: columns of fixed width, in nearly all lines.

use crate::render::digits::{columns, decimal, position};
use crate::render::dump_text::data_length;
use pgwal::format::record::Record;
use pgwal::format::rmgr::{Rmgr, RmgrName};
use std::io::Write;

/// Without numbers; they are put into their places.
const TEMPLATE: &[u8; 69] = b"rmgr:             len (rec/tot):       /      , tx:           , lsn: ";
const NAME: usize = 6;
const LENGTH: usize = 33;
const TOTAL: usize = 40;
const XID: usize = 52;

/// Writes it.
#[inline]
pub fn write(record: &Record<'_>, images: u64, out: &mut Vec<u8>) {
    let header = &record.header;
    let length = data_length(record, images);
    let name = Rmgr(header.rmid).name(record.layout.dialect);
    match (name, columns::<6>(length), columns::<6>(header.tot_len.into())) {
        (RmgrName::BuiltIn(name), Some(length), Some(total)) if name.len() <= 11 => {
            let mut line = *TEMPLATE;
            for (place, byte) in line.iter_mut().skip(NAME).zip(name.bytes()) {
                *place = byte;
            }
            out.extend_from_slice(&line);
            let from = out.len() - line.len();
            if let Some(line) = out.get_mut(from..).and_then(|line| line.first_chunk_mut::<69>()) {
                put(line, LENGTH, length);
                put(line, TOTAL, total);
                match columns::<8>(header.xid.into()) {
                    Some(xid) => put(line, XID + 2, xid),
                    None => {
                        let mut xid = Vec::with_capacity(10);
                        decimal(&mut xid, header.xid.into(), 10);
                        line[XID..XID + 10].copy_from_slice(&xid);
                    }
                }
            }
        }
        _ => wide(record, name, length, out),
    }
    position(out, record.lsn, 0);
    out.extend_from_slice(b", prev ");
    position(out, header.prev, 0);
    let bits = record.layout.dialect.backup_blocks.bits;
    if !bits.is_empty() {
        out.extend_from_slice(b", bkp: ");
        let mut digits = [b'0'; 4];
        for (digit, &bit) in digits.iter_mut().zip(bits) {
            *digit += u8::from(header.info & bit != 0);
        }
        out.extend_from_slice(&digits);
    }
    out.extend_from_slice(b", desc: ");
}

#[inline(always)]
fn put<const N: usize>(line: &mut [u8; 69], at: usize, text: [u8; N]) {
    line[at..at + N].copy_from_slice(&text);
}

/// A line in which something is wider than its column.
#[cold]
fn wide(record: &Record<'_>, name: RmgrName, length: u64, out: &mut Vec<u8>) {
    let _ = write!(out, "rmgr: {name:<11} len (rec/tot): {length:>6}/{:>6}, tx: {:>10}, lsn: ", record.header.tot_len, record.header.xid);
}
