//! The line up to the fields: columns of fixed width, in nearly all lines, and the name of the operation.
//!
//! All of it but the numbers is the same for all records of an operation, and is put together once.

use crate::dump::digits::{column10, columns};
use crate::dump::line::LineBuffer;
use crate::dump::names::data_length;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::{Rmgr, RmgrName};
use pgwal_format::{Dialect, Generation};
use std::io::Write;

/// Without numbers; they are put into their places.
const COLUMNS: &[u8; 69] = b"rmgr:             len (rec/tot):       /      , tx:           , lsn: ";
const NAME: usize = 6;
const LENGTH: usize = 33;
const TOTAL: usize = 40;
const XID: usize = 52;
const DESC: &[u8; 8] = b", desc: ";

/// What the lines of a version begin with.
pub struct Heads {
    /// The operations.
    pub vocabulary: &'static Vocabulary,
    /// By id × 16 + high half of `xl_info`.
    heads: Vec<LineHead>,
}

/// What the lines of an operation begin with.
struct LineHead {
    /// `None`: something is wider than its column.
    columns: Option<[u8; 69]>,
    /// `, desc: `, and from 9.5 on the name of the operation, as long as it says; nothing where that takes more to
    /// tell.
    desc: [u8; 48],
    desc_len: usize,
}

impl Heads {
    /// Those of a version.
    pub fn new(dialect: &'static Dialect) -> Heads {
        let vocabulary = Vocabulary::of(dialect);
        let ids = 0..=dialect.rmgr_max;
        let heads = ids.flat_map(|rmid| (0..16).map(move |half| LineHead::new(rmid, half << 4, vocabulary))).collect();
        Heads { vocabulary, heads }
    }

    /// Writes it.
    #[inline(always)]
    pub fn write(&self, record: &Record<'_>, images: u64, line: &mut LineBuffer<'_>) {
        let header = &record.header;
        let head = self.heads.get(usize::from(header.rmid) * 16 + usize::from(header.info >> 4));
        let length = data_length(record, images);
        match (head.and_then(|head| head.columns.as_ref()), columns::<6>(length), columns::<6>(header.tot_len.into())) {
            (Some(text), Some(length), Some(total)) => {
                line.put(text, 0);
                line.over(LENGTH, &length);
                line.over(TOTAL, &total);
                let (first, last) = column10(header.xid);
                line.over(XID, &first);
                line.over(XID + 2, &last);
                line.skip(text.len());
            }
            _ => wide(record, length, line),
        }
        line.position(record.lsn);
        line.all(b", prev ");
        line.position(header.prev);
        let bits = record.layout.dialect.backup_blocks.bits;
        if !bits.is_empty() {
            line.all(b", bkp: ");
            for bit in bits.iter().chain(&[0; 4]).take(4) {
                line.byte(b'0' + u8::from(header.info & bit != 0));
            }
        }
        match head {
            // The low half of some names' `xl_info` counts.
            Some(head) if head.desc_len > 0 && header.layout_flags() == 0 => line.put(&head.desc, head.desc_len),
            _ => {
                line.all(DESC);
                self.name(header, record.layout.dialect, line);
            }
        }
    }

    #[inline(never)]
    fn name(&self, header: &RecordHeader, dialect: &Dialect, line: &mut LineBuffer<'_>) {
        if dialect.generation != Generation::Modern {
            return;
        }
        match self.vocabulary.name(header.rmid, header.info) {
            Some(name) => line.words(name.as_bytes()),
            None => line.with(|out| drop(write!(out, "UNKNOWN ({:x})", header.operation()))),
        }
        line.byte(b' ');
    }
}

impl LineHead {
    fn new(rmid: u8, code: u8, vocabulary: &Vocabulary) -> LineHead {
        let mut columns = *COLUMNS;
        let name = match Rmgr(rmid).name(vocabulary.dialect) {
            RmgrName::BuiltIn(name) => name,
            _ => "",
        };
        columns.iter_mut().skip(NAME).zip(name.bytes()).for_each(|(place, byte)| *place = byte);
        let fits = (1..=11).contains(&name.len());
        let mut text = DESC.to_vec();
        let whole = if vocabulary.dialect.generation != Generation::Modern {
            true
        } else if let Some(name) = vocabulary.name(rmid, code) {
            text.extend_from_slice(name.as_bytes());
            text.push(b' ');
            true
        } else {
            false
        };
        let mut desc = [0; 48];
        let fills = whole && text.len() <= desc.len();
        desc.iter_mut().zip(&text).for_each(|(place, byte)| *place = *byte);
        LineHead { columns: fits.then_some(columns), desc, desc_len: if fills { text.len() } else { 0 } }
    }
}

/// Columns of which one is wider than usual.
#[cold]
#[inline(never)]
fn wide(record: &Record<'_>, length: u64, line: &mut LineBuffer<'_>) {
    let (header, name) = (&record.header, Rmgr(record.header.rmid).name(record.layout.dialect));
    line.with(|out| {
        let _ = write!(
            out,
            "rmgr: {name:<11} len (rec/tot): {length:>6}/{:>6}, tx: {:>10}, lsn: ",
            header.tot_len, header.xid
        );
    });
}
