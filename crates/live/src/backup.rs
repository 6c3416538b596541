//! Base backups by `pg_basebackup`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{LiveError, Server, server::finished, tree};

/// How a base backup is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A folder like the data directory.
    Plain,
    /// `base.tar`.
    Tar,
    /// `base.tar.gz`.
    TarGz,
}

/// Whether a base backup has the WAL that it needs inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wal {
    /// No: it is in the archive.
    None,
    /// Yes, in `pg_wal` or `pg_wal.tar`.
    Stream,
}

/// How often a backup is begun anew whose WAL was gone.
const TRIES: u32 = 5;

impl Server {
    /// Take a base backup into a new folder, no faster than so many MiB a second.
    ///
    /// # Errors
    /// There is no `pg_basebackup`, or what it said.
    pub fn base_backup(&self, into: &Path, shape: Shape, wal: Wal, at_most: Option<u32>) -> Result<(), LiveError> {
        self.base_backup_from(self.socket(), into, shape, wal, at_most, None)
    }

    /// The same, of the server whose socket is in the folder; `since`: the manifest of the backup on which it builds.
    pub(crate) fn base_backup_from(
        &self,
        socket: &Path,
        into: &Path,
        shape: Shape,
        wal: Wal,
        at_most: Option<u32>,
        since: Option<&Path>,
    ) -> Result<(), LiveError> {
        let program = self.postgres().program("pg_basebackup");
        let program =
            program.ok_or_else(|| std::io::Error::other("there is no pg_basebackup beside the server or in PATH"))?;
        fs::create_dir(into)?;
        self.user().owns(into)?;
        let mut command = Command::new(program);
        command.args(["-U", "postgres", "--no-sync", "--checkpoint=fast", "-h"]).arg(socket).arg("-D").arg(into);
        command.args(match wal {
            Wal::None => ["-X", "none"],
            Wal::Stream => ["-X", "stream"],
        });
        command.args(match shape {
            Shape::Plain => ["-F", "plain"].as_slice(),
            Shape::Tar => &["-F", "tar"],
            Shape::TarGz => &["-F", "tar", "-z"],
        });
        if let Some(mib) = at_most {
            command.arg(format!("--max-rate={mib}M"));
        }
        if let Some(manifest) = since {
            command.arg("--incremental").arg(manifest);
        }
        command.current_dir(self.socket());
        let mut runs = 0;
        loop {
            runs += 1;
            let ended = finished("pg_basebackup", self.user().runs(&mut command).output()?);
            // A server that writes faster than it is streamed recycles what is not fetched yet; the folder is empty
            // again.
            let is_late = |error: &LiveError| error.to_string().contains("has already been removed");
            if runs == TRIES || !ended.as_ref().is_err_and(is_late) {
                return ended.map(drop);
            }
        }
    }

    /// The data directory of a base backup: its tar files unpacked, or a copy of its folder.
    ///
    /// # Errors
    /// The file system's, or what `tar` said.
    pub fn unpack(&self, backup: &Path, into: &Path) -> Result<(), LiveError> {
        let Some(base) =
            ["base.tar", "base.tar.gz"].map(|name| backup.join(name)).into_iter().find(|tar| tar.is_file())
        else {
            return Ok(tree::copy(backup, into, self.user())?);
        };
        fs::create_dir(into)?;
        self.user().owns(into)?;
        self.untar(&base, into)?;
        if let Some(wal) =
            ["pg_wal.tar", "pg_wal.tar.gz"].map(|name| backup.join(name)).into_iter().find(|tar| tar.is_file())
        {
            self.untar(&wal, &into.join("pg_wal"))?;
        }
        // The tar file says nothing of the folder itself, and the server wants it closed.
        Ok(fs::set_permissions(into, fs::Permissions::from_mode(0o700))?)
    }

    fn untar(&self, tar: &Path, into: &Path) -> Result<(), LiveError> {
        let mut command = Command::new("tar");
        command.arg("-xf").arg(tar).arg("-C").arg(into).current_dir(self.socket());
        finished("tar", self.user().runs(&mut command).output()?).map(drop)
    }
}
