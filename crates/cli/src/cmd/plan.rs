//! `walproof plan`

use crate::cmd::restoring::Restoring;
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::streams::page;
use clap::ValueEnum;
use pgwal::verify::Severity;
use pgwal::verify::recovery::outcome::Restore;
use pgwal_report::ended::RunEnd;
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::plan;
use pgwal_report::time::Zone;
use std::io::{self, Write};

/// Options of `plan`.
#[derive(clap::Args)]
pub struct PlanArgs {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    restoring: Restoring,
    /// How to say it; names: only the names of the files that recovery needs, one a line
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
    /// Read times without a zone in this one: Europe/Berlin, UTC, +01:00 [default: this machine's]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    timezone: Option<Zone>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    Text,
    Json,
    Names,
}

impl PlanFormat {
    fn form(self) -> OutputForm {
        match self {
            PlanFormat::Text | PlanFormat::Names => OutputForm::Plain,
            PlanFormat::Json => OutputForm::Json,
        }
    }
}

/// Lists the files that a restore asks for.
pub fn run(args: &PlanArgs) -> anyhow::Result<Exit> {
    if !args.restoring.is_asked() {
        anyhow::bail!("a plan starts from a base backup: name it with --backup or --pgdata");
    }
    let opened = args.input.open_place()?;
    let (source, repository) = (&opened.source, opened.repository.as_ref());
    let options = args.input.options();
    let plan = args.restoring.plan(source.as_ref(), repository, &options, args.timezone.as_ref())?;
    let mut out = page(args.format.form());
    let said = match args.format {
        PlanFormat::Text => plan::text::write(&mut Lines::new(&mut out), &plan),
        PlanFormat::Json => serde_json::to_writer_pretty(&mut out, &plan::json::plan(&plan))
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
        PlanFormat::Names => names(&mut Lines::new(&mut out), &plan.restore),
    };
    let exit = Exit::from(RunEnd::of(&plan.outcome, Severity::Error));
    match said.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    }
}

fn names(out: &mut Lines<'_>, restore: &Restore) -> io::Result<()> {
    restore.files.iter().filter(|f| f.needed).try_for_each(|f| writeln!(out, "{}", f.name))
}
