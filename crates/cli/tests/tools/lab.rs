//! A server that archives with a backup tool, under pgbench, and what the tool has to do.

use std::path::{Path, PathBuf};
use walproof_live::{LiveError, Postgres, Random, Server};

/// A backup tool.
pub trait BackupTool {
    /// The server's `archive_command`.
    fn archive_command(&self) -> String;
    /// What comes before the first segment. The server runs.
    fn prepare(&self, server: &Server);
    /// Takes a backup, the first one or another.
    fn back_up(&self, server: &Server, is_first: bool);
    /// Brings what was archived to where it stays.
    fn settle(&self, _server: &Server) {}
    /// The repository, as `walproof` is told it.
    fn place(&self) -> String;
    /// The folder below which its segments are stored.
    fn objects(&self) -> PathBuf;
    /// Variables of the environment that `walproof` needs.
    fn credentials(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// Restores the latest backup by the command that was told; settings that the server needs besides.
    fn restore(&self, server: &Server, command: Option<&str>, into: &Path) -> Result<Vec<(String, String)>, LiveError>;
}

/// A moment in the server's life.
#[derive(Debug, Clone)]
pub struct Mark {
    name: String,
    lsn: String,
    time: String,
    xid: String,
}

/// Where a restore shall end.
#[derive(Debug, Clone)]
pub enum Target {
    None,
    Lsn(String),
    Time(String),
    Name(String),
    Xid(String),
    Immediate,
}

impl Target {
    pub fn any(random: &mut Random, marks: &[Mark]) -> Target {
        let mark = random.of(marks).unwrap().clone();
        match random.below(6) {
            0 => Target::None,
            1 => Target::Lsn(mark.lsn),
            2 => Target::Time(mark.time),
            3 => Target::Name(mark.name),
            4 => Target::Xid(mark.xid),
            _ => Target::Immediate,
        }
    }

    /// The options for `walproof`.
    pub fn options(&self) -> Vec<String> {
        match self {
            Target::None => Vec::new(),
            Target::Lsn(value) => vec![format!("--target-lsn={value}")],
            Target::Time(value) => vec![format!("--target-time={value}")],
            Target::Name(value) => vec![format!("--target-name={value}")],
            Target::Xid(value) => vec![format!("--target-xid={value}")],
            Target::Immediate => vec!["--target-immediate".to_owned()],
        }
    }
}

/// A server's life.
pub struct Lab {
    pub server: Server,
    /// Moments behind the last backup.
    pub marks: Vec<Mark>,
    /// The segment in which the last backup ended.
    pub backed_up: String,
}

impl Lab {
    /// Two backups with work before, between and behind; sometimes a promotion. At the end all is archived and the
    /// server goes no further.
    pub fn live(tool: &impl BackupTool, postgres: Postgres, random: &mut Random) -> Lab {
        let command = tool.archive_command().replace('\'', "''");
        let settings = format!("track_commit_timestamp = on\nautovacuum = off\narchive_command = '{command}'\n");
        let server = Server::start(postgres, &settings).unwrap();
        tool.prepare(&server);
        server.pgbench(&["-i", "-q", "-s", "1"]).unwrap();
        let work = |random: &mut Random| {
            let transactions = (40 + random.below(300)).to_string();
            server.pgbench(&["-n", "-c", "2", "-t", &transactions]).unwrap();
        };
        let settled = || {
            server.switch_and_archive().unwrap();
            tool.settle(&server);
        };
        settled();
        tool.back_up(&server, true);
        work(random);
        settled();
        tool.back_up(&server, false);
        // The last segment that a backup needs is archived before it is done.
        let backed_up = server.sql("select last_archived_wal from pg_stat_archiver").unwrap().trim()[..24].to_owned();
        let mut marks = Vec::new();
        let promotes = random.once_in(3);
        for round in 0..3 {
            work(random);
            if promotes && round == 1 {
                server.promote().unwrap();
                work(random);
            }
            let name = format!("mark_{round}");
            let row = server
                .sql(&format!(
                    "begin; select txid_current(); commit; select pg_create_restore_point('{name}') is null; \
                     select pg_current_wal_insert_lsn(), to_char(clock_timestamp() at time zone 'UTC', \
                     'YYYY-MM-DD HH24:MI:SS.US') || '+00'"
                ))
                .unwrap();
            let lines: Vec<&str> = row.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let (lsn, time) = lines.last().unwrap().split_once('|').unwrap();
            let xid = lines[0].to_owned();
            marks.push(Mark { name, lsn: lsn.to_owned(), time: time.to_owned(), xid });
            // So that there is something behind each of them.
            work(random);
            settled();
        }
        Lab { server, marks, backed_up }
    }
}
