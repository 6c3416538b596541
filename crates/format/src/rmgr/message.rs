//! Records of "LogicalMessage", 9.6 and later (`xl_logical_message`, `src/include/replication/message.h`).
//!
//! ```text
//! 0  u32   database
//! 4  bool  transactional
//! 8  size  bytes of the prefix, its zero byte included     (size: eight bytes on 8-byte aligned servers, else four)
//! 16 size  bytes of the message                            (12)
//! 24       prefix, message                                 (16)
//! ```

use super::cursor::{Cursor, Cx};
use super::sink::{Sink, Value};
use super::table::{Op, OpPart, Short, V9_6, V14, bool, call, op, u32};
use crate::Align;

const FIELDS: &[(&str, &str)] = &[("message_size", "unsigned"), ("prefix", "text"), ("message", "bytes")];
const SIZE: &[OpPart] = &[u32("db_id", 0).hidden(), bool("transactional", 4).hidden(), call(with_size, FIELDS)];
const PAYLOAD: &[OpPart] = &[u32("db_id", 0).hidden(), bool("transactional", 4).hidden(), call(with_payload, FIELDS)];

/// The operations.
pub const OPS: &[Op] = &[op(0x00, "MESSAGE", V9_6, SIZE), op(0x00, "MESSAGE", V14, PAYLOAD)];

fn with_size(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.text(if transactional(cx)? { "transactional" } else { "nontransactional" });
    let mut cursor = cx.cursor(8);
    let (prefix_size, size) = (size(cx, &mut cursor, "prefix_size")?, size(cx, &mut cursor, "message_size")?);
    sink.text(" message size ");
    sink.plain("message_size", Value::Unsigned(size));
    sink.text(" bytes");
    sink.hidden("prefix", Value::Text(prefix(&mut cursor, prefix_size)?));
    sink.hidden("message", Value::Bytes(cut(&mut cursor, "message", size)?));
    Ok(())
}

fn with_payload(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.text(if transactional(cx)? { "transactional" } else { "non-transactional" });
    let mut cursor = cx.cursor(8);
    let (prefix_size, size) = (size(cx, &mut cursor, "prefix_size")?, size(cx, &mut cursor, "message_size")?);
    sink.text(", prefix \"");
    sink.plain("prefix", Value::Text(prefix(&mut cursor, prefix_size)?));
    sink.text("\"; payload (");
    sink.plain("message_size", Value::Unsigned(size));
    sink.text(" bytes): ");
    sink.plain("message", Value::Bytes(cut(&mut cursor, "message", size)?));
    Ok(())
}

fn transactional(cx: &Cx<'_>) -> Result<bool, Short> {
    Ok(cx.cursor(4).u8("transactional")? != 0)
}

fn size(cx: &Cx<'_>, cursor: &mut Cursor<'_>, name: &'static str) -> Result<u64, Short> {
    match cx.layout().align {
        Align::Eight => cursor.u64(name),
        Align::Four => cursor.u32(name).map(u64::from),
    }
}

fn prefix<'a>(cursor: &mut Cursor<'a>, size: u64) -> Result<&'a [u8], Short> {
    let bytes = cut(cursor, "prefix", size)?;
    Ok(bytes.split(|&b| b == 0).next().unwrap_or(bytes))
}

fn cut<'a>(cursor: &mut Cursor<'a>, name: &'static str, size: u64) -> Result<&'a [u8], Short> {
    cursor.bytes(name, usize::try_from(size).map_err(|_| Short(name))?)
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_6, V14};
    use crate::rmgr::told::{any_bytes, layout, tell};
    use crate::{Align, Endian};

    const MESSAGE: u8 = 21;

    #[test]
    fn messages_on_both_alignments() {
        for (align, sizes) in [
            (Align::Eight, &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0][..]),
            (Align::Four, &[2, 0, 0, 0, 1, 0, 0, 0]),
        ] {
            let data = [&[5, 0, 0, 0, 0, 0, 0, 0][..], sizes, b"p\0x"].concat();
            let said = |version| tell(&layout(version, align, Endian::Little), MESSAGE, 0, &data, &[]).0;
            assert_eq!(said(V9_6).text, "nontransactional message size 1 bytes");
            assert!(said(V9_6).document.contains("prefix=p message="), "{}", said(V9_6).document);
            assert!(
                said(V14).text.starts_with("non-transactional, prefix \"p\"; payload (1 bytes): "),
                "{}",
                said(V14).text
            );
        }
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(MESSAGE);
    }
}
