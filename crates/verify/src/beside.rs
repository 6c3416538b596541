//! Backups that the way of recovery does not come from.

use pgwal_format::TimelineId;
use pgwal_format::text::history::Switch;

/// Why a backup is not the way's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beside {
    /// The timeline to which the way leads.
    pub target: TimelineId,
    /// The timeline that left the backup's before the backup ended, and where; `None`: the way was never on it.
    pub left: Option<(TimelineId, Switch)>,
    /// The timeline to ask for in a restore of this backup.
    pub ask: TimelineId,
}
