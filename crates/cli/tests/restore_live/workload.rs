//! One server, what it lived through, and the backups and the archive that are left of it.

use std::{fs, path::PathBuf, thread, time::Duration};

use walproof_live::{LiveRecovery, Postgres, Random, RecoveryMode, ScriptSession, Server, Shape, Wal};

use crate::activity::{self, Marks, Open};

/// What happens in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Nothing,
    /// A setting that a hot standby must not have lower is raised.
    RaisedSettings,
    LoweredSettings,
    /// Nobody writes for longer than the server's own processes wait for work.
    Quiet,
    /// A new timeline; the last segment of the old one is archived as `.partial`.
    Promotion,
    TwoPromotions,
    Crash,
    /// `wal_level = minimal` for a while.
    Minimal,
    Restart,
    /// A test restore with production's `archive_command` is promoted, while production goes on.
    Fork,
}

const EVENTS: [Event; 11] = [
    Event::Fork,
    Event::Promotion,
    Event::Crash,
    Event::RaisedSettings,
    Event::Nothing,
    Event::Minimal,
    Event::TwoPromotions,
    Event::Restart,
    Event::LoweredSettings,
    Event::Promotion,
    Event::Quiet,
];

/// A server's life.
pub struct Workload {
    /// Stopped; its programs and its user recover.
    pub server: Server,
    /// Two base backups: one before the event, one in the middle.
    pub backups: Vec<PathBuf>,
    /// What a crash left of the data directory, with all of its `pg_wal`.
    pub crashed: Option<PathBuf>,
    /// What sessions said.
    pub marks: Marks,
    /// Commit times in UTC with the transaction, in order of time.
    pub times: Vec<(String, u64)>,
    /// What happened.
    pub what: String,
    /// `max_connections` was raised to 60.
    pub raised: bool,
    /// How many timelines there are.
    pub timelines: u32,
    /// `max_connections` at the beginning.
    pub connections: u32,
}

impl Workload {
    /// Live it.
    pub fn run(postgres: Postgres, seed: u64) -> Self {
        let mut random = Random::seeded(seed ^ 0x6C69_7665);
        let first = EVENTS[usize::try_from(seed).unwrap() % EVENTS.len()];
        let second = if random.once_in(2) { EVENTS[random.below(EVENTS.len())] } else { Event::Nothing };
        let connections = 40;
        let level = random.of(&["replica", "logical"]).unwrap();
        let compression = random.of(&["on", "off"]).unwrap();
        let settings = format!(
            "wal_level = {level}\nwal_compression = {compression}\nmax_connections = {connections}\nmax_prepared_transactions = 20\nshared_buffers = 8MB\n\
             max_wal_size = 64MB\nmin_wal_size = 2MB\ntrack_commit_timestamp = on\nautovacuum = off\nallow_in_place_tablespaces = on\nfull_page_writes = on\nwal_log_hints = {}\n",
            random.of(&["on", "off"]).unwrap()
        );
        let settings = if postgres.major() >= 17 { settings + "summarize_wal = on\n" } else { settings };
        let mut life = Life {
            server: Server::start(postgres, &settings).unwrap(),
            random,
            marks: Marks::default(),
            open: Open::default(),
            round: 0,
            timelines: 1,
            backups: Vec::new(),
            what: String::new(),
        };
        life.server.sql(activity::SCHEMA).unwrap();
        life.round(2, 4);
        life.backup("base");
        life.round(3, 10);
        life.happens(first);
        life.round(2, 6);
        life.backup("late");
        life.round(3, 6);
        life.happens(second);
        life.round(2, 6);
        // Often the last segment was finished and archived, sometimes the newest WAL was on the server only.
        if !life.random.once_in(4) {
            life.server.switch_and_archive().unwrap();
        }
        let times = life.times();
        let mut crashed = None;
        if life.random.once_in(2) {
            life.server.crash_for_good().unwrap();
            let into = life.server.data().with_file_name("crashed");
            life.server.copy_data(&into).unwrap();
            crashed = Some(into);
        } else {
            life.server.stop().unwrap();
        }
        let what = format!("{first:?}, {second:?}, {level}, compression {compression}{}", life.what);
        Self {
            server: life.server,
            backups: life.backups,
            crashed,
            marks: life.marks,
            times,
            what,
            raised: [first, second].contains(&Event::RaisedSettings),
            timelines: life.timelines,
            connections,
        }
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.server.postgres().major()
    }
}

