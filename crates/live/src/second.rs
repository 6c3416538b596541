//! Another server beside the first, with data that were the first one's: a copy that goes on by itself, or a standby.

use crate::{LiveError, Server, Shape, Wal, server::finished};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// A second server; stopped when it goes out of scope. Its folder goes with that of the first.
#[derive(Debug)]
pub struct SecondServer<'a> {
    first: &'a Server,
    folder: PathBuf,
}

impl Server {
    /// A copy of the data directory of this server, which does not run, under a name of its own; it is not started.
    ///
    /// # Errors
    /// The file system's.
    pub fn twin(&self, name: &str, settings: &str) -> Result<SecondServer<'_>, LiveError> {
        let second = self.second(name)?;
        self.copy_data(&second.data())?;
        second.configure(settings)?;
        Ok(second)
    }

    /// A standby that streams from this server, which runs, begun by a base backup; it is not started (12 and later).
    ///
    /// # Errors
    /// What a program said.
    pub fn standby(&self, name: &str, settings: &str) -> Result<SecondServer<'_>, LiveError> {
        let second = self.second(name)?;
        self.base_backup(&second.data(), Shape::Plain, Wal::Stream, None)?;
        fs::set_permissions(second.data(), fs::Permissions::from_mode(0o700))?;
        second.configure(settings)?;
        self.follows(&second.data(), self.socket())?;
        Ok(second)
    }

    /// Make a standby of the server of a data directory, which follows the one whose socket is in the folder.
    ///
    /// # Errors
    /// The file system's.
    pub fn follows(&self, data: &Path, socket: &Path) -> Result<(), LiveError> {
        let signal = data.join("standby.signal");
        fs::write(&signal, "")?;
        self.user().owns(&signal)?;
        let conf = data.join("postgresql.conf");
        let line = format!("\nprimary_conninfo = 'host={} user=postgres'\n", socket.display());
        Ok(fs::write(&conf, fs::read_to_string(&conf)? + &line)?)
    }

    /// Ask until the answer is this one, for half a minute; whether it came.
    ///
    /// # Errors
    /// What `psql` said.
    pub fn comes_to(&self, question: &str, answer: &str) -> Result<bool, LiveError> {
        comes_to(|| self.sql(question), answer)
    }

    fn second(&self, name: &str) -> Result<SecondServer<'_>, LiveError> {
        let folder = self.socket().join(name);
        self.own_folder(&folder)?;
        Ok(SecondServer { first: self, folder })
    }
}

fn comes_to(ask: impl Fn() -> Result<String, LiveError>, answer: &str) -> Result<bool, LiveError> {
    let begun = Instant::now();
    loop {
        if ask()?.trim() == answer {
            return Ok(true);
        }
        if begun.elapsed() > Duration::from_secs(30) {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

impl SecondServer<'_> {
    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Add lines to `postgresql.conf`: they count from the next start.
    ///
    /// # Errors
    /// The file system's.
    pub fn configure(&self, settings: &str) -> Result<(), LiveError> {
        let conf = self.data().join("postgresql.conf");
        let own = format!("\nunix_socket_directories = '{}'\n{settings}\n", self.folder.display());
        Ok(fs::write(&conf, fs::read_to_string(&conf)? + &own)?)
    }

    /// Start it.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn start(&self) -> Result<(), LiveError> {
        self.first.control_of(&self.data(), &["start"])
    }

    /// Promote it, if it is a standby.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn promote(&self) -> Result<(), LiveError> {
        self.first.control_of(&self.data(), &["promote"])
    }

    /// Run SQL; rows come back a line each, columns between `|`.
    ///
    /// # Errors
    /// What `psql` said.
    pub fn sql(&self, statements: &str) -> Result<String, LiveError> {
        let mut psql = self.first.psql(&self.folder);
        finished("psql", psql.args(["-v", "ON_ERROR_STOP=1", "-c", statements]).output()?)
    }

    /// As [`Server::comes_to`].
    ///
    /// # Errors
    /// What `psql` said.
    pub fn comes_to(&self, question: &str, answer: &str) -> Result<bool, LiveError> {
        comes_to(|| self.sql(question), answer)
    }
}

impl Drop for SecondServer<'_> {
    fn drop(&mut self) {
        // It may not run; a test that failed before has said more.
        let _ = self.first.control_of(&self.data(), &["-m", "immediate", "stop"]);
    }
}
