//! How many replication origins a server keeps the progress of (`replorigin_advance` in `origin.c`; 9.5 and later).
//!
//! It reads those of the last checkpoint from `pg_logical/replorigin_checkpoint` when it starts, and takes one more for
//! each origin that a commit names for the first time. For one more than `max_replication_slots`, from 18 on
//! `max_active_replication_origins`, it has no room, whatever hot standby is.

use crate::failure::Failure;
use pgwal_format::rmgr::origin_change::OriginChange;
use std::collections::BTreeSet;

/// Those that are kept, and how many may be.
#[derive(Clone, Debug)]
pub struct OriginRoom {
    kept: BTreeSet<u16>,
    most: i32,
}

impl OriginRoom {
    /// With those of the directory.
    pub fn new(most: i32, there: &[u16]) -> Result<OriginRoom, Failure> {
        let mut room = OriginRoom { kept: BTreeSet::new(), most };
        // Where none is kept, the file is not read.
        for origin in there.iter().filter(|_| most > 0) {
            room.take(*origin, true)?;
        }
        Ok(room)
    }

    /// A record changes what is kept.
    pub fn replay(&mut self, change: OriginChange) -> Option<Failure> {
        match change {
            OriginChange::Advanced(origin) => self.take(origin, false).err(),
            OriginChange::Dropped(origin) => {
                self.kept.remove(&origin);
                None
            }
        }
    }

    fn take(&mut self, origin: u16, at_start: bool) -> Result<(), Failure> {
        let is_full = self.kept.len() >= usize::try_from(self.most).unwrap_or_default();
        if is_full && !self.kept.contains(&origin) {
            return Err(Failure::OriginsFull { origin, most: self.most, at_start });
        }
        self.kept.insert(origin);
        Ok(())
    }
}
