//! What happens to a primary on a bad day: it becomes a standby of nothing, and is promoted.

use crate::{LiveError, Server};
use std::fs;
use std::process::Command;

impl Server {
    /// Stop it, start it in recovery and promote it: it goes on on a new timeline, in the same folder.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn promote(&self) -> Result<(), LiveError> {
        self.control(&["-m", "fast", "stop"])?;
        if self.postgres().has_recovery_conf() {
            fs::write(self.data().join("recovery.conf"), "standby_mode = on\nrecovery_target_timeline = latest\n")?;
            self.user().owns(&self.data().join("recovery.conf"))?;
        } else {
            fs::write(self.data().join("standby.signal"), "")?;
        }
        self.control(&["start"])?;
        self.control(&["promote"])
    }

    /// Run `pgbench` with these arguments; returns what it printed.
    ///
    /// # Errors
    /// There is no `pgbench`, or what it said.
    pub fn pgbench(&self, arguments: &[&str]) -> Result<String, LiveError> {
        let pgbench = self
            .postgres()
            .program("pgbench")
            .ok_or_else(|| std::io::Error::other("there is no pgbench beside the server or in PATH"))?;
        let output = Command::new(pgbench)
            .args(["-U", "postgres", "-h"])
            .arg(self.socket())
            .args(arguments)
            .arg("postgres")
            .output()?;
        crate::server::finished("pgbench", output)
    }
}
