//! `walproof backups`: every backup of a place, and from when to when it can be restored to.

use crate::config::MeantPlace;
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::progress::Bar;
use crate::streams::page;
use crate::zone::ZoneOption;
use clap::ValueEnum;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::repos::{AllPlaces, OpenedPlace, RepoError, RepoLayout, open_all, open_each};
use pgwal::verify::times::Times;
use pgwal::verify::{Error, Outcome, Verdict};
use pgwal_report::backups::{ArchiveBackups, BackupsAnswer, json, text};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::words::unread;
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Options of `backups`.
#[derive(clap::Args)]
pub struct BackupsArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Read the contents of the backups as well, and hold them against their checksums
    #[arg(long)]
    data: bool,
    /// Every archive that lies there, each cluster of a pgBackRest stanza among them; all others are told in any case
    #[arg(long, hide = true)]
    each: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = BackupsFormat::Text)]
    format: BackupsFormat,
    #[command(flatten)]
    zone: ZoneOption,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BackupsFormat {
    Text,
    Json,
}

/// An archive of the place, and what it came to.
struct SeenArchive {
    place: String,
    opened: anyhow::Result<OpenedPlace>,
    times: Result<Times, String>,
}

/// Says what there is.
pub fn run(args: &BackupsArgs) -> anyhow::Result<Exit> {
    let meant = args.input.places(args.data.then(|| args.input.contents(None)))?;
    let place = meant.iter().map(MeantPlace::shown).collect::<Vec<_>>().join(" ");
    let bar = Bar::new(false);
    let mut seen: Vec<SeenArchive> = Vec::new();
    for one in &meant {
        let found = match archives(one, args.each) {
            // Of several the others are told.
            Err(error) if meant.len() > 1 => vec![(one.shown(), Err(one.refused(error)))],
            found => found.map_err(|error| one.refused(error))?,
        };
        seen.extend(found.into_iter().map(|(place, opened)| look(args, place, opened)));
    }
    bar.finish();
    let archives = seen.iter().map(|archive| ArchiveBackups {
        place: archive.place.clone(),
        repository: archive.opened.as_ref().ok().and_then(|opened| opened.repository.as_ref()),
        times: archive.times.as_ref().map_err(Clone::clone),
    });
    let answer = BackupsAnswer { place, archives: archives.collect(), base_backups: base_backups(&meant), now: now() };
    let exit = answer.archives.iter().map(|archive| ended(archive, answer.now)).max().unwrap_or(Exit::CouldNotTell);
    let form = if args.format == BackupsFormat::Json { OutputForm::Json } else { OutputForm::Plain };
    let mut out = page(form);
    match args.format {
        BackupsFormat::Text => {
            text::write(&mut Lines::new(&mut out), &answer, &args.zone.zone().at(crate::zone::now()))?;
        }
        BackupsFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&answer))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(exit)
}

type NamedPlace = (String, anyhow::Result<OpenedPlace>);

/// What lies there: one archive, or each of several.
fn archives(meant: &MeantPlace, every_id: bool) -> Result<Vec<NamedPlace>, RepoError> {
    let MeantPlace { paths, choice, how, .. } = meant;
    let each = match open_all(paths, choice, how)? {
        AllPlaces::One(opened) => {
            let layout = opened.repository.as_ref().map(|own| own.layout);
            let ids = match paths.as_slice() {
                [path] if every_id && layout == Some(RepoLayout::PgBackRest) && path.as_os_str() != "-" => {
                    open_each(path, choice, how)?
                }
                _ => Vec::new(),
            };
            if ids.len() < 2 {
                return Ok(vec![(meant.shown(), Ok(*opened))]);
            }
            ids
        }
        AllPlaces::Each(each) => each,
    };
    let path = paths.first().cloned().unwrap_or_default();
    let shown = |base: &str| if base.is_empty() { meant.shown() } else { path.join(base).display().to_string() };
    Ok(each
        .into_iter()
        .map(|(candidate, opened)| (shown(&candidate.base), opened.map_err(anyhow::Error::from)))
        .collect())
}

/// Folders right below those that were named that are base backups, as `pg_basebackup` writes them: a tool's repository
/// has them deeper.
fn base_backups(meant: &[MeantPlace]) -> Vec<String> {
    let is_one = |folder: &PathBuf| {
        let plain = folder.join("backup_label").is_file() && folder.join("PG_VERSION").is_file();
        plain
            || ["base.tar", "base.tar.gz", "base.tar.lz4", "base.tar.zst"].iter().any(|tar| folder.join(tar).is_file())
    };
    let below = meant.iter().flat_map(|one| &one.paths).filter_map(|path| std::fs::read_dir(path).ok());
    let mut found: Vec<PathBuf> = below.flat_map(|all| all.flatten().take(LOOKED)).map(|own| own.path()).collect();
    found.retain(is_one);
    found.sort();
    found.into_iter().map(|folder| folder.display().to_string()).collect()
}

/// Names in a folder that are looked at.
const LOOKED: usize = 10_000;

fn look(args: &BackupsArgs, place: String, opened: anyhow::Result<OpenedPlace>) -> SeenArchive {
    let times = match &opened {
        Err(error) => Err(format!("{error:#}")),
        Ok(opened) => match times(opened, &args.input) {
            Ok(Ok(times)) => Ok(times),
            Ok(Err(outcome)) => Err(unread(&outcome)),
            Err(error) => Err(error.to_string()),
        },
    };
    SeenArchive { place, opened, times }
}

fn times(opened: &OpenedPlace, input: &InputOptions) -> Result<Result<Times, Box<Outcome>>, Error> {
    let source = opened.source.as_ref();
    match (Times::of(source, input.options())?, &opened.repository) {
        (Ok(times), Some(repository)) => times.with_wal_of_backups(source, &input.options(), repository).map(Ok),
        (times, _) => Ok(times),
    }
}

/// Well is an archive from which something can be restored, with nothing wrong in what its tool says.
fn ended(archive: &ArchiveBackups<'_>, now: Timestamp) -> Exit {
    let fatal = archive.repository.is_some_and(|found| found.defects.iter().any(|defect| defect.fatal));
    match &archive.times {
        Err(_) => Exit::CouldNotTell,
        Ok(_) if fatal => Exit::Refuted,
        Ok(_) if archive.restores(now) => Exit::Clean,
        Ok(times) if times.outcome.verdict == Verdict::Unproven => Exit::CouldNotTell,
        Ok(_) if archive.is_open(now) => Exit::CouldNotTell,
        Ok(_) => Exit::Refuted,
    }
}

/// This machine's clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
