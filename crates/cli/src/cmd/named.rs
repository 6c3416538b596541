//! Names of relations that are given.

use anyhow::{Context, ensure};
use pgwal::catalog::Names;
use pgwal::catalog::mapping;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// The option, as every command has it that tells names.
#[derive(clap::Args)]
pub struct NamesOption {
    /// Names of relations, as a server writes them that is asked the query of walproof events --names-query; WAL that
    /// says otherwise goes before
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
}

/// The largest file of names that is read.
const LONGEST: u64 = 256 << 20;

impl NamesOption {
    /// The names.
    pub fn names(&self) -> anyhow::Result<Names> {
        let Some(path) = &self.names else { return Ok(Names::default()) };
        let shown = path.display();
        let mut text = Vec::new();
        let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
        file.take(LONGEST + 1).read_to_end(&mut text).with_context(|| format!("cannot read {shown}"))?;
        ensure!(text.len() as u64 <= LONGEST, "{shown} has more than {} MiB", LONGEST >> 20);
        mapping::read(&text).with_context(|| format!("{shown}: no list of names"))
    }
}
