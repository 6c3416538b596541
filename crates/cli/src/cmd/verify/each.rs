//! `walproof verify --each`: every archive at a place, a row each.

use super::{FailOn, VerifyArgs, VerifyFormat, options};
use crate::config::MeantPlace;
use crate::exit::Exit;
use crate::streams::page;
use crate::zone::now;
use anyhow::{anyhow, bail, ensure};
use pgwal::repos::{Candidate, OpenedPlace, RepoLayout, open_each};
use pgwal::verify::ended::RunEnd;
use pgwal::verify::repository::{JudgedRepository, OfBackups};
use pgwal::verify::{Outcome, Severity, verify};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::time::Zone;
use pgwal_report::verify::{json, row};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// Verifies each and says so. The worst of them decides how the run ends.
pub fn run(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let form = match args.format {
        VerifyFormat::Text => OutputForm::Plain,
        VerifyFormat::Json => OutputForm::Json,
        _ => bail!("--each is told as text or as JSON"),
    };
    let mut all: Vec<(String, anyhow::Result<OpenedPlace>)> = Vec::new();
    let meant = args.input.places(args.data.then(|| args.input.contents(None)))?;
    for place in &meant {
        match archives(place) {
            Ok(each) => all.extend(each),
            // Of several the others are told.
            Err(error) if meant.len() > 1 => all.push((place.shown(), Err(error))),
            Err(error) => return Err(error),
        }
    }
    let zone = args.zone.zone().at(now());
    let mut exit = Exit::Clean;
    let mut out = page(form);
    for (name, opened) in all {
        let place = Place { name, zone: &zone };
        exit = exit.max(place.tell(args, opened, &mut out)?);
    }
    out.flush()?;
    Ok(exit)
}

/// Every archive of a place, by what chooses it, then what lies beside them and holds none.
fn archives(place: &MeantPlace) -> anyhow::Result<Vec<(String, anyhow::Result<OpenedPlace>)>> {
    let [path] = place.paths.as_slice() else { bail!("--each looks into one folder") };
    let each = open_each(path, &place.choice, &place.how).map_err(|error| place.refused(error))?;
    let named = place.by.as_ref().map(|by| format!("{}: ", by.what)).unwrap_or_default();
    ensure!(!each.is_empty(), "{named}{}: no archive lies there", path.display());
    let gone = if place.choice.is_made() {
        Vec::new()
    } else {
        gone_beside(path, each.iter().map(|(candidate, _)| candidate))
    };
    let opened = each.into_iter().map(|(candidate, opened)| (candidate.to_string(), opened.map_err(Into::into)));
    let gone = gone.into_iter().map(|(name, why)| (format!("nothing (in {name})"), Err(anyhow!(why))));
    Ok(opened.chain(gone).collect())
}

/// Folders beside archives in which nothing lies, or nobody may look: where an archive is not mounted, that is no
/// proof.
fn gone_beside<'c>(path: &Path, found: impl Iterator<Item = &'c Candidate>) -> Vec<(String, String)> {
    let found: Vec<&Candidate> = found.collect();
    let of_barman = found.iter().any(|candidate| candidate.layout == RepoLayout::Barman);
    let bases: Vec<&str> = found.iter().map(|candidate| candidate.base.as_str()).collect();
    let first = |base: &str| base.split('/').next().unwrap_or_default().to_owned();
    // Of a repository alone, or a folder of WAL with folders of its own, what lies beside is its own.
    if !bases.iter().any(|base| !base.is_empty() && !base.contains('/')) {
        return Vec::new();
    }
    let taken: BTreeSet<String> = bases.into_iter().map(first).collect();
    let mut out: Vec<(String, String)> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_own = taken.contains(&name) || name.starts_with('.') || name == "lost+found";
            Some((name, why_gone(&entry.path(), of_barman)?)).filter(|_| !is_own)
        })
        .collect();
    out.sort();
    out
}

/// `None` for a file, and for a folder with something in it, unless it is a server of Barman's without its WAL.
fn why_gone(path: &Path, of_barman: bool) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => return None,
        Ok(_) => {}
        Err(error) => return Some(error.to_string()),
    }
    if of_barman && path.join("base").is_dir() && !path.join("wals").is_dir() {
        return Some("a server of Barman's with backups (base) and without WAL (wals)".to_owned());
    }
    match std::fs::read_dir(path) {
        Ok(mut inside) => inside.next().is_none().then(|| "an empty folder: is it mounted?".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

struct Place<'a> {
    name: String,
    zone: &'a Zone,
}

impl Place<'_> {
    fn tell(
        &self,
        args: &VerifyArgs,
        opened: anyhow::Result<OpenedPlace>,
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        let seen = opened.and_then(|opened| {
            let mut options = options(args);
            options.severities.clone_from(&args.severity);
            options.depth = args.depth.into();
            options.repository =
                opened.repository.as_ref().map(|repository| JudgedRepository { repository, which: OfBackups::All });
            Ok(verify(opened.source.as_ref(), &options)?)
        });
        let (outcome, exit) = match seen {
            Ok(outcome) => {
                let fails_from = if args.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
                let exit = Exit::from(RunEnd::of(&outcome, fails_from));
                (outcome, exit)
            }
            Err(error) => (Outcome::unseen(&self.name, format!("{error:#}")), Exit::CouldNotTell),
        };
        if args.quiet {
            return Ok(exit);
        }
        match args.format {
            VerifyFormat::Json => {
                serde_json::to_writer(&mut *out, &json::verify(&outcome))?;
                writeln!(out)?;
            }
            _ => row::write(&mut Lines::new(out), &self.name, &outcome, self.zone)?,
        }
        Ok(exit)
    }
}
