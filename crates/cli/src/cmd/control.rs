//! `walproof control`: what a control file says, as `pg_controldata` of its version prints it.
//!
//! Of a wrong checksum `pg_controldata` warns and prints the values all the same, and so does this; the exit code is 1
//! then, as it is for a file that is cut off or has values that no server writes. What is no control file of a release
//! is 2.

use crate::exit::Exit;
use crate::zone::ZoneOption;
use anyhow::{Context, ensure};
use clap::ValueEnum;
use pgwal::format::text::control::{ControlError, ControlFile, ControlImage};
use pgwal_report::control;
use pgwal_report::outside::{OutputForm, Shown};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options of `control`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit code 1: the checksum is wrong, or the file is cut off. 2: not a control file of 8.2 to 19."
)]
pub struct ControlArgs {
    /// A data directory, a control file, or - for standard input
    #[arg(value_name = "PATH", required_unless_present = "path")]
    paths: Vec<PathBuf>,
    /// The same as PATH
    #[arg(short, long, value_name = "PATH", conflicts_with = "paths")]
    path: Option<PathBuf>,
    /// Print nothing; the exit code is the answer
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    zone: ZoneOption,
    /// How to say it
    #[arg(long, value_enum, default_value_t = ControlFormat::Text)]
    format: ControlFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ControlFormat {
    /// What pg_controldata of the file's version prints
    Text,
    /// JSON, a document a line
    Json,
}

/// Prints every file.
pub fn run(args: &ControlArgs) -> anyhow::Result<Exit> {
    let paths: Vec<&PathBuf> = args.path.iter().chain(&args.paths).collect();
    let (mut out, mut exit) = (Vec::new(), Exit::Clean);
    for path in &paths {
        let shown = path.display().to_string();
        exit = exit.max(match read(path) {
            Ok(bytes) => tell(&shown, &bytes, args, &mut out)?,
            Err(error) => {
                refuse(&shown, &format!("{error:#}"), args, &mut out)?;
                Exit::CouldNotTell
            }
        });
    }
    let form = if args.format == ControlFormat::Json { OutputForm::Json } else { OutputForm::Plain };
    Ok(if args.quiet { exit } else { crate::say(form, &out, exit) })
}

/// Appends what is to be printed of a file.
fn tell(shown: &str, bytes: &[u8], args: &ControlArgs, out: &mut Vec<u8>) -> anyhow::Result<Exit> {
    let image = match ControlImage::read(bytes) {
        Ok(image) => image,
        Err(error) => {
            refuse(shown, &format!("{shown} is {error}"), args, out)?;
            return Ok(if matches!(error, ControlError::TooShort(_)) { Exit::Refuted } else { Exit::CouldNotTell });
        }
    };
    let error = ControlFile::of(&image).err();
    match args.format {
        ControlFormat::Json => document(&control::json::document(shown, &image, error), out)?,
        ControlFormat::Text if args.quiet => {}
        ControlFormat::Text => {
            let printed = control::text::print(&image, args.zone.zone().server());
            printed.messages.iter().for_each(crate::complain);
            if let Some(error) = error.filter(|_| printed.messages.is_empty()) {
                crate::complain(format_args!("{shown} is {error}"));
            }
            if args.paths.len() > 1 {
                out.extend_from_slice(
                    format!("{}{}:\n", if out.is_empty() { "" } else { "\n" }, Shown(shown)).as_bytes(),
                );
            }
            out.extend_from_slice(&printed.out);
        }
    }
    Ok(if error.is_some() { Exit::Refuted } else { Exit::Clean })
}

/// Says why there is nothing to print of a file.
fn refuse(shown: &str, problem: &str, args: &ControlArgs, out: &mut Vec<u8>) -> anyhow::Result<()> {
    if !args.quiet {
        crate::complain(problem);
    }
    if args.format == ControlFormat::Json { document(&control::json::nothing(shown, problem), out) } else { Ok(()) }
}

fn document(document: &serde_json::Value, out: &mut Vec<u8>) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    out.push(b'\n');
    Ok(())
}

/// More than a control file has, so that what is none is seen to be.
const ENOUGH: u64 = 1 << 16;
/// A server may be writing the file: until two readings are the same, at most so many, so far apart. As
/// `pg_controldata` does.
const READINGS: usize = 10;
const APART: Duration = Duration::from_millis(10);

/// Reads the control file that a path names.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        return beginning(io::stdin().lock()).context("cannot read standard input");
    }
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let inside = [path.join("global/pg_control"), path.join("pg_control")];
    let path = match inside.iter().find(|file| file.is_file()) {
        Some(file) if metadata.is_dir() => file,
        _ => {
            ensure!(
                !metadata.is_dir(),
                "{} is a folder without global/pg_control; name a data directory or a control file",
                path.display()
            );
            // Opening a FIFO would wait for a writer.
            ensure!(metadata.is_file(), "{} is not a regular file", path.display());
            path
        }
    };
    let once = || File::open(path).and_then(beginning).with_context(|| format!("cannot read {}", path.display()));
    let mut bytes = once()?;
    for _ in 1..READINGS {
        if ControlFile::parse(&bytes).is_ok() {
            break;
        }
        std::thread::sleep(APART);
        let before = std::mem::replace(&mut bytes, once()?);
        if bytes == before {
            break;
        }
    }
    Ok(bytes)
}

fn beginning(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(ENOUGH).read_to_end(&mut bytes)?;
    Ok(bytes)
}
