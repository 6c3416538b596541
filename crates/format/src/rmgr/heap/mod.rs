//! Records of "Heap", 9.5 and later (`src/include/access/heapam_xlog.h`).
//!
//! ```text
//! INSERT              offset u16, flags u8                                            block 0: the new tuple
//! DELETE              xmax u32, offset u16, infobits u8, flags u8, [old tuple or key]
//! UPDATE, HOT_UPDATE  old xmax u32, old offset u16, infobits u8, flags u8, new xmax u32, new offset u16, [old tuple or key]
//!                                                     block 0: [prefix length u16], [suffix length u16], the new tuple
//! TRUNCATE            database u32, count u32, flags u8; 12: count × u32
//! HEAP_CONFIRM        offset u16
//! LOCK                xmax u32, offset u16, infobits u8, [9.6+: flags u8]
//! INPLACE             offset u16; [18+: 4: database u32, tablespace u32, init file bool; 16: count i32, messages]
//!                                                     block 0: the tuple's data
//! ```

mod bits;
mod tuple;

pub(super) use bits::{BITS, BITS_16, LOCK_FLAGS, MULTI_INSERT_FLAGS};
pub(super) use tuple::header as tuple_header;

use super::arrays::array;
use super::describe::Cx;
use super::inval::{self, Scope, invalidations};
use super::sink::{Show, Sink, Value};
use super::table::{Op, Part, Short, V9_5, V9_6, V11, V12, V15, V16, V17, V18, V19, call, op, text, u8, u16, u32};
use bits::{DELETE_FLAGS, INSERT_FLAGS, OLD_BITS, OLD_BITS_16, TRUNCATE_FLAGS, TRUNCATE_FLAGS_16, UPDATE_FLAGS};
use tuple::{DELETED, INSERTED, UPDATED};

const OFF: Part = u16("off", 0);

const INSERT: &[Part] = &[text("off "), OFF, u8("flags", 2).hidden(), INSERT_FLAGS, INSERTED];
const INSERT_12: &[Part] = &[text("off "), OFF, text(" flags "), u8("flags", 2).hex(), INSERT_FLAGS, INSERTED];
const INSERT_16: &[Part] = &[text("off: "), OFF, text(", flags: "), u8("flags", 2).hex(), INSERT_FLAGS, INSERTED];

const DELETE: &[Part] = &[u32("xmax", 0).hidden(), text("off "), u16("off", 4), text(" "), BITS, u8("flags", 7).hidden(), DELETE_FLAGS, DELETED];
const DELETE_12: &[Part] =
    &[u32("xmax", 0).hidden(), text("off "), u16("off", 4), text(" flags "), u8("flags", 7).hex(), text(" "), BITS, DELETE_FLAGS, DELETED];
const DELETE_16: &[Part] = &[
    text("xmax: "),
    u32("xmax", 0),
    text(", off: "),
    u16("off", 4),
    text(", "),
    BITS_16,
    text(", flags: "),
    u8("flags", 7).hex(),
    DELETE_FLAGS,
    DELETED,
];

const UPDATE: &[Part] = &[
    text("off "),
    u16("old_off", 4),
    text(" xmax "),
    u32("old_xmax", 0),
    text(" "),
    OLD_BITS,
    text("; new off "),
    u16("new_off", 12),
    text(" xmax "),
    u32("new_xmax", 8),
    u8("flags", 7).hidden(),
    UPDATE_FLAGS,
    UPDATED,
];
const UPDATE_12: &[Part] = &[
    text("off "),
    u16("old_off", 4),
    text(" xmax "),
    u32("old_xmax", 0),
    text(" flags "),
    u8("flags", 7).hex(),
    text(" "),
    OLD_BITS,
    text("; new off "),
    u16("new_off", 12),
    text(" xmax "),
    u32("new_xmax", 8),
    UPDATE_FLAGS,
    UPDATED,
];
const UPDATE_16: &[Part] = &[
    text("old_xmax: "),
    u32("old_xmax", 0),
    text(", old_off: "),
    u16("old_off", 4),
    text(", "),
    OLD_BITS_16,
    text(", flags: "),
    u8("flags", 7).hex(),
    text(", new_xmax: "),
    u32("new_xmax", 8),
    text(", new_off: "),
    u16("new_off", 12),
    UPDATE_FLAGS,
    UPDATED,
];

const RELIDS: &[(&str, &str)] = &[("relids", "list")];
const TRUNCATE: &[Part] =
    &[u32("db_id", 0).hidden(), u8("flags", 8).hidden(), TRUNCATE_FLAGS, text("nrelids "), u32("nrelids", 4), text(" relids"), call(relids, RELIDS)];
const TRUNCATE_16: &[Part] =
    &[u32("db_id", 0).hidden(), u8("flags", 8).hidden(), TRUNCATE_FLAGS_16, text(", nrelids: "), u32("nrelids", 4), call(relids_16, RELIDS)];

const CONFIRM: &[Part] = &[text("off "), OFF];
const CONFIRM_16: &[Part] = &[text("off: "), OFF];

