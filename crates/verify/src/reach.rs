//! How far replay must come and how fresh it must be, and how far it comes.

use crate::telling::TellTime;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use std::time::Duration;

/// How far replay must come, or comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// To a position.
    Lsn(Lsn),
    /// Into the segment that begins there, which an `XLOG_SWITCH` in the one before does not do.
    Segment(Lsn),
    /// To a commit of this time or later.
    Time(Timestamp),
}

/// What is expected of an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Demand {
    /// Where replay must come.
    pub must_reach: Option<Reach>,
    /// The timeline on which that lies, where it was said.
    pub on: Option<TimelineId>,
    /// How old the last commit may be.
    pub max_age: Option<Duration>,
    /// This machine's time.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fresh {
    /// What was expected.
    pub demand: Demand,
    /// How far replay comes.
    pub reached: Option<Lsn>,
    /// Time of the last commit that replays.
    pub last_commit: Option<Timestamp>,
}

/// The age of the last commit, and what was allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Age {
    /// Time of the last commit that replays; `None` where there is none.
    pub last_commit: Option<Timestamp>,
    /// This machine's time.
    pub now: Timestamp,
    /// What was allowed.
    pub allowed: Duration,
}

impl Age {
    /// A clock that is ahead tells no age either.
    pub(crate) fn is_allowed(&self) -> bool {
        let allowed = i64::try_from(self.allowed.as_micros()).unwrap_or(i64::MAX).unsigned_abs();
        self.last_commit.is_some_and(|last| self.now.0.abs_diff(last.0) <= allowed)
    }
}

impl Age {
    /// In words.
    pub fn told(&self, tell: TellTime<'_>) -> String {
        let allowed = span(self.allowed);
        let Some(last) = self.last_commit else {
            return format!("no commit is here whose age could be told; {allowed} are allowed");
        };
        let (last, since) = (tell(last), since(last, self.now));
        match since {
            Ok(age) => format!("the last commit is of {last}, {age} ago; {allowed} are allowed"),
            Err(ahead) => {
                format!("the last commit is of {last}, {ahead} ahead of this machine's clock: its age cannot be told")
            }
        }
    }
}

impl Reach {
    /// In words.
    pub fn told(&self, tell: TellTime<'_>) -> String {
        match self {
            Reach::Lsn(lsn) => lsn.to_string(),
            Reach::Segment(start) => format!("the segment at {start}"),
            Reach::Time(time) => tell(*time),
        }
    }
}

/// How long ago a time was by a clock, or, as an error, how far it is ahead of it: [`span`].
///
/// # Errors
/// It is later than the clock's.
pub fn since(time: Timestamp, now: Timestamp) -> Result<String, String> {
    let distance = span(Duration::from_micros(now.0.abs_diff(time.0)));
    if now >= time { Ok(distance) } else { Err(distance) }
}

/// `1 h 14 min`: the two largest units.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let told: Vec<String> = parts
        .iter()
        .skip_while(|(n, _)| *n == 0)
        .take(2)
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if told.is_empty() { "0 s".into() } else { told.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telling::utc;

    const MINUTE: i64 = 60_000_000;

    fn age(last: Option<i64>, now: i64) -> Age {
        Age { last_commit: last.map(Timestamp), now: Timestamp(now), allowed: Duration::from_secs(900) }
    }

    #[test]
    fn an_age_on_either_side_of_the_clock() {
        for (minutes, allowed) in [(0, true), (15, true), (16, false), (-15, true), (-16, false)] {
            assert_eq!(age(Some(0), minutes * MINUTE).is_allowed(), allowed, "{minutes}");
        }
        assert!(
            !age(None, 0).is_allowed()
                && !age(Some(i64::MIN), i64::MAX).is_allowed()
                && !age(Some(i64::MAX), 0).is_allowed()
        );
    }

    #[test]
    fn ages_in_words() {
        assert_eq!(
            age(Some(0), 74 * MINUTE).told(&utc),
            "the last commit is of 2000-01-01T00:00:00Z, 1 h 14 min ago; 15 min are allowed"
        );
        let ahead = age(Some(86_400_000_000), 0).told(&utc);
        assert!(ahead.contains("1 d ahead of this machine's clock"), "{ahead}");
        assert!(age(None, 0).told(&utc).starts_with("no commit"));
        assert_eq!([0, 59, 3600, 90_061].map(|s| span(Duration::from_secs(s))), ["0 s", "59 s", "1 h", "1 d 1 h"]);
    }
}
