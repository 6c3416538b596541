//! How far behind is too far.

use super::kept::SlotLag;
use super::measure::{FollowerLag, LiveLag};
use std::time::Duration;

/// So much is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LagLimit {
    /// Bytes of WAL.
    Bytes(u64),
    /// Since the oldest commit that waits.
    Time(Duration),
}

/// From where on it is a warning, and from where on it is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// More than any of these is worth a warning.
    pub warn: Vec<LagLimit>,
    /// More than any of these is too much.
    pub crit: Vec<LagLimit>,
}

/// What a measurement comes to. What outranks another is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LagJudgement {
    /// Nothing is too far behind.
    Fine,
    /// Worth a warning.
    Warning,
    /// Something that was asked for could not be told.
    Unknown,
    /// Too far behind.
    TooFar,
}

/// A limit that is passed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PassedLimit {
    /// By this standby; `None`: by the archiver.
    pub who: Option<String>,
    /// So much is allowed.
    pub limit: LagLimit,
    /// So much it is.
    pub amount: LagLimit,
    /// What that comes to.
    pub judged: LagJudgement,
}

/// Whether a limit is passed; `None` where nobody knows.
fn passes(limit: LagLimit, bytes: Option<u64>, micros: Option<u64>) -> Option<bool> {
    match limit {
        LagLimit::Bytes(allowed) => bytes.map(|bytes| bytes > allowed),
        LagLimit::Time(allowed) => micros.map(|micros| u128::from(micros) > allowed.as_micros()),
    }
}

impl Limits {
    fn judge(&self, bytes: Option<u64>, micros: Option<u64>) -> LagJudgement {
        let asked = |limits: &[LagLimit], passed: LagJudgement| {
            let each = limits.iter().map(|&limit| match passes(limit, bytes, micros) {
                Some(true) => passed,
                Some(false) => LagJudgement::Fine,
                None => LagJudgement::Unknown,
            });
            each.max().unwrap_or(LagJudgement::Fine)
        };
        asked(&self.crit, LagJudgement::TooFar).max(asked(&self.warn, LagJudgement::Warning))
    }

    /// Of one standby, by the last stage that it has.
    pub fn of_follower(&self, follower: &FollowerLag) -> LagJudgement {
        match (&follower.unknown, follower.last()) {
            (Some(_), _) => LagJudgement::Unknown,
            (None, Some(stage)) => self.judge(Some(stage.bytes), stage.waits_micros()),
            (None, None) => LagJudgement::Unknown,
        }
    }

    /// Every limit that something passes: those for exit code 1 first.
    pub fn passed(&self, lag: &LiveLag) -> Vec<PassedLimit> {
        let of = |who: Option<&str>, bytes: Option<u64>, micros: Option<u64>| {
            let each = |limits: &[LagLimit], judged: LagJudgement| -> Vec<PassedLimit> {
                let beyond = limits.iter().filter(|limit| passes(**limit, bytes, micros) == Some(true));
                let found = |limit: &LagLimit| PassedLimit {
                    who: who.map(str::to_owned),
                    limit: *limit,
                    amount: match limit {
                        LagLimit::Bytes(_) => LagLimit::Bytes(bytes.unwrap_or_default()),
                        LagLimit::Time(_) => LagLimit::Time(Duration::from_micros(micros.unwrap_or_default())),
                    },
                    judged,
                };
                beyond.map(found).collect()
            };
            [each(&self.crit, LagJudgement::TooFar), each(&self.warn, LagJudgement::Warning)].concat()
        };
        let known = lag.followers.iter().filter(|follower| follower.unknown.is_none());
        let known = known.filter_map(|follower| Some((follower, follower.last()?)));
        let mut out: Vec<PassedLimit> = known
            .flat_map(|(follower, stage)| of(Some(&follower.name), Some(stage.bytes), stage.waits_micros()))
            .collect();
        out.extend(lag.archiver.iter().flat_map(|archiver| of(None, archiver.owed_bytes, archiver.owed_micros)));
        out.sort_by_key(|passed| std::cmp::Reverse(passed.judged));
        out
    }

    /// Of what the archiver owes: whole segments, and since when the first of them waits. That it fails is worth a
    /// warning, whatever is allowed: nothing gets into the archive until somebody mends it.
    pub fn of_archiver(&self, lag: &LiveLag) -> LagJudgement {
        let Some(archiver) = &lag.archiver else { return LagJudgement::Fine };
        let failing = if archiver.is_failing { LagJudgement::Warning } else { LagJudgement::Fine };
        failing.max(self.judge(archiver.owed_bytes, archiver.owed_micros))
    }

