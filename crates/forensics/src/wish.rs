//! Which events are asked for.

use crate::event::{EventFact, WalEvent, WalEventKind};
use crate::fate::SoughtXact;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;

/// What is asked for. Each narrows what the others leave.
#[derive(Clone, Debug)]
pub struct EventWish {
    /// Rows of a relation that one transaction deletes or updates, from which on it is an event.
    pub rows: u64,
    /// Microseconds without anything that has a time, from which on they are an event.
    pub quiet: i64,
    /// Only events of these kinds; of none: of all.
    pub kinds: Vec<WalEventKind>,
    /// Only from this time on; an event without a time has that of the last one before it.
    pub since: Option<Timestamp>,
    /// Only up to this time.
    pub until: Option<Timestamp>,
    /// Only events of the relation with these files.
    pub relation: Option<RelFileLocator>,
    /// Only events of this relation: `table`, `schema.table` or `database.schema.table`.
    pub named: Option<String>,
    /// Only events of this database, by its OID.
    pub database: Option<u32>,
    /// How this transaction ended is asked besides, whether or not anything of it is an event.
    pub sought: Option<SoughtXact>,
}

impl Default for EventWish {
    fn default() -> EventWish {
        EventWish {
            rows: 1000,
            quiet: 3_600_000_000,
            kinds: Vec::new(),
            since: None,
            until: None,
            relation: None,
            named: None,
            database: None,
            sought: None,
        }
    }
}

impl EventWish {
    /// Whether an event is asked for; `clock`: the last time in WAL before it ended.
    pub fn wants(&self, event: &WalEvent, clock: Option<Timestamp>) -> bool {
        self.may(event.kind, event.time.or(clock))
            && self
                .relation
                .is_none_or(|rel| event.relations.iter().any(|r| r.file == Some(rel) || r.new_file == Some(rel)))
            && self.named.as_deref().is_none_or(|named| is_named(event, named))
            && self.database.is_none_or(|oid| is_of(event, oid))
    }

    /// Whether events of a kind are asked for, and of this time; what else is asked needs the event.
    pub fn may(&self, kind: WalEventKind, time: Option<Timestamp>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| time.is_some_and(|time| time <= until))
    }
}

fn is_named(event: &WalEvent, named: &str) -> bool {
    event.relations.iter().filter_map(|r| r.name.as_ref()).any(|name| {
        let parts = [name.database.as_deref(), name.schema.as_deref(), Some(name.name.as_slice())];
        // A part that is not known fits none.
        (0..parts.len()).any(|from| {
            let known: Option<Vec<&[u8]>> = parts.iter().skip(from).copied().collect();
            known.is_some_and(|known| known.join(&b'.') == named.as_bytes())
        })
    })
}

fn is_of(event: &WalEvent, oid: u32) -> bool {
    matches!(event.fact, EventFact::Database(database, _) | EventFact::DatabaseFiles(database, ..) if database == oid)
        || event.relations.iter().any(|r| r.file.or(r.new_file).is_some_and(|rel| rel.db == oid))
}
