//! What is not worth an event.

use crate::codes::{Code, Severity};
use crate::finding::Finding;

/// What is true only at this moment, or is WAL that is yet to come: behind a promotion, the first segment of the new
/// timeline is archived when it is full, long after its history.
pub(super) fn is_passing(finding: &Finding) -> bool {
    let nothing_behind = finding.lost.is_none_or(|lost| lost.until_lsn.is_none() && lost.records_after == 0);
    match finding.code {
        Code::Changed | Code::Vanished | Code::StillCopied => true,
        Code::Gap => finding.severity < Severity::Error && nothing_behind,
        _ => false,
    }
}
