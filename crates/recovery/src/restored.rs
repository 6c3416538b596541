//! A cluster after its restore: where its recovery ended, by what it left in its data directory.
//!
//! ```text
//! pg_wal/00000003.history   1  0/5000000   2  0/7A01C8      the last line is where the new timeline 3 begins: the end
//! global/pg_control         "in production", timeline 3     up to the first checkpoint still that of before
//! backup_label.old          where its recovery began
//! ```
//! A server writes the history file of its new timeline when it is promoted, and never again: it is the best witness,
//! of the time as well.
//! One that is still in recovery says in pg_control only how far it got at least.

mod seen;
mod server;

pub use seen::ClusterSeen;
pub use server::{SERVER_CONF, SERVER_FACTS, SERVER_HISTORY, SERVER_LABEL};

use crate::backup::{self, Backup, SettingsFile, StartFiles};
use pgwal_archive::Error;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ControlState;
use pgwal_format::text::history::{self, Ancestor, Switch};
use pgwal_format::{FileName, Lsn, TimelineId, Version};
use pgwal_source::{Entry, Source, SourceError};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// A cluster after its restore.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestoredCluster {
    /// As the user named it.
    pub place: String,
    /// The state that its control file says.
    pub state: ControlState,
    /// The cluster.
    pub system_id: u64,
    /// The timeline on which it is now.
    pub timeline: TimelineId,
    /// What its history file says of that, where it is known.
    pub ancestors: Option<Vec<Ancestor>>,
    /// When its recovery had ended at the latest: when that file was written.
    pub ended: Option<Timestamp>,
    /// How far it has replayed at least.
    pub at_least: Lsn,
    /// Positions to which it has replayed, each with the timeline on which it was then; of none where nothing says it.
    pub reached: Vec<(TimelineId, Lsn)>,
    /// Its recovery has ended, and no checkpoint was made since: the control file has the timeline of before.
    pub lacks_checkpoint: bool,
    /// It was not started yet: `backup_label` is still there.
    pub is_unstarted: bool,
    /// The backup with which it began, as its `backup_label` tells.
    pub began: Option<Backup>,
    /// Its files of settings, in order of precedence.
    pub settings: Vec<SettingsFile>,
    /// How it was looked at.
    pub seen: ClusterSeen,
    /// Although `backup_label` is still there, a server was started on it.
    pub was_started: bool,
    /// Who asks names another target than its settings do.
    pub other_target: bool,
}

/// More than any history file has.
const LONGEST_HISTORY: u64 = 1 << 20;
/// More than any file of settings has.
const LONGEST_CONF: u64 = 16 << 20;

impl RestoredCluster {
    /// Looks at a data directory.
    ///
    /// # Errors
    /// It cannot be looked at, or has no control file that is whole.
    pub fn read(data: &Path) -> Result<RestoredCluster, Error> {
        let files = StartFiles::read(data)?;
        let control = files.control.ok_or_else(|| SourceError::Reported {
            text: format!("{}: no data directory with a whole global/pg_control", data.display()),
        })?;
        let mut own = RestoredCluster {
            place: data.display().to_string(),
            state: control.state,
            system_id: control.system_id,
            timeline: control.timeline,
            ancestors: None,
            ended: None,
            at_least: control.min_recovery_point.unwrap_or(Lsn::ZERO).max(control.checkpoint),
            reached: reached(
                (control.min_recovery_timeline, control.min_recovery_point),
                (control.timeline, control.checkpoint),
            ),
            lacks_checkpoint: control.min_recovery_point.is_some() && !is_of_recovery(control.state),
            is_unstarted: data.join("backup_label").is_file(),
            began: Some(data.join("backup_label.old"))
                .filter(|label| label.is_file())
                .map(|l| backup::open(&l))
                .transpose()?,
            settings: files.settings,
            seen: ClusterSeen::of(data),
            was_started: seen::was_started(data),
            other_target: false,
        };
        own.add_used_settings(data, files.version);
        let Some(wal) = ["pg_wal", "pg_xlog"].map(|name| data.join(name)).into_iter().find(|wal| wal.is_dir()) else {
            return Ok(own);
        };
        let source = pgwal_source::open(&[wal])?;
        let listing = source.list()?;
        let histories = listing.entries.iter().filter_map(|entry| match entry.name {
            Some(FileName::History(timeline)) => Some((timeline, entry)),
            _ => None,
        });
        // Until the first checkpoint behind its promotion, pg_control has the timeline of before.
        let newest = histories.max_by_key(|(timeline, _)| *timeline);
        if let Some((timeline, entry)) =
            newest.filter(|(timeline, _)| *timeline >= own.timeline && !own.is_in_recovery())
        {
            let (bytes, _) = source.small(entry, LONGEST_HISTORY)?;
            own.take_newest(timeline, &bytes, written(source.as_ref(), entry));
        }
        Ok(own)
    }

