//! How far the standbys and the archiver of a running server are behind it.

pub mod json;
pub mod nagios;
pub mod prometheus;
pub mod text;

use crate::figures::bytes;
use crate::time::Zone;
use crate::verify::PluginStatus;
use pgwal_query::lag::{FollowerLag, LagJudgement, Limits, LiveLag, SlotLag, StageLag};
use pgwal_verify::reach::span;
use std::time::Duration;

/// A measurement and what was allowed.
pub struct LiveLagAnswer<'a> {
    /// What was measured.
    pub lag: &'a LiveLag,
    /// What was allowed.
    pub limits: &'a Limits,
    /// What that comes to.
    pub judged: LagJudgement,
    /// The zone in which people are told times.
    pub zone: Zone,
}

impl LiveLagAnswer<'_> {
    /// How a plugin of a monitoring system ends.
    pub fn status(&self) -> PluginStatus {
        match self.judged {
            LagJudgement::Fine => PluginStatus::Ok,
            LagJudgement::Warning => PluginStatus::Warning,
            LagJudgement::Unknown => PluginStatus::Unknown,
            LagJudgement::TooFar => PluginStatus::Critical,
        }
    }

    /// The one that is farthest behind, and the stage by which it is.
    fn farthest(&self) -> Option<(&FollowerLag, &StageLag)> {
        let known = self.lag.followers.iter().filter_map(|follower| Some((follower, follower.last()?)));
        known.max_by_key(|(_, stage)| (stage.bytes, stage.waits_micros()))
    }

    /// The first sentence.
    fn headline(&self) -> String {
        let unknown = self.lag.followers.iter().find_map(|follower| Some((follower, follower.unknown.as_ref()?)));
        let all = match self.farthest() {
            _ if self.limits.are_of_nothing(self.lag) => {
                format!("No standby streams from {}, and nothing is archived: nothing is measured.", self.lag.name)
            }
            _ if self.lag.followers.is_empty() => format!("No standby streams from {}.", self.lag.name),
            Some((follower, stage)) if stage.bytes > 0 => {
                format!("{} is {} behind{}.", called(follower), bytes(stage.bytes.into()), self.waits(stage))
            }
            Some((_, stage)) => format!("Every standby that is known has {} everything.", stage.stage.name()),
            None => "No standby says how far it is.".to_owned(),
        };
        let unknown = unknown.map(|(follower, why)| format!(" {}: {why}.", called(follower)));
        let owed = self.lag.archiver.as_ref().and_then(|archiver| archiver.ready.as_ref().ok());
        let owed = owed.filter(|ready| ready.count > 0).map(|ready| {
            let since = self.lag.archiver.as_ref().and_then(|archiver| archiver.owed_micros).map(lasted);
            let since = since.map(|since| format!(", the first for {since}")).unwrap_or_default();
            format!(" {} for the archiver{since}.", segments(ready.count, "wait"))
        });
        let archiver = [owed.unwrap_or_default(), self.failing_archiver(), self.unknown_archiver()].concat();
        all + &unknown.unwrap_or_default() + &archiver + &self.slots()
    }

    /// That nothing gets into the archive.
    fn failing_archiver(&self) -> String {
        let failing = self.lag.archiver.as_ref().filter(|archiver| archiver.is_failing);
        let last = failing.and_then(|archiver| archiver.failed.as_ref());
        last.map(|(file, _)| format!(" The archiver fails ({file}): the server's log says why.")).unwrap_or_default()
    }

    /// What slots have lost, or are about to lose.
    fn slots(&self) -> String {
        let slots = || self.lag.slots.iter().flatten();
        let lost = slots().filter(|slot| slot.is_lost());
        let why = |slot: &SlotLag| match slot.facts.reason.as_deref().filter(|_| !slot.lacks_wal()) {
            Some(reason) => format!(" Slot {} was given up ({reason}).", slot.facts.name),
            None => format!(" Slot {} was given up: WAL that it needs is gone.", slot.facts.name),
        };
        let lost = lost.map(why);
        let behind = slots().filter(|slot| slot.is_unreserved() && !slot.is_lost());
        let behind = behind.map(|slot| format!(" Slot {} is about to be given up.", slot.facts.name));
        lost.chain(behind).take(5).collect()
    }

    /// Why a limit for the archiver could not be looked at.
    fn unknown_archiver(&self) -> String {
        match self.lag.archiver.as_ref().map(|archiver| &archiver.ready) {
            Some(Err(why)) if self.limits.of_archiver(self.lag) == LagJudgement::Unknown => {
                format!(" Which segments wait for the archiver is not known: {why}.")
            }
            _ => String::new(),
        }
    }

    /// What waits: `; oldest commit not yet replayed: 2026-11-20 14:02:11+01:00, 3 s ago`.
    fn waits(&self, stage: &StageLag) -> String {
        let Some(wal) = stage.wal else { return String::new() };
        let of = stage.stage.name();
        match (wal.waiting.oldest, wal.micros) {
            (Some(oldest), Some(micros)) => {
                let time = self.zone.local(oldest).unwrap_or_default();
                format!("; oldest commit not yet {of}: {time}, {} ago", lasted(micros))
            }
            (None, Some(_)) => format!("; no commit in between is not yet {of}"),
            (_, None) => format!("; the oldest commit not yet {of} is not in the WAL at hand"),
        }
    }
}

/// As a user knows it.
fn called(follower: &FollowerLag) -> &str {
    if follower.name.is_empty() { "a standby without a name" } else { &follower.name }
}

fn lasted(micros: u64) -> String {
    let duration = Duration::from_micros(micros);
    if duration < Duration::from_secs(10) { format!("{:.1} s", duration.as_secs_f64()) } else { span(duration) }
}

/// `1 segment waits`, `2 segments wait`.
fn segments(count: u64, verb: &str) -> String {
    let ending = if count == 1 { "s" } else { "" };
    format!("{} {verb}{ending}", crate::figures::counted(count.into(), "segment"))
}
