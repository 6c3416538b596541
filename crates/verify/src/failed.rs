//! The code of what a server dies of.

use crate::codes::Code;
use pgwal_recovery::failure::{Failure, Lacking};

pub(crate) fn code_of(failure: &Failure) -> Code {
    match failure {
        Failure::Settings(_)
        | Failure::Backup(_)
        | Failure::NoTimeline(_)
        | Failure::History(_)
        | Failure::NotAChild { .. }
        | Failure::WithoutMinimum { .. }
        | Failure::NoCheckpoint { .. }
        | Failure::NoRedo { .. }
        | Failure::Waits { lacks: Lacking::Checkpoint | Lacking::Redo, .. }
        | Failure::Slot(_)
        | Failure::StandbyLabel
        | Failure::Incremental => Code::RestoreStart,
        Failure::BeforeConsistency | Failure::BackupEnd | Failure::Consistency | Failure::Waits { .. } => {
            Code::RestoreInconsistent
        }
        Failure::NotReached => Code::TargetUnreached,
        Failure::PreparedGone { .. } => Code::PreparedGone,
        Failure::SizeAhead { .. } | Failure::TimelineAhead { .. } => Code::ReadAhead,
        Failure::InvalidPages => Code::InvalidPages,
        _ => Code::RestoreDies,
    }
}
