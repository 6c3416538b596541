//! A second server, on a copy of a base backup: a standby, or a recovery that waits. It can be asked, promoted and
//! stopped as its primary can.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{LiveError, Server, server::finished};

const WITHIN: Duration = Duration::from_secs(60);

/// A running follower; stopped, and its folder removed, when it goes out of scope.
#[derive(Debug)]
pub struct FollowingServer<'a> {
    server: &'a Server,
    folder: PathBuf,
}

impl Server {
    /// Start a server on a copy of a backup: [`Server::follower`].
    ///
    /// # Errors
    /// Files and processes, or what `pg_ctl` said.
    pub fn follow(
        &self,
        name: &str,
        backup: &Path,
        signal: &str,
        settings: &str,
    ) -> Result<FollowingServer<'_>, LiveError> {
        let own = self.follower(name, backup, signal, settings)?;
        own.start()?;
        Ok(own)
    }

    /// A server (12 and later) on a copy of a backup, in a folder of its own beside this one's, not started yet.
    /// `signal`: the file that makes it recover; `settings`: lines of its configuration.
    ///
    /// # Errors
    /// The file system's.
    pub fn follower(
        &self,
        name: &str,
        backup: &Path,
        signal: &str,
        settings: &str,
    ) -> Result<FollowingServer<'_>, LiveError> {
        let folder = self.socket().join(name);
        fs::create_dir(&folder)?;
        self.user().owns(&folder)?;
        let own = FollowingServer { server: self, folder };
        self.unpack(backup, &own.data())?;
        fs::set_permissions(own.data(), fs::Permissions::from_mode(0o700))?;
        let common = "fsync = off\nshared_buffers = 8MB\nlisten_addresses = ''\nlog_min_messages = debug1\n\
                      wal_retrieve_retry_interval = 200ms\nlc_messages = C\n";
        let lines = format!("\n{common}unix_socket_directories = '{}'\n{settings}\n", own.folder.display());
        for (name, text) in [(signal, ""), ("postgresql.auto.conf", &lines)] {
            let path = own.data().join(name);
            fs::write(&path, text)?;
            self.user().owns(&path)?;
        }
        Ok(own)
    }
}

impl FollowingServer<'_> {
    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its socket's folder.
    pub fn socket(&self) -> &Path {
        &self.folder
    }

    /// What it and its commands have said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Run SQL; rows come back a line each, columns between `|`.
    ///
    /// # Errors
    /// What `psql` said.
    pub fn sql(&self, statements: &str) -> Result<String, LiveError> {
        let output = self.server.psql(&self.folder).args(["-v", "ON_ERROR_STOP=1", "-c", statements]).output()?;
        Ok(finished("psql", output)?.trim().to_owned())
    }

    /// Ask until the answer is this one.
    ///
    /// # Errors
    /// It was not in time: what was answered last, and the log.
    pub fn comes_to(&self, question: &str, answer: &str) -> Result<(), LiveError> {
        let begun = Instant::now();
        loop {
            let said = self.sql(question);
            if said.as_deref().is_ok_and(|said| said == answer) {
                return Ok(());
            }
            if begun.elapsed() > WITHIN {
                return Err(LiveError::Program(question.to_owned(), format!("{said:?}\n{}", self.log())));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Wait until its log says this.
    ///
    /// # Errors
    /// It did not in time: the log.
    pub fn says(&self, what: &str) -> Result<(), LiveError> {
        let begun = Instant::now();
        while !self.log().contains(what) {
            if begun.elapsed() > WITHIN {
                return Err(LiveError::Program(format!("no word of \"{what}\""), self.log()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Start it again.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn start(&self) -> Result<(), LiveError> {
        self.control(&["start"])
    }

    /// Promote it, and wait until it is.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn promote(&self) -> Result<(), LiveError> {
        self.control(&["promote"])
    }

    /// Stop it: `smart`, `fast` or `immediate`.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn stop(&self, mode: &str) -> Result<(), LiveError> {
        self.control(&["-m", mode, "stop"])
    }

    /// Start it, whatever comes of that, and wait until it has ended by itself.
    ///
    /// # Errors
    /// It did not end in time: the log.
    pub fn ends(&self) -> Result<(), LiveError> {
        let _ = self.start();
        let begun = Instant::now();
        while self.is_running() {
            if begun.elapsed() > WITHIN {
                return Err(LiveError::Program("it goes on".to_owned(), self.log()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether its postmaster lives, by its own file.
    pub fn is_running(&self) -> bool {
        self.data().join("postmaster.pid").exists()
    }

    fn control(&self, arguments: &[&str]) -> Result<(), LiveError> {
        let said = self.folder.join("pg_ctl.out");
        // A server keeps what pg_ctl was given: so a file.
        let file = fs::File::create(&said)?;
        let mut command = Command::new(self.server.postgres().bin().join("pg_ctl"));
        command.args(["-w", "-s", "-D"]).arg(self.data()).arg("-l").arg(self.folder.join("log")).args(arguments);
        command.current_dir(&self.folder).env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null());
        command.stdout(file.try_clone()?).stderr(file);
        let status = self.server.user().runs(&mut command).status()?;
        if status.success() {
            return Ok(());
        }
        Err(LiveError::Program(format!("pg_ctl {arguments:?}"), fs::read_to_string(said)? + &self.log()))
    }
}

impl Drop for FollowingServer<'_> {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and a test that failed before has said more.
        if self.is_running() {
            let _ = self.stop("immediate");
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