const LOCK_9_5: &[Part] = &[text("off "), u16("off", 4), text(": xid "), u32("xmax", 0), text(" "), BITS];
const LOCK_9_6: &[Part] =
    &[text("off "), u16("off", 4), text(": xid "), u32("xmax", 0), text(": flags "), u8("flags", 7), text(" "), BITS, LOCK_FLAGS];
const LOCK_12: &[Part] =
    &[text("off "), u16("off", 4), text(": xid "), u32("xmax", 0), text(": flags "), u8("flags", 7).hex(), text(" "), BITS, LOCK_FLAGS];
/// LOCK and LOCK_UPDATED of 16 and later.
pub(super) const LOCK_16: &[Part] =
    &[text("xmax: "), u32("xmax", 0), text(", off: "), u16("off", 4), text(", "), BITS_16, text(", flags: "), u8("flags", 7).hex(), LOCK_FLAGS];

const DATALEN: Part = call(datalen, &[("datalen", "unsigned")]);
const INPLACE: &[Part] = &[text("off "), OFF, DATALEN];
const INPLACE_16: &[Part] = &[text("off: "), OFF, DATALEN];
const INPLACE_18: &[Part] = &[text("off: "), OFF, call(inplace_messages, inval::FIELDS), DATALEN];

/// The operations. 0x80: the page is made anew.
pub const OPS: &[Op] = &[
    op(0x00, "INSERT", V9_5, V11, INSERT),
    op(0x00, "INSERT", V12, V15, INSERT_12),
    op(0x00, "INSERT", V16, V19, INSERT_16),
    op(0x80, "INSERT+INIT", V9_5, V11, INSERT),
    op(0x80, "INSERT+INIT", V12, V15, INSERT_12),
    op(0x80, "INSERT+INIT", V16, V19, INSERT_16),
    op(0x10, "DELETE", V9_5, V11, DELETE),
    op(0x10, "DELETE", V12, V15, DELETE_12),
    op(0x10, "DELETE", V16, V19, DELETE_16),
    op(0x20, "UPDATE", V9_5, V11, UPDATE),
    op(0x20, "UPDATE", V12, V15, UPDATE_12),
    op(0x20, "UPDATE", V16, V19, UPDATE_16),
    op(0xA0, "UPDATE+INIT", V9_5, V11, UPDATE),
    op(0xA0, "UPDATE+INIT", V12, V15, UPDATE_12),
    op(0xA0, "UPDATE+INIT", V16, V19, UPDATE_16),
    op(0x30, "TRUNCATE", V11, V15, TRUNCATE),
    op(0x30, "TRUNCATE", V16, V19, TRUNCATE_16),
    op(0x40, "HOT_UPDATE", V9_5, V11, UPDATE),
    op(0x40, "HOT_UPDATE", V12, V15, UPDATE_12),
    op(0x40, "HOT_UPDATE", V16, V19, UPDATE_16),
    op(0xC0, "HOT_UPDATE+INIT", V9_5, V11, UPDATE),
    op(0xC0, "HOT_UPDATE+INIT", V12, V15, UPDATE_12),
    op(0xC0, "HOT_UPDATE+INIT", V16, V19, UPDATE_16),
    op(0x50, "HEAP_CONFIRM", V9_5, V15, CONFIRM),
    op(0x50, "HEAP_CONFIRM", V16, V19, CONFIRM_16),
    op(0x60, "LOCK", V9_5, V9_5, LOCK_9_5),
    op(0x60, "LOCK", V9_6, V11, LOCK_9_6),
    op(0x60, "LOCK", V12, V15, LOCK_12),
    op(0x60, "LOCK", V16, V19, LOCK_16),
    op(0x70, "INPLACE", V9_5, V15, INPLACE),
    op(0x70, "INPLACE", V16, V17, INPLACE_16),
    op(0x70, "INPLACE", V18, V19, INPLACE_18),
];

fn relids(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    listed(cx, sink, None)
}

fn relids_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    listed(cx, sink, Some(", relids: "))
}

/// With words, in brackets behind them; without, each behind a blank.
fn listed(cx: &Cx<'_>, sink: &mut dyn Sink, words: Option<&str>) -> Result<(), Short> {
    let count = cx.cursor(4).u32("nrelids")?;
    let mut ids = cx.cursor(12);
    let count = ids.fits("relids", count.into(), 4)?;
    array(sink, "relids", words, count, &mut |sink, _| {
        if words.is_none() {
            sink.text(" ");
        }
        sink.field("", Value::Unsigned(ids.u32("relids")?.into()), Show::Plain);
        Ok(())
    })
}

fn datalen(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if let bytes @ [_, ..] = cx.block_data(0) {
        sink.hidden("datalen", Value::Unsigned(bytes.len() as u64));
    }
    Ok(())
}

fn inplace_messages(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(4);
    let database = Some((cursor.u32("db_id")?, cursor.u32("ts_id")?));
    let init_file = cursor.u8("relcache_init_file_inval")? != 0;
    cursor.skip("nmsgs", 3)?;
    let count = cursor.i32("nmsgs")?;
    sink.hidden("nmsgs", Value::Signed(count.into()));
    invalidations(cx, &mut cursor, count, Scope { database, init_file }, sink)
}
