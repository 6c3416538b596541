//! A cluster of its own in a temporary folder: unix socket only, segments of 1 MiB, every finished segment archived
//! with `cp`.

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
    process::{self, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{Postgres, user::User};

const ARCHIVED_WITHIN: Duration = Duration::from_secs(60);
static STARTED: AtomicU32 = AtomicU32::new(0);

/// Why a server could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LiveError {
    /// Files or processes.
    Io(io::Error),
    /// A program of PostgreSQL's failed: its name and what it printed.
    Program(String, String),
    /// The archiver did not archive the named segment in time.
    NotArchived(String),
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Program(name, said) => write!(f, "{name} failed: {said}"),
            Self::NotArchived(segment) => {
                write!(f, "the server did not archive {segment} within {} s", ARCHIVED_WITHIN.as_secs())
            }
        }
    }
}

impl std::error::Error for LiveError {}

impl From<io::Error> for LiveError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A running server; stopped, and its folder removed, when it goes out of scope.
#[derive(Debug)]
pub struct Server {
    postgres: Postgres,
    psql: PathBuf,
    user: User,
    folder: PathBuf,
}

impl Server {
    /// Make a cluster and start it. `settings` are lines for `postgresql.conf`.
    ///
    /// # Errors
    /// No `psql`, no user to run it as, or what `initdb` or `pg_ctl` said.
    pub fn start(postgres: Postgres, settings: &str) -> Result<Self, LiveError> {
        Self::start_sized(postgres, 1, settings)
    }

    /// The same with segments of so many MiB.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_sized(postgres: Postgres, mib: u32, settings: &str) -> Result<Self, LiveError> {
        let psql = postgres
            .program("psql")
            .ok_or_else(|| io::Error::other("there is no psql beside the server or in PATH"))?;
        let folder = env::temp_dir().join(format!(
            "walproof-live-{}-{}",
            process::id(),
            STARTED.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir_all(folder.join("archive"))?;
        let user = User::unprivileged(&folder)?;
        user.owns(&folder)?;
        user.owns(&folder.join("archive"))?;
        let server = Self { postgres, psql, user, folder };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-D",
                &text(&data),
                "-U",
                "postgres",
                "-A",
                "trust",
                &format!("--wal-segsize={mib}"),
                "--no-sync",
                "--locale=C",
                "-E",
                "UTF8",
            ],
        )?;
        let shown = server.folder.display();
        let own = format!(
            "listen_addresses = ''\nunix_socket_directories = '{shown}'\nfsync = off\narchive_mode = on\narchive_command = 'cp %p {shown}/archive/%f'\n{settings}\n"
        );
        server.configure(&own)?;
        server.control(&["start"])?;
        Ok(server)
    }

    /// What the server is.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder that `archive_command` copies to.
    pub fn archive(&self) -> PathBuf {
        self.folder.join("archive")
    }

    /// Run SQL; rows come back a line each, columns between `|`.
    ///
    /// # Errors
    /// What `psql` said.
    pub fn sql(&self, statements: &str) -> Result<String, LiveError> {
        finished("psql", self.psql(&self.folder).args(["-v", "ON_ERROR_STOP=1", "-c", statements]).output()?)
    }

    /// Add lines to `postgresql.conf`: they count from the next start.
    ///
    /// # Errors
    /// The file system's.
    pub fn configure(&self, settings: &str) -> Result<(), LiveError> {
        let conf = self.data().join("postgresql.conf");
        Ok(fs::write(&conf, fs::read_to_string(&conf)? + settings + "\n")?)
    }

    /// Stop it cleanly and start it again.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn restart(&self) -> Result<(), LiveError> {
        self.stop()?;
        self.control(&["start"])
    }

    /// Start it, after it was stopped.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn restart_from_stop(&self) -> Result<(), LiveError> {
        self.control(&["start"])
    }

    /// Stop it cleanly.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn stop(&self) -> Result<(), LiveError> {
        self.control(&["-m", "fast", "stop"])
    }

    /// Stop it as a crash would, and start it again.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn crash(&self) -> Result<(), LiveError> {
        self.control(&["-m", "immediate", "stop"])?;
        self.control(&["start"])
    }

    /// Stop it as a crash would, and leave it there.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn crash_for_good(&self) -> Result<(), LiveError> {
        self.control(&["-m", "immediate", "stop"])
    }

    /// Copy the data directory as it lies there, of a server that does not run.
    ///
    /// # Errors
    /// The file system's.
    pub fn copy_data(&self, into: &Path) -> Result<(), LiveError> {
        Ok(crate::tree::copy(&self.data(), into, self.user)?)
    }

    /// End the current segment and wait until it is archived; returns its name.
    ///
    /// # Errors
    /// That the archiver was too slow, or what `psql` said.
    pub fn switch_and_archive(&self) -> Result<String, LiveError> {
        // Behind a switch there is nothing to end, and 17 and later then name the segment that is yet to come: so
        // something is written first.
        let rows =
            self.sql("select pg_logical_emit_message(false, 'walproof', ''); select pg_walfile_name(pg_switch_wal())")?;
        let segment = rows.lines().last().unwrap_or_default().to_owned();
        let begun = Instant::now();
        while begun.elapsed() < ARCHIVED_WITHIN {
            if self.sql("select coalesce(last_archived_wal, '') from pg_stat_archiver")?.trim() >= segment.as_str() {
                return Ok(segment);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(LiveError::NotArchived(segment))
    }

    /// `psql` on the server whose socket is in the folder.
    pub(crate) fn psql(&self, socket: &Path) -> Command {
        let mut command = Command::new(&self.psql);
        command.args(["-XAtq", "-U", "postgres", "-d", "postgres"]).arg("-h").arg(socket).stdin(Stdio::null());
        command
    }

    pub(crate) fn user(&self) -> User {
        self.user
    }

    /// The folder of its socket, and of all that is its own.
    pub(crate) fn socket(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn control(&self, arguments: &[&str]) -> Result<(), LiveError> {
        self.control_of(&self.data(), arguments)
    }

    pub(crate) fn control_of(&self, data: &Path, arguments: &[&str]) -> Result<(), LiveError> {
        let (data, log) = (text(data), text(&self.folder.join("log")));
        let all: Vec<&str> =
            ["-w", "-s", "-D", &data, "-l", &log].into_iter().chain(arguments.iter().copied()).collect();
        self.run("pg_ctl", &all).map_err(|error| match error {
            LiveError::Program(name, said) => {
                let logged = fs::read_to_string(&log).unwrap_or_default();
                let last: Vec<&str> = logged.lines().rev().take(8).collect();
                LiveError::Program(name, said + &last.into_iter().rev().collect::<Vec<_>>().join("\n"))
            }
            error => error,
        })
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), LiveError> {
        let mut command = Command::new(self.postgres.bin().join(program));
        // A server started by pg_ctl keeps our pipes open, so nothing may wait for their end: output goes to a file.
        let said = self.folder.join(format!("{program}.out"));
        let file = fs::File::create(&said)?;
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let status = self.user.runs(&mut command).status()?;
        if status.success() { Ok(()) } else { Err(LiveError::Program(program.to_owned(), fs::read_to_string(said)?)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and a test that failed before has said more.
        let _ = self.control(&["-m", "immediate", "stop"]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn finished(program: &str, output: Output) -> Result<String, LiveError> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(LiveError::Program(program.to_owned(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