    /// Takes the newest history file of its own folder, and when it was written.
    fn take_newest(&mut self, timeline: TimelineId, bytes: &[u8], written: Option<Timestamp>) {
        (self.timeline, self.lacks_checkpoint) = (timeline, self.lacks_checkpoint && timeline == self.timeline);
        self.ancestors = history::parse(bytes, timeline).ok().filter(|ancestors| !ancestors.is_empty());
        self.ended = written.filter(|_| self.ancestors.is_some());
    }

    /// Reads what `pg_controldata` printed, in English.
    ///
    /// # Errors
    /// It does not say what is needed.
    pub fn of_controldata(text: &str) -> Result<RestoredCluster, Error> {
        let says = |label: &str| {
            let line = text.lines().find_map(|line| line.trim_start().strip_prefix(label));
            line.map(str::trim).ok_or_else(|| SourceError::Reported {
                text: format!("this is not what pg_controldata prints in English: it has no line \"{label}\""),
            })
        };
        let number = |label: &str| -> Result<u64, SourceError> {
            let text = says(label)?;
            text.parse().map_err(|_| SourceError::Reported { text: format!("\"{label}\" is followed by {text}") })
        };
        let position = |label: &str| says(label).ok().and_then(|text| text.parse::<Lsn>().ok()).unwrap_or(Lsn::ZERO);
        let timeline_of = |label: &str| says(label).ok().and_then(|text| text.parse().ok()).map(TimelineId);
        let state = says("Database cluster state:")?;
        let state = ControlState::named(state)
            .ok_or_else(|| SourceError::Reported { text: format!("no server has the state {state}") })?;
        let timeline = number("Latest checkpoint's TimeLineID:")?;
        let min_recovery_point = position("Minimum recovery ending location:");
        Ok(RestoredCluster {
            place: "pg_controldata".to_owned(),
            state,
            lacks_checkpoint: min_recovery_point > Lsn::ZERO && !is_of_recovery(state),
            system_id: number("Database system identifier:")?,
            timeline: TimelineId(u32::try_from(timeline).unwrap_or(0)),
            ancestors: None,
            ended: None,
            at_least: min_recovery_point.max(position("Latest checkpoint location:")),
            reached: reached(
                (timeline_of("Min recovery ending loc's timeline:"), Some(min_recovery_point)),
                (TimelineId(u32::try_from(timeline).unwrap_or(0)), position("Latest checkpoint location:")),
            ),
            is_unstarted: false,
            began: None,
            settings: Vec::new(),
            seen: ClusterSeen::Printed,
            was_started: false,
            other_target: false,
        })
    }

    /// Its recovery goes on, or was stopped.
    pub fn is_in_recovery(&self) -> bool {
        is_of_recovery(self.state)
    }

    /// Unfinished segments were taken as well, by its `restore_command`.
    pub fn takes_partials(&self) -> bool {
        seen::takes_partials(&self.settings)
    }

    /// The target of its own settings, as a line of them.
    pub fn aim(&self) -> Option<String> {
        seen::aim(&self.settings)
    }

    /// Where its recovery stopped at a target, as its history says (`getRecoveryStopReason`), and nothing at hand names
    /// that target: neither SQL up to 11 nor pg_controldata shows settings of a recovery.
    pub fn unknown_aim(&self) -> Option<&str> {
        const STOPPED: [&str; 4] = ["before ", "after ", "at restore point ", "reached consistency"];
        let shows_none = matches!(self.seen, ClusterSeen::Server | ClusterSeen::Printed) && self.aim().is_none();
        let reason = self.ancestors.as_ref().and_then(|all| all.last()).map(|last| last.reason.as_str());
        reason.filter(|why| shows_none && STOPPED.iter().any(|stopped| why.starts_with(stopped)))
    }

    /// Takes the history of its timeline from elsewhere, where its own folder does not have it.
    pub fn add_history(&mut self, archive: &dyn Source) -> Result<(), Error> {
        if self.ancestors.is_none() && self.timeline > TimelineId::FIRST && !self.is_in_recovery() {
            (self.ancestors, self.ended) = history_in(archive, self.timeline)?.unzip();
        }
        Ok(())
    }