struct Life {
    server: Server,
    random: Random,
    marks: Marks,
    open: Open,
    round: usize,
    timelines: u32,
    backups: Vec<PathBuf>,
    what: String,
}

impl Life {
    /// Sessions at once, of so many steps each.
    fn round(&mut self, sessions: usize, steps: usize) {
        self.round += 1;
        let running: Vec<ScriptSession> = (0..sessions).map(|session| self.session(session, steps)).collect();
        for session in running {
            self.hear(session);
        }
    }

    fn session(&mut self, number: usize, steps: usize) -> ScriptSession {
        let name = format!("r{}s{number}", self.round);
        let script = activity::script(&mut self.random, &name, steps, &mut self.open);
        self.server.session(&script).unwrap()
    }

    fn hear(&mut self, session: ScriptSession) {
        let (printed, complaints) = session.finish().unwrap();
        self.note(&printed, &complaints);
    }

    fn note(&mut self, printed: &str, complaints: &str) {
        self.marks.read(printed);
        // A script may end a prepared transaction that another session has not prepared yet.
        for complaint in complaints
            .lines()
            .filter(|line| line.contains("ERROR") && !line.contains("prepared transaction with identifier"))
        {
            eprintln!("note: {complaint}");
        }
    }

    /// A base backup, while sessions write; at times one of them has a transaction with very many subtransactions open.
    fn backup(&mut self, name: &str) {
        self.round += 1;
        let mut running = vec![self.session(0, 50), self.session(1, 50)];
        if self.random.once_in(3) {
            running.push(self.server.session(&activity::overflowed(2.0)).unwrap());
            self.what += &format!("; {name} with an overflowed snapshot");
        }
        let into = self.server.data().with_file_name(name);
        let how = self.random.weighted(&[12, 3, 3, 3]);
        let shape = [Shape::Plain, Shape::Plain, Shape::Tar, Shape::TarGz][self.random.below(4)];
        let wal = if self.random.once_in(4) { Wal::Stream } else { Wal::None };
        // A slow one has more WAL between its start and its end.
        let mib_a_second = if self.random.once_in(2) { Some(20) } else { None };
        let made = match how {
            1 => {
                self.what += &format!("; {name} of a standby with WAL {wal:?}");
                self.server.backup_of_a_standby(&into, wal)
            }
            2 if self.server.postgres().own_program("pg_combinebackup").is_some() => {
                self.what += &format!("; {name} combined of increments");
                self.server.combined_backup(&into, || thread::sleep(Duration::from_millis(200)))
            }
            3 => {
                self.what += &format!("; {name} copied with WAL {wal:?}");
                self.server.copied_backup(&into, wal == Wal::Stream)
            }
            _ => {
                self.what += &format!("; {name} {shape:?} with WAL {wal:?}");
                self.server.base_backup(&into, shape, wal, mib_a_second)
            }
        };
        made.unwrap();
        for session in running {
            self.hear(session);
        }
        self.backups.push(into);
    }

