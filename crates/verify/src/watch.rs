//! An archive that is looked at for ever: what is new since the last look, and what there is now.
//!
//! ```text
//! look ─► place, index ─► verification, with times ─► what is new?  nothing ──────────► state, what went away
//!                              ▲                        │ something                      ▲
//!                              └──── once more, now ◄───┘ still there ── told ───────────┘
//! ```
//! A look is a verification; its index makes it as cheap as what came since. What is wrong is told when two looks in a
//! row find it: tools rename, pack and expire files while somebody looks. The second one comes at once, so that what is
//! true is told within the look that found it. Nothing here depends on how the clock of this machine goes, but ages.

mod memory;
mod pace;
mod passing;
mod state;
mod told;

pub use memory::IndexMemory;
pub use state::{Unreachable, WatchedState, WatchedWal};
pub use told::{ToldFinding, WatchEvent};

use crate::finding::Finding;
use crate::fresh;
use crate::index::Index;
use crate::options::Options;
use crate::reach::Demand;
use crate::repository::{JudgedRepository, OfBackups};
use crate::times::Times;
use crate::{Error, Severity};
use pace::WalPace;
use passing::is_passing;
use pgwal_format::Layout;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_repos::OpenedPlace;
use std::time::{Duration, Instant};
use told::key;

/// More findings than this are not kept one by one.
const TOLD: usize = 1_000;

/// How a place and its index are opened for a look; errors are in words.
pub trait OpenWatched {
    /// The place as it is now.
    ///
    /// # Errors
    /// It is out of reach.
    fn place(&self) -> Result<OpenedPlace, String>;

    /// What was proven before.
    ///
    /// # Errors
    /// It cannot be read.
    fn index(&self) -> Result<Index, String>;

    /// The place is another cluster's now: forget what was proven. False where that is not ours to forget.
    fn forget(&self) -> bool;
}

/// An archive that is looked at for ever.
#[derive(Default)]
pub struct WatchedArchive {
    state: WatchedState,
    told: Vec<ToldFinding>,
    pace: WalPace,
    max_age: Option<Duration>,
}

/// What a look saw: the WAL, its layout, and the findings that are worth telling; or in words why nothing.
type SeenNow = Result<(WatchLook, Vec<Finding>), String>;

struct WatchLook {
    wal: WatchedWal,
    layout: Layout,
}

impl WatchedArchive {
    /// One whose last commit must be at most so old, by the clock of this machine.
    pub fn with_max_age(max_age: Option<Duration>) -> WatchedArchive {
        WatchedArchive { max_age, ..WatchedArchive::default() }
    }

    /// Looks, and tells what is new since the last look. `now`: this machine's time. `None`: the caller asked for an
    /// early end ([`Options::interrupt`]).
    pub fn look(&mut self, place: &dyn OpenWatched, options: &Options<'_>, now: Timestamp) -> Option<Vec<WatchEvent>> {
        let begun = Instant::now();
        let mut seen = self.once(place, options, now);
        if self.is_new(&seen) && !is_stopped(options) {
            seen = self.confirmed(seen, self.once(place, options, now));
        }
        if is_stopped(options) {
            return None;
        }
        let mut events = Vec::new();
        self.state.looks += 1;
        (self.state.looked_at, self.state.took) = (Some(now), begun.elapsed());
        match seen {
            Ok((look, findings)) => self.take(look, findings, &mut events),
            Err(why) => self.lose(why, now, &mut events),
        }
        Some(events)
    }

    /// One verification, with the findings that are worth telling.
    fn once(&self, place: &dyn OpenWatched, options: &Options<'_>, now: Timestamp) -> SeenNow {
        let opened = place.place()?;
        let index = place.index()?;
        let repository = opened.repository.as_ref();
        let options = Options {
            index: Some(&index),
            repository: repository.map(|repository| JudgedRepository { repository, which: OfBackups::All }),
            ..options.clone()
        };
        let severities = options.severities.clone();
        let mut times = match Times::of(opened.source.as_ref(), options) {
            Err(Error::ForeignIndex { .. }) if place.forget() => return Err("it is another cluster's now".to_owned()),
            Err(error) => return Err(error.to_string()),
            Ok(Err(_)) => return Err("no file there says how to read it".to_owned()),
            Ok(Ok(times)) => times,
        };
        if self.max_age.is_some() {
            let demand = Demand { must_reach: None, on: None, max_age: self.max_age, now };
            fresh::demand(&mut times.outcome, demand, &severities);
        }
        let unsaved = index.save().err().map(|error| error.to_string());
        let listed = repository.map(|repository| repository.backups.as_slice());
        let wal = WatchedWal { unsaved, ..WatchedWal::of(&times, listed, now) };
        let told = |finding: &&Finding| finding.severity >= Severity::Warning && !is_passing(finding);
        let findings = times.outcome.counted().filter(told).cloned().collect();
        Ok((WatchLook { wal, layout: *times.layout() }, findings))
    }

