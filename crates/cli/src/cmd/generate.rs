//! `walproof generate`: what is packaged beside the program, made from the definition of its command line.

use crate::{Cli, Exit, help};
use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::fs;
use std::path::{Path, PathBuf};

/// The options of `generate`.
#[derive(clap::Args)]
pub struct GenerateArgs {
    /// What to write
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
        GenerateWhat::Man => pages(command.disable_help_subcommand(true), &args.folder)?,
        GenerateWhat::Completions => {
            for shell in Shell::value_variants() {
                clap_complete::generate_to(*shell, &mut command, "walproof", &args.folder)?;
            }
        }
    }
    Ok(Exit::Clean)
}

/// A page for the program, and one for each subcommand.
fn pages(mut command: Command, folder: &Path) -> anyhow::Result<()> {
    command.build();
    write(&command, folder)?;
    command.get_subcommands().filter(|own| !own.is_hide_set()).try_for_each(|own| write(own, folder))
}

fn write(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let page = Man::new(command.clone());
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut out)?;
    }
    if command.get_after_help().is_some() {
        page.render_extra_section(&mut out)?;
    }
    if let Some(own) = help::page(command.get_name()) {
        let mut roff = Roff::new();
        for (title, rows) in [("EXAMPLES", own.examples), ("EXIT STATUS", own.exits())] {
            roff.control("SH", [title]);
            for (term, what) in rows {
                roff.control("TP", []).text([bold(*term)]).text([roman(*what)]);
            }
        }
        roff.to_writer(&mut out)?;
    }
    if command.get_version().is_some() {
        page.render_version_section(&mut out)?;
    }
    Ok(fs::write(folder.join(format!("{name}.1")), out)?)
}
