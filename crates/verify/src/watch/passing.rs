//! What is not worth an event.

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};

/// What is true only at this moment, or is WAL that is yet to come: behind a promotion, the first segment of the new
/// timeline is archived when it is full, long after its history. Where that takes longer than is allowed, it is told.
pub(super) fn is_passing(finding: &Finding) -> bool {
    let nothing_behind = finding.lost.is_none_or(|lost| lost.until_lsn.is_none() && lost.records_after == 0);
    match finding.code {
        Code::Changed | Code::Vanished | Code::StillCopied => true,
        Code::Gap if matches!(finding.detail, Detail::NotYet { .. }) => finding.severity < Severity::Warning,
        Code::Gap => finding.severity < Severity::Error && nothing_behind,
        _ => false,
    }
}
