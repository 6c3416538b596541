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
use super::cursor::Cx;
use super::inval::{self, Scope, invalidations};
use super::operation::operations;
use super::sink::{Show, Sink, Value};
use super::table::{Op, OpPart, Short, V9_5, V9_6, V11, V12, V16, V18, call, op, text, u8, u16, u32};
use bits::{DELETE_FLAGS, INSERT_FLAGS, OLD_BITS, OLD_BITS_16, TRUNCATE_FLAGS, TRUNCATE_FLAGS_16, UPDATE_FLAGS};
use tuple::{DELETED, INSERTED, UPDATED};

operations! {
    /// A row is inserted.
    INSERT = 0x00;
    /// A row is deleted.
    DELETE = 0x10;
    /// A row is updated.
    UPDATE = 0x20;
    /// Tables are emptied by TRUNCATE, for logical decoding (11 and later).
    TRUNCATE = 0x30;
    /// A row is updated on its own page, and no index is touched (8.3 and later).
    HOT_UPDATE = 0x40;
    /// A row is changed where it stands, by whoever commits or not.
    INPLACE = 0x70;
}

const OFF: OpPart = u16("off", 0);

const INSERT_9_5: &[OpPart] = &[text("off "), OFF, u8("flags", 2).hidden(), INSERT_FLAGS, INSERTED];
const INSERT_12: &[OpPart] = &[text("off "), OFF, text(" flags "), u8("flags", 2).hex(), INSERT_FLAGS, INSERTED];
const INSERT_16: &[OpPart] = &[text("off: "), OFF, text(", flags: "), u8("flags", 2).hex(), INSERT_FLAGS, INSERTED];

