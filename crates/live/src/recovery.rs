//! A real recovery from a base backup and an archive, in a folder of its own.
//!
//! Waits are on lines of the log and on the end of the process, never on time alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{LiveError, Observed, RecoveryEnd, Server, server::finished};

const WITHIN: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(15);
static RUN: AtomicU32 = AtomicU32::new(0);

/// As what a server recovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecoveryMode {
    /// It ends where WAL ends.
    #[default]
    Archive,
    /// It waits there.
    Standby,
}

/// What to recover, and how.
#[derive(Debug, Clone)]
pub struct LiveRecovery<'a> {
    /// A base backup: a folder, or a folder of tar files.
    pub backup: &'a Path,
    /// The folder that `restore_command` copies from.
    pub archive: &'a Path,
    /// Settings by name; the last of one name counts. A `restore_command` among them takes the place of `cp`.
    pub settings: &'a [(String, String)],
    /// As what.
    pub mode: RecoveryMode,
    /// A query whose rows are wanted from the recovered server.
    pub question: &'a str,
    /// Where its data directory is left, of a server that is not running any more.
    pub kept: Option<&'a Path>,
}

/// A data directory that a backup tool restored, settings of the recovery included.
#[derive(Debug, Clone)]
pub struct RestoredData<'a> {
    /// Where it lies; a tool's `restore_command` may know it. It is gone afterwards.
    pub data: &'a Path,
    /// Settings by name that are to be others than the tool wrote.
    pub settings: &'a [(String, String)],
    /// A query whose rows are wanted from the recovered server.
    pub question: &'a str,
}

impl Server {
    /// Start a server on what a tool restored, and see how its recovery goes (12 and later). Which files it asked for
    /// is not seen.
    ///
    /// # Errors
    /// As [`Server::recover`].
    pub fn recover_restored(&self, restored: &RestoredData<'_>) -> Result<Observed, LiveError> {
        let folder = self.socket().join(format!("recovery-{}", RUN.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&folder)?;
        self.user().owns(&folder)?;
        let mut lines = Running::own_settings(self, &folder);
        restored.settings.iter().for_each(|(name, value)| lines += &setting(name, value));
        append(self, restored.data, "postgresql.auto.conf", &lines)?;
        let hot_standby = !restored.settings.iter().any(|(name, value)| name == "hot_standby" && value == "off");
        let seen = Running::launch(self, &folder, restored.data, RecoveryMode::Archive, hot_standby)
            .and_then(|mut running| running.observe(restored.question));
        fs::remove_dir_all(&folder)?;
        fs::remove_dir_all(restored.data)?;
        seen
    }

    /// Recover with this server's programs. The server itself need not run.
    ///
    /// # Errors
    /// Files and processes, or a recovery that came to no end in time; what the recovery ran into is no error.
    pub fn recover(&self, recovery: &LiveRecovery<'_>) -> Result<Observed, LiveError> {
        let folder = self.socket().join(format!("recovery-{}", RUN.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&folder)?;
        self.user().owns(&folder)?;
        let seen = Running::start(self, recovery, &folder).and_then(|mut running| running.observe(recovery.question));
        if let Some(kept) = recovery.kept {
            fs::rename(folder.join("data"), kept)?;
        }
        fs::remove_dir_all(&folder)?;
        seen
    }
}

struct Running<'a> {
    server: &'a Server,
    folder: PathBuf,
    data: PathBuf,
    child: Child,
    hot_standby: bool,
    mode: RecoveryMode,
    seen: Observed,
    /// The processes that have spoken, where the log names them by number: the postmaster is the first, the startup
    /// process the second.
    spoke: Vec<String>,
    read: usize,
}

impl<'a> Running<'a> {
    fn start(server: &'a Server, recovery: &LiveRecovery<'_>, folder: &Path) -> Result<Self, LiveError> {
        let data = folder.join("data");
        server.unpack(recovery.backup, &data)?;
        let asked = folder.join("asked");
        let mut lines = Self::own_settings(server, folder);
        let own = recovery.settings.iter().rev().find(|(name, _)| name == "restore_command");
        let command = own.map_or_else(
            || format!("cp {}/%f \"%p\" 2>/dev/null", recovery.archive.display()),
            |(_, command)| command.replace('\'', "''"),
        );
        let mut recovers = format!("\nrestore_command = 'echo %f >> {}; {command}'\n", asked.display());
        let own_file = server.postgres().has_recovery_conf();
        for (name, value) in recovery.settings.iter().filter(|(name, _)| name != "restore_command") {
            let of_recovery = name.starts_with("recovery_target") || name == "recovery_min_apply_delay";
            let into = if own_file && of_recovery { &mut recovers } else { &mut lines };
            *into += &setting(name, value);
        }
        let standby = recovery.mode == RecoveryMode::Standby;
        if own_file {
            append(server, &data, "recovery.conf", &format!("{recovers}standby_mode = {standby}\n"))?;
        } else {
            append(server, &data, if standby { "standby.signal" } else { "recovery.signal" }, "")?;
            lines += &recovers;
        }
        append(server, &data, "postgresql.auto.conf", &lines)?;
        let hot_standby = !recovery.settings.iter().any(|(name, value)| name == "hot_standby" && value == "off");
        Self::launch(server, folder, &data, recovery.mode, hot_standby)
    }

