//! MULTI_INSERT: several new tuples on a page.
//!
//! ```text
//! 0   u8    flags
//! 2   u16   number of tuples
//! 4         offsets u16, unless the page is made anew: then they are 1, 2, 3 …
//! block 0   tuples, each from an even offset: data length u16, t_infomask2 u16, t_infomask u16, t_hoff u8, data
//! ```

use crate::rmgr::arrays::{array, offsets};
use crate::rmgr::cursor::Cx;
use crate::rmgr::heap::tuple_header;
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::{Describer, OpPart, Short, call, unsaid};

const INIT_PAGE: u8 = 0x80;
const ALL_FROZEN_SET: u8 = 0x20;
/// All visible and all frozen.
const BOTH: u64 = 0x03;
const TUPLE_SIZE: usize = 7;

const FIELDS: &[(&str, &str)] = &[("offsets", "list"), ("tuples", "list")];
const HIDDEN: Describer = |cx, sink| told(cx, None, sink);
const SHOWN: Describer = |cx, sink| told(cx, Some(", offsets: "), sink);
/// Offsets and tuples for documents, up to 15.
pub(super) const TUPLES: OpPart = unsaid(HIDDEN, FIELDS);
/// The text has the offsets too, where the record carries the tuples (16 and later).
pub(super) const TUPLES_16: OpPart = call(SHOWN, FIELDS);
/// What the visibility map was told, 19.
pub(super) const VM_FLAGS: OpPart = call(vm_flags, &[("vm_flags", "unsigned")]);

fn vm_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if cx.cursor(0).u8("flags")? & ALL_FROZEN_SET != 0 {
        sink.text(", vm_flags: ");
        sink.field("vm_flags", Value::Unsigned(BOTH), Show::Hex);
    }
    Ok(())
}

fn told(cx: &Cx<'_>, words: Option<&str>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(2).u16("ntuples")?;
    let mut data = cx.over(cx.block_data(0));
    if cx.record.header.info & INIT_PAGE == 0 {
        let all = cx.cursor(4).bytes("offsets", usize::from(count) * 2)?;
        offsets(sink, "offsets", words.filter(|_| !data.rest.is_empty()), cx.over(all))?;
    }
    if data.rest.is_empty() {
        return Ok(());
    }
    let whole = data.rest.len();
    let count = data.fits("tuples", count.into(), TUPLE_SIZE)?;
    array(sink, "tuples", None, count, &mut |sink, _| {
        data.skip("tuples", (whole - data.rest.len()) % 2)?;
        let datalen = data.u16("tuples")?;
        let (t_infomask2, t_infomask, t_hoff) = (data.u16("tuples")?, data.u16("tuples")?, data.u8("tuples")?);
        data.skip("tuples", datalen.into())?;
        sink.open("", Nest::Object);
        tuple_header(sink, t_infomask2, t_infomask, t_hoff, datalen.into());
        sink.close(Nest::Object);
        Ok(())
    })
}
