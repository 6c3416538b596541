//! Distances between what servers say, with what the WAL at hand says of them.

use super::facts::{ConnectedStandby, ReadyFiles, ServerFacts};
use super::kept::{self, SlotLag};
use super::tail::WrittenTail;
use crate::between::{Compared, WaitingWal};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Dialect, Lsn, SegmentName, SegmentSize, TimelineId};
use std::collections::BTreeMap;

/// How far WAL has come on its way to a standby.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LagStage {
    /// The primary has sent it.
    Sent,
    /// The standby has given it to its operating system.
    Written,
    /// The standby has it on disk.
    Flushed,
    /// The standby shows it.
    Replayed,
}

impl LagStage {
    /// As `pg_stat_replication` has them, in order.
    pub const ALL: [LagStage; 4] = [LagStage::Sent, LagStage::Written, LagStage::Flushed, LagStage::Replayed];

    /// As JSON and metrics name it.
    pub const fn name(self) -> &'static str {
        match self {
            LagStage::Sent => "sent",
            LagStage::Written => "written",
            LagStage::Flushed => "flushed",
            LagStage::Replayed => "replayed",
        }
    }
}

/// What the WAL at hand says of a distance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalBehind {
    /// Records, commits, and the oldest of them.
    pub waiting: WaitingWal,
    /// Microseconds since that commit, by the primary's clock; none where nothing waits; `None` where it is not known.
    pub micros: Option<u64>,
}

/// One stage of a standby.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StageLag {
    /// Which.
    pub stage: LagStage,
    /// How far it is.
    pub at: Lsn,
    /// Bytes that the primary is ahead.
    pub bytes: u64,
    /// Whole segments of that.
    pub segments: u64,
    /// What lies between, where the WAL is at hand.
    pub wal: Option<WalBehind>,
}

impl StageLag {
    /// Microseconds since the oldest commit that waits.
    pub fn waits_micros(&self) -> Option<u64> {
        if self.bytes == 0 { Some(0) } else { self.wal.and_then(|wal| wal.micros) }
    }
}

/// How a standby is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FollowerKind {
    /// The primary sends to it: address, state, `sync_state`.
    Connected {
        /// Empty where it came by a socket.
        address: String,
        /// `streaming`, `catchup` …
        state: String,
        /// `async`, `sync` …
        sync: String,
    },
    /// It was asked itself.
    Asked,
}

/// A standby, or whoever else takes WAL from a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FollowerLag {
    /// Its `application_name`, or how it is reached.
    pub name: String,
    /// How it is known.
    pub kind: FollowerKind,
    /// Stages that are known, in order.
    pub stages: Vec<StageLag>,
    /// Microseconds since it last told them, by the primary's clock.
    pub told_micros: Option<u64>,
    /// Why nothing is known of it.
    pub unknown: Option<String>,
}

/// What only receives tells how far it is every 10 seconds by itself, as `pg_receivewal` does; nothing is late so long.
const BETWEEN_REPORTS: u64 = 15_000_000;

impl FollowerLag {
    /// The last stage that it has: what receives and does not replay has no last one. Where all that waits there came
    /// since it last told, it was at the end then, and what it was sent counts.
    pub fn last(&self) -> Option<&StageLag> {
        let last = self.stages.last()?;
        let told = self.told_micros.filter(|told| *told < BETWEEN_REPORTS && last.stage != LagStage::Replayed);
        let is_since = |told: u64| last.waits_micros().is_none_or(|waits| waits <= told);
        if last.bytes > 0 && told.is_some_and(is_since) { self.stages.first() } else { Some(last) }
    }
}

/// What an archiver has still to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiverLag {
    /// The first position that is not archived, as far as it is known.
    pub archived_to: Option<Lsn>,
    /// Bytes from there on that the primary has written, those of the unfinished segment included.
    pub behind_bytes: Option<u64>,
    /// What lies between.
    pub wal: Option<WalBehind>,
    /// Segments that are finished and wait, or why they are not known.
    pub ready: Result<ReadyFiles, String>,
    /// Bytes of them.
    pub owed_bytes: Option<u64>,
    /// Microseconds since the first of them waits, by the primary's clock; 0 where none does.
    pub owed_micros: Option<u64>,
    /// The last file that was archived, and when.
    pub archived: Option<(String, Option<Timestamp>)>,
    /// The last file that could not be, and when.
    pub failed: Option<(String, Option<Timestamp>)>,
    /// The last attempt failed.
    pub is_failing: bool,
    /// Failures since the counters were reset.
    pub failures: u64,
}

