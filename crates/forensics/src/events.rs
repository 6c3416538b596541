//! Events of an archive.

use crate::below::BelowSum;
use crate::event::{EventRelation, WalEvent};
use crate::event_list::EventList;
use crate::fate::XactFate;
use crate::history::{History, WalHole};
use crate::initdb::InitdbEvents;
use crate::look::NoteFinding;
use crate::named::{complete, is_of_toast, lacks_name};
use crate::on_disk::add_rows_on_disk;
use crate::reading::read_history;
use crate::wish::{EventWish, is_of, is_of_relation};
use pgwal_catalog::{FoundRelation, Names};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_source::Source;
use pgwal_verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};

/// What was found.
#[derive(Debug)]
pub struct EventsAnswer {
    /// Events, by position.
    pub events: Vec<WalEvent>,
    /// Those of initdb that are not among them; `None` where none are left out.
    pub initdb: Option<InitdbEvents>,
    /// Further ones, for which there was no room.
    pub more_events: u64,
    /// Rows of the relation that is asked for, of which transactions changed too few to be events; `None` for none.
    pub below: Option<BelowSum>,
    /// Relations, rows of catalogs and transactions that were not kept, for there were too many.
    pub left_out: u64,
    /// The first record and the last one.
    pub range: Option<(Lsn, Lsn)>,
    /// The first time that WAL tells and the last one.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    /// How the transaction ended that was sought, in the order of WAL: a number comes again after 4 billion others.
    pub sought: Vec<XactFate>,
    /// What relations are called, at every position.
    pub names: Names,
    /// What was read.
    pub gathered: Gathered,
}

impl EventsAnswer {
    /// A relation that a user made has no name, or none with its schema.
    pub fn lacks_names(&self) -> bool {
        let mut all = self.events.iter().flat_map(|event| &event.relations);
        all.any(|own| own.file.or(own.new_file).is_some_and(|rel| lacks_name(rel, own.name.as_ref())))
    }

    /// Takes names that are known at every position.
    pub fn name_by(&mut self, names: &Names) {
        self.events.iter_mut().for_each(|event| complete(event, names));
        self.events.retain(|event| !is_of_toast(event));
    }
}

/// Finds what happened. `names`: those that were given; what WAL says goes before. Findings are told with `tell`, and
/// what it writes is handed to `sink`.
///
/// # Errors
/// Those of [`gather`](pgwal_verify::records::gather).
pub fn events(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    wish: &EventWish,
    names: &Names,
    tell: &NoteFinding<'_>,
    sink: &mut ListSink<'_, NoEvent>,
) -> Result<EventsAnswer, ListError> {
    let make = || (EventList::new(wish.clone()), ());
    let (history, gathered) = read_history(source, wanted, names, &make, tell, sink)?;
    let (left_out, range, times) = (history.left_out(), history.range(), history.times());
    let initdb = history.initdb.until().filter(|_| !wish.initdb);
    let History { list, holes, keeper, .. } = history;
    let EventList { mut events, more_events, others, more_others, below, sought, .. } = list;
    let names = keeper.finish();
    let called = |name: &str| names.find(name).into_iter().chain(names.partitions(name)).collect();
    let found: Vec<FoundRelation> = wish.named.as_deref().map(called).unwrap_or_default();
    // It was called otherwise by then, or its schema was not known yet.
    let others = others.into_iter().map(|mut event| {
        complete(&mut event, &names);
        event
    });
    events.extend(others.filter(|event| is_of_relation(event, &found) || wish.names(event)));
    let left_out = if found.is_empty() { left_out } else { left_out + more_others };
    events.iter_mut().for_each(|event| complete(event, &names));
    let oids = wish.database_named.as_ref().map(|name| names.databases_named(name));
    let is_of_database = |event: &WalEvent| oids.as_ref().is_none_or(|all| all.iter().any(|oid| is_of(event, *oid)));
    let is_named = |event: &WalEvent| wish.names(event) || is_of_relation(event, &found);
    events.retain(|event| is_named(event) && is_of_database(event) && !is_of_toast(event));
    // Of many relations of one event, those that were asked for are told first.
    let is_asked = |own: &EventRelation| {
        let files = [own.file, own.new_file];
        let is_one =
            |rel: RelFileLocator| wish.relation == Some(rel) || found.iter().any(|own| own.files.contains(&rel));
        let called = wish.named.as_deref().zip(own.name.as_ref()).is_some_and(|(asked, name)| name.is_called(asked));
        called || files.into_iter().flatten().any(is_one)
    };
    if wish.relation.is_some() || wish.named.is_some() {
        events.iter_mut().for_each(|event| event.relations.sort_by_key(|own| !is_asked(own)));
    }
    let is_in = |rel: &RelFileLocator| {
        wish.database.is_none_or(|oid| oid == rel.db) && oids.as_ref().is_none_or(|all| all.contains(&rel.db))
    };
    let is_meant = |rel: &RelFileLocator| wish.relation.is_some() || found.iter().any(|own| own.files.contains(rel));
    let below = match wish.relation.is_some() || wish.named.is_some() {
        true => below.sum(wish.rows, |rel| is_in(rel) && is_meant(rel)),
        false => below.sum_of_all(wish.rows, |db| is_in(&RelFileLocator { spc: 0, db, rel: 0 })),
    };
    events.sort_by_key(|event| (event.lsn, event.kind));
    let initdb = initdb.and_then(|until| without_initdb(&mut events, until));
    add_rows_on_disk(source, wanted, &mut events)?;
    Ok(EventsAnswer { events, initdb, more_events, below, left_out, range, times, holes, sought, names, gathered })
}

/// Takes out what happened up to the last record of initdb.
fn without_initdb(events: &mut Vec<WalEvent>, until: Lsn) -> Option<InitdbEvents> {
    let all = events.len();
    events.retain(|event| event.end_lsn.unwrap_or(event.lsn) > until);
    let left_out = (all - events.len()) as u64;
    (left_out > 0).then_some(InitdbEvents { events: left_out, until })
}
