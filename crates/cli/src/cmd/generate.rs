//! `walproof generate`: what is packaged beside the program, made from the definition of its command line.

use crate::{Cli, Exit};
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use std::fs;
use std::path::PathBuf;

/// The options of `generate`.
#[derive(clap::Args)]
pub struct GenerateArgs {
    /// GenerateWhat to write
    #[arg(value_enum)]
    what: GenerateWhat,
    /// Where; made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum GenerateWhat {
    /// walproof.1 and a page for each subcommand
    Man,
    /// For bash, zsh, fish, elvish and PowerShell
    Completions,
}

/// Writes them.
pub fn run(args: &GenerateArgs) -> anyhow::Result<Exit> {
    fs::create_dir_all(&args.folder)?;
    let mut command = Cli::command();
    match args.what {
        GenerateWhat::Man => clap_mangen::generate_to(command.disable_help_subcommand(true), &args.folder)?,
        GenerateWhat::Completions => {
            for shell in Shell::value_variants() {
                clap_complete::generate_to(*shell, &mut command, "walproof", &args.folder)?;
            }
        }
    }
    Ok(Exit::Clean)
}
