//! Replication slots that lie in a data directory (`pg_replslot`), as a server finds them when it starts.

use super::small::small;
use pgwal_format::text::origin_checkpoint;
use pgwal_format::text::replication_slot::{self, ReplicationSlot, SlotFault};
use std::fs;
use std::path::Path;

/// A slot, or what is left of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotThere {
    /// Its state: `pg_replslot/NAME/state`.
    pub file: String,
    /// What it says.
    pub state: Result<ReplicationSlot, SlotFault>,
}

/// More than any server has.
const MOST: usize = 10_000;
/// More than any state has.
const LONGEST: u64 = 4096;
/// More than 65,535 origins take.
const LONGEST_ORIGINS: u64 = 2 << 20;

/// All of them, in the order in which a server comes to them. One that cannot be read says nothing.
pub(super) fn slots(data: &Path) -> Vec<SlotThere> {
    let Ok(entries) = fs::read_dir(data.join("pg_replslot")) else { return Vec::new() };
    let mut out = Vec::new();
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()).take(MOST) {
        // A server removes what was not finished.
        let Some(name) = entry.file_name().to_str().filter(|name| !name.ends_with(".tmp")).map(str::to_owned) else {
            continue;
        };
        let Ok(bytes) = small(&entry.path().join("state"), LONGEST) else { continue };
        let state = bytes.map_or(Err(SlotFault::NoFile), |bytes| replication_slot::parse(&bytes));
        out.push(SlotThere { file: format!("pg_replslot/{name}/state"), state });
    }
    out
}

/// Replication origins of the last checkpoint. A file that cannot be read says nothing.
pub(super) fn origins(data: &Path) -> Vec<u16> {
    let bytes = small(&data.join("pg_logical/replorigin_checkpoint"), LONGEST_ORIGINS).ok().flatten();
    bytes.and_then(|bytes| origin_checkpoint::parse(&bytes)).unwrap_or_default()
}
