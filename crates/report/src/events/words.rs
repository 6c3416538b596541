//! What all formats say in the same words.

use crate::dump::names;
use crate::figures::{bytes, counted, grouped};
use crate::outside::shown;
pub use crate::relation_name::full as name;
use pgwal_catalog::RelationName;
use pgwal_forensics::{EventFact, EventRelation, WalEvent};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ServerParameters;

/// What is told of a transaction that did not commit, and whose files are gone.
pub const GONE: &str = ": its files are gone all the same, for replay removes them whatever becomes of the transaction";

/// A name from outside inside of quotes, as SQL has it.
pub fn quoted(name: &[u8]) -> String {
    format!("'{}'", shown(name).replace('\'', "''"))
}

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
    let own = match (&relation.name, files) {
        (Some(known), Some(files)) => format!("{} ({files})", name(known)),
        (Some(known), None) => name(known),
        (None, files) => files.unwrap_or_default(),
    };
    match &relation.partition_of {
        Some(table) => format!("{own}, a partition of {}", name(table)),
        None => own,
    }
}

/// A relation's name where that is known, what it is unless a table, and its files.
pub fn named_file(known: Option<&RelationName>, of: RelFileLocator) -> String {
    let Some(known) = known else { return file(of) };
    let kind = Some(kind(known.kind)).filter(|kind| *kind != "table").map(|kind| format!("{kind} "));
    format!("{}{} ({})", kind.unwrap_or_default(), name(known), file(of))
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
        EventFact::Name(name) => quoted(name),
        EventFact::BackupStart(start) => format!("a base backup that began at {start} ends"),
        EventFact::Timelines(Some(old), new) => format!("timeline {new} begins, which left timeline {old}"),
        EventFact::Timelines(None, new) => format!("timeline {new} begins"),
        EventFact::Lost(n) => format!("the server had crashed, with {} open", counted((*n).into(), "transaction")),
        EventFact::Parameters(before, now) => parameters(before.as_deref(), now),
        EventFact::Message(prefix, n) => format!("prefix {}, {}", quoted(prefix), bytes((*n).into())),
        EventFact::Between(from, to) => {
            let minutes = to.0.saturating_sub(from.0) / 60_000_000;
            format!("nothing with a time until {} ({minutes} min)", local(*to))
        }
    }
}

/// What is left of the old rows of a mass change, and what follows from that.
pub fn on_disk(event: &WalEvent) -> Option<String> {
    let left = event.on_disk?;
    let since = left.first_gone.map(|lsn| format!(", the first went with the record at {lsn}")).unwrap_or_default();
    let all = event.rows.unwrap_or_default();
    Some(match left.rows {
        None => "how many of its old rows are still on disk is not known: WAL behind it is missing or cannot be read, or the table \
             went to another tablespace, which takes them along"
            .to_owned(),
        Some(0) => format!("none of its old rows is on disk any more{since}"),
        Some(rows) => format!(
            "{} {} on disk still, of {}, where the WAL that was read ends{since} (a running server has newer WAL: name its \
             data directory behind the archive); stop the server now, since any query that reads the table may take them \
             away, with autovacuum off as well, and copy the data directory: extensions read such rows out of a copy",
            counted(rows.into(), "old row"),
            if rows == 1 { "is" } else { "are" },
            grouped(all.into())
        ),
    })
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
