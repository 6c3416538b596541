//! What `ship` does, in a sentence each, and as `walproof.ship/1`: a document a line.
//!
//! ```text
//! {"schema":"walproof.ship/1","event":"begins","time":…,"message":…,"place":"/srv/pg_wal","timeline":1,"lsn":…}
//! {"schema":"walproof.ship/1","event":"end","time":…,"message":null,"exit_code":0,"finding":null}
//! ```

use crate::figures::bytes;
use crate::time::rfc3339;
use crate::verify::json::finding;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_ship::shipping::{ShipFailure, ShipNews, dropping};
use pgwal_ship::unfinished::FinishedAs;
use serde_json::{Value, json};

/// What happened, for people.
pub fn sentence(news: &ShipNews<'_>) -> String {
    match news {
        ShipNews::Begins { place, timeline, from } => {
            format!("ships from {place}, timeline {timeline}, from {from} on")
        }
        ShipNews::Segment(name, FinishedAs::Named) => format!("{name} is whole"),
        ShipNews::Segment(name, FinishedAs::There) => format!("{name} was there already, with the same records"),
        ShipNews::Timeline { next, at } => format!("goes on along timeline {next}, which begins at {at}"),
        ShipNews::Retry { failure, after } => format!("{failure}; again in {:.1} s", after.as_secs_f64()),
        ShipNews::SlotUnreserved { slot, keeps, allowed } => format!(
            "slot \"{slot}\" keeps {} of WAL and may keep {} (max_slot_wal_keep_size, wal_keep_size): the next checkpoint may \
             remove what is not shipped by then",
            bytes((*keeps).into()),
            bytes((*allowed).into())
        ),
        ShipNews::SlotLost { slot } => format!(
            "slot \"{slot}\" keeps no WAL: if its server gave it up (wal_status lost), it never will again: {}",
            dropping(slot)
        ),
        ShipNews::Gap { before } => format!("WAL before {before} is missing (WP101)"),
    }
}

/// The same as a line.
pub fn line(news: &ShipNews<'_>, at: Timestamp) -> Value {
    let (event, own) = match news {
        ShipNews::Begins { place, timeline, from } => {
            ("begins", json!({"place": place, "timeline": timeline, "lsn": from}))
        }
        ShipNews::Segment(name, finished) => {
            ("segment", json!({"segment": name.to_string(), "was_there": *finished == FinishedAs::There}))
        }
        ShipNews::Timeline { next, at } => ("timeline", json!({"timeline": next, "lsn": at})),
        ShipNews::Retry { failure, after } => {
            ("retry", json!({"seconds": after.as_secs_f64(), "finding": of_failure(failure)}))
        }
        ShipNews::SlotUnreserved { slot, keeps, allowed } => {
            ("slot_unreserved", json!({"slot": slot, "retained_bytes": keeps, "allowed_bytes": allowed}))
        }
        ShipNews::SlotLost { slot } => ("slot_lost", json!({"slot": slot})),
        ShipNews::Gap { before } => ("gap", json!({"lsn": before})),
    };
    document(event, at, Some(sentence(news)), own)
}

/// The last line: with which exit code it ends (`None`: by a signal), and why, where it was not told to.
pub fn end(failure: Option<&ShipFailure>, exit_code: Option<u8>, at: Timestamp) -> Value {
    let own = json!({"exit_code": exit_code, "finding": failure.map(of_failure)});
    document("end", at, failure.map(ToString::to_string), own)
}

fn of_failure(failure: &ShipFailure) -> Value {
    failure.finding().map_or(Value::Null, |(found, layout)| finding(&found, Some(layout)))
}

fn document(event: &str, at: Timestamp, message: Option<String>, own: Value) -> Value {
    let mut out = json!({"schema": "walproof.ship/1", "event": event, "time": rfc3339(at), "message": message});
    if let (Some(out), Value::Object(own)) = (out.as_object_mut(), own) {
        out.extend(own);
    }
    out
}
