//! The option that names further places with the same archive.

use std::path::PathBuf;

/// Where else to look.
#[derive(clap::Args, Clone, Default)]
pub struct FromOptions {
    /// Another place with the same archive, asked where those before it have no good copy of a file; may be given
    /// several times
    #[arg(long, value_name = "PLACE")]
    pub from: Vec<PathBuf>,
}
