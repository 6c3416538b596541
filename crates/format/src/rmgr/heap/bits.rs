//! The bits of heap records: what became of `xmax` (`infobits_set`, `XLHL_*`), and flags (`XLH_*`).

use crate::rmgr::arrays::names;
use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::{OpPart, Short, call, unsaid};

const INFOBITS: &[(u16, &str)] =
    &[(0x01, "IS_MULTI"), (0x02, "LOCK_ONLY"), (0x04, "EXCL_LOCK"), (0x08, "KEYSHR_LOCK"), (0x10, "KEYS_UPDATED")];
/// Where they lie: at the same place in every structure that has them.
const INFOBITS_AT: usize = 6;

/// Up to 15: each name and a blank.
pub(in crate::rmgr) const BITS: OpPart = call(bits, &[("infobits_set", "list")]);
/// The same of the old tuple.
pub(super) const OLD_BITS: OpPart = call(old_bits, &[("old_infobits_set", "list")]);
/// From 16 on: `infobits: [A, B]`.
pub(in crate::rmgr) const BITS_16: OpPart = call(bits_16, &[("infobits_set", "list")]);
/// The same of the old tuple.
pub(super) const OLD_BITS_16: OpPart = call(old_bits_16, &[("old_infobits_set", "list")]);

fn infobits(cx: &Cx<'_>) -> Result<u16, Short> {
    cx.cursor(INFOBITS_AT).u8("infobits_set").map(u16::from)
}

fn spaced(cx: &Cx<'_>, name: &'static str, sink: &mut dyn Sink) -> Result<(), Short> {
    let set = infobits(cx)?;
    sink.open(name, Nest::List);
    for (_, word) in INFOBITS.iter().filter(|(bit, _)| set & bit != 0) {
        sink.plain("", Value::Name(word));
        sink.text(" ");
    }
    sink.close(Nest::List);
    Ok(())
}

fn bits(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    spaced(cx, "infobits_set", sink)
}

fn old_bits(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    spaced(cx, "old_infobits_set", sink)
}

fn bits_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    names(sink, "infobits_set", Some("infobits: "), infobits(cx)?, INFOBITS)
}

fn old_bits_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    names(sink, "old_infobits_set", Some("old_infobits: "), infobits(cx)?, INFOBITS)
}

/// INSERT and MULTI_INSERT.
const INSERT: &[(u16, &str)] = &[
    (0x01, "ALL_VISIBLE_CLEARED"),
    (0x02, "LAST_IN_MULTI"),
    (0x04, "IS_SPECULATIVE"),
    (0x08, "CONTAINS_NEW_TUPLE"),
    (0x10, "ON_TOAST_RELATION"),
    (0x20, "ALL_FROZEN_SET"),
];
const DELETE: &[(u16, &str)] = &[
    (0x01, "ALL_VISIBLE_CLEARED"),
    (0x02, "CONTAINS_OLD_TUPLE"),
    (0x04, "CONTAINS_OLD_KEY"),
    (0x08, "IS_SUPER"),
    (0x10, "IS_PARTITION_MOVE"),
    (0x20, "NO_LOGICAL"),
];
const UPDATE: &[(u16, &str)] = &[
    (0x01, "OLD_ALL_VISIBLE_CLEARED"),
    (0x02, "NEW_ALL_VISIBLE_CLEARED"),
    (0x04, "CONTAINS_OLD_TUPLE"),
    (0x08, "CONTAINS_OLD_KEY"),
    (0x10, "CONTAINS_NEW_TUPLE"),
    (0x20, "PREFIX_FROM_OLD"),
    (0x40, "SUFFIX_FROM_OLD"),
];
const LOCK: &[(u16, &str)] = &[(0x01, "ALL_FROZEN_CLEARED")];
const TRUNCATE: &[(u16, &str)] = &[(0x01, "CASCADE"), (0x02, "RESTART_SEQS")];

const FLAGS: &[(&str, &str)] = &[("flag_names", "list")];
/// For documents: the names of the flags of INSERT.
pub(super) const INSERT_FLAGS: OpPart = unsaid(insert_flags, FLAGS);
/// Of MULTI_INSERT.
pub(in crate::rmgr) const MULTI_INSERT_FLAGS: OpPart = unsaid(multi_insert_flags, FLAGS);
/// Of DELETE.
pub(super) const DELETE_FLAGS: OpPart = unsaid(delete_flags, FLAGS);
/// Of UPDATE and HOT_UPDATE.
pub(super) const UPDATE_FLAGS: OpPart = unsaid(update_flags, FLAGS);
/// Of LOCK and LOCK_UPDATED, 9.6 and later.
pub(in crate::rmgr) const LOCK_FLAGS: OpPart = unsaid(lock_flags, FLAGS);
/// Of TRUNCATE up to 15: words with a blank behind them.
pub(super) const TRUNCATE_FLAGS: OpPart = call(truncate_flags, FLAGS);
/// Of TRUNCATE from 16 on.
pub(super) const TRUNCATE_FLAGS_16: OpPart = call(truncate_flags_16, FLAGS);

fn flags(
    cx: &Cx<'_>,
    sink: &mut dyn Sink,
    at: usize,
    words: Option<&str>,
    table: &[(u16, &'static str)],
) -> Result<(), Short> {
    names(sink, "flag_names", words, cx.cursor(at).u8("flags")?.into(), table)
}

fn insert_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    flags(cx, sink, 2, None, INSERT)
}

fn multi_insert_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    flags(cx, sink, 0, None, INSERT)
}

fn delete_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    flags(cx, sink, 7, None, DELETE)
}

fn update_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    flags(cx, sink, 7, None, UPDATE)
}

fn lock_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    flags(cx, sink, 7, None, LOCK)
}

fn truncate_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let flags = cx.cursor(8).u8("flags")?;
    sink.open("flag_names", Nest::List);
    for ((bit, name), words) in TRUNCATE.iter().zip(["cascade ", "restart_seqs "]) {
        if u16::from(flags) & bit != 0 {
            sink.text(words);
            sink.field("", Value::Name(name), Show::Not);
        }
    }
    sink.close(Nest::List);
    Ok(())
}

fn truncate_flags_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    flags(cx, sink, 8, Some("flags: "), TRUNCATE)
}
