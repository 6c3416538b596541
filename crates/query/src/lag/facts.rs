//! What a server is asked, and what it answers: rows of `name=value`.

use super::answer::{micros, timestamp, unhex};
use super::slots::{self, SlotFacts};
use crate::sizes::bytes_of;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::server_progress::ServerProgress;
use pgwal_format::{Dialect, Lsn, SegmentName, SegmentSize, TimelineId, Version};
use std::path::PathBuf;

/// What is said first: no statement keeps us waiting for long, and only errors are told.
pub const SETUP: &str = "set statement_timeout = '10s'; set client_min_messages = error;\n";

/// Every version answers this.
pub const VERSION: &str = "select 'version=' || current_setting('server_version_num');\n";

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// The facts of its version.
    pub dialect: &'static Dialect,
    /// Bytes of a segment.
    pub size: SegmentSize,
    /// The cluster, from 9.6 on.
    pub system_id: Option<u64>,
    /// It is a standby, or recovers.
    pub recovers: bool,
    /// How far it has WAL: what it wrote, or received or replayed.
    pub position: Option<Lsn>,
    /// How far it received by streaming, of one that recovers.
    pub received: Option<Lsn>,
    /// How far it replayed, of one that recovers.
    pub replayed: Option<Lsn>,
    /// Its timeline; not of one that recovers.
    pub timeline: Option<TimelineId>,
    /// The timeline of what it received, of one that recovers, from 9.6 on; it may have come to a newer one since.
    pub received_timeline: Option<TimelineId>,
    /// The name by which its primary knows it, from 9.6 on, where this role may see it and it is not the usual one.
    pub known_as: Option<String>,
    /// Its clock.
    pub clock: Timestamp,
    /// Its data directory, where it is reached by a socket of this machine and tells it to this role.
    pub data: Option<PathBuf>,
    /// Who streams from it.
    pub standbys: Vec<ConnectedStandby>,
    /// Its archiver; `None` where nothing is archived.
    pub archiver: Option<ArchiverFacts>,
    /// Its replication slots, from 9.4 on.
    pub slots: Option<Vec<SlotFacts>>,
}

/// A row of `pg_stat_replication`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConnectedStandby {
    /// Its `application_name`.
    pub name: String,
    /// Its address; empty where it came by a socket.
    pub address: String,
    /// `streaming`, `catchup` …; empty where this role may not see it.
    pub state: String,
    /// `sync`, `async`, `quorum`, `potential`.
    pub sync: String,
    /// Sent, written, flushed, replayed.
    pub stages: [Option<Lsn>; 4],
    /// When it last told so, from 12 on.
    pub replied: Option<Timestamp>,
}

/// What a server says of its archiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiverFacts {
    /// The last file that was archived, and when.
    pub archived: Option<(String, Option<Timestamp>)>,
    /// The last file that could not be, and when.
    pub failed: Option<(String, Option<Timestamp>)>,
    /// How often that happened since the counters were reset.
    pub failures: u64,
    /// Segments that wait; in words why they are not known.
    pub ready: Result<ReadyFiles, String>,
}

/// Segments that wait for the archiver (`.ready` files).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadyFiles {
    /// How many.
    pub count: u64,
    /// The first of them by name.
    pub first: Option<String>,
    /// Since when the oldest waits.
    pub since: Option<Timestamp>,
}

/// The facts of the version that [`VERSION`] told.
///
/// # Errors
/// In words: it was not told, or is none from 9.1 to the newest that is known.
pub fn dialect_of(answer: &str) -> Result<(&'static Dialect, ServerProgress), String> {
    let number: u32 =
        fact(answer, "version").and_then(|text| text.parse().ok()).ok_or("it does not say its version")?;
    let version = Version::of_server(number);
    let dialect = version.dialect();
    let known = dialect.and_then(|dialect| Some((dialect, dialect.progress?)));
    let newest = Version::NEWEST;
    known.ok_or_else(|| format!("it is of version {version}, and only 9.1 to {newest} are asked how far they are"))
}

