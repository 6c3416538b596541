//! What pruning, vacuum and freezing did to a page, from the data of block 0. Where a page image took its place, there
//! is none.
//!
//! ```text
//! CLEAN, PRUNE   9.5-16   redirected × (u16, u16), dead × u16, unused × u16 to the end
//! VACUUM         14-16    unused × u16
//! FREEZE_PAGE    9.5-15   tuples × (xmax u32, offset u16, infomask2 u16, infomask u16, flags u8, pad)
//! FREEZE_PAGE    16       plans × plan, offsets × u16
//! PRUNE_*        17+      [u16 count, pad 2, plans], [u16 count, redirected], [u16 count, dead], [u16 count, unused], offsets × u16
//! plan                    xmax u32, infomask2 u16, infomask u16, flags u8, pad, tuples u16: so many of the offsets are its own
//! ```

use crate::rmgr::arrays::{array, names, offsets};
use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::{Describer, Short};

/// The fields of PRUNE up to 16.
pub(super) const PRUNED: &[(&str, &str)] =
    &[("nunused", "unsigned"), ("redirected", "list"), ("dead", "list"), ("unused", "list")];
/// The fields of VACUUM.
pub(super) const VACUUMED: &[(&str, &str)] = &[("unused", "list")];
/// The fields of FREEZE_PAGE up to 15.
pub(super) const FROZEN: &[(&str, &str)] = &[("tuples", "list")];
/// The fields of FREEZE_PAGE of 16.
pub(super) const PLANNED: &[(&str, &str)] = &[("plans", "list")];
/// The fields of the records of 17 and later.
pub(super) const ALL: &[(&str, &str)] = &[
    ("flags", "unsigned"),
    ("flag_names", "list"),
    ("snapshot_conflict_horizon", "unsigned"),
    ("is_catalog_rel", "boolean"),
    ("vm_flags", "unsigned"),
    ("nplans", "unsigned"),
    ("nredirected", "unsigned"),
    ("ndead", "unsigned"),
    ("nunused", "unsigned"),
    ("plans", "list"),
    ("redirected", "list"),
    ("dead", "list"),
    ("unused", "list"),
];

const PLAN_SIZE: usize = 12;

const IS_CATALOG_REL: u16 = 0x02;
const HAS_CONFLICT_HORIZON: u16 = 0x08;
const HAS_FREEZE_PLANS: u16 = 0x10;
const HAS_REDIRECTIONS: u16 = 0x20;
const HAS_DEAD_ITEMS: u16 = 0x40;
const HAS_NOW_UNUSED_ITEMS: u16 = 0x80;
const VM_ALL_VISIBLE: u16 = 0x100;
const VM_ALL_FROZEN: u16 = 0x200;
const FLAGS: &[(u16, &str)] = &[
    (IS_CATALOG_REL, "IS_CATALOG_REL"),
    (0x04, "CLEANUP_LOCK"),
    (HAS_CONFLICT_HORIZON, "HAS_CONFLICT_HORIZON"),
    (HAS_FREEZE_PLANS, "HAS_FREEZE_PLANS"),
    (HAS_REDIRECTIONS, "HAS_REDIRECTIONS"),
    (HAS_DEAD_ITEMS, "HAS_DEAD_ITEMS"),
    (HAS_NOW_UNUSED_ITEMS, "HAS_NOW_UNUSED_ITEMS"),
    (VM_ALL_VISIBLE, "VM_ALL_VISIBLE"),
    (VM_ALL_FROZEN, "VM_ALL_FROZEN"),
];
/// Bits of the visibility map.
const ALL_VISIBLE: u64 = 0x01;
const ALL_FROZEN: u64 = 0x02;

/// CLEAN, PRUNE up to 15: for documents.
pub(super) const PRUNE: Describer = |cx, sink| pruned(cx, false, sink);
/// PRUNE of 16.
pub(super) const PRUNE_16: Describer = |cx, sink| pruned(cx, true, sink);
/// VACUUM up to 15: for documents.
pub(super) const VACUUM: Describer = |cx, sink| vacuumed(cx, None, sink);
/// VACUUM of 16.
pub(super) const VACUUM_16: Describer = |cx, sink| vacuumed(cx, Some(", unused: "), sink);
/// PRUNE_* of 17 and 18: the reason, then one byte of flags.
pub(super) const PRUNE_17: Describer = |cx, sink| changed(cx, cx.cursor(1).u8("flags")?.into(), sink);
/// PRUNE_* of 19: two bytes of flags.
pub(super) const PRUNE_19: Describer = |cx, sink| changed(cx, cx.cursor(0).u16("flags")?, sink);

fn redirections(cx: &Cx<'_>, words: Option<&str>, pairs: &[u8], sink: &mut dyn Sink) -> Result<(), Short> {
    let (count, mut pairs) = (pairs.len() / 4, cx.over(pairs));
    array(sink, "redirected", words, count, &mut |sink, show| {
        let (from, to) = (pairs.u16("redirected")?, pairs.u16("redirected")?);
        sink.open("", Nest::Object);
        sink.field("from", Value::Unsigned(from.into()), show);
        if show != Show::Not {
            sink.text("->");
        }
        sink.field("to", Value::Unsigned(to.into()), show);
        sink.close(Nest::Object);
        Ok(())
    })
}

fn pruned(cx: &Cx<'_>, shown: bool, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut counts = cx.cursor(4);
    let (nredirected, ndead) = (counts.u16("nredirected")?, counts.u16("ndead")?);
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let redirected = data.bytes("redirected", usize::from(nredirected) * 4)?;
    let dead = data.bytes("dead", usize::from(ndead) * 2)?;
    let words = |words| shown.then_some(words);
    if shown {
        sink.text(", nunused: ");
    }
    sink.field("nunused", Value::Unsigned(data.rest.len() as u64 / 2), if shown { Show::Plain } else { Show::Not });
    redirections(cx, words(", redirected: "), redirected, sink)?;
    offsets(sink, "dead", words(", dead: "), cx.over(dead))?;
    offsets(sink, "unused", words(", unused: "), data)
}

