//! Reads an archive for a history, and again where a catalog turns out to lie in another file.

use crate::history::History;
use crate::look::{Looker, NoteFinding};
use crate::over::TakeHistory;
use pgwal_catalog::{CatalogFiles, CatalogRows, Names};
use pgwal_source::{Images, Source};
use pgwal_verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent, gather};
use std::sync::{Mutex, PoisonError};

/// How often an archive is read.
const READINGS: usize = 3;

/// Tells a list what happened; `make`: one that is empty, and what looks at records for it. `names`: what is known of
/// names before anything is read. Findings are told with `tell`, and what it writes is handed to `sink`.
///
/// # Errors
/// Those of [`gather`].
pub fn read_history<'a, T: TakeHistory>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    names: &Names,
    make: &dyn Fn() -> (T, T::Look),
    tell: &'a NoteFinding<'a>,
    sink: &mut ListSink<'_, NoEvent>,
) -> Result<(History<'a, T>, Gathered), ListError> {
    let mut files = CatalogFiles::default();
    let mut readings = 0;
    loop {
        readings += 1;
        let make = || {
            let rows = CatalogRows::new(files.clone(), &Images);
            let (list, look) = make();
            Looker { files: files.clone(), tell, look, history: Mutex::new(History::new(list, rows, names.clone())) }
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
        return Ok((history, gathered));
    }
}
