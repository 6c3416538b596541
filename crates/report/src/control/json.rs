//! `walproof.control/1`; the schema is `schema/control.json`.
//!
//! ```text
//! {"schema":"walproof.control/1","file","error","version","alignment","byte_order","crc_ok","system_identifier",…,
//!  "checkpoint","checkpoint_copy":{"redo",…},…,"restart":{"lsn","timeline","oldest_needed_segment"}}
//! ```
//! Members have PostgreSQL's names in lower case. All of them are there for every version; what it does not have is
//! `null`.

use crate::time::rfc3339;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::members::{CHECKPOINT, CONTROL, ControlField, ControlMember};
use pgwal_format::text::control::{ControlError, ControlImage, ControlValue};
use pgwal_format::{Align, Endian, SegmentSize};
use serde_json::{Map, Value, json};

/// The document of a file. `error`: why it cannot be relied on.
pub fn document(file: &str, image: &ControlImage<'_>, error: Option<ControlError>) -> Value {
    let mut document = Map::new();
    document.insert("schema".into(), json!("walproof.control/1"));
    document.insert("file".into(), json!(file));
    document.insert("error".into(), json!(error.map(|error| error.to_string())));
    document.insert("version".into(), json!(image.dialect.version.to_string()));
    document.insert("alignment".into(), json!(if image.abi.align == Align::Four { 4 } else { 8 }));
    document.insert("byte_order".into(), json!(if image.endian == Endian::Big { "big" } else { "little" }));
    document.insert("crc_ok".into(), json!(image.crc_ok));
    members(image, CONTROL, &mut document);
    let known = SegmentSize::new(image.number(ControlField::XlogSegSize)).and_then(|_| image.redo_segment());
    let restart = json!({
        "lsn": image.lsn(ControlField::Redo),
        "timeline": image.timeline(ControlField::ThisTimeline),
        "oldest_needed_segment": known.map(|name| name.to_string()),
    });
    document.insert("restart".into(), restart);
    document.into()
}

/// The document of a file that says nothing.
pub fn nothing(file: &str, error: &str) -> Value {
    json!({"schema": "walproof.control/1", "file": file, "error": error})
}

fn members(image: &ControlImage<'_>, rows: &[ControlMember], object: &mut Map<String, Value>) {
    for field in rows.iter().map(|row| row.field) {
        let value = match field {
            ControlField::CheckpointCopy => {
                let mut copy = Map::new();
                members(image, CHECKPOINT, &mut copy);
                copy.into()
            }
            // Before 12 it is a member of its own; here it is in the number of the transaction.
            ControlField::NextXidEpoch => continue,
            ControlField::NextXid => {
                let next = image.next_xid();
                json!(u64::from(next.epoch) << 32 | u64::from(next.xid))
            }
            ControlField::SystemIdentifier => json!(image.number(field).to_string()),
            field => image.value(field).map_or(Value::Null, value),
        };
        object.insert(field.name().into(), value);
    }
}

fn value(said: ControlValue<'_>) -> Value {
    match said {
        ControlValue::Unsigned(number) => json!(number),
        ControlValue::Signed(number) => json!(number),
        ControlValue::Float(number) => json!(number),
        ControlValue::Bool(yes) => json!(yes),
        ControlValue::Lsn(lsn) => json!(lsn),
        ControlValue::Timeline(timeline) => json!(timeline),
        ControlValue::Seconds(seconds) => {
            // RFC 3339 has no years before 0.
            json!(rfc3339(Timestamp::from_unix_seconds(seconds)).filter(|time| !time.starts_with('-')))
        }
        ControlValue::State(state) => json!(state.ok().map(|state| state.name())),
        ControlValue::WalLevel(level) => json!(level.ok().map(|level| level.name())),
        ControlValue::Chars(text) => json!(String::from_utf8_lossy(text)),
        ControlValue::Bytes(bytes) => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        _ => Value::Null,
    }
}
