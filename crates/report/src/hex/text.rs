//! `walproof hex` for people:
//!
//! ```text
//! RECORD   0/00AAC648  Heap  54/158 bytes, transaction 1234, timeline 1; ends at 0/00AAC6E8
//! FILE     00000001000000000000000A, byte 706120
//! 0/00AAC648  9E 00 00 00                                      record header  xl_tot_len  158
//! position    bytes                                            part           field       value
//! ```

use crate::outside::Lines;
use crate::time::Zone;
use anstyle::{AnsiColor, Style};
use pgwal_format::rmgr::Rmgr;
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::spans::SpanPart;
use pgwal_query::one::{ByteRow, One};
use pgwal_verify::finding::Detail;
use pgwal_walk::Fault;
use std::fmt::Write as _;
use std::io;

/// Bytes in a line.
const WIDTH: usize = 16;

/// Ends of names of fields whose bits or digits count.
const IN_HEX: [&str; 4] = ["_info", "_crc", "_magic", "flags"];

/// Writes it.
pub fn write(out: &mut Lines<'_>, one: &One, zone: &Zone) -> io::Result<()> {
    let rows = one.rows();
    let kind = one.header.map(|h| {
        let name = Vocabulary::of(one.layout.dialect).name(h.rmid, h.info).unwrap_or("");
        format!("{} {name}", Rmgr(h.rmid).name(one.layout.dialect)).trim_end().to_owned()
    });
    let size = one.header.map(|h| format!("{} bytes, transaction {}, ", h.tot_len, h.xid)).unwrap_or_default();
    let end = one.end.map_or_else(|| "not whole".to_owned(), |end| format!("ends at {end}"));
    writeln!(out, "RECORD   {}  {}  {size}timeline {}; {end}", one.start, kind.unwrap_or_default(), one.timeline)?;
    if let Some(first) = rows.first() {
        writeln!(out, "FILE     {}, byte {}", first.file, first.offset)?;
    }
    if let Some(note) = &one.note {
        writeln!(out, "NOTE     {note}")?;
    }
    let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
    for finding in &one.findings {
        let sums = match finding.detail {
            Detail::Wal(Fault::Checksum { stored, computed }) => {
                format!(": stored {stored:08X}, computed {computed:08X}")
            }
            _ => String::new(),
        };
        let wrong = format!("WRONG    {} {}{sums}", finding.code, zone.message(finding, Some(&one.layout)));
        out.styled(&[(red, &wrong)])?;
    }
    let mut file = rows.first().map(|row| row.file);
    for row in &rows {
        if file != Some(row.file) {
            writeln!(out, "FILE     {}, byte {}", row.file, row.offset)?;
            file = Some(row.file);
        }
        field(out, row, zone)?;
    }
    if rows.iter().any(|row| matches!(row.value, Some(Value::Time(_)))) {
        writeln!(out, "TIMES    {}", zone.told())?;
    }
    Ok(())
}

fn field(out: &mut Lines<'_>, row: &ByteRow<'_>, zone: &Zone) -> io::Result<()> {
    let style = colour(row.part);
    let part = match row.block {
        Some(block) => format!("block {block} {}", row.part.name()),
        None => row.part.name().to_owned(),
    };
    let value = match row.value {
        Some(Value::Unsigned(n)) if IN_HEX.iter().any(|end| row.name.ends_with(end)) => {
            format!("0x{n:0width$X}", width = 2 * row.bytes.len())
        }
        Some(value) => text(&value, zone),
        None => String::new(),
    };
    let more = if row.continued { " (continued)" } else { "" };
    for (i, bytes) in row.bytes.chunks(WIDTH).enumerate() {
        let lsn = row.lsn.plus_within((i * WIDTH) as u64).to_string();
        let mut digits = String::new();
        for byte in bytes {
            let _ = write!(digits, "{byte:02X} ");
        }
        let (lsn, digits, rest) = match i {
            0 => (lsn, format!("{digits:<48}"), format!(" {part:<20} {}{more}  {value}", row.name)),
            _ => (lsn, digits.trim_end().to_owned(), String::new()),
        };
        let plain = Style::new();
        out.styled(&[(plain, &format!("{lsn:<11} ")), (style, &digits), (plain, rest.trim_end())])?;
    }
    Ok(())
}

fn colour(part: SpanPart) -> Style {
    let colour = match part {
        SpanPart::Page => AnsiColor::Magenta,
        SpanPart::Header => AnsiColor::Cyan,
        SpanPart::Reference => AnsiColor::Yellow,
        SpanPart::BlockData => AnsiColor::Green,
        SpanPart::Main => AnsiColor::Blue,
        _ => return Style::new().dimmed(),
    };
    Style::new().fg_color(Some(colour.into()))
}

/// A value in a line.
fn text(value: &Value<'_>, zone: &Zone) -> String {
    match *value {
        Value::Unsigned(n) => n.to_string(),
        Value::Signed(n) | Value::Seconds(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Lsn(lsn) => lsn.to_string(),
        Value::FullXid(xid) => format!("{}:{}", xid >> 32, xid & 0xFFFF_FFFF),
        Value::Rel(rel) | Value::Path(rel, _) => format!("{}/{}/{}", rel.spc, rel.db, rel.rel),
        Value::Time(time) => zone.local(time).unwrap_or_else(|| time.0.to_string()),
        Value::Tid(block, offset) => format!("{block}/{offset}"),
        Value::Text(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Value::Name(name) => name.to_owned(),
        _ => String::new(),
    }
}