    /// What every recovery here has, whatever it recovers.
    fn own_settings(server: &Server, folder: &Path) -> String {
        let shown = folder.display();
        format!(
            "\nlisten_addresses = ''\nunix_socket_directories = '{shown}'\nfsync = off\narchive_mode = off\nautovacuum = off\nshared_buffers = 8MB\n\
             log_min_messages = debug1\ntimezone = UTC\nlog_timezone = UTC\nlc_messages = C\nlogging_collector = off\nlog_checkpoints = off\n\
             wal_retrieve_retry_interval = 100ms\nlog_line_prefix = '{}|'\n",
            if server.postgres().major() < 13 { "%p" } else { "%b" },
        )
    }

    /// Start the server on a data directory; the folder is for what it says.
    fn launch(
        server: &'a Server,
        folder: &Path,
        data: &Path,
        mode: RecoveryMode,
        hot_standby: bool,
    ) -> Result<Self, LiveError> {
        let asked = folder.join("asked");
        fs::write(&asked, "")?;
        server.user().owns(&asked)?;
        let log = fs::File::create(folder.join("log"))?;
        let mut command = Command::new(server.postgres().bin().join("postgres"));
        command.arg("-D").arg(data).current_dir(folder).env("LC_ALL", "C").env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = server.user().runs(&mut command).spawn()?;
        Ok(Self {
            server,
            folder: folder.to_owned(),
            data: data.to_owned(),
            child,
            hot_standby,
            mode,
            seen: Observed::default(),
            spoke: Vec::new(),
            read: 0,
        })
    }

    fn observe(&mut self, question: &str) -> Result<Observed, LiveError> {
        self.wait("to come to an end", |seen| seen.ended.is_some())?;
        // A postmaster that learns of the startup process's end first does not say any more that it is ready.
        self.seen.started |= self.hot_standby && self.seen.snapshots && self.seen.consistent_at.is_some();
        if self.seen.ended == Some(RecoveryEnd::Pauses) {
            // The pause is announced before those who ask are told of it; both come from one process, in this order.
            self.ask(question);
            self.sql("select pg_wal_replay_resume()")?;
            self.wait("to go on", Observed::is_over)?;
        } else if matches!(self.seen.ended, Some(RecoveryEnd::Promotes | RecoveryEnd::Waits)) {
            self.ask(question);
        }
        self.seen.parent =
            self.seen.new_timeline.and_then(|new| parent(&self.data.join(format!("pg_wal/{new:08X}.history"))));
        if self.seen.ended != Some(RecoveryEnd::Promotes)
            && (self.seen.died_of.is_some() || self.seen.ended == Some(RecoveryEnd::ShutsDown))
        {
            self.wait_for_exit()?;
        }
        self.seen.asked = fs::read_to_string(self.folder.join("asked"))?.lines().map(str::to_owned).collect();
        Ok(self.seen.clone())
    }

    fn wait(&mut self, what: &str, done: impl Fn(&Observed) -> bool) -> Result<(), LiveError> {
        let begun = Instant::now();
        loop {
            // In this order: what a server that has ended said is read once more.
            let ended = self.child.try_wait()?.is_some();
            self.read_log()?;
            if self.mode == RecoveryMode::Standby && self.seen.ended.is_none() && self.asks_in_vain()? {
                self.seen.ended = Some(RecoveryEnd::Waits);
            }
            if done(&self.seen) {
                return Ok(());
            }
            if ended || begun.elapsed() > WITHIN {
                let log = fs::read_to_string(self.folder.join("log"))?;
                return Err(LiveError::Program(
                    "postgres".to_owned(),
                    format!("recovery was {what}{}:\n{}", if ended { ", and ended" } else { "" }, in_short(&log)),
                ));
            }
            thread::sleep(POLL);
        }
    }

