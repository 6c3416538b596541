//! Removes the WAL that a server in recovery has passed: what lies behind its restart point, which it names as `%r`.
//!
//! ```text
//! pg_control: redo 0/7000028 ──┐ the older of both
//! %r: 000000010000000000000007 ┴─► prune.rs, by names ──► segments before it go, unless a backup needs them
//! %r: 000000000000000000000000 ──► nothing goes; it is only seen what will keep it from going
//! ```
//! A server gives zeros for its first segment, for each history file, and for the last segment that it asks for once
//! more (`RestoreArchivedFile`).

use super::asker::AskingServer;
use super::place::{GetPlace, PlaceOut};
use crate::destination::destination;
use crate::fault::{ShipFault, ShipStep};
use crate::prune::{KeepFrom, NotPruned, PrunePlan, plan, prune};
use pgwal_format::{FileName, SegmentName, TimelineId};
use pgwal_repos::RepoLayout;
use pgwal_source::NameSought;
use pgwal_verify::{Depth, Options};
use std::fmt;

/// Why nothing is removed that replay has passed.
#[derive(Clone, Debug)]
pub enum KeptWal {
    /// The server's own word on its restart point cannot be read: its `pg_control`.
    NoControl,
    /// The place is a repository, of which its tool removes what it does not need.
    OfTool(RepoLayout),
    /// The place cannot be asked, or written to.
    Fault(ShipFault),
    /// What lies there is not to be removed.
    Refused(NotPruned),
    /// A backup that can still be restored needs it.
    Backup {
        /// Its backup history file.
        file: String,
        /// The first segment that it needs.
        from: SegmentName,
    },
}

impl fmt::Display for KeptWal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeptWal::NoControl => {
                f.write_str("the server's pg_control, which says what it still needs, cannot be read")
            }
            KeptWal::OfTool(tool) => write!(f, "{tool} keeps this place, and has an expiry of its own"),
            KeptWal::Fault(fault) => fault.fmt(f),
            KeptWal::Refused(why) => why.fmt(f),
            KeptWal::Backup { file, from } => write!(
                f,
                "{file} can still be restored and needs WAL from {from} on; walproof archive-prune gives old backups up"
            ),
        }
    }
}

impl From<ShipFault> for KeptWal {
    fn from(fault: ShipFault) -> KeptWal {
        KeptWal::Fault(fault)
    }
}

impl From<PlaceOut> for KeptWal {
    fn from(out: PlaceOut) -> KeptWal {
        KeptWal::Fault(ShipFault::of(ShipStep::Read, out.place, out.why))
    }
}

impl From<NotPruned> for KeptWal {
    fn from(why: NotPruned) -> KeptWal {
        KeptWal::Refused(why)
    }
}

/// Removes from a place what a server has passed; how many files. `restart`: `%r`.
///
/// With zeros as restart point nothing is removed, and whatever will stand in the way is the answer. With another one,
/// a backup that holds the WAL is no fault any more.
///
/// # Errors
/// Nothing is removed: why.
pub fn remove_passed(place: &mut GetPlace, server: &AskingServer, restart: SegmentName) -> Result<usize, KeptWal> {
    let is_first = restart.timeline == TimelineId(0);
    let control = server.control().ok_or(KeptWal::NoControl)?;
    if !is_first && !has_passed(place, restart)? {
        return Ok(0);
    }
    if let Some(tool) = place.kept_by()? {
        return Err(KeptWal::OfTool(tool));
    }
    let keep = match is_first {
        true => KeepFrom::Server(Box::new(*control)),
        false => KeepFrom::RestartPoint(restart, Box::new(*control)),
    };
    let mut options = Options::default();
    options.depth = Depth::Names;
    let found = match plan(place.source()?, &keep, &[], &options) {
        // A server that is about to begin has nothing behind it yet.
        Err(NotPruned::NoWal | NotPruned::Nothing { .. }) if is_first => return Ok(0),
        found => found?,
    };
    match &found.held_by {
        Some(backup) if is_first => Err(KeptWal::Backup { file: backup.file.clone(), from: found.keep }),
        _ if is_first => Ok(0),
        _ => removed(place, &found),
    }
}

fn removed(place: &GetPlace, found: &PrunePlan) -> Result<usize, KeptWal> {
    if found.remove.is_empty() {
        return Ok(0);
    }
    prune(destination(place.path())?.as_ref(), found, &mut |_| {})?;
    Ok(found.remove.len())
}

/// Any segment of the restart point's timeline, or of the one before, lies in front of it. What is left of older ones
/// goes along with the next.
fn has_passed(place: &mut GetPlace, restart: SegmentName) -> Result<bool, KeptWal> {
    let timelines = [restart.timeline.0, restart.timeline.0.saturating_sub(1)].map(TimelineId);
    for timeline in timelines.into_iter().filter(|timeline| *timeline >= TimelineId::FIRST) {
        let first = SegmentName { timeline, log: 0, seg: 0 };
        let found = place.find(NameSought::Behind(first))?;
        let is_before = |name: FileName| match name {
            FileName::Segment(name) => (name.log, name.seg) < (restart.log, restart.seg),
            _ => false,
        };
        if found.entries.iter().filter_map(|entry| entry.name).any(is_before) {
            return Ok(true);
        }
    }
    Ok(false)
}
