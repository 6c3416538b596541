//! Compares runs, field by field.

use super::log::Log;
use pgwal_walk::Run;

/// Panics with the first field that differs.
pub(super) fn check(expected: &Run<Log>, found: &Run<Log>) {
    macro_rules! fields {
        ($($field:ident)*) => {
            // Names every field, so that a new one is not forgotten.
            let Run { $($field: _),* } = expected;
            $(assert_eq!(expected.$field, found.$field, concat!("another grouping gives another `", stringify!($field), "`"));)*
        };
    }
    fields!(from to head begins first last end acc tail damages more_damages slack first_timeline last_timeline);
}
