//! `walproof plan`

use crate::Exit;
use crate::cmd::restoring::Restoring;
use crate::input::Input;
use crate::render::time::Zone;
use crate::render::{plan_json, plan_text};
use clap::ValueEnum;
use pgwal::verify::Options;
use pgwal::verify::recovery::outcome::{Restore, Status};
use std::io::{self, Write};

/// Options of `plan`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    restoring: Restoring,
    /// How to say it; names: only the names of the files that recovery needs, one a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Read times without a zone in this one: Europe/Berlin, UTC, +01:00 [default: this machine's]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    timezone: Option<Zone>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Names,
}

/// Lists the files that a restore asks for.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    if !args.restoring.is_asked() {
        anyhow::bail!("a plan starts from a base backup: name it with --backup or --pgdata");
    }
    let source = args.input.open()?;
    let mut options = Options::default();
    options.jobs = args.input.jobs();
    options.map = args.input.map();
    let plan = args.restoring.predict(source.as_ref(), &options, args.timezone.as_ref())?;
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    let said = match args.format {
        Format::Text => plan_text::write(&mut out, &plan),
        Format::Json => serde_json::to_writer_pretty(&mut out, &plan_json::plan(&plan))
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
        Format::Names => names(&mut out, &plan.restore),
    };
    let exit = if has_all(&plan.restore) { Exit::Clean } else { Exit::Refuted };
    match said.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    }
}

fn names(out: &mut dyn Write, restore: &Restore) -> io::Result<()> {
    restore.files.iter().filter(|f| f.needed).try_for_each(|f| writeln!(out, "{}", f.name))
}

fn has_all(restore: &Restore) -> bool {
    restore.is_good() && restore.files.iter().all(|f| !f.needed || f.status == Status::Present)
}
