//! PREPARE records of "Transaction", 8.2 to 9.4: a file of `pg_twophase` without its checksum
//! (`src/backend/access/transam/twophase.c`).
//!
//! ```text
//!  0 magic 0x57F94531 (8.2-8.4), 0x57F94532 (9.0-9.4)   4 total_len   8 xid   12 database   16 prepared_at, 8 bytes
//! 24 owner   28 nsubxacts i32   32 ncommitrels i32   36 nabortrels i32   [9.0+: 40 ninvalmsgs i32   44 initfileinval bool]
//! 40/45 gid, 200 bytes, ended by a zero byte
//! 240/248 nsubxacts × xid, ncommitrels × relation, nabortrels × relation, …, each array padded to the server's alignment
//! ```
//! The text says no more than "prepare".

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{OpPart, Short, bool, call, cstr, field, i32, text, u32};
use crate::rmgr::{sink::Show, table::FieldKind};

const LISTS: &[(&str, &str)] = &[("subxacts", "list"), ("commitrels", "list"), ("abortrels", "list")];

macro_rules! prepare {
    ($($part:expr),* $(,)?) => {
        &[
            text("prepare"),
            u32("xid", 8).hidden(),
            u32("db_id", 12).hidden(),
            field("prepared_at", FieldKind::Time, 16).show(Show::Not),
            u32("owner", 24).hidden(),
            $($part,)*
        ]
    };
}

pub(super) const PREPARE_8_2: &[OpPart] =
    prepare![cstr("gid", 40, 200).hidden(), call(|cx, sink| lists(cx, 240, sink), LISTS)];
pub(super) const PREPARE_9_0: &[OpPart] = prepare![
    i32("nmsgs", 40).hidden(),
    bool("relcache_init_file_inval", 44).hidden(),
    cstr("gid", 45, 200).hidden(),
    call(|cx, sink| lists(cx, 248, sink), LISTS)
];

fn lists(cx: &Cx<'_>, from: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut counts = cx.cursor(28);
    let (subxacts, commit, abort) = (counts.i32("nsubxacts")?, counts.i32("ncommitrels")?, counts.i32("nabortrels")?);
    let mut cursor = cx.cursor(from);
    let align = cx.aligned(8, 4);
    array(&mut cursor, "subxacts", subxacts, 4, align, sink, |c| Ok(Value::Unsigned(c.u32("subxacts")?.into())))?;
    array(&mut cursor, "commitrels", commit, 12, align, sink, |c| Ok(Value::Rel(c.rel("commitrels")?)))?;
    array(&mut cursor, "abortrels", abort, 12, align, sink, |c| Ok(Value::Rel(c.rel("abortrels")?)))
}

/// An array and its padding.
fn array<'a>(
    cursor: &mut Cursor<'a>,
    name: &'static str,
    count: i32,
    size: usize,
    align: usize,
    sink: &mut dyn Sink,
    value: impl Fn(&mut Cursor<'a>) -> Result<Value<'a>, Short>,
) -> Result<(), Short> {
    let count = cursor.fits(name, count.into(), size)?;
    sink.open(name, Nest::List);
    for _ in 0..count {
        sink.hidden("", value(cursor)?);
    }
    sink.close(Nest::List);
    cursor.skip(name, (count * size).next_multiple_of(align) - count * size)
}
