//! What all formats say in the same words.

use crate::dump::names;
use crate::figures::{bytes, counted};
use crate::outside::shown;
pub use crate::relation_name::full as name;
use pgwal_forensics::{EventFact, EventRelation};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ServerParameters;

/// What WAL does not know.
pub const UNKNOWN: &str = "WAL knows no role, no client and no statement: the server's log does, where log_line_prefix has \
                           %x (the transaction) and %m (the time)";

/// `1663/5/16393`.
pub fn file(rel: RelFileLocator) -> String {
    names::relation(&rel, 0)
}

/// A relation: its name and its files, as far as they are known.
pub fn relation(relation: &EventRelation) -> String {
    let files = match (relation.file, relation.new_file) {
        (Some(old), Some(new)) => Some(format!("{}, now {}", file(old), new.rel)),
        (Some(one), None) => Some(file(one)),
        (None, Some(new)) => Some(format!("now {}", file(new))),
        (None, None) => None,
    };
    match (&relation.name, files) {
        (Some(known), Some(files)) => format!("{} ({files})", name(known)),
        (Some(known), None) => name(known),
        (None, files) => files.unwrap_or_default(),
    }
}

/// What a kind of relation is called.
pub fn kind(relkind: u8) -> &'static str {
    match relkind {
        b'r' => "table",
        b'p' => "partitioned table",
        b'i' => "index",
        b'I' => "partitioned index",
        b't' => "TOAST table",
        b'S' => "sequence",
        b'v' => "view",
        b'm' => "materialized view",
        b'f' => "foreign table",
        b'c' => "composite type",
        _ => "relation",
    }
}

/// What else is told of an event; empty where nothing is.
pub fn fact(fact: &EventFact, local: &dyn Fn(Timestamp) -> String) -> String {
    match fact {
        EventFact::Nothing => String::new(),
        EventFact::Database(oid, Some(name)) => format!("database {} ({oid})", shown(name)),
        EventFact::Database(oid, None) => format!("database {oid}"),
        EventFact::DatabaseFiles(oid, name, tablespaces) => {
            let name = name.as_deref().map_or_else(|| oid.to_string(), |name| format!("{} ({oid})", shown(name)));
            let places: Vec<String> = tablespaces.iter().map(u32::to_string).collect();
            format!(
                "files of database {name} in tablespace {} alone, as ALTER DATABASE … SET TABLESPACE moves them",
                places.join(", ")
            )
        }
        EventFact::Tablespace(oid) => format!("tablespace {oid}"),
        EventFact::Name(name) => format!("'{}'", shown(name)),
        EventFact::BackupStart(start) => format!("a base backup that began at {start} ends"),
        EventFact::Timelines(Some(old), new) => format!("timeline {new} begins, which left timeline {old}"),
        EventFact::Timelines(None, new) => format!("timeline {new} begins"),
        EventFact::Lost(n) => format!("the server had crashed, with {} open", counted((*n).into(), "transaction")),
        EventFact::Parameters(before, now) => parameters(before.as_deref(), now),
        EventFact::Message(prefix, n) => format!("prefix '{}', {}", shown(prefix), bytes((*n).into())),
        EventFact::Between(from, to) => {
            let minutes = to.0.saturating_sub(from.0) / 60_000_000;
            format!("nothing with a time until {} ({minutes} min)", local(*to))
        }
    }
}

/// The settings that changed, or all where it is not known what they were.
fn parameters(before: Option<&ServerParameters>, now: &ServerParameters) -> String {
    let all = settings(now);
    let old = before.map(settings);
    let changed = all.iter().filter(|own| old.as_ref().is_none_or(|old| !old.contains(own)));
    let told: Vec<String> = changed.map(|(name, value)| format!("{name} = {value}")).collect();
    told.join(", ")
}

/// Settings and their values, those that the version has.
pub fn settings(of: &ServerParameters) -> Vec<(&'static str, String)> {
    let number = |name, value: Option<i32>| value.map(|value| (name, value.to_string()));
    let truth = |name, value: Option<bool>| value.map(|on| (name, if on { "on" } else { "off" }.to_owned()));
    [
        of.wal_level.map(|level| ("wal_level", level.name().to_owned())),
        truth("wal_log_hints", of.wal_log_hints),
        number("max_connections", of.max_connections),
        number("max_worker_processes", of.max_worker_processes),
        number("max_wal_senders", of.max_wal_senders),
        number("max_prepared_transactions", of.max_prepared_xacts),
        number("max_locks_per_transaction", of.max_locks_per_xact),
        truth("track_commit_timestamp", of.track_commit_timestamp),
    ]
    .into_iter()
    .flatten()
    .collect()
}