/// The WAL at hand.
pub struct WalAtHand<'a> {
    /// Where it lies, for people.
    pub place: String,
    /// It.
    pub archive: &'a Compared,
    /// What was read of it as it was written.
    pub tail: Option<&'a WrittenTail>,
}

impl WalAtHand<'_> {
    fn waiting(&self, low: Lsn, high: Lsn) -> Option<WaitingWal> {
        let read = self.tail.and_then(|tail| tail.waiting(low, high, &self.archive.layout));
        read.or_else(|| self.archive.waiting(low, high).ok())
    }
}

/// A standby that was to be asked, and what it said.
pub struct UnaskedStandby {
    /// How it is reached.
    pub name: String,
    /// What it said; in words why nothing.
    pub facts: Result<ServerFacts, String>,
}

/// A server and who is behind it.
#[derive(Clone, Debug)]
pub struct LiveLag {
    /// How it is reached.
    pub name: String,
    /// The facts of its version.
    pub dialect: &'static Dialect,
    /// How far it is.
    pub position: Lsn,
    /// Its timeline, where it is no standby itself.
    pub timeline: Option<TimelineId>,
    /// It is a standby itself.
    pub recovers: bool,
    /// Bytes of a segment.
    pub segment_size: SegmentSize,
    /// Its clock.
    pub clock: Timestamp,
    /// Those that stream from it, then those that were asked.
    pub followers: Vec<FollowerLag>,
    /// Its archiver; `None` where it has none.
    pub archiver: Option<ArchiverLag>,
    /// Where the WAL lies that was read; `None`: none was at hand.
    pub wal: Option<String>,
    /// Its replication slots; `None` where it did not say.
    pub slots: Option<Vec<SlotLag>>,
}

/// Measures. The facts of the standbys should be older than those of the primary: WAL that came in between is lag, and
/// not the other way round.
///
/// # Errors
/// In words: the server does not say how far it is.
pub fn measure(
    name: &str,
    primary: &ServerFacts,
    standbys: Vec<UnaskedStandby>,
    wal: Option<WalAtHand<'_>>,
) -> Result<LiveLag, String> {
    let position = primary.position.ok_or("it does not say how far it is")?;
    let mut ruler = Ruler { primary, position, wal: wal.as_ref(), read: BTreeMap::new() };
    let mut followers: Vec<FollowerLag> = primary.standbys.iter().map(|row| ruler.connected(row)).collect();
    for standby in standbys {
        let known_as = standby.facts.as_ref().ok().and_then(|facts| facts.known_as.clone());
        let asked = ruler.asked(standby);
        take_in(&mut followers, asked, known_as.as_deref());
    }
    let archiver = ruler.archiver();
    Ok(LiveLag {
        name: name.to_owned(),
        dialect: primary.dialect,
        position,
        timeline: primary.timeline,
        recovers: primary.recovers,
        segment_size: primary.size,
        clock: primary.clock,
        followers,
        archiver,
        wal: wal.map(|wal| wal.place),
        slots: kept::measured(primary, position),
    })
}

/// One that streams from the primary and was asked as well is told once, as it was named: that name stays when it is
/// gone.
fn take_in(followers: &mut Vec<FollowerLag>, mut asked: FollowerLag, known_as: Option<&str>) {
    let is_it = |follower: &FollowerLag| {
        matches!(follower.kind, FollowerKind::Connected { .. }) && Some(follower.name.as_str()) == known_as
    };
    let same: Vec<usize> = (0..followers.len()).filter(|at| followers.get(*at).is_some_and(is_it)).collect();
    if let ([at], None) = (same.as_slice(), &asked.unknown) {
        let connected = followers.remove(*at);
        let before = connected.stages.into_iter().filter(|stage| stage.stage < LagStage::Flushed);
        asked.stages.splice(0..0, before);
    }
    followers.push(asked);
}

struct Ruler<'a> {
    primary: &'a ServerFacts,
    position: Lsn,
    wal: Option<&'a WalAtHand<'a>>,
    /// What was read from a position on.
    read: BTreeMap<Lsn, Option<WalBehind>>,
}

