//! Events of an archive.

use crate::event::WalEvent;
use crate::fate::XactFate;
use crate::history::{History, WalHole};
use crate::look::{Looker, NoteFinding};
use crate::on_disk::add_rows_on_disk;
use crate::wish::EventWish;
use pgwal_catalog::{CatalogFiles, CatalogRows, Names};
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
    /// How the transaction ended that was sought, in the order of WAL: a number comes again after 4 billion others.
    pub sought: Vec<XactFate>,
    /// What relations are called where WAL ends.
    pub names: Names,
    /// What was read.
    pub gathered: Gathered,
}

/// How often an archive is read, since a catalog may turn out to lie in another file.
const READINGS: usize = 3;

/// Finds what happened. `names`: what is known of names before anything is read. Findings are told with `tell`, and
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
    let mut files = CatalogFiles::default();
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
        let History { mut events, more_events, holes, sought, names, .. } = history;
        events.sort_by_key(|event| (event.lsn, event.kind));
        add_rows_on_disk(source, wanted, &mut events)?;
        return Ok(EventsAnswer { events, more_events, left_out, range, holes, sought, names, gathered });
    }
}
