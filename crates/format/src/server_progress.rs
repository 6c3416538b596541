//! By which functions and views a server is asked how far it, its standbys and its archiver are.
//!
//! Source: the chapters "Backup Control Functions", "Recovery Control Functions" and "Monitoring Statistics" of each
//! version's documentation; `xlogfuncs.c`, `system_views.sql`.

/// The names of one version. Positions are those of 9.1 and later: before, no view tells of standbys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerProgress {
    /// How far a primary has written.
    pub current: &'static str,
    /// How far a standby has received by streaming.
    pub received: &'static str,
    /// How far a standby has replayed.
    pub replayed: &'static str,
    /// Columns of `pg_stat_replication`: sent, written, flushed, replayed.
    pub stages: [&'static str; 4],
    /// `pg_stat_archiver` exists (9.4 and later).
    pub archiver_view: bool,
    /// `pg_control_system` exists (9.6 and later).
    pub control_functions: bool,
    /// An expression for the timeline of what a standby received (9.6 and later). Where it does not stream, or this
    /// role may not see that, it is that of its last restart point: perhaps an older one, never a newer one.
    pub received_timeline: Option<&'static str>,
    /// A query for `name` and `modification` of the files that wait for the archiver; more rights are asked for it than
    /// for all else.
    pub ready_files: &'static str,
    /// `pg_stat_replication` says when a standby last told how far it is (12 and later).
    pub reply_time: bool,
}

pub(crate) const PROGRESS_9_1: ServerProgress = ServerProgress {
    current: "pg_current_xlog_location",
    received: "pg_last_xlog_receive_location",
    replayed: "pg_last_xlog_replay_location",
    stages: ["sent_location", "write_location", "flush_location", "replay_location"],
    archiver_view: false,
    control_functions: false,
    received_timeline: None,
    ready_files: "select name, (pg_stat_file('pg_xlog/archive_status/' || name)).modification \
                  from pg_ls_dir('pg_xlog/archive_status') as name where name like '%.ready'",
    reply_time: false,
};
pub(crate) const PROGRESS_9_4: ServerProgress = ServerProgress { archiver_view: true, ..PROGRESS_9_1 };
pub(crate) const PROGRESS_9_6: ServerProgress = ServerProgress {
    control_functions: true,
    received_timeline: Some(
        "coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))",
    ),
    ready_files: "select name, (pg_stat_file('pg_xlog/archive_status/' || name, true)).modification \
                  from pg_ls_dir('pg_xlog/archive_status') as name where name like '%.ready'",
    ..PROGRESS_9_4
};
pub(crate) const PROGRESS_10: ServerProgress = ServerProgress {
    current: "pg_current_wal_lsn",
    received: "pg_last_wal_receive_lsn",
    replayed: "pg_last_wal_replay_lsn",
    stages: ["sent_lsn", "write_lsn", "flush_lsn", "replay_lsn"],
    ready_files: "select name, (pg_stat_file('pg_wal/archive_status/' || name, true)).modification \
                  from pg_ls_dir('pg_wal/archive_status') as name where name like '%.ready'",
    ..PROGRESS_9_6
};
pub(crate) const PROGRESS_12: ServerProgress = ServerProgress {
    ready_files: "select name, modification from pg_ls_archive_statusdir() where name like '%.ready'",
    reply_time: true,
    ..PROGRESS_10
};

#[cfg(test)]
mod tests {
    use crate::Version;

    #[test]
    fn names_by_version() {
        let of = |version: &str| version.parse::<Version>().unwrap().dialect().unwrap().progress;
        assert!(of("9.0").is_none());
        assert_eq!(of("9.1").map(|p| (p.current, p.archiver_view)), Some(("pg_current_xlog_location", false)));
        assert_eq!(of("9.5").map(|p| (p.control_functions, p.archiver_view)), Some((false, true)));
        assert_eq!(of("9.5").map(|p| p.received_timeline), Some(None));
        assert!(of("18").is_some_and(|p| p.received_timeline.is_some()));
        assert_eq!(of("11").map(|p| (p.stages[3], p.control_functions)), Some(("replay_lsn", true)));
        assert!(of("18").unwrap().ready_files.contains("pg_ls_archive_statusdir"));
    }
}
