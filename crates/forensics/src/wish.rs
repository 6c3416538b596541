//! Which events are asked for.

use crate::event::{EventFact, EventRelation, WalEvent, WalEventKind};
use crate::fate::SoughtXact;
use pgwal_catalog::{FoundRelation, RelationName};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;

/// What is asked for. Each narrows what the others leave.
#[derive(Clone, Debug)]
pub struct EventWish {
    /// Rows of a relation that one transaction deletes or updates, from which on it is an event.
    pub rows: u64,
    /// Microseconds without anything that has a time, from which on they are an event.
    pub quiet: i64,
    /// Only events of these kinds; of none: of all. That relations are dropped is asked for with databases and
    /// tablespaces.
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
    /// Only events of the database that has this name, or had it.
    pub database_named: Option<String>,
    /// How this transaction ended is asked besides, whether or not anything of it is an event.
    pub sought: Option<SoughtXact>,
    /// What initdb did, too.
    pub initdb: bool,
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
            database_named: None,
            sought: None,
            initdb: false,
        }
    }
}

impl EventWish {
    /// Whether an event may be asked for, whose relations may get other names yet; `clock`: the last time in WAL before
    /// it ended.
    pub fn may_want(&self, event: &WalEvent, clock: Option<Timestamp>) -> bool {
        self.may(event.kind, event.time.or(clock))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind) || !is_move(event))
            && self.relation.is_none_or(|rel| has_file(event, rel) || dropped_database(event) == Some(rel.db))
            && self.database.is_none_or(|oid| is_of(event, oid))
    }

    /// Whether it is of the relation that is asked for by name, as far as names are known by now.
    pub fn may_name(&self, event: &WalEvent) -> bool {
        let is_whole = |name: &RelationName| name.database.is_some() && name.schema.is_some();
        let is_open = |relation: &EventRelation| relation.name.as_ref().is_none_or(|name| !is_whole(name));
        event.relations.iter().any(is_open) || self.names(event)
    }

    /// Whether it is of the relation that is asked for by name.
    pub fn names(&self, event: &WalEvent) -> bool {
        let named = |named: &str| event.relations.iter().filter_map(|r| r.name.as_ref()).any(|n| n.is_called(named));
        self.named.as_deref().is_none_or(named)
    }

    /// What asks for no event at all, only for names.
    pub fn for_names() -> EventWish {
        EventWish { since: Some(Timestamp(i64::MAX)), ..EventWish::default() }
    }

    /// Whether events of a kind are asked for, and of this time; what else is asked needs the event.
    pub fn may(&self, kind: WalEventKind, time: Option<Timestamp>) -> bool {
        let is_drop = matches!(kind, WalEventKind::DropDatabase | WalEventKind::DropTablespace);
        (self.kinds.is_empty() || self.kinds.contains(&kind) || is_drop && self.kinds.contains(&WalEventKind::Drop))
            && self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| time.is_some_and(|time| time <= until))
    }
}

/// Whether an event is of a database.
pub(crate) fn is_of(event: &WalEvent, oid: u32) -> bool {
    matches!(event.fact, EventFact::Database(database, _) | EventFact::DatabaseFiles(database, ..) if database == oid)
        || event.relations.iter().any(|r| r.database() == Some(oid))
}

/// Whether files of a relation are those of an event.
fn has_file(event: &WalEvent, rel: RelFileLocator) -> bool {
    event.relations.iter().any(|own| own.file == Some(rel) || own.new_file == Some(rel))
}

/// The database that is dropped with all its relations.
pub(crate) fn dropped_database(event: &WalEvent) -> Option<u32> {
    match event.fact {
        EventFact::Database(oid, _) if event.kind == WalEventKind::DropDatabase => Some(oid),
        _ => None,
    }
}

/// Whether files of a database go that lies in another tablespace from now on.
fn is_move(event: &WalEvent) -> bool {
    matches!(event.fact, EventFact::DatabaseFiles(..))
}

/// Whether an event is of some relation, or of a database that is dropped with all of them.
pub(crate) fn may_be_of_relation(event: &WalEvent) -> bool {
    !event.relations.is_empty() || dropped_database(event).is_some()
}

/// Whether an event is of one of these relations, whatever they were called by then, or of a database that is dropped
/// with it.
pub(crate) fn is_of_relation(event: &WalEvent, found: &[FoundRelation]) -> bool {
    found
        .iter()
        .any(|own| own.files.iter().any(|rel| has_file(event, *rel)) || dropped_database(event) == Some(own.database))
}
