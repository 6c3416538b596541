//! Events of an archive.

use crate::event::WalEvent;
use crate::history::{History, WalHole};
use crate::look::{Looker, NoteFinding};
use crate::named::{complete, is_of_toast};
use crate::wish::{EventWish, is_of};
use pgwal_catalog::{BaseCatalogs, CatalogRows, Names};
use pgwal_format::Lsn;
use pgwal_source::{Images, Source};
use pgwal_verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent, gather};
use std::sync::{Mutex, PoisonError};

/// What was found.
#[derive(Debug)]
pub struct EventsAnswer {
    /// Events, by position.
    pub events: Vec<WalEvent>,
    /// Further ones, for which there was no room.
    pub more_events: u64,
    /// Relations, rows of catalogs and transactions that were not kept, for there were too many.
    pub left_out: u64,
    /// The first record and the last one.
    pub range: Option<(Lsn, Lsn)>,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    /// What relations are called, at every position.
    pub names: Names,
    /// What was read.
    pub gathered: Gathered,
}

/// How often an archive is read, since a catalog may turn out to lie in another file.
const READINGS: usize = 3;

/// Finds what happened. `names`: those that were given; what WAL says goes before. Findings are told with `tell`, and
/// what it writes is handed to `sink`.
///
/// # Errors
/// Those of [`gather`].
pub fn events(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    wish: &EventWish,
    names: &Names,
    tell: &NoteFinding<'_>,
    sink: &mut ListSink<'_, NoEvent>,
) -> Result<EventsAnswer, ListError> {
    let mut files = names.base().map(BaseCatalogs::files).unwrap_or_default();
    let mut readings = 0;
    loop {
        readings += 1;
        let make = || {
            let rows = CatalogRows::new(files.clone(), &Images);
            Looker { files: files.clone(), tell, history: Mutex::new(History::new(wish.clone(), rows, names.clone())) }
        };
        // What is told is told once.
        let mut told = Vec::new();
        let (looker, gathered) = gather(source, wanted, &make, &mut |part| {
            told.push(part.clone());
            Ok(())
        })?;
        let mut history = looker.history.into_inner().unwrap_or_else(PoisonError::into_inner);
        if history.catalogs_moved && readings < READINGS {
            files = history.rows.files;
            continue;
        }
        told.iter().try_for_each(sink).map_err(ListError::Output)?;
        history.finish();
        let left_out = history.left_out();
        let range = history.range();
        let History { mut events, more_events, holes, keeper, .. } = history;
        let names = keeper.finish();
        events.iter_mut().for_each(|event| complete(event, &names));
        let oids = wish.database_named.as_ref().map(|name| names.databases_named(name.as_bytes()));
        let is_of_database =
            |event: &WalEvent| oids.as_ref().is_none_or(|all| all.iter().any(|oid| is_of(event, *oid)));
        events.retain(|event| wish.names(event) && is_of_database(event) && !is_of_toast(event));
        events.sort_by_key(|event| (event.lsn, event.kind));
        return Ok(EventsAnswer { events, more_events, left_out, range, holes, names, gathered });
    }
}