impl ServerFacts {
    /// What is asked of a server of this version.
    pub fn question(dialect: &Dialect, progress: &ServerProgress) -> String {
        let ServerProgress { current, received, replayed, stages, .. } = progress;
        let [sent, written, flushed, done] = stages;
        let name = dialect.functions.file_name;
        let replied = if progress.reply_time { micros("reply_time") } else { "''".to_owned() };
        let mut asked = format!(
            "select 'standby=' || encode(convert_to(coalesce(application_name, ''), 'UTF8'), 'hex') || '|' \
             || coalesce(host(client_addr), '') || '|' || coalesce(state, '') || '|' || coalesce(sync_state, '') || '|' \
             || coalesce({sent}::text, '') || '|' || coalesce({written}::text, '') || '|' \
             || coalesce({flushed}::text, '') || '|' || coalesce({done}::text, '') \
             || '|' || coalesce({replied}, '') \
             from pg_stat_replication where state is distinct from 'backup' order by application_name, client_addr;\n\
             select case when pg_is_in_recovery() then 'recovers=yes' || E'\\nreceived=' || coalesce({received}()::text, '') \
             || E'\\nreplayed=' || coalesce({replayed}()::text, '') \
             else 'recovers=no' || E'\\ncurrent=' || {current}() || E'\\nfile=' || {name}({current}()) end;\n\
             select 'segment_size=' || current_setting('wal_segment_size');\n\
             select 'clock=' || {};\n\
             select 'data=' || encode(convert_to(setting, 'UTF8'), 'hex') from pg_settings \
             where name = 'data_directory' and inet_server_addr() is null;\n\
             select 'archive_mode=' || current_setting('archive_mode');\n",
            micros("clock_timestamp()")
        );
        if progress.control_functions {
            asked += "select 'system_identifier=' || system_identifier from pg_control_system();\n";
        }
        if let Some(timeline) = progress.received_timeline {
            asked += &format!("select 'received_timeline=' || ({timeline}) where pg_is_in_recovery();\n");
            // The view came with 9.6 as well.
            asked += "select 'receiver=' || encode(convert_to(conninfo, 'UTF8'), 'hex') from pg_stat_wal_receiver;\n";
        }
        if progress.archiver_view {
            let (archived, failed) = (micros("last_archived_time"), micros("last_failed_time"));
            asked += &format!(
                "select 'archived=' || coalesce(last_archived_wal, '') || '|' || coalesce({archived}, '') \
                 || E'\\nfailed=' || coalesce(last_failed_wal, '') || '|' || coalesce({failed}, '') \
                 || E'\\nfailures=' || failed_count from pg_stat_archiver;\n"
            );
            // Both views came with 9.4.
            asked += &slots::question();
        }
        asked
    }

    /// What more rights are needed for.
    pub fn ready_question(progress: &ServerProgress) -> String {
        format!(
            "select 'ready=' || count(*) || '|' || coalesce(min(name), '') || '|' || coalesce({}, '') \
             from ({}) as waiting where name ~ '^[0-9A-F]{{24}}[.]ready$';\n",
            micros("min(modification)"),
            progress.ready_files
        )
    }

    /// Takes the answer to [`ServerFacts::question`].
    ///
    /// # Errors
    /// In words: what it does not say.
    pub fn of(dialect: &'static Dialect, answer: &str) -> Result<ServerFacts, String> {
        let says = |name: &str| fact(answer, name).ok_or_else(|| format!("it does not say its {name}"));
        let lsn = |name: &str| fact(answer, name).and_then(|text| text.parse::<Lsn>().ok());
        let size = bytes_of(says("segment_size")?).and_then(SegmentSize::new);
        let recovers = says("recovers")? == "yes";
        let (received, replayed) = (lsn("received"), lsn("replayed"));
        let pair = |name: &str| {
            let (file, at) = fact(answer, name)?.split_once('|')?;
            (!file.is_empty()).then(|| (file.to_owned(), timestamp(at)))
        };
        let archiver = || ArchiverFacts {
            archived: pair("archived"),
            failed: pair("failed"),
            failures: fact(answer, "failures").and_then(|text| text.parse().ok()).unwrap_or(0),
            ready: Err("it was not asked".to_owned()),
        };
        Ok(ServerFacts {
            dialect,
            size: size.ok_or("its segment size is none")?,
            // A bigint there.
            system_id: fact(answer, "system_identifier").and_then(|id| id.parse::<i64>().ok()).map(i64::cast_unsigned),
            recovers,
            position: if recovers { received.max(replayed) } else { lsn("current") },
            received,
            replayed,
            timeline: fact(answer, "file").and_then(SegmentName::parse).map(|name| name.timeline),
            received_timeline: fact(answer, "received_timeline").and_then(|n| n.parse::<u32>().ok()).map(TimelineId),
            known_as: fact(answer, "receiver").and_then(unhex).and_then(|text| application_name(&text)),
            clock: timestamp(says("clock")?).ok_or("its clock says nothing")?,
            data: fact(answer, "data").and_then(unhex).map(PathBuf::from),
            standbys: answer.lines().filter_map(|line| standby(line.strip_prefix("standby=")?)).collect(),
            archiver: (says("archive_mode")? != "off").then(archiver),
            slots: slots::of(answer),
        })
    }
}

impl ReadyFiles {
    /// Takes the answer to [`ServerFacts::ready_question`].
    pub fn of(answer: &str) -> Option<ReadyFiles> {
        let mut parts = fact(answer, "ready")?.split('|');
        let count = parts.next()?.parse().ok()?;
        let first = parts.next()?.strip_suffix(".ready").map(str::to_owned);
        Some(ReadyFiles { count, first, since: timestamp(parts.next()?) })
    }
}

