//! The line by which a restore is foretold before it is done.

use pgwal_repos::shell::quoted;

/// `archive`: as it is typed; `settings`: those of the recovery, without quotes; of no backup that is known: any.
pub fn check(archive: &str, backup: Option<&str>, settings: &[(&'static str, String)]) -> String {
    let backup = backup.map(|file| file.rsplit('/').next().unwrap_or(file));
    let mut out = format!("walproof verify {archive} --backup {}", backup.map_or_else(|| "BACKUP".to_owned(), quoted));
    for (name, value) in settings {
        if let Some(option) = name.strip_prefix("recovery_") {
            out += &format!(" --{} {}", option.replace('_', "-"), quoted(value));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_options() {
        let settings = [("recovery_target_time", "2026-11-22 03:17:02+00".to_owned())];
        let typed = "walproof verify /srv/wal --backup 9.backup --target-time '2026-11-22 03:17:02+00'";
        assert_eq!(check("/srv/wal", Some("x/9.backup"), &settings), typed);
        assert_eq!(check("/srv/wal", None, &[]), "walproof verify /srv/wal --backup BACKUP");
    }
}
