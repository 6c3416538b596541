//! `walproof verify --each`: every archive at a place, a row each.

use super::{FailOn, VerifyArgs, VerifyFormat, options};
use crate::config::MeantPlace;
use crate::exit::Exit;
use crate::streams::page;
use crate::zone::now;
use anyhow::{bail, ensure};
use pgwal::repos::{OpenedPlace, open_each};
use pgwal::verify::repository::{JudgedRepository, OfBackups};
use pgwal::verify::{Outcome, Severity, verify};
use pgwal_report::ended::RunEnd;
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::time::Zone;
use pgwal_report::verify::{json, row};
use std::io::Write;

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

/// Every archive of a place, by what chooses it.
fn archives(place: &MeantPlace) -> anyhow::Result<Vec<(String, anyhow::Result<OpenedPlace>)>> {
    let [path] = place.paths.as_slice() else { bail!("--each looks into one folder") };
    let each = open_each(path, &place.choice, &place.how).map_err(|error| place.refused(error))?;
    let named = place.by.as_ref().map(|by| format!("{}: ", by.what)).unwrap_or_default();
    ensure!(!each.is_empty(), "{named}{}: no archive lies there", path.display());
    Ok(each.into_iter().map(|(candidate, opened)| (candidate.to_string(), opened.map_err(Into::into))).collect())
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
