//! What pghoard finds among WAL, and how it opens it.
//!
//! ```text
//! SITE/xlog/000000010000000000000002      packed and encrypted as the .metadata beside it says
//!      timeline/00000002.history
//! ```

use crate::lookup::{Elsewhere, FileInPlace, LookedUp};
use pgwal_source::OpeningRule;

/// What pghoard makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    match file.log.is_none() && file.is_bare() {
        true => LookedUp::Found(OpeningRule::ByContent),
        false => LookedUp::Elsewhere(Elsewhere { in_log: false, with_sum: false, suffixes: &[] }),
    }
}
