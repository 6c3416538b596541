//! Programs of other people beside a server: run as its user, on folders of its own; and recoveries of what they
//! restored.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{LiveError, Server, server::finished};

impl Server {
    /// The folder of its socket, where its programs run.
    pub fn folder(&self) -> &Path {
        self.socket()
    }

    /// The name of the user who runs it.
    pub fn user_name(&self) -> String {
        self.user().name()
    }

    /// Make a folder that is the server's user's alone.
    ///
    /// # Errors
    /// The file system's.
    pub fn own_folder(&self, path: &Path) -> Result<(), LiveError> {
        fs::create_dir_all(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        Ok(self.user().owns(path)?)
    }

    /// Runs programs as the server's user, outliving the borrow of the server.
    pub fn runner(&self) -> impl Fn(&mut Command) -> Result<(), LiveError> + 'static {
        let (user, folder) = (self.user(), self.socket().to_owned());
        move |command: &mut Command| {
            let shown = format!("{command:?}");
            command.current_dir(&folder);
            finished(&shown, user.runs(command).output()?).map(drop)
        }
    }

    /// Run a program as the server's user; returns what it printed.
    ///
    /// # Errors
    /// It did not start, or it failed: what it printed.
    pub fn tool(&self, command: &mut Command) -> Result<String, LiveError> {
        let shown = format!("{command:?}");
        command.current_dir(self.socket()).env("LC_ALL", "C");
        let output = self.user().runs(command).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        finished(&shown, output).map_err(|error| match error {
            LiveError::Program(name, complaint) => LiveError::Program(name, complaint + &said),
            error => error,
        })
    }
}