fn fact<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// Of the connection of a standby. Every standby without a name of its own is called `walreceiver`.
fn application_name(conninfo: &str) -> Option<String> {
    let of = |key: &str| conninfo.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let name = of("application_name").or_else(|| of("fallback_application_name"))?.trim_matches('\'');
    (!name.is_empty() && name != "walreceiver").then(|| name.to_owned())
}

fn standby(row: &str) -> Option<ConnectedStandby> {
    let mut parts = row.split('|');
    let mut next = || parts.next();
    let (name, address, state, sync) = (unhex(next()?)?, next()?, next()?, next()?);
    let mut stages = [None; 4];
    for stage in &mut stages {
        *stage = next()?.parse().ok();
    }
    let replied = next().and_then(timestamp);
    let (address, state, sync) = (address.to_owned(), state.to_owned(), sync.to_owned());
    Some(ConnectedStandby { name, address, state, sync, stages, replied })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: &str = "standby=77616c|10.0.0.7|streaming|async|0/3000100|0/3000100|0/3000100|0/3000028\n\
        standby=78||||||||\nrecovers=no\ncurrent=0/3000200\nfile=000000020000000000000003\nsegment_size=16MB\n\
        clock=1700000000000000\narchive_mode=on\nsystem_identifier=-7\narchived=000000020000000000000002|1700000000000000\n\
        failed=|\nfailures=3\n";

    #[test]
    fn what_a_primary_answers() {
        let (dialect, progress) = dialect_of("version=150004\n").unwrap();
        assert!(ServerFacts::question(dialect, &progress).contains("pg_walfile_name(pg_current_wal_lsn())"));
        assert!(ServerFacts::question(dialect, &progress).contains("received_tli"));
        let facts = ServerFacts::of(dialect, PRIMARY).unwrap();
        assert_eq!((facts.position, facts.timeline), (Some(Lsn::new(0x300_0200)), Some(TimelineId(2))));
        assert_eq!((facts.system_id, facts.recovers), (Some(u64::MAX - 6), false));
        assert_eq!(facts.standbys[0].name, "wal");
        assert_eq!(facts.standbys[0].stages[3], Some(Lsn::new(0x300_0028)));
        assert_eq!(facts.standbys[1].stages, [None; 4]);
        let archiver = facts.archiver.unwrap();
        assert_eq!((archiver.failures, archiver.failed), (3, None));
    }

    #[test]
    fn what_a_standby_of_9_6_answers() {
        let (dialect, progress) = dialect_of("version=90624\n").unwrap();
        assert!(ServerFacts::question(dialect, &progress).contains("pg_last_xlog_replay_location()"));
        let answer = "recovers=yes\nreceived=\nreplayed=0/10\nsegment_size=16MB\nclock=1\narchive_mode=off\n";
        let facts = ServerFacts::of(dialect, answer).unwrap();
        assert_eq!((facts.position, facts.received, facts.archiver), (Some(Lsn::new(0x10)), None, None));
        assert_eq!(facts.received_timeline, None);
        let facts = ServerFacts::of(dialect, &format!("{answer}received_timeline=3\n")).unwrap();
        assert_eq!((facts.received_timeline, facts.received), (Some(TimelineId(3)), None));
        let (dialect, progress) = dialect_of("version=90525\n").unwrap();
        assert!(!ServerFacts::question(dialect, &progress).contains("received_timeline"));
    }

    #[test]
    fn what_is_no_answer() {
        for answer in ["", "version=\n", "version=90000\n", "version=990000\n", "version=x\n"] {
            assert!(dialect_of(answer).is_err(), "{answer:?}");
        }
        let (dialect, _) = dialect_of("version=150004\n").unwrap();
        for cut in ["recovers", "segment_size", "clock", "archive_mode"] {
            let without: String = PRIMARY.lines().filter(|l| !l.starts_with(cut)).map(|l| format!("{l}\n")).collect();
            assert!(ServerFacts::of(dialect, &without).is_err(), "{cut}");
        }
        assert!(
            ServerFacts::of(dialect, &PRIMARY.replace("standby=77616c", "standby=7z")).unwrap().standbys.len() == 1
        );
    }

    #[test]
    fn what_waits_for_the_archiver() {
        let ready = ReadyFiles::of("ready=2|000000020000000000000002.ready|1700000000000000\n").unwrap();
        assert_eq!((ready.count, ready.first.as_deref()), (2, Some("000000020000000000000002")));
        assert_eq!(ReadyFiles::of("ready=0||\n"), Some(ReadyFiles::default()));
        assert_eq!(ReadyFiles::of("psql: ERROR"), None);
    }
}
