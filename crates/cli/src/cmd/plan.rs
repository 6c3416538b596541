//! `walproof plan`

use crate::cmd::restoring::Restoring;
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::several::NamedArchive;
use crate::streams::page;
use crate::zone::ZoneOption;
use clap::ValueEnum;
use pgwal::verify::Severity;
use pgwal::verify::ended::RunEnd;
use pgwal::verify::places::choose_copies;
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::plan;
use std::io::{self, Write};

/// Options of `plan`.
#[derive(clap::Args)]
#[command(mut_arg("archive", |arg| arg.required(false).required_unless_present_any(["path", "backup", "pgdata", "stanza", "barman_conf"])))]
pub struct PlanArgs {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    restoring: Restoring,
    /// How to say it; names: only the names of the files that recovery needs, one a line
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
    /// Bare names for scripts, one a line: the same as --format names
    #[arg(long, conflicts_with = "format")]
    fetch_list: bool,
    #[command(flatten)]
    zone: ZoneOption,
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
        anyhow::bail!(
            "a plan starts from a base backup: --backup and its folder, the name of one that the archive knows, latest or auto; or a target"
        );
    }
    let format = if args.fetch_list { PlanFormat::Names } else { args.format };
    if !args.input.is_placed() {
        return outline(args, format);
    }
    let opened = args.input.of_cluster(args.restoring.cluster(None)).open_named(None)?;
    if let NamedArchive::Several(places, _) = &opened {
        choose_copies(places, &args.input.options())?;
    }
    let (source, repository) = (opened.source(), opened.repository());
    if let Some(broken) = args.restoring.broken(repository) {
        let why = broken.defects.first().map(|why| format!(": {why}")).unwrap_or_default();
        crate::complain(format_args!("backup {} does not restore{why}", broken.label));
        return Ok(Exit::Refuted);
    }
    let options = args.input.options();
    let mut zone = args.zone.zone();
    let plan = args.restoring.plan(source, repository, &options, &mut zone, crate::zone::now())?;
    let exit = Exit::from(RunEnd::of(&plan.outcome, Severity::Error));
    let mut out = page(format.form());
    let said = match format {
        PlanFormat::Text => plan::text::write(&mut Lines::new(&mut out), &plan, &zone),
        PlanFormat::Json => document(&mut out, &plan::json::plan(&plan)),
        PlanFormat::Names => names(&mut Lines::new(&mut out), plan.needed().map(|file| file.name.as_str())),
    };
    if format == PlanFormat::Names
        && let Some(worst) = plan.outcome.worst().filter(|_| exit != Exit::Clean)
    {
        // The list has no place for it.
        crate::complain(zone.message(worst, plan.outcome.layout.as_ref()));
    }
    ended(said.and_then(|()| out.flush()), exit)
}

/// The same for an archive that is not here yet, as far as the backup tells.
fn outline(args: &PlanArgs, format: PlanFormat) -> anyhow::Result<Exit> {
    let plan = args.restoring.outline()?;
    let mut out = page(format.form());
    let said = match format {
        PlanFormat::Text => plan::outline::write(&mut Lines::new(&mut out), &plan),
        PlanFormat::Json => document(&mut out, &plan::outline::json(&plan)),
        PlanFormat::Names => names(&mut Lines::new(&mut out), plan.files.iter().map(|file| file.name.as_str())),
    };
    ended(said.and_then(|()| out.flush()), Exit::Clean)
}

fn document(mut out: &mut dyn Write, document: &serde_json::Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)
}

fn names<'a>(out: &mut Lines<'_>, mut names: impl Iterator<Item = &'a str>) -> io::Result<()> {
    names.try_for_each(|name| writeln!(out, "{name}"))
}

fn ended(said: io::Result<()>, exit: Exit) -> anyhow::Result<Exit> {
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    }
}