    /// What there is.
    pub fn state(&self) -> &WatchedState {
        &self.state
    }

    /// Something is seen that was not told yet.
    fn is_new(&self, seen: &SeenNow) -> bool {
        match seen {
            Ok((_, findings)) => findings.iter().any(|finding| self.told.iter().all(|told| told.key != key(finding))),
            Err(_) => self.state.unreachable.is_none(),
        }
    }

    /// What both looks saw, and what was told before and is still there; the second one is the newer.
    fn confirmed(&self, first: SeenNow, second: SeenNow) -> SeenNow {
        let (look, findings, mut known) = match (first, second) {
            (Ok((_, first)), Ok((look, findings))) => (look, findings, first.iter().map(key).collect::<Vec<_>>()),
            // It was out of reach for a moment: what is wrong will be told by the next look.
            (Err(_), Ok((look, findings))) | (Ok((look, findings)), Err(_)) => (look, findings, Vec::new()),
            (Err(_), Err(why)) => return Err(why),
        };
        known.extend(self.told.iter().map(|told| told.key.clone()));
        Ok((look, findings.into_iter().filter(|finding| known.contains(&key(finding))).collect()))
    }

    fn take(&mut self, look: WatchLook, findings: Vec<Finding>, events: &mut Vec<WatchEvent>) {
        if let Some(unreachable) = self.state.unreachable.take() {
            events.push(WatchEvent::InReach(unreachable));
        }
        let now: Vec<ToldFinding> =
            findings.into_iter().take(TOLD).map(|finding| ToldFinding::of(finding, look.layout)).collect();
        let before = std::mem::take(&mut self.told);
        let gone = |told: &ToldFinding| now.iter().all(|other| other.key != told.key);
        events.extend(before.iter().filter(|told| gone(told)).map(|told| WatchEvent::Gone(Box::new(told.clone()))));
        let new = |told: &&ToldFinding| before.iter().all(|other| other.key != told.key);
        events.extend(now.iter().filter(new).map(|told| WatchEvent::Appeared(Box::new(told.clone()))));
        self.told = now;
        let mut wal = look.wal;
        wal.bytes_per_second = wal.verified_bytes.and_then(|bytes| self.pace.at(Instant::now(), bytes));
        let old = self.state.wal.replace(wal);
        let of = |wal: &WatchedWal| (wal.verdict, wal.timeline, wal.system_id);
        let reach = |wal: &Option<WatchedWal>| wal.as_ref().and_then(|wal| wal.verified_bytes);
        let (was, is) = (reach(&old), reach(&self.state.wal));
        // How far replay comes is told again where that is less than was told, and where it changed its cause.
        let is_cause = |event: &WatchEvent| match event {
            WatchEvent::Appeared(told) | WatchEvent::Gone(told) => told.finding.severity == Severity::Error,
            _ => false,
        };
        let moved = is < was || is != was && events.iter().any(is_cause);
        if moved || old.as_ref().map(of) != self.state.wal.as_ref().map(of) {
            events.push(WatchEvent::State);
        }
    }

    fn lose(&mut self, why: String, now: Timestamp, events: &mut Vec<WatchEvent>) {
        self.state.failed_looks += 1;
        match &mut self.state.unreachable {
            Some(unreachable) => unreachable.why = why,
            none => {
                let unreachable = none.insert(Unreachable { since: now, why });
                events.push(WatchEvent::OutOfReach(unreachable.clone()));
            }
        }
    }
}

fn is_stopped(options: &Options<'_>) -> bool {
    options.interrupt.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed))
}
