//! One archive, damaged, one backup and one set of settings.

use std::path::PathBuf;

use walproof_live::{LiveError, LiveRecovery, Observed, Random};

use crate::{
    damage,
    target::{self, Settings},
    workload::{self, Workload},
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
        let late = random.once_in(4);
        let backup = workload.backups[usize::from(late)].clone();
        let first = workload::first_segment(&backup).expect("a base backup has a label");
        let settings = target::settings(&mut random, workload, late);
        let damage = damage::damage(&mut random, &archive, &first);
        let chosen: Vec<String> = settings
            .iter()
            .filter(|(name, _)| name.starts_with("recovery") || name.contains("_conn") || name.starts_with("hot"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let shown = backup.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let what = format!("{}; {shown} from {first}; {damage}; {}", workload.what, chosen.join(" "));
        Self { seed, folder, archive, backup, settings, what }
    }

    /// Recover for real.
    pub fn recover(&self, workload: &Workload) -> Result<Observed, LiveError> {
        let question = "select label from facts order by id desc limit 1";
        let recovery =
            LiveRecovery { backup: &self.backup, archive: &self.archive, settings: &self.settings, question };
        workload.server.recover(&recovery)
    }
}