    /// Of a slot, whatever is allowed: wrong where what it is there for is gone, since whoever uses it has to be made
    /// anew; worth a warning where that is about to go.
    pub fn of_slot(&self, slot: &SlotLag) -> LagJudgement {
        if slot.is_lost() {
            LagJudgement::TooFar
        } else if slot.is_unreserved() {
            LagJudgement::Warning
        } else {
            LagJudgement::Fine
        }
    }

    /// They are given, and nothing is there that they could be of: who was there may be gone.
    pub fn are_of_nothing(&self, lag: &LiveLag) -> bool {
        let given = !self.warn.is_empty() || !self.crit.is_empty();
        given && lag.followers.is_empty() && lag.archiver.is_none()
    }

    /// Of all together.
    pub fn of(&self, lag: &LiveLag) -> LagJudgement {
        let nothing = self.are_of_nothing(lag).then_some(LagJudgement::Unknown);
        let followers = lag.followers.iter().map(|follower| self.of_follower(follower));
        let slots = lag.slots.iter().flatten().map(|slot| self.of_slot(slot));
        nothing.into_iter().chain(followers).chain(slots).max().unwrap_or(LagJudgement::Fine).max(self.of_archiver(lag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lag::facts::{ServerFacts, dialect_of};
    use crate::lag::measure::measure;

    fn lag(answer: &str) -> LiveLag {
        let (dialect, _) = dialect_of("version=150004\n").unwrap();
        let answer = format!("{answer}recovers=no\ncurrent=0/500100\nsegment_size=1MB\nclock=1700000060000000\n");
        measure("p", &ServerFacts::of(dialect, &answer).unwrap(), Vec::new(), None).unwrap()
    }

    /// A standby that dies must not make an alarm fall silent.
    #[test]
    fn where_nothing_is_measured_no_limit_is_kept() {
        let crit = Limits { warn: Vec::new(), crit: vec![LagLimit::Bytes(1 << 30)] };
        let warn = Limits { warn: vec![LagLimit::Bytes(1 << 30)], crit: Vec::new() };
        for (answer, limited, free) in [
            ("archive_mode=off\n", LagJudgement::Unknown, LagJudgement::Fine),
            // An archiver that does not say what waits.
            ("archive_mode=on\n", LagJudgement::Unknown, LagJudgement::Fine),
            (
                "archive_mode=off\nstandby=61||streaming|async|0/500100|0/500100|0/500100|0/500000\n",
                LagJudgement::Fine,
                LagJudgement::Fine,
            ),
            ("archive_mode=off\nstandby=61||startup|async||||\n", LagJudgement::Unknown, LagJudgement::Unknown),
        ] {
            let lag = lag(answer);
            assert_eq!([crit.of(&lag), warn.of(&lag)], [limited; 2], "{answer}");
            assert_eq!(Limits::default().of(&lag), free, "{answer}");
        }
    }

    /// What is given up stays so, whatever else is not known.
    #[test]
    fn a_slot_that_is_given_up_is_wrong() {
        let limited = Limits { warn: Vec::new(), crit: vec![LagLimit::Bytes(1 << 30)] };
        for (status, free, judged) in [
            ("lost", LagJudgement::TooFar, LagJudgement::TooFar),
            ("unreserved", LagJudgement::Warning, LagJudgement::Unknown),
            ("extended", LagJudgement::Fine, LagJudgement::Unknown),
        ] {
            let lag = lag(&format!("archive_mode=off\nslots=1\nslot=6f776e|physical|false|0/400000|{status}|||\n"));
            assert_eq!((Limits::default().of(&lag), limited.of(&lag)), (free, judged), "{status}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_fine() {
        let minute = LagLimit::Time(Duration::from_secs(60));
        let limits = Limits { warn: vec![LagLimit::Bytes(10)], crit: vec![minute] };
        for (bytes, micros, judged) in [
            (Some(10), Some(60_000_000), LagJudgement::Fine),
            (Some(11), Some(60_000_000), LagJudgement::Warning),
            (Some(11), Some(60_000_001), LagJudgement::TooFar),
            (Some(11), None, LagJudgement::Unknown),
            (None, Some(60_000_001), LagJudgement::TooFar),
        ] {
            assert_eq!(limits.judge(bytes, micros), judged, "{bytes:?} {micros:?}");
        }
        assert_eq!(Limits::default().judge(None, None), LagJudgement::Fine);
    }
}
