//! Where what is asked for lies outside of the WAL that was read: nothing that is found there is no answer.

use crate::time::{Zone, rfc3339};
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;
use serde_json::{Value, json};

/// From when to when, or where, something was asked for.
#[derive(Clone, Copy, Default)]
pub struct AskedTimes {
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Up to this one.
    pub until: Option<Timestamp>,
    /// At this position.
    pub at: Option<Lsn>,
}

impl AskedTimes {
    /// Why nothing can be said of it; `None` where something can. `times`: those in WAL, `range`: its records.
    pub fn outside(
        &self,
        times: Option<(Timestamp, Timestamp)>,
        range: Option<(Lsn, Lsn)>,
        zone: &Zone,
    ) -> Option<String> {
        let local = |time| zone.local(time).unwrap_or_default();
        let of_time = times.and_then(|(first, last)| match () {
            () if self.since.is_some_and(|since| since > last) => {
                Some(format!("the last time in this WAL is {}: what came later is not here", local(last)))
            }
            () if self.until.is_some_and(|until| until < first) => {
                Some(format!("the first time in this WAL is {}: what came before is not here", local(first)))
            }
            () => None,
        });
        let of_place = || {
            let (first, last) = range?;
            let at = self.at?;
            (at < first || at > last).then(|| format!("this WAL has records from {first} to {last}, and none at {at}"))
        };
        of_time.or_else(of_place)
    }
}

/// The times in WAL.
pub fn json(times: Option<(Timestamp, Timestamp)>) -> Value {
    json!({"first": times.and_then(|(first, _)| rfc3339(first)), "last": times.and_then(|(_, last)| rfc3339(last))})
}
