//! Backups that `pg_basebackup` of the primary does not make: from a standby, from increments, by the two functions.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{LiveError, Server, Shape, Wal, server::finished};

impl Server {
    /// A base backup of a standby that streams from this server, as a folder; the standby is gone afterwards.
    ///
    /// # Errors
    /// What a program said.
    pub fn backup_of_a_standby(&self, into: &Path, wal: Wal) -> Result<(), LiveError> {
        let folder = self.socket().join("standby");
        fs::create_dir(&folder)?;
        self.user().owns(&folder)?;
        let data = folder.join("data");
        self.base_backup(&data, Shape::Plain, Wal::Stream, None)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        let lines = format!(
            "\nprimary_conninfo = 'host={} user=postgres'\nrestore_command = 'cp {}/%f \"%p\" 2>/dev/null'\n",
            self.socket().display(),
            self.archive().display()
        );
        if self.postgres().has_recovery_conf() {
            fs::write(data.join("recovery.conf"), format!("standby_mode = on\n{lines}"))?;
            fs::write(data.join("postgresql.auto.conf"), "")?;
        } else {
            fs::write(data.join("standby.signal"), "")?;
            fs::write(data.join("postgresql.auto.conf"), lines)?;
        }
        for name in ["recovery.conf", "standby.signal", "postgresql.auto.conf"].map(|name| data.join(name)) {
            if name.is_file() {
                self.user().owns(&name)?;
            }
        }
        // Not in a file, which the backup would have. The timeline is the primary's own (up to 11 the default): the
        // newest in the archive may be of a fork before this backup.
        let mut own = format!("-c hot_standby=on -c unix_socket_directories={}", folder.display());
        if !self.postgres().has_recovery_conf() {
            own += " -c recovery_target_timeline=current";
        }
        self.control_of(&data, &["-o", &own, "start"])?;
        let done = self.base_backup_from(&folder, into, Shape::Plain, wal, None, None);
        self.control_of(&data, &["-m", "fast", "stop"])?;
        fs::remove_dir_all(&folder)?;
        done?;
        // It would make a standby of what is restored from it.
        let own = into.join(if self.postgres().has_recovery_conf() { "recovery.conf" } else { "standby.signal" });
        Ok(fs::remove_file(own)?)
    }

    /// A full backup, what the caller does then, a backup of what has changed since, and both put together (17 and
    /// later, with `summarize_wal`).
    ///
    /// # Errors
    /// What a program said.
    pub fn combined_backup(&self, into: &Path, between: impl FnOnce()) -> Result<(), LiveError> {
        let [full, changed] = ["full", "changed"].map(|name| into.with_extension(name));
        self.base_backup(&full, Shape::Plain, Wal::None, None)?;
        between();
        let manifest = full.join("backup_manifest");
        self.base_backup_from(self.socket(), &changed, Shape::Plain, Wal::None, None, Some(&manifest))?;
        let program = self.postgres().own_program("pg_combinebackup");
        let program = program.ok_or_else(|| io::Error::other("there is no pg_combinebackup beside the server"))?;
        let mut command = Command::new(program);
        command.arg("--no-sync").arg("-o").args([into, &full, &changed]).current_dir(self.socket());
        finished("pg_combinebackup", self.user().runs(&mut command).output()?)?;
        fs::remove_dir_all(&full)?;
        Ok(fs::remove_dir_all(&changed)?)
    }

    /// Between `pg_backup_start` and `pg_backup_stop` the data directory is copied as it lies there, with its `pg_wal`
    /// or with an empty one.
    ///
    /// # Errors
    /// What a program said.
    pub fn copied_backup(&self, into: &Path, with_wal: bool) -> Result<(), LiveError> {
        let label = into.with_extension("label");
        let (start, stop) = if self.postgres().major() < 15 {
            ("pg_start_backup('copied', true, false)", "pg_stop_backup(false, false)")
        } else {
            ("pg_backup_start('copied', true)", "pg_backup_stop(false)")
        };
        // Files that go away while they are copied are no failure of the backup's.
        let script = format!(
            "select {start} is null;\n\\! cp -a {} {} 2>/dev/null\n\\o {}\nselect labelfile from {stop};\n",
            self.data().display(),
            into.display(),
            label.display()
        );
        self.session(&script)?.finish()?;
        fs::rename(&label, into.join("backup_label"))?;
        self.user().owns(&into.join("backup_label"))?;
        for left in ["postmaster.pid", "postmaster.opts"] {
            fs::remove_file(into.join(left))?;
        }
        if !with_wal {
            fs::remove_dir_all(into.join("pg_wal"))?;
            for folder in ["pg_wal", "pg_wal/archive_status"].map(|name| into.join(name)) {
                fs::create_dir(&folder)?;
                self.user().owns(&folder)?;
            }
        }
        Ok(())
    }
}
