//! The options that give names of relations: a list that a server wrote.

use anyhow::Context;
use pgwal::catalog::Names;
use pgwal::catalog::mapping;
use std::path::PathBuf;

/// The largest list of names that is read.
const LONGEST: u64 = 256 << 20;

/// Where names of relations come from.
#[derive(clap::Args, Clone)]
pub struct NamesOptions {
    /// Names of relations, as a server writes them that is asked the query of walproof events --names-query; WAL that
    /// says otherwise goes before
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
}

impl NamesOptions {
    /// The names that are given, before WAL says anything.
    pub fn given(&self) -> anyhow::Result<Names> {
        let Some(path) = &self.names else { return Ok(Names::default()) };
        let text = crate::input::plain(path, LONGEST)?;
        let listed = mapping::read(&text).with_context(|| format!("{}: no list of names", path.display()))?;
        Ok(Names::given(listed, None))
    }
}
