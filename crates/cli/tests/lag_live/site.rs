//! A primary, a standby, and the program beside them.

use crate::run::{Ran, walproof};
use crate::validator::Schema;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use walproof_live::{Postgres, SecondServer, Server, gate};

/// `pg_get_wal_replay_pause_state` is there from here on.
const OLDEST: u32 = 14;

pub struct Site<'a> {
    pub primary: &'a Server,
    pub standby: &'a SecondServer<'a>,
}

pub fn primary() -> Option<Server> {
    primary_with("")
}

/// With these settings in addition.
pub fn primary_with(settings: &str) -> Option<Server> {
    let Some(postgres) = Postgres::find(OLDEST) else {
        gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
        return None;
    };
    eprintln!("running with PostgreSQL {}", postgres.major());
    let settings = format!("track_commit_timestamp = on\nautovacuum = off\n{settings}");
    let server = Server::start(postgres, &settings).unwrap();
    server.sql("create table t(a int)").unwrap();
    Some(server)
}

/// How libpq reaches the server whose socket is in a folder.
pub fn conninfo(folder: &std::path::Path) -> String {
    format!("host={} user=postgres dbname=postgres", folder.display())
}

impl Site<'_> {
    pub fn primary_conninfo(&self) -> String {
        conninfo(self.primary.data().parent().unwrap())
    }

    pub fn standby_conninfo(&self) -> String {
        conninfo(self.standby.folder())
    }

    /// Waits until the standby has replayed what there is.
    pub fn caught_up(&self) {
        let asked = "select count(*) = 1 and bool_and(replay_lsn = pg_current_wal_lsn()) from pg_stat_replication";
        // A checkpoint, or whatever else a server writes by itself, is behind it then.
        self.primary.sql("checkpoint").unwrap();
        assert!(self.primary.comes_to(asked, "t").unwrap());
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        walproof(&[&["lag", "--primary", &self.primary_conninfo()], words].concat())
    }

    pub fn text(&self, words: &[&str]) -> String {
        self.run(words).out
    }

    pub fn lag(&self, words: &[&str]) -> (Value, i32) {
        let ran = self.run(&[words, &["--format", "json"]].concat());
        let lag: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{words:?}: {}", ran.err));
        assert_eq!(Schema::named("lag.json").problems(&lag), Vec::<String>::new(), "{lag}");
        (lag, ran.code)
    }

    /// So many documents of `--watch`, which is then told to end; `between`: what is done behind each of them.
    pub fn watched(&self, count: usize, between: impl Fn(usize)) -> Vec<Value> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_walproof"))
            .args(["lag", "--primary", &self.primary_conninfo(), "--watch", "1", "--format", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = |(number, line): (usize, std::io::Result<String>)| {
            between(number);
            serde_json::from_str(&line.unwrap()).unwrap()
        };
        let documents = lines.take(count).enumerate().map(told).collect();
        // Nobody reads any more: it ends by itself.
        let ended = child.wait().unwrap();
        assert!(ended.code() == Some(0) || ended.code().is_none(), "{ended}");
        documents
    }
}
