//! One archive, damaged, one backup and one set of settings.

use std::{fs, path::PathBuf};

use walproof_live::{LiveError, LiveRecovery, Observed, Random, RecoveryMode};

use crate::{
    damage,
    target::{self, Settings},
    workload::{self, Workload},
    written,
};

/// What a recovery begins with.
pub struct Scenario {
    /// Its seed.
    pub seed: u64,
    /// The folder of what is its own.
    pub folder: PathBuf,
    /// The archive, damaged.
    pub archive: PathBuf,
    /// The base backup.
    pub backup: PathBuf,
    /// The server's settings.
    pub settings: Settings,
    /// As what the server recovers.
    pub mode: RecoveryMode,
    /// The backup is a data directory in which all settings stand already.
    pub is_restored: bool,
    /// All of this in a line.
    pub what: String,
}

impl Scenario {
    /// What the seed chooses from the workload.
    pub fn make(workload: &Workload, seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let folder = workload.server.data().with_file_name(format!("scenario-{seed}"));
        let archive = folder.join("archive");
        walproof_live::link(&workload.server.archive(), &archive).unwrap();
        let crashed = workload.crashed.as_ref().filter(|_| random.once_in(4));
        let late = crashed.is_some() || random.once_in(4);
        let mut backup = workload.backups[usize::from(late)].clone();
        let first = workload::first_segment(&backup).expect("a base backup has a label");
        if let Some(crashed) = crashed {
            backup.clone_from(crashed);
        } else if backup.join("backup_label").is_file() && random.once_in(16) {
            // Left behind, as by a copy that does not know what it is.
            let bare = folder.join("without-label");
            walproof_live::link(&backup, &bare).unwrap();
            fs::remove_file(bare.join("backup_label")).unwrap();
            backup = bare;
        }
        let settings = target::settings(&mut random, workload, late);
        let mut mode = RecoveryMode::Archive;
        let is_restored = backup.join("PG_VERSION").is_file() && random.once_in(3);
        if is_restored {
            mode = if random.once_in(3) { RecoveryMode::Standby } else { RecoveryMode::Archive };
            let restored = folder.join("restored");
            walproof_live::link(&backup, &restored).unwrap();
            written::settings(random.below(3), &restored, &archive, &settings, mode, workload.server.postgres());
            backup = restored;
        }
        let damage = damage::damage(&mut random, &archive, &first);
        let chosen: Vec<String> = settings
            .iter()
            .filter(|(name, _)| {
                name.starts_with("recovery")
                    || name.contains("_conn")
                    || name.starts_with("allow")
                    || name.starts_with("hot")
            })
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let shown = backup.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let what = format!("{}; {shown} from {first}; {damage}; {mode:?}; {}", workload.what, chosen.join(" "));
        Self { seed, folder, archive, backup, settings, mode, is_restored, what }
    }

    /// Recover for real.
    pub fn recover(&self, workload: &Workload) -> Result<Observed, LiveError> {
        let question = "select label from facts order by id desc limit 1";
        let recovery = LiveRecovery {
            backup: &self.backup,
            archive: &self.archive,
            settings: &self.settings,
            mode: self.mode,
            question,
            kept: None,
        };
        workload.server.recover(&recovery)
    }
}
