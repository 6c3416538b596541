//! Settings as people leave them behind: in one file or another of a data directory, before the server is started.

use std::{fmt::Write as _, fs, path::Path};

use walproof_live::{Postgres, RecoveryMode};

use crate::target::Settings;

/// Write them where a server of this version reads them; `place` chooses among the files that it reads.
pub fn settings(
    place: usize,
    data: &Path,
    archive: &Path,
    settings: &Settings,
    mode: RecoveryMode,
    postgres: &Postgres,
) {
    let own_file = postgres.has_recovery_conf();
    let mut of_recovery = format!("restore_command = 'cp {}/%f %p'\n", archive.display());
    let mut of_server = String::from("# Written before the start.\n");
    for (name, value) in settings {
        let into = if name.starts_with("recovery_target") { &mut of_recovery } else { &mut of_server };
        let _ = writeln!(into, "{name} = '{}'", value.replace('\'', "''"));
    }
    if own_file {
        add(&data.join("recovery.conf"), &format!("{of_recovery}standby_mode = {}\n", mode == RecoveryMode::Standby));
    } else {
        of_server += &of_recovery;
        let signal = if mode == RecoveryMode::Standby { "standby.signal" } else { "recovery.signal" };
        add(&data.join(signal), "");
    }
    match place {
        0 => add(&data.join("postgresql.conf"), &of_server),
        1 => add(&data.join("postgresql.auto.conf"), &of_server),
        _ => {
            fs::create_dir_all(data.join("conf.d")).unwrap();
            add(&data.join("postgresql.conf"), "include_dir = 'conf.d'\n");
            add(&data.join("conf.d/restore.conf"), &of_server);
        }
    }
}

/// The files are links to another directory's: each is written anew.
fn add(path: &Path, lines: &str) {
    let before = fs::read_to_string(path).unwrap_or_default();
    let _ = fs::remove_file(path);
    fs::write(path, before + "\n" + lines).unwrap();
}