fn vacuumed(cx: &Cx<'_>, words: Option<&str>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(0).u16("nunused")?;
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let unused = data.bytes("unused", usize::from(count) * 2)?;
    offsets(sink, "unused", words, cx.over(unused))
}

/// FREEZE_PAGE up to 15: for documents.
pub(super) fn frozen(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(4).u16("ntuples")?;
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let count = data.fits("tuples", count.into(), PLAN_SIZE)?;
    array(sink, "tuples", None, count, &mut |sink, _| {
        let (xmax, offset) = (data.u32("tuples")?, data.u16("tuples")?);
        let (t_infomask2, t_infomask, frzflags) = (data.u16("tuples")?, data.u16("tuples")?, data.u8("tuples")?);
        data.skip("tuples", 1)?;
        sink.open("", Nest::Object);
        sink.hidden("off", Value::Unsigned(offset.into()));
        sink.hidden("xmax", Value::Unsigned(xmax.into()));
        sink.hidden("t_infomask2", Value::Unsigned(t_infomask2.into()));
        sink.hidden("t_infomask", Value::Unsigned(t_infomask.into()));
        sink.hidden("frzflags", Value::Unsigned(frzflags.into()));
        sink.close(Nest::Object);
        Ok(())
    })
}

/// FREEZE_PAGE of 16.
pub(super) fn planned(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(4).u16("nplans")?;
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let all = data.bytes("plans", usize::from(count) * PLAN_SIZE)?;
    plans(cx, all, data, sink)
}

fn plans(cx: &Cx<'_>, plans: &[u8], mut frozen: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (count, mut plans) = (plans.len() / PLAN_SIZE, cx.over(plans));
    array(sink, "plans", Some(", plans: "), count, &mut |sink, _| {
        let xmax = plans.u32("plans")?;
        let (t_infomask2, t_infomask, frzflags) = (plans.u16("plans")?, plans.u16("plans")?, plans.u8("plans")?);
        plans.skip("plans", 1)?;
        let ntuples = plans.u16("plans")?;
        let own = frozen.bytes("offsets", usize::from(ntuples) * 2)?;
        sink.open("", Nest::Object);
        for (words, name, value) in [
            ("{ xmax: ", "xmax", u64::from(xmax)),
            (", infomask: ", "t_infomask", t_infomask.into()),
            (", infomask2: ", "t_infomask2", t_infomask2.into()),
            (", ntuples: ", "ntuples", ntuples.into()),
        ] {
            sink.text(words);
            sink.plain(name, Value::Unsigned(value));
        }
        sink.hidden("frzflags", Value::Unsigned(frzflags.into()));
        let told = offsets(sink, "offsets", Some(", offsets: "), cx.over(own));
        sink.close(Nest::Object);
        sink.text(" }");
        told
    })
}

/// All that one record of 17 and later can say. Without a horizon its text begins with a comma.
fn changed(cx: &Cx<'_>, flags: u16, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.hidden("flags", Value::Unsigned(flags.into()));
    names(sink, "flag_names", None, flags, FLAGS)?;
    if flags & HAS_CONFLICT_HORIZON != 0 {
        sink.text("snapshotConflictHorizon: ");
        sink.plain("snapshot_conflict_horizon", Value::Unsigned(cx.cursor(2).u32("snapshot_conflict_horizon")?.into()));
    }
    sink.text(", isCatalogRel: ");
    sink.field("is_catalog_rel", Value::Bool(flags & IS_CATALOG_REL != 0), Show::TrueFalseLetter);
    if flags & VM_ALL_VISIBLE != 0 {
        let frozen = if flags & VM_ALL_FROZEN != 0 { ALL_FROZEN } else { 0 };
        sink.text(", vm_flags: ");
        sink.field("vm_flags", Value::Unsigned(ALL_VISIBLE | frozen), Show::Hex);
    }
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let mut section = |flag: u16, name: &'static str, pad: usize, size: usize| {
        if flags & flag == 0 {
            return Ok(&[][..]);
        }
        let count = data.u16(name)?;
        data.skip(name, pad)?;
        data.bytes(name, usize::from(count) * size)
    };
    let all = section(HAS_FREEZE_PLANS, "plans", 2, PLAN_SIZE)?;
    let redirected = section(HAS_REDIRECTIONS, "redirected", 0, 4)?;
    let dead = section(HAS_DEAD_ITEMS, "dead", 0, 2)?;
    let unused = section(HAS_NOW_UNUSED_ITEMS, "unused", 0, 2)?;
    for (words, name, count) in [
        (", nplans: ", "nplans", all.len() / PLAN_SIZE),
        (", nredirected: ", "nredirected", redirected.len() / 4),
        (", ndead: ", "ndead", dead.len() / 2),
        (", nunused: ", "nunused", unused.len() / 2),
    ] {
        sink.text(words);
        sink.plain(name, Value::Unsigned(count as u64));
    }
    if !all.is_empty() {
        plans(cx, all, data, sink)?;
    }
    if !redirected.is_empty() {
        redirections(cx, Some(", redirected: "), redirected, sink)?;
    }
    if !dead.is_empty() {
        offsets(sink, "dead", Some(", dead: "), cx.over(dead))?;
    }
    if !unused.is_empty() {
        offsets(sink, "unused", Some(", unused: "), cx.over(unused))?;
    }
    Ok(())
}
