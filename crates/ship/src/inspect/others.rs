//! History files, of timelines and of backups.

use super::Inspection;
use crate::objection::Objection;
use crate::server::ServerDirectory;
use pgwal_format::text::{backup_history, history};
use pgwal_format::{SegmentName, TimelineId};

/// A timeline's.
pub(super) fn history(bytes: &[u8], timeline: TimelineId, server: Option<&ServerDirectory>) -> Inspection {
    let objection = match history::parse(bytes, timeline) {
        Err(fault) => Some(Objection::History(fault)),
        Ok(ancestors) => match ancestors.split_last() {
            None => Some(Objection::EmptyHistory),
            Some((parent, elders)) => {
                let known = server.and_then(|server| server.history(parent.timeline));
                let other = |known: &Vec<history::Ancestor>| {
                    known.iter().map(|a| (a.timeline, a.switch)).ne(elders.iter().map(|a| (a.timeline, a.switch)))
                };
                known.filter(other).map(|_| Objection::CutHistory { parent: parent.timeline })
            }
        },
    };
    Inspection { objections: objection.into_iter().collect(), ..Inspection::default() }
}

/// A backup's.
pub(super) fn backup(bytes: &[u8], segment: SegmentName) -> Inspection {
    let objection = match backup_history::parse(bytes) {
        Err(fault) => Some(Objection::BackupHistory(fault)),
        Ok(told) => (told.start_file != segment).then_some(Objection::OtherBackup { start: told.start }),
    };
    Inspection { objections: objection.into_iter().collect(), ..Inspection::default() }
}
