//! `walproof archive-prune`: removes WAL that no restore needs.

use crate::exit::Exit;
use crate::input::InputOptions;
use crate::streams::page;
use anyhow::{Context, bail};
use clap::ValueEnum;
use pgwal::format::text::control::ControlFile;
use pgwal::format::{FileName, Position, SegmentName, TimelineId};
use pgwal::ship::destination::destination;
use pgwal::ship::prune::{KeepFrom, KeptPlace, PrunePlan, plan, prune};
use pgwal::verify::backup;
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::prune as report;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Options of `archive-prune`.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("keep").required(true).multiple(true).args(["keep_from", "pgdata", "keep_backups"]))]
pub struct ArchivePruneArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Keep WAL from here on: a segment as %r names it, a position, a backup history file or the label of a backup. The
    /// oldest backup that can still be restored keeps more
    #[arg(long, value_name = "WHAT")]
    keep_from: Option<String>,
    /// Keep what this folder needs, whatever else is asked for: a standby, a backup that is kept up to date, or the
    /// folder into which pg_basebackup is taking one, once its backup_label is there; may be repeated
    #[arg(long, value_name = "DIR")]
    pgdata: Vec<PathBuf>,
    /// Keep what the newest N backups need that can be restored with what is there; so many for each timeline whose WAL
    /// goes to an end of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "keep_from")]
    keep_backups: Option<u16>,
    /// Keep no backup for the sake of this timeline: no server goes on with it; may be repeated
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "keep_backups", conflicts_with = "keep_from")]
    #[arg(value_parser = super::reading::timeline)]
    give_up_timeline: Vec<TimelineId>,
    /// Remove it; without this, it is only said
    #[arg(long)]
    yes: bool,
    /// Print nothing; the exit code is the answer
    #[arg(short, long)]
    quiet: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = PruneFormat::Text)]
    format: PruneFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PruneFormat {
    Text,
    Json,
}

impl PruneFormat {
    fn form(self) -> OutputForm {
        match self {
            PruneFormat::Text => OutputForm::Plain,
            PruneFormat::Json => OutputForm::Json,
        }
    }
}

/// Says what can go, and removes it.
pub fn run(args: &ArchivePruneArgs) -> anyhow::Result<Exit> {
    let named = args.input.named();
    let [archive] = named.as_slice() else { bail!("name one archive: a folder of WAL, or an object store's URL") };
    let opened = args.input.open_place()?;
    if let Some(repository) = &opened.repository {
        bail!("{} keeps this place, and has an expiry of its own: nothing is removed", repository.layout);
    }
    let place = destination(archive).context("only a folder or an object store can be pruned")?;
    let places: Vec<KeptPlace> = args.pgdata.iter().map(|folder| kept_place(folder)).collect::<Result<_, _>>()?;
    let found = plan(opened.source.as_ref(), &args.keep(&places)?, &places, &args.input.options())
        .with_context(|| format!("nothing is removed from {}", place.describe()))?;
    if args.yes {
        prune(place.as_ref(), &found, &mut |_| {})?;
    }
    if !args.quiet {
        say(args, &place.describe(), &found)?;
    }
    Ok(Exit::Clean)
}

impl ArchivePruneArgs {
    fn keep(&self, places: &[KeptPlace]) -> anyhow::Result<KeepFrom> {
        let of_place = |place: &KeptPlace| match (&place.control, place.label) {
            (Some(control), _) => Some(KeepFrom::Server(control.clone())),
            (None, label) => label.map(KeepFrom::Position),
        };
        match (&self.keep_from, self.keep_backups) {
            (Some(text), _) => Ok(keep_from(text)),
            (None, Some(count)) => {
                Ok(KeepFrom::Backups { count: usize::from(count), without: self.give_up_timeline.clone() })
            }
            (None, None) => places.iter().find_map(of_place).context("nothing says from where on WAL is kept"),
        }
    }
}

/// What a word means. A path to a backup history file is taken for its name.
fn keep_from(text: &str) -> KeepFrom {
    let file = Path::new(text).file_name().and_then(|name| name.to_str()).unwrap_or(text);
    match FileName::parse(file) {
        Some(FileName::Segment(name) | FileName::Partial(name)) => return KeepFrom::Segment(name),
        Some(FileName::BackupHistory(..)) => return KeepFrom::Backup(file.to_owned()),
        _ => {}
    }
    match Position::parse(text) {
        Ok(Position::Lsn(lsn)) => KeepFrom::Position(lsn),
        _ => SegmentName::parse(text).map_or_else(|| KeepFrom::Backup(text.to_owned()), KeepFrom::Segment),
    }
}

/// What a folder says of the WAL that it needs. While pg_basebackup fills it, backup_label comes first and pg_control
/// last.
fn kept_place(folder: &Path) -> anyhow::Result<KeptPlace> {
    let (path, label) = (folder.join("global/pg_control"), folder.join("backup_label"));
    let label = label.is_file().then(|| backup::open(&label)).transpose()?.and_then(|backup| backup.start());
    let control = match crate::input::plain(&path, 1 << 16) {
        Err(_) if label.is_some() && !path.exists() => None,
        bytes => Some(ControlFile::parse(&bytes?).map_err(|error| anyhow::anyhow!("{} is {error}", path.display()))?),
    };
    Ok(KeptPlace { place: folder.display().to_string(), control: control.map(Box::new), label })
}

fn say(args: &ArchivePruneArgs, place: &str, found: &PrunePlan) -> anyhow::Result<()> {
    let mut out = page(args.format.form());
    match args.format {
        PruneFormat::Text => report::write(&mut Lines::new(&mut out), found, args.yes)?,
        PruneFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &report::json(place, found, args.yes))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}
