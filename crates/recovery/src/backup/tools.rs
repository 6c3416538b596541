//! Backups in the keeping of other tools: what to do with one before a restore from it can be foretold.
//!
//! ```text
//! pgBackRest       backup/STANZA/20261122-031702F/backup.manifest     (…F_…D, …F_…I: differential, incremental)
//! Barman           SERVER/base/20261122T031702/backup.info
//! WAL-G            basebackups_005/base_000000010000000000000003_backup_stop_sentinel.json
//! pg_probackup     backups/INSTANCE/SK7XQA/backup.control
//! ```

use std::fs;
use std::path::Path;

const PGBACKREST: &str = "it is a backup of pgBackRest: restore it to another folder (pgbackrest restore --stanza=NAME \
                          --set=LABEL --type=none --pg1-path=DIR) and name that folder with --backup";
const BARMAN: &str = "it is a backup of Barman: name the folder data in it, or recover it to another folder \
                      (barman recover SERVER ID DIR) and name that";
const WALG: &str = "it is a backup of WAL-G: fetch it to another folder (wal-g backup-fetch DIR NAME) and name that \
                    folder with --backup";
const PROBACKUP: &str = "it is a backup of pg_probackup: restore it to another folder (pg_probackup restore -D DIR) and \
                         name that folder with --backup";

/// What to do with a folder that another tool made.
pub(super) fn next_step_of_folder(folder: &Path) -> Option<&'static str> {
    let has = |name: &str| folder.join(name).is_file();
    if has("backup.manifest") || has("backup.manifest.copy") || has("backup.info") && folder.join("latest").exists() {
        return Some(PGBACKREST);
    }
    if has("backup.info") {
        return Some(BARMAN);
    }
    if has("backup.control") {
        return Some(PROBACKUP);
    }
    let walg = |name: &str| name.ends_with("_backup_stop_sentinel.json") || name == "tar_partitions";
    let names =
        fs::read_dir(folder).ok()?.flatten().take(1000).filter_map(|entry| entry.file_name().into_string().ok());
    names.into_iter().any(|name| walg(&name)).then_some(WALG)
}

/// What to do with the name that another tool gave to a backup.
pub fn next_step_of_label(name: &str) -> Option<&'static str> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let day = |text: &str, between: char| {
        text.split_once(between).is_some_and(|(day, time)| digits(day, 8) && digits(time, 6))
    };
    let mut parts = name.split('_');
    let full = parts.next().and_then(|full| full.strip_suffix('F')).is_some_and(|full| day(full, '-'));
    let later = parts.all(|part| part.strip_suffix(['D', 'I']).is_some_and(|part| day(part, '-')));
    if full && later {
        return Some(PGBACKREST);
    }
    if day(name, 'T') {
        return Some(BARMAN);
    }
    let walg = name.strip_prefix("base_").and_then(|rest| rest.get(..24));
    walg.is_some_and(|segment| segment.bytes().all(|b| b.is_ascii_hexdigit())).then_some(WALG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_other_tools_are_known() {
        for (name, tool) in [
            ("20261122-031702F", Some("pgBackRest")),
            ("20261122-031702F_20261123-031702I", Some("pgBackRest")),
            ("20261122T031702", Some("Barman")),
            ("base_000000010000000000000003", Some("WAL-G")),
            ("base_000000010000000000000003_D_000000010000000000000001", Some("WAL-G")),
            ("nightly", None),
            ("20261122-031702", None),
            ("base_00", None),
        ] {
            let step = next_step_of_label(name);
            assert_eq!(step.is_some(), tool.is_some(), "{name}");
            assert!(tool.is_none_or(|tool| step.is_some_and(|step| step.contains(tool))), "{name}");
        }
    }
}
