//! A folder of WAL below the place that was named: of pg_receivewal, or of any archive_command.

use super::RepoLayout;
use crate::candidate::Candidate;
use crate::store::{Items, Store, join};
use pgwal_source::SourceError;
use pgwal_source::name::{self, NamePlace};

/// Names that are looked at.
const LOOKED: usize = 100_000;

pub(super) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    let first = items.files().take(LOOKED).find(|(name, _)| matches!(name::place(name), NamePlace::Wal(_)));
    let by = match first {
        Some((name, _)) => name.to_owned(),
        None => {
            let log = |name: &&str| name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit());
            let Some(log) = items.folders().find(log) else { return Ok(Vec::new()) };
            let inside = Items::of(store, &join(folder, log))?;
            if !inside.files().any(|(name, _)| matches!(name::place(name), NamePlace::Wal(_))) {
                return Ok(Vec::new());
            }
            format!("{log}/")
        }
    };
    let received = items.files().take(LOOKED).any(|(name, _)| name.ends_with(".partial"));
    let by = if received { format!("{by} (with .partial, as pg_receivewal)") } else { by };
    Ok(vec![Candidate {
        layout: RepoLayout::Folder,
        base: folder.to_owned(),
        name: None,
        archive_id: None,
        by: vec![by],
    }])
}