    /// The timelines of an archive that this cluster wrote after its recovery: its own, and those that descend from it.
    /// They say nothing of where it should have ended.
    ///
    /// # Errors
    /// The archive cannot be listed.
    pub fn own_timelines(&self, archive: &dyn Source) -> Result<BTreeSet<TimelineId>, Error> {
        let mut own = BTreeSet::new();
        let Some(ancestors) = self.ancestors.as_ref().filter(|_| !self.is_in_recovery()) else { return Ok(own) };
        if let Some((there, _)) = history_in(archive, self.timeline)?
            && ways(&there) != ways(ancestors)
        {
            // Another cluster's, of the same number.
            return Ok(own);
        }
        own.insert(self.timeline);
        for entry in archive.list()?.entries {
            let Some(FileName::History(timeline)) = entry.name else { continue };
            let (bytes, _) = archive.small(&entry, LONGEST_HISTORY)?;
            let descends = history::parse(&bytes, timeline)
                .is_ok_and(|all| all.iter().any(|ancestor| ancestor.timeline == self.timeline));
            own.extend(descends.then_some(timeline));
        }
        Ok(own)
    }

    /// The timelines along which its recovery went, oldest first, each with the position at which it was left, the last
    /// with the end. `None` where the history does not say it: up to 9.2 it has segments only.
    pub fn way(&self) -> Option<Vec<(TimelineId, Lsn)>> {
        // A recovery that ended in front of where a timeline on its way begins names that one all the same.
        let passed = history::passed(self.ancestors.as_ref()?);
        let all = passed.iter().map(|ancestor| match ancestor.switch {
            Switch::At(lsn) => Some((ancestor.timeline, lsn)),
            Switch::In(_) => None,
        });
        all.collect::<Option<Vec<_>>>().filter(|way| !way.is_empty())
    }

    /// Up to 11, a server renames the file with the settings of its recovery when that is over.
    fn add_used_settings(&mut self, data: &Path, version: Option<Version>) {
        if version.is_none_or(|version| SettingRules::of(version).recovery_conf.is_none()) {
            return;
        }
        let done = data.join("recovery.done");
        let bytes = std::fs::metadata(&done).ok().filter(|found| found.is_file() && found.len() <= LONGEST_CONF);
        if let Some(bytes) = bytes.and_then(|_| std::fs::read(&done).ok()) {
            self.settings.push(SettingsFile::parse("recovery.conf", &bytes, version));
        }
    }
}

/// Where recovery ends at the earliest, and the last checkpoint: each stands in the control file with its timeline.
fn reached((timeline, at): (Option<TimelineId>, Option<Lsn>), checkpoint: (TimelineId, Lsn)) -> Vec<(TimelineId, Lsn)> {
    let is_set = |at: &Lsn| *at > Lsn::ZERO;
    let end = timeline.filter(|own| own.0 > 0).zip(at.filter(is_set));
    end.into_iter().chain(Some(checkpoint).filter(|(_, at)| is_set(at))).collect()
}

fn is_of_recovery(state: ControlState) -> bool {
    matches!(state, ControlState::InArchiveRecovery | ControlState::ShutDownInRecovery)
}

/// The history of a timeline, and when it was written there.
fn history_in(source: &dyn Source, timeline: TimelineId) -> Result<Option<(Vec<Ancestor>, Timestamp)>, Error> {
    for entry in source.find(&pgwal_source::NameSought::One(FileName::History(timeline)))?.entries {
        let (bytes, _) = source.small(&entry, LONGEST_HISTORY)?;
        if let Ok(ancestors) = history::parse(&bytes, timeline)
            && !ancestors.is_empty()
        {
            // Where that is not known, all that is here may have been there.
            let written = written(source, &entry).unwrap_or(Timestamp::from_unix_micros(i64::MAX / 2));
            return Ok(Some((ancestors, written)));
        }
    }
    Ok(None)
}

fn written(source: &dyn Source, entry: &Entry) -> Option<Timestamp> {
    let since = source.stamp(entry)?.written().duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_micros(i64::try_from(since.as_micros()).ok()?))
}

fn ways(ancestors: &[Ancestor]) -> Vec<(TimelineId, Switch)> {
    ancestors.iter().map(|ancestor| (ancestor.timeline, ancestor.switch)).collect()
}

