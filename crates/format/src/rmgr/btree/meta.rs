//! The meta page of a B-tree as a record makes it anew (`xl_btree_metadata`), from the data of the block reference to
//! page 0.
//!
//! ```text
//! 9.5-10   root u32, level u32, fastroot u32, fastlevel u32
//! 11       the same, oldest_btpo_xact u32; 24 (20): last_cleanup_num_heap_tuples f64
//! 12       version u32, root … fastlevel, oldest_btpo_xact u32; 24: last_cleanup_num_heap_tuples f64
//! 13       the same, allequalimage bool
//! 14+      version u32, root … fastlevel, last_cleanup_num_delpages u32, allequalimage bool
//! ```

use crate::rmgr::describe::{Cx, describe};
use crate::rmgr::sink::{Nest, Show, Sink};
use crate::rmgr::table::{
    Describer, Op, OpPart, Short, V9_5, V11, V12, V13, V14, bool, call, f64, op, text, u32, unsaid,
};

const META_CLEANUP: u8 = 0xE0;

const META_9_5: &Op = &op(
    0,
    "",
    V9_5,
    &[u32("root", 0).hidden(), u32("level", 4).hidden(), u32("fastroot", 8).hidden(), u32("fastlevel", 12).hidden()],
);
const META_11: &Op = &op(
    0,
    "",
    V11,
    &[
        u32("root", 0).hidden(),
        u32("level", 4).hidden(),
        u32("fastroot", 8).hidden(),
        u32("fastlevel", 12).hidden(),
        u32("oldest_btpo_xact", 16).hidden(),
        f64("last_cleanup_num_heap_tuples", 24).on32(20).hidden(),
    ],
);
const META_12: &Op = &op(
    0,
    "",
    V12,
    &[
        u32("version", 0).hidden(),
        u32("root", 4).hidden(),
        u32("level", 8).hidden(),
        u32("fastroot", 12).hidden(),
        u32("fastlevel", 16).hidden(),
        u32("oldest_btpo_xact", 20).hidden(),
        f64("last_cleanup_num_heap_tuples", 24).hidden(),
    ],
);
const META_13: &Op = &op(
    0,
    "",
    V13,
    &[
        u32("version", 0).hidden(),
        u32("root", 4).hidden(),
        u32("level", 8).hidden(),
        u32("fastroot", 12).hidden(),
        u32("fastlevel", 16).hidden(),
        u32("oldest_btpo_xact", 20).hidden(),
        f64("last_cleanup_num_heap_tuples", 24).hidden(),
        bool("allequalimage", 32).hidden(),
    ],
);
const META_14: &Op = &op(
    0,
    "",
    V14,
    &[
        u32("version", 0).hidden(),
        u32("root", 4).hidden(),
        u32("level", 8).hidden(),
        u32("fastroot", 12).hidden(),
        u32("fastlevel", 16).hidden(),
        u32("last_cleanup_num_delpages", 20).hidden(),
        bool("allequalimage", 24).hidden(),
    ],
);

const FIELDS: &[(&str, &str)] = &[("meta", "object")];
/// What INSERT_META, NEWROOT and UNLINK_PAGE_META make of the meta page, for documents.
pub(super) const PAGE_9_5: OpPart = unsaid(P9_5, FIELDS);
/// 11.
pub(super) const PAGE_11: OpPart = unsaid(P11, FIELDS);
/// 12.
pub(super) const PAGE_12: OpPart = unsaid(P12, FIELDS);
/// 13.
pub(super) const PAGE_13: OpPart = unsaid(P13, FIELDS);
/// 14 and later.
pub(super) const PAGE_14: OpPart = unsaid(P14, FIELDS);

const P9_5: Describer = |cx, sink| page(cx, META_9_5, sink);
const P11: Describer = |cx, sink| page(cx, META_11, sink);
const P12: Describer = |cx, sink| page(cx, META_12, sink);
const P13: Describer = |cx, sink| page(cx, META_13, sink);
const P14: Describer = |cx, sink| page(cx, META_14, sink);

const CLEANUP_FIELDS: &[(&str, &str)] = &[("oldest_btpo_xact", "unsigned"), ("last_cleanup_num_heap_tuples", "number")];
const DELPAGES_FIELDS: &[(&str, &str)] = &[("last_cleanup_num_delpages", "unsigned")];
/// The text of META_CLEANUP, 11.
pub(super) const CLEANUP_11: OpPart = call(C11, CLEANUP_FIELDS);
/// 12 and 13.
pub(super) const CLEANUP_12: OpPart = call(C12, CLEANUP_FIELDS);
/// 14 and later.
pub(super) const DELPAGES: OpPart = call(C14, DELPAGES_FIELDS);

const TUPLES_WORDS: OpPart = text("; last_cleanup_num_heap_tuples: ");
const TEXT_11: &Op = &op(
    META_CLEANUP,
    "",
    V11,
    &[
        text("oldest_btpo_xact "),
        u32("oldest_btpo_xact", 16),
        TUPLES_WORDS,
        f64("last_cleanup_num_heap_tuples", 24).on32(20).show(Show::Fixed),
    ],
);
const TEXT_12: &Op = &op(
    META_CLEANUP,
    "",
    V12,
    &[
        text("oldest_btpo_xact "),
        u32("oldest_btpo_xact", 20),
        TUPLES_WORDS,
        f64("last_cleanup_num_heap_tuples", 24).show(Show::Fixed),
    ],
);
const TEXT_14: &Op = &op(META_CLEANUP, "", V14, &[u32("last_cleanup_num_delpages", 20)]);

const C11: Describer = |cx, sink| told(cx, TEXT_11, sink);
const C12: Describer = |cx, sink| told(cx, TEXT_12, sink);
const C14: Describer = |cx, sink| told(cx, TEXT_14, sink);

/// The data of the meta page: page 0 of an index, which is no other page of it.
fn data<'a>(cx: &Cx<'a>) -> &'a [u8] {
    cx.blocks.iter().find(|b| b.reference.block == 0 && b.reference.fork == 0).map_or(&[], |b| b.data(cx.record))
}

fn told(cx: &Cx<'_>, rows: &Op, sink: &mut dyn Sink) -> Result<(), Short> {
    describe(rows, &Cx { main: data(cx), ..*cx }, &mut { sink })
}

fn page(cx: &Cx<'_>, rows: &Op, sink: &mut dyn Sink) -> Result<(), Short> {
    if data(cx).is_empty() {
        return Ok(());
    }
    sink.open("meta", Nest::Object);
    let result = told(cx, rows, sink);
    sink.close(Nest::Object);
    result
}