const DELETE_9_5: &[OpPart] = &[
    u32("xmax", 0).hidden(),
    text("off "),
    u16("off", 4),
    text(" "),
    BITS,
    u8("flags", 7).hidden(),
    DELETE_FLAGS,
    DELETED,
];
const DELETE_12: &[OpPart] = &[
    u32("xmax", 0).hidden(),
    text("off "),
    u16("off", 4),
    text(" flags "),
    u8("flags", 7).hex(),
    text(" "),
    BITS,
    DELETE_FLAGS,
    DELETED,
];
const DELETE_16: &[OpPart] = &[
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

const UPDATE_9_5: &[OpPart] = &[
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
const UPDATE_12: &[OpPart] = &[
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
const UPDATE_16: &[OpPart] = &[
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
const TRUNCATE_11: &[OpPart] = &[
    u32("db_id", 0).hidden(),
    u8("flags", 8).hidden(),
    TRUNCATE_FLAGS,
    text("nrelids "),
    u32("nrelids", 4),
    text(" relids"),
    call(relids, RELIDS),
];
const TRUNCATE_16: &[OpPart] = &[
    u32("db_id", 0).hidden(),
    u8("flags", 8).hidden(),
    TRUNCATE_FLAGS_16,
    text(", nrelids: "),
    u32("nrelids", 4),
    call(relids_16, RELIDS),
];

const CONFIRM: &[OpPart] = &[text("off "), OFF];
const CONFIRM_16: &[OpPart] = &[text("off: "), OFF];

const LOCK_9_5: &[OpPart] = &[text("off "), u16("off", 4), text(": xid "), u32("xmax", 0), text(" "), BITS];
const LOCK_9_6: &[OpPart] = &[
    text("off "),
    u16("off", 4),
    text(": xid "),
    u32("xmax", 0),
    text(": flags "),
    u8("flags", 7),
    text(" "),
    BITS,
    LOCK_FLAGS,
];
const LOCK_12: &[OpPart] = &[
    text("off "),
    u16("off", 4),
    text(": xid "),
    u32("xmax", 0),
    text(": flags "),
    u8("flags", 7).hex(),
    text(" "),
    BITS,
    LOCK_FLAGS,
];
/// LOCK and LOCK_UPDATED of 16 and later.
pub(super) const LOCK_16: &[OpPart] = &[
    text("xmax: "),
    u32("xmax", 0),
    text(", off: "),
    u16("off", 4),
    text(", "),
    BITS_16,
    text(", flags: "),
    u8("flags", 7).hex(),
    LOCK_FLAGS,
];

const DATALEN: OpPart = call(datalen, &[("datalen", "unsigned")]);
const INPLACE_9_5: &[OpPart] = &[text("off "), OFF, DATALEN];
const INPLACE_16: &[OpPart] = &[text("off: "), OFF, DATALEN];
const INPLACE_18: &[OpPart] = &[text("off: "), OFF, call(inplace_messages, inval::FIELDS), DATALEN];

/// The operations. 0x80: the page is made anew.
pub const OPS: &[Op] = &[
    op(0x00, "INSERT", V9_5, INSERT_9_5),
    op(0x00, "INSERT", V12, INSERT_12),
    op(0x00, "INSERT", V16, INSERT_16),
    op(0x80, "INSERT+INIT", V9_5, INSERT_9_5),
    op(0x80, "INSERT+INIT", V12, INSERT_12),
    op(0x80, "INSERT+INIT", V16, INSERT_16),
    op(0x10, "DELETE", V9_5, DELETE_9_5),
    op(0x10, "DELETE", V12, DELETE_12),
    op(0x10, "DELETE", V16, DELETE_16),
    op(0x20, "UPDATE", V9_5, UPDATE_9_5),
    op(0x20, "UPDATE", V12, UPDATE_12),
    op(0x20, "UPDATE", V16, UPDATE_16),
    op(0xA0, "UPDATE+INIT", V9_5, UPDATE_9_5),
    op(0xA0, "UPDATE+INIT", V12, UPDATE_12),
    op(0xA0, "UPDATE+INIT", V16, UPDATE_16),
    op(0x30, "TRUNCATE", V11, TRUNCATE_11),
    op(0x30, "TRUNCATE", V16, TRUNCATE_16),
    op(0x40, "HOT_UPDATE", V9_5, UPDATE_9_5),
    op(0x40, "HOT_UPDATE", V12, UPDATE_12),
    op(0x40, "HOT_UPDATE", V16, UPDATE_16),
    op(0xC0, "HOT_UPDATE+INIT", V9_5, UPDATE_9_5),
    op(0xC0, "HOT_UPDATE+INIT", V12, UPDATE_12),
    op(0xC0, "HOT_UPDATE+INIT", V16, UPDATE_16),
    op(0x50, "HEAP_CONFIRM", V9_5, CONFIRM),
    op(0x50, "HEAP_CONFIRM", V16, CONFIRM_16),
    op(0x60, "LOCK", V9_5, LOCK_9_5),
    op(0x60, "LOCK", V9_6, LOCK_9_6),
    op(0x60, "LOCK", V12, LOCK_12),
    op(0x60, "LOCK", V16, LOCK_16),
    op(0x70, "INPLACE", V9_5, INPLACE_9_5),
    op(0x70, "INPLACE", V16, INPLACE_16),
    op(0x70, "INPLACE", V18, INPLACE_18),
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

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V9_6, V11, V12, V15, V16, V18, V19};
    use crate::rmgr::told::{any_bytes, told};

    const HEAP: u8 = 10;

    #[test]
    fn every_style_of_bits() {
        let delete = [5, 0, 0, 0, 9, 0, 0x13, 0x03];
        for (version, text) in [
            (V9_5, "off 9 IS_MULTI LOCK_ONLY KEYS_UPDATED "),
            (V11, "off 9 IS_MULTI LOCK_ONLY KEYS_UPDATED "),
            (V12, "off 9 flags 0x03 IS_MULTI LOCK_ONLY KEYS_UPDATED "),
            (V16, "xmax: 5, off: 9, infobits: [IS_MULTI, LOCK_ONLY, KEYS_UPDATED], flags: 0x03"),
        ] {
            let old_tuple = [2, 0x80, 1, 9, 24, 0xAA, 0xBB];
            let (told, document) = told(version, HEAP, 0x10, &[&delete[..], &old_tuple[..]].concat(), &[]);
            assert_eq!(told, text);
            assert!(document.contains("infobits_set=[IS_MULTI LOCK_ONLY KEYS_UPDATED]"), "{document}");
            assert!(document.contains("flag_names=[ALL_VISIBLE_CLEARED CONTAINS_OLD_TUPLE]"), "{document}");
            assert!(
                document.contains("old_tuple={natts=2 t_infomask2=32770 t_infomask=2305 t_hoff=24 datalen=2}"),
                "{document}"
            );
        }
    }

    #[test]
    fn locks_without_and_with_flags() {
        let lock = [5, 0, 0, 0, 9, 0, 0x08, 0x01];
        for (version, length, text) in [
            (V9_5, 7, "off 9: xid 5 KEYSHR_LOCK "),
            (V9_6, 8, "off 9: xid 5: flags 1 KEYSHR_LOCK "),
            (V15, 8, "off 9: xid 5: flags 0x01 KEYSHR_LOCK "),
            (V19, 8, "xmax: 5, off: 9, infobits: [KEYSHR_LOCK], flags: 0x01"),
        ] {
            assert_eq!(told(version, HEAP, 0x60, &lock[..length], &[]).0, text);
        }
    }

    #[test]
    fn truncated_relations() {
        let truncate = [5, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 1, 0, 0, 2, 1, 0, 0];
        assert_eq!(told(V11, HEAP, 0x30, &truncate, &[]).0, "cascade restart_seqs nrelids 2 relids 257 258");
        let (text, document) = told(V16, HEAP, 0x30, &truncate, &[]);
        assert_eq!(text, "flags: [CASCADE, RESTART_SEQS], nrelids: 2, relids: [257, 258]");
        assert_eq!(document, "db_id=5 flags=3 flag_names=[CASCADE RESTART_SEQS] nrelids=2 relids=[257 258]");
    }

    #[test]
    fn an_update_shares_the_ends_of_the_old_tuple() {
        let update = [5, 0, 0, 0, 9, 0, 0, 0x60, 0, 0, 0, 0, 7, 0];
        let (text, document) = told(V16, HEAP, 0xC0, &update, &[4, 0, 6, 0, 3, 0, 0, 8, 24, 0]);
        assert_eq!(text, "old_xmax: 5, old_off: 9, old_infobits: [], flags: 0x60, new_xmax: 0, new_off: 7");
        assert!(
            document.ends_with(
                "prefixlen=4 suffixlen=6 new_tuple={natts=3 t_infomask2=3 t_infomask=2048 t_hoff=24 datalen=1}"
            ),
            "{document}"
        );
    }

    #[test]
    fn an_inplace_update_without_messages() {
        let inplace = [9, 0, 0, 0, 5, 0, 0, 0, 127, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(told(V18, HEAP, 0x70, &inplace, &[1, 2, 3]).0, "off: 9");
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(HEAP);
    }
}