impl Ruler<'_> {
    fn connected(&mut self, row: &ConnectedStandby) -> FollowerLag {
        let known = LagStage::ALL.into_iter().zip(row.stages).filter_map(|(stage, at)| Some((stage, at?)));
        let stages: Vec<StageLag> = known.map(|(stage, at)| self.stage(stage, at)).collect();
        let unknown = stages.is_empty().then(|| match row.state.as_str() {
            "" => "this role may not see it: grant pg_monitor (up to 9.6: a superuser)".to_owned(),
            state => format!("it has not said how far it is (its state is {state})"),
        });
        FollowerLag {
            name: row.name.clone(),
            kind: FollowerKind::Connected {
                address: row.address.clone(),
                state: row.state.clone(),
                sync: row.sync.clone(),
            },
            stages,
            told_micros: row.replied.map(|at| since_by(self.primary.clock, at)),
            unknown,
        }
    }

    fn asked(&mut self, standby: UnaskedStandby) -> FollowerLag {
        let measured = standby.facts.and_then(|facts| self.stages_of(&facts));
        let (stages, unknown) = match measured {
            Ok(stages) => (stages, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        FollowerLag { name: standby.name, kind: FollowerKind::Asked, stages, told_micros: None, unknown }
    }

    /// Of a server that was asked; in words why it has none.
    fn stages_of(&mut self, facts: &ServerFacts) -> Result<Vec<StageLag>, String> {
        if let Some(why) = self.no_standby_of_it(facts) {
            return Err(why);
        }
        let known = [(LagStage::Flushed, facts.received), (LagStage::Replayed, facts.replayed)];
        let stages: Vec<StageLag> = known.into_iter().filter_map(|(stage, at)| Some(self.stage(stage, at?))).collect();
        if stages.is_empty() { Err("it has not replayed anything yet".to_owned()) } else { Ok(stages) }
    }

    /// Why a server that was asked is no standby of this primary.
    fn no_standby_of_it(&self, facts: &ServerFacts) -> Option<String> {
        if facts.system_id.zip(self.primary.system_id).is_some_and(|(own, other)| own != other) {
            return Some("it is of another cluster".to_owned());
        }
        if !facts.recovers {
            return Some("it is no standby: it was promoted, or never was".to_owned());
        }
        // The primary was asked after it: what it follows now, the primary has had.
        if let Some((own, primary)) = facts.received_timeline.zip(self.primary.timeline)
            && own > primary
        {
            return Some(format!("it is on timeline {own}, and the primary is on {primary}: it follows another one"));
        }
        let is_ahead = facts.position.is_some_and(|at| self.ahead(at) < 0);
        is_ahead.then(|| "it is ahead of the primary: it follows another one".to_owned())
    }

    fn archiver(&mut self) -> Option<ArchiverLag> {
        let facts = self.primary.archiver.clone()?;
        let start = |name: &str, next: bool| {
            let number = SegmentName::parse(name)?.number(self.primary.dialect.address, self.primary.size)?;
            let number = if next { number.next() } else { number };
            Some(self.primary.dialect.address.segment_start(number, self.primary.size))
        };
        let done = facts.archived.as_ref().map(|(file, _)| file);
        // The first that waits; where none does, all but the segment that is being written.
        let archived_to = match &facts.ready {
            Ok(ReadyFiles { count: 0, .. }) => {
                let (address, size) = (self.primary.dialect.address, self.primary.size);
                Some(address.segment_start(address.segment(self.position, size), size))
            }
            Ok(ready) => ready.first.as_ref().and_then(|file| start(file, false)),
            Err(_) => done.and_then(|file| start(file, true)),
        };
        let archived_to = archived_to.map(|at| at.min(self.position));
        let wal = archived_to.and_then(|at| self.behind(at));
        let (size, clock) = (self.primary.size.bytes(), self.primary.clock);
        let ready = facts.ready.as_ref().ok();
        let at = |event: &Option<(String, Option<Timestamp>)>| event.as_ref().and_then(|(_, at)| *at);
        Some(ArchiverLag {
            archived_to,
            behind_bytes: archived_to.map(|at| self.distance(at)),
            wal,
            owed_bytes: ready.map(|ready| ready.count.saturating_mul(size)),
            owed_micros: ready.and_then(|ready| match ready.count {
                0 => Some(0),
                _ => ready.since.map(|since| since_by(clock, since)),
            }),
            is_failing: at(&facts.failed) > at(&facts.archived),
            ready: facts.ready,
            archived: facts.archived,
            failed: facts.failed,
            failures: facts.failures,
        })
    }

    fn stage(&mut self, stage: LagStage, at: Lsn) -> StageLag {
        let bytes = self.distance(at);
        let wal = if bytes > 0 { self.behind(at) } else { Some(WalBehind { waiting: NONE_WAITS, micros: Some(0) }) };
        StageLag { stage, at, bytes, segments: bytes / self.primary.size.bytes(), wal }
    }

    /// Bytes that the primary is ahead, negative where it is behind.
    fn ahead(&self, at: Lsn) -> i128 {
        self.primary.dialect.address.distance(self.position, at, self.primary.size)
    }

    /// Bytes that the primary is ahead; one that has come farther meanwhile is not behind.
    fn distance(&self, at: Lsn) -> u64 {
        u64::try_from(self.ahead(at).max(0)).unwrap_or(u64::MAX)
    }

    fn behind(&mut self, at: Lsn) -> Option<WalBehind> {
        let wal = self.wal?;
        if wal.archive.layout.segment != self.primary.size {
            return None;
        }
        let (clock, position) = (self.primary.clock, self.position);
        *self.read.entry(at).or_insert_with(|| {
            let waiting = wal.waiting(at, position)?;
            let micros = match waiting.oldest {
                _ if !waiting.begins => None,
                Some(oldest) => Some(since_by(clock, oldest)),
                None => waiting.complete.then_some(0),
            };
            Some(WalBehind { waiting, micros })
        })
    }
}

const NONE_WAITS: WaitingWal = WaitingWal { records: 0, commits: 0, oldest: None, begins: true, complete: true };

/// By one clock; what is ahead of it has just happened.
fn since_by(clock: Timestamp, time: Timestamp) -> u64 {
    u64::try_from(clock.0.saturating_sub(time.0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lag::facts::dialect_of;

    fn facts(answer: &str) -> ServerFacts {
        let (dialect, _) = dialect_of("version=150004\n").unwrap();
        ServerFacts::of(dialect, &format!("{answer}segment_size=1MB\nclock=1700000060000000\narchive_mode=on\n"))
            .unwrap()
    }

    const PRIMARY: &str = "standby=61||streaming|async|0/500100|0/500100|0/500000|0/3FFFFF\nrecovers=no\n\
        current=0/500100\nfile=000000010000000000000005\nsystem_identifier=5\n\
        archived=000000010000000000000002|1700000000000000\nfailed=000000010000000000000003|1700000030000000\nfailures=4\n";

    #[test]
    fn bytes_and_segments_of_each_stage() {
        let lag = measure("p", &facts(PRIMARY), Vec::new(), None).unwrap();
        let stages = &lag.followers[0].stages;
        assert_eq!(
            stages.iter().map(|s| (s.bytes, s.segments)).collect::<Vec<_>>(),
            [(0, 0), (0, 0), (256, 0), (0x10_0101, 1)]
        );
        // Nothing waits where nothing is behind; without WAL the age of what waits is not known.
        assert_eq!((stages[0].waits_micros(), stages[3].waits_micros()), (Some(0), None));
        let archiver = lag.archiver.unwrap();
        assert_eq!((archiver.archived_to, archiver.behind_bytes), (Some(Lsn::new(0x30_0000)), Some(0x20_0100)));
        assert!(archiver.is_failing && archiver.ready.is_err() && archiver.owed_bytes.is_none());
    }

    /// A receiver writes at once and tells it every 10 s.
    #[test]
    fn what_came_since_the_last_report_is_not_behind() {
        let of = |row: &str| measure("p", &facts(&PRIMARY.replace("0/3FFFFF", row)), Vec::new(), None).unwrap();
        let stage = |row: &str| of(row).followers[0].last().map(|stage| (stage.stage, stage.bytes));
        assert_eq!(stage("|1700000057000000"), Some((LagStage::Sent, 0)));
        // It has told nothing for long, or not when.
        assert_eq!(stage("|1700000040000000"), Some((LagStage::Flushed, 256)));
        assert_eq!(stage("|"), Some((LagStage::Flushed, 256)));
        // A standby that replays says so at once.
        assert_eq!(stage("0/500080|1700000057000000"), Some((LagStage::Replayed, 128)));
    }

    #[test]
    fn what_the_archiver_owes_is_what_waits() {
        let mut primary = facts(PRIMARY);
        let ready = ReadyFiles::of("ready=2|000000010000000000000003.ready|1700000000000000\n").unwrap();
        primary.archiver.as_mut().unwrap().ready = Ok(ready);
        let archiver = measure("p", &primary, Vec::new(), None).unwrap().archiver.unwrap();
        assert_eq!((archiver.owed_bytes, archiver.owed_micros), (Some(2 << 20), Some(60_000_000)));
    }

    #[test]
    fn a_standby_that_follows_another_one_is_not_measured() {
        for (answer, why) in [
            ("received=0/500100\nreplayed=0/500100\nreceived_timeline=1\n", ""),
            ("received=\nreplayed=0/500000\n", ""),
            ("received=0/400000\nreplayed=0/400000\nreceived_timeline=2\n", "it is on timeline 2"),
            ("received=0/500101\nreplayed=0/400000\nreceived_timeline=1\n", "it is ahead of the primary"),
            ("received=\nreplayed=1/0\n", "it is ahead of the primary"),
        ] {
            let standby = Ok(facts(&format!("recovers=yes\n{answer}system_identifier=5\n")));
            let standby = UnaskedStandby { name: "s".to_owned(), facts: standby };
            let lag = measure("p", &facts(PRIMARY), vec![standby], None).unwrap();
            let told = lag.followers[1].unknown.clone().unwrap_or_default();
            assert!(told.starts_with(why) && told.is_empty() == why.is_empty(), "{answer}: {told}");
            assert_eq!(lag.followers[1].stages.is_empty(), !why.is_empty(), "{answer}");
        }
    }

    #[test]
    fn one_that_streams_and_was_asked_is_told_once() {
        let conninfo: String =
            "user=x application_name=a fallback_application_name=b".bytes().map(|b| format!("{b:02x}")).collect();
        let answer = "recovers=yes\nreceived=0/500000\nreplayed=0/500000\nsystem_identifier=5\n";
        for (receiver, told) in [(format!("receiver={conninfo}\n"), 1), (String::new(), 2)] {
            let standby = UnaskedStandby { name: "s".to_owned(), facts: Ok(facts(&format!("{answer}{receiver}"))) };
            let lag = measure("p", &facts(PRIMARY), vec![standby], None).unwrap();
            assert_eq!(lag.followers.len(), told, "{receiver}");
            let last = lag.followers.last().unwrap();
            assert_eq!((last.name.as_str(), last.last().map(|stage| stage.bytes)), ("s", Some(0x100)));
            assert_eq!(last.stages.first().map(|stage| stage.stage == LagStage::Sent), Some(told == 1));
        }
    }

    #[test]
    fn a_connected_standby_without_a_position_is_unknown() {
        let primary = PRIMARY.replace("|0/500100|0/500100|0/500000|0/3FFFFF", "||||").replace("streaming", "startup");
        let lag = measure("p", &facts(&primary), Vec::new(), None).unwrap();
        assert_eq!(lag.followers[0].unknown.as_deref(), Some("it has not said how far it is (its state is startup)"));
    }

    #[test]
    fn a_standby_of_another_cluster_is_not_measured() {
        let standby = |answer: &str| UnaskedStandby { name: "s".to_owned(), facts: Ok(facts(answer)) };
        let asked = vec![
            standby("recovers=yes\nreceived=0/500100\nreplayed=0/500000\nsystem_identifier=5\n"),
            standby("recovers=yes\nreceived=\nreplayed=0/500000\nsystem_identifier=6\n"),
            standby("recovers=no\ncurrent=0/600000\nsystem_identifier=5\n"),
            UnaskedStandby { name: "s".to_owned(), facts: Err("down".to_owned()) },
        ];
        let lag = measure("p", &facts(PRIMARY), asked, None).unwrap();
        let known: Vec<bool> = lag.followers.iter().map(|follower| follower.unknown.is_none()).collect();
        assert_eq!(known, [true, true, false, false, false]);
        assert_eq!(lag.followers[1].last().map(|stage| stage.bytes), Some(0x100));
    }
}
