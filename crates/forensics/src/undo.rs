//! Which event is to be undone, of those that were found.

use crate::event::WalEvent;
use crate::events::EventsAnswer;
use crate::fate::{SoughtXact, XactFate};
use crate::wish::dropped_database;
use pgwal_catalog::RelationName;
use pgwal_format::Lsn;
use std::collections::BTreeMap;

/// How it is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UndoNamed {
    /// The one that there is.
    Only,
    /// The first.
    First,
    /// The last.
    Last,
    /// All that a transaction did, by its number.
    Xid(u32),
    /// By its position, or by that of the end of its transaction.
    Lsn(Lsn),
}

impl UndoNamed {
    /// The transaction to ask about besides events.
    pub const fn sought(self) -> Option<SoughtXact> {
        match self {
            UndoNamed::Xid(xid) => Some(SoughtXact::Xid(xid)),
            UndoNamed::Lsn(lsn) => Some(SoughtXact::End(lsn)),
            UndoNamed::Only | UndoNamed::First | UndoNamed::Last => None,
        }
    }
}

/// What is meant.
#[derive(Clone, PartialEq, Debug)]
pub enum UndoChoice<'a> {
    /// This, with its events.
    One(Box<XactFate>, Vec<&'a WalEvent>),
    /// Nothing that is here.
    Nothing,
    /// One of these.
    Several(Vec<&'a WalEvent>),
    /// One number was given to several transactions, which end here.
    SeveralXacts(Vec<XactFate>),
    /// The name that is asked for is that of relations of several databases, of which each has events: by the
    /// databases' OIDs.
    SeveralRelations(Vec<(u32, Option<RelationName>)>),
    /// Not all events were kept, so that neither the only one nor the last one is known.
    TooMany,
}

/// Chooses. Of what the filters leave, only what happened is meant, unless there is nothing else. `by_name`: a relation
/// is asked for by its name.
pub fn choose(answer: &EventsAnswer, named: UndoNamed, by_name: bool) -> UndoChoice<'_> {
    let mut events: Vec<&WalEvent> = match named {
        UndoNamed::Xid(_) => Vec::new(),
        UndoNamed::Lsn(lsn) => {
            let is_at = |event: &&WalEvent| event.lsn == lsn || event.end_lsn == Some(lsn) || event.undo == Some(lsn);
            answer.events.iter().filter(is_at).collect()
        }
        _ if answer.more_events > 0 && named != UndoNamed::First => return UndoChoice::TooMany,
        _ => answer.events.iter().collect(),
    };
    if by_name {
        let databases = databases_of(&events);
        if databases.len() > 1 && matches!(named, UndoNamed::First | UndoNamed::Last) {
            return UndoChoice::SeveralRelations(databases.into_iter().collect());
        }
        // One of that name went with another database.
        let is_own = |oid: u32| databases.is_empty() || databases.contains_key(&oid);
        events.retain(|event| dropped_database(event).is_none_or(is_own));
    }
    let mut fates: Vec<XactFate> = events.iter().map(|event| XactFate::from(*event)).collect();
    fates.extend(answer.sought.iter().cloned());
    if fates.iter().any(|fate| fate.undo.is_some()) {
        fates.retain(|fate| fate.undo.is_some());
    }
    // At the end of a transaction that is meant, and not that nothing happened before.
    if matches!(named, UndoNamed::Lsn(_)) && fates.iter().any(|fate| fate.xid.is_some()) {
        fates.retain(|fate| fate.xid.is_some());
    }
    fates.sort_by_key(|fate| (fate.undo, fate.end_lsn));
    fates.dedup_by_key(|fate| (fate.undo, fate.end_lsn, fate.xid));
    let chosen = match (named, fates.as_slice()) {
        (_, []) => return UndoChoice::Nothing,
        (UndoNamed::First, [first, ..]) => first,
        (UndoNamed::Last, [.., last]) | (_, [last]) => last,
        (UndoNamed::Xid(_), _) => return UndoChoice::SeveralXacts(fates),
        (UndoNamed::Only, [first, ..]) if first.undo.is_some() => {
            return UndoChoice::Several(events.into_iter().filter(|event| event.undo.is_some()).collect());
        }
        // Two things at one position, or nothing that happened: none is more meant than another.
        (_, [first, ..]) => first,
    };
    let chosen = Box::new(chosen.clone());
    let own = |event: &&WalEvent| match chosen.xid {
        Some(_) => event.xid == chosen.xid && event.end_lsn == chosen.end_lsn,
        None => event.xid.is_none() && event.undo == chosen.undo,
    };
    UndoChoice::One(chosen.clone(), answer.events.iter().filter(own).collect())
}

/// Databases in which something happened to a relation, and what it is called.
fn databases_of(events: &[&WalEvent]) -> BTreeMap<u32, Option<RelationName>> {
    let happened = events.iter().filter(|event| event.undo.is_some());
    let own = happened.flat_map(|event| event.relations.first());
    own.filter_map(|own| Some((own.file.or(own.new_file)?.db, own.name.clone()))).collect()
}