    fn happens(&mut self, event: Event) {
        let server = &self.server;
        match event {
            Event::Nothing => {}
            Event::RaisedSettings => {
                server.configure("max_connections = 60").unwrap();
                server.restart().unwrap();
            }
            Event::LoweredSettings => {
                server.configure("max_connections = 30").unwrap();
                server.restart().unwrap();
            }
            Event::Quiet => thread::sleep(Duration::from_secs(11)),
            Event::Promotion => {
                server.promote().unwrap();
                self.timelines += 1;
            }
            Event::TwoPromotions => {
                self.happens(Event::Promotion);
                self.round(2, 4);
                self.happens(Event::Promotion);
            }
            Event::Crash => {
                self.round += 1;
                let running = [self.session(0, 30), self.session(1, 30)];
                thread::sleep(Duration::from_millis(150));
                self.server.crash().unwrap();
                for (printed, complaints) in running.map(ScriptSession::interrupted).into_iter().flatten() {
                    self.note(&printed, &complaints);
                }
            }
            Event::Minimal => {
                let summaries = if server.postgres().major() >= 17 {
                    ["\nsummarize_wal = off", "\nsummarize_wal = on"]
                } else {
                    [""; 2]
                };
                let minimal = "wal_level = minimal\narchive_mode = off\nmax_wal_senders = 0";
                server.configure(&format!("{minimal}{}", summaries[0])).unwrap();
                server.restart().unwrap();
                server.sql("insert into facts(label, xid) values ('minimal', txid_current())").unwrap();
                let replica = "wal_level = replica\narchive_mode = on\nmax_wal_senders = 10";
                server.configure(&format!("{replica}{}", summaries[1])).unwrap();
                server.restart().unwrap();
            }
            Event::Restart => server.restart().unwrap(),
            Event::Fork => self.fork(),
        }
    }

    /// Nothing comes of it where the backup cannot be restored to the transaction chosen.
    fn fork(&mut self) {
        self.server.switch_and_archive().unwrap();
        let behind = self.marks.commits.len() * 9 / 10;
        let Some(&xid) = self.random.of(&self.marks.commits[behind..]) else { return };
        let settings = [
            ("archive_mode", "on".to_owned()),
            ("recovery_target_xid", xid.to_string()),
            ("recovery_target_timeline", "current".to_owned()),
            ("recovery_target_action", "promote".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let Some(backup) = self.backups.last() else { return };
        let archive = self.server.archive();
        let question = "create table forked(); select pg_switch_wal(); select pg_sleep(1)";
        let restore = LiveRecovery {
            backup,
            archive: &archive,
            settings: &settings,
            mode: RecoveryMode::Archive,
            question,
            kept: None,
        };
        match self.server.recover(&restore) {
            Ok(seen) if seen.new_timeline.is_some() => self.timelines += 1,
            Ok(_) => self.what += "; no fork",
            Err(error) => self.what += &format!("; no fork: {error}"),
        }
    }

    fn times(&self) -> Vec<(String, u64)> {
        let xids: Vec<String> = self.marks.commits.iter().chain(&self.marks.prepared).map(u64::to_string).collect();
        let query = format!(
            "select to_char(pg_xact_commit_timestamp(x::text::xid) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), x
             from unnest(array[{}]::bigint[]) x where pg_xact_commit_timestamp(x::text::xid) is not null order by 1",
            xids.join(",")
        );
        let rows = self.server.sql(&query).unwrap();
        rows.lines()
            .map(|row| row.split_once('|').unwrap())
            .map(|(time, xid)| (time.to_owned(), xid.parse().unwrap()))
            .collect()
    }
}

/// The first segment that recovery from this backup reads.
pub fn first_segment(backup: &std::path::Path) -> Option<String> {
    let unpacked;
    let label = if backup.join("backup_label").is_file() {
        fs::read_to_string(backup.join("backup_label")).ok()?
    } else {
        let tar = ["base.tar", "base.tar.gz"].map(|name| backup.join(name)).into_iter().find(|tar| tar.is_file())?;
        unpacked = std::process::Command::new("tar").arg("-xOf").arg(tar).arg("backup_label").output().ok()?.stdout;
        String::from_utf8(unpacked).ok()?
    };
    Some(label.split_once("(file ")?.1.get(..24)?.to_owned())
}
