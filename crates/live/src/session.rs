//! SQL sessions beside each other, each a `psql` of its own.

use std::{
    io::Write,
    process::{Child, Stdio},
};

use crate::{LiveError, Server, server::finished};

/// A script that runs while the caller does something else.
#[derive(Debug)]
pub struct ScriptSession(Child);

impl Server {
    /// Start a script in a session of its own. A statement that fails is only said on stderr, and the script goes on.
    ///
    /// # Errors
    /// `psql` did not start, or took no input.
    pub fn session(&self, script: &str) -> Result<ScriptSession, LiveError> {
        let mut command = self.psql(self.socket());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A script of a few KiB fits into the pipe, so nothing waits here.
        if let Some(mut input) = child.stdin.take() {
            input.write_all(script.as_bytes())?;
        }
        Ok(ScriptSession(child))
    }
}

impl ScriptSession {
    /// Wait for its end; returns the rows that it printed and what it complained of.
    ///
    /// # Errors
    /// What `psql` said: the server went away.
    pub fn finish(self) -> Result<(String, String), LiveError> {
        let output = self.0.wait_with_output()?;
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((finished("psql", output)?, complaints))
    }

    /// What it printed until the server went away; that is no complaint.
    ///
    /// # Errors
    /// The pipe's.
    pub fn interrupted(self) -> Result<(String, String), LiveError> {
        let output = self.0.wait_with_output()?;
        Ok((String::from_utf8_lossy(&output.stdout).into_owned(), String::new()))
    }
}
