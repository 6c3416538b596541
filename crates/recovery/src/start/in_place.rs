//! Tablespaces that are folders in `pg_tblspc`, and no links: `CheckTablespaceDirectory`.
//!
//! A server in recovery makes such a folder for the files of a tablespace that WAL is going to drop. When the data
//! become consistent none may be left, but where `allow_in_place_tablespaces` is on.

use crate::settings::Settings;
use crate::start::Start;
use pgwal_format::recovery::RecoveryRules;
use pgwal_format::rmgr::tablespace::TablespaceChange;
use std::collections::BTreeSet;

/// Tablespaces kept; a server has few.
const MOST: usize = 10_000;

/// Those that there are, as far as replay has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct InPlace {
    there: BTreeSet<u32>,
    allowed: bool,
}

impl InPlace {
    /// Those of the backup.
    pub fn of(start: &Start, settings: &Settings) -> InPlace {
        InPlace { there: start.in_place.clone(), allowed: settings.in_place_tablespaces }
    }

    /// Replays a record about a tablespace.
    pub fn replay(&mut self, change: &TablespaceChange) {
        match change {
            TablespaceChange::CreatedInPlace(oid) if self.there.len() < MOST => drop(self.there.insert(*oid)),
            TablespaceChange::CreatedInPlace(_) => {}
            TablespaceChange::Created(oid, _) | TablespaceChange::Dropped(oid) => drop(self.there.remove(oid)),
        }
    }

    /// One for which a server that becomes consistent dies.
    pub fn refused(&self, rules: &RecoveryRules) -> Option<u32> {
        self.there.first().copied().filter(|_| rules.refuses_in_place_tablespaces && !self.allowed)
    }
}