/// How the way of a recovery and the one that it should have taken go together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaysMeet {
    /// They are one.
    Same,
    /// It ended on the right way, here, in front of where it should have.
    Early(Lsn),
    /// It ended behind where it should have, which is here.
    Beyond(Lsn),
    /// From here on it went another way.
    Apart(Lsn),
}

/// Compares the way of a recovery with the one that it should have taken; each timeline with where it is left, the last
/// with the end.
pub fn meet(taken: &[(TimelineId, Lsn)], right: &[(TimelineId, Lsn)]) -> WaysMeet {
    let mut common = Lsn::ZERO;
    let (mut taken, mut right) = (taken.iter().peekable(), right.iter().peekable());
    loop {
        match (taken.next(), right.next()) {
            (None, None) => return WaysMeet::Same,
            (None, Some(_)) => return WaysMeet::Early(common),
            (Some(_), None) => return WaysMeet::Beyond(common),
            (Some(own), Some(should)) if own.0 != should.0 => return WaysMeet::Apart(common),
            (Some((_, own)), Some((_, should))) if own == should => common = *own,
            (Some((_, own)), Some((_, should))) => {
                let (ends, should_end) = (taken.peek().is_none(), right.peek().is_none());
                return match () {
                    () if own < should && ends => WaysMeet::Early(*own),
                    () if own > should && should_end => WaysMeet::Beyond(*should),
                    () => WaysMeet::Apart(*own.min(should)),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str) -> Vec<(TimelineId, Lsn)> {
        let one = |word: &str| {
            let (timeline, at) = word.split_once('@').unwrap();
            (TimelineId(timeline.parse().unwrap()), Lsn::new(at.parse::<u64>().unwrap() << 20))
        };
        text.split_whitespace().map(one).collect()
    }

    #[test]
    fn ways_meet() {
        let at = |megabytes: u64| Lsn::new(megabytes << 20);
        for (taken, right, how) in [
            ("1@9", "1@9", WaysMeet::Same),
            ("1@5 2@9", "1@5 2@9", WaysMeet::Same),
            ("1@5", "1@9", WaysMeet::Early(at(5))),
            ("1@5", "1@5 2@9", WaysMeet::Early(at(5))),
            ("1@4", "1@5 2@9", WaysMeet::Early(at(4))),
            ("1@5 2@7", "1@5 2@9", WaysMeet::Early(at(7))),
            ("1@9", "1@5", WaysMeet::Beyond(at(5))),
            ("1@9", "1@5 2@9", WaysMeet::Apart(at(5))),
            ("1@3 2@9", "1@5", WaysMeet::Apart(at(3))),
            ("1@5 3@9", "1@5 2@9", WaysMeet::Apart(at(5))),
            ("2@9", "1@9", WaysMeet::Apart(at(0))),
        ] {
            assert_eq!(meet(&way(taken), &way(right)), how, "{taken} for {right}");
        }
    }

    fn cluster(history: &str, timeline: u32) -> RestoredCluster {
        let text = "Database system identifier:           7\n\
                    Database cluster state:               in production\n\
                    Latest checkpoint location:           0/6000028\n\
                    Latest checkpoint's TimeLineID:       3\n\
                    Minimum recovery ending location:     0/0\n";
        let mut cluster = RestoredCluster::of_controldata(text).unwrap();
        assert_eq!((cluster.timeline, cluster.at_least, cluster.system_id), (TimelineId(3), Lsn::new(0x600_0028), 7));
        cluster.ancestors = history::parse(history.as_bytes(), TimelineId(timeline)).ok();
        cluster
    }

    #[test]
    fn a_recovery_that_ended_in_front_of_a_fork_names_the_child() {
        let ended = cluster("1\t0/5000000\tx\n\n2\t0/3000000\ty\n", 3).way();
        assert_eq!(ended, Some(vec![(TimelineId(1), Lsn::new(0x300_0000))]));
        let usual = cluster("1\t0/3000000\tx\n2\t0/5000000\ty\n", 3).way().unwrap();
        assert_eq!(usual.last(), Some(&(TimelineId(2), Lsn::new(0x500_0000))));
        assert_eq!(cluster("1\t000000010000000000000005\tx\n", 2).way(), None);
    }

    #[test]
    fn what_is_not_what_pg_controldata_prints() {
        assert!(RestoredCluster::of_controldata("Datenbank-Cluster-Status: im Produktionsmodus\n").is_err());
    }
}