    /// A server that died of something, or shut down, goes away by itself; one that does not is ended when this goes
    /// out of scope.
    fn wait_for_exit(&mut self) -> Result<(), LiveError> {
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() && begun.elapsed() < WITHIN {
            thread::sleep(POLL);
        }
        Ok(self.read_log()?)
    }

    /// Whole lines that are new.
    fn read_log(&mut self) -> io::Result<()> {
        let bytes = fs::read(self.folder.join("log"))?;
        let new = bytes.get(self.read..).unwrap_or_default();
        let whole = new.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let numbers = self.server.postgres().major() < 13;
        for line in String::from_utf8_lossy(&new[..whole]).lines() {
            match line.split_once('|').filter(|_| numbers) {
                None => self.seen.line(line),
                Some((number, said)) => {
                    if self.spoke.len() < 2 && !self.spoke.iter().any(|known| known == number) {
                        self.spoke.push(number.to_owned());
                    }
                    let names = ["postmaster", "startup"];
                    let known = self.spoke.iter().zip(names).find(|(known, _)| *known == number);
                    self.seen.line(&format!("{}|{said}", known.map_or("other", |(_, name)| name)));
                }
            }
        }
        self.read += whole;
        Ok(())
    }

    /// The last segment asked for was asked for five times, and nothing but histories since.
    fn asks_in_vain(&self) -> io::Result<bool> {
        let asked = fs::read_to_string(self.folder.join("asked"))?;
        let mut segments = asked.lines().rev().filter(|name| !name.ends_with(".history"));
        let Some(last) = segments.next() else { return Ok(false) };
        // Of several timelines each is asked in turn for the same part of WAL.
        let part = |name: &str| name.get(8..).map(str::to_owned);
        Ok(segments.take_while(|name| part(name) == part(last)).count() >= 12)
    }

    /// Without hot standby there may be nobody to ask.
    fn ask(&mut self, question: &str) {
        self.seen.last_replay_lsn = self.sql("select pg_last_wal_replay_lsn()").ok().filter(|lsn| !lsn.is_empty());
        let commit = self
            .sql("set timezone = 'UTC'; select xid, timestamp from pg_last_committed_xact() where xid is not null")
            .ok();
        self.seen.last_commit = commit
            .and_then(|row| row.split_once('|').and_then(|(xid, time)| Some((xid.parse().ok()?, time.to_owned()))));
        self.seen.answer = self.sql(question).ok();
    }

    fn sql(&self, statement: &str) -> Result<String, LiveError> {
        let output = self.server.psql(&self.folder).args(["-v", "ON_ERROR_STOP=1", "-c", statement]).output()?;
        Ok(finished("psql", output)?.trim().to_owned())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Nothing can be done about a failure here but to end the process the hard way.
        let mut stop = Command::new(self.server.postgres().bin().join("pg_ctl"));
        stop.args(["-w", "-s", "-m", "immediate", "stop", "-D"]).arg(&self.data).current_dir(&self.folder);
        if !self
            .server
            .user()
            .runs(&mut stop)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
        {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn setting(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\'', "''"))
}

/// Add lines to a file of a data directory.
fn append(server: &Server, data: &Path, name: &str, lines: &str) -> io::Result<()> {
    let path = data.join(name);
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, before + lines)?;
    server.user().owns(&path)
}

/// The beginning and the end of a log.
fn in_short(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    match lines.len() {
        ..=60 => log.to_owned(),
        n => format!("{}\n…\n{}", lines[..40].join("\n"), lines[n - 20..].join("\n")),
    }
}

/// `1<TAB>0/5000000<TAB>no recovery target specified`, the last such line.
fn parent(history: &Path) -> Option<(u32, String)> {
    let text = fs::read_to_string(history).ok()?;
    let line = text.lines().rfind(|line| line.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut fields = line.split('\t');
    Some((fields.next()?.trim().parse().ok()?, fields.next()?.to_owned()))
}
