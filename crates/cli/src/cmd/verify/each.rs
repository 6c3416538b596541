//! `walproof verify --each`: every archive at a place, a row each.

use super::{FailOn, VerifyArgs, VerifyFormat, options};
use crate::config::MeantPlace;
use crate::exit::Exit;
use crate::streams::page;
use crate::zone::now;
use anyhow::{bail, ensure};
use pgwal::repos::{Candidate, OpenedPlace, open_each};
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
    let mut all = Vec::new();
    for MeantPlace { paths, choice, how } in args.input.places(args.data.then(|| args.input.contents(None)))? {
        let [path] = paths.as_slice() else { bail!("--each looks into one folder") };
        let each = open_each(path, &choice, &how)?;
        ensure!(!each.is_empty(), "{}: no archive lies there", path.display());
        all.extend(each);
    }
    let zone = args.zone.zone().at(now());
    let mut exit = Exit::Clean;
    let mut out = page(form);
    for (candidate, opened) in all {
        let place = Place { candidate, zone: &zone };
        exit = exit.max(place.tell(args, opened.map_err(anyhow::Error::from), &mut out)?);
    }
    out.flush()?;
    Ok(exit)
}

struct Place<'a> {
    candidate: Candidate,
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
        let name = self.candidate.to_string();
        let (outcome, exit) = match seen {
            Ok(outcome) => {
                let fails_from = if args.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
                let exit = Exit::from(RunEnd::of(&outcome, fails_from));
                (outcome, exit)
            }
            Err(error) => (Outcome::unseen(&name, format!("{error:#}")), Exit::CouldNotTell),
        };
        if args.quiet {
            return Ok(exit);
        }
        match args.format {
            VerifyFormat::Json => {
                serde_json::to_writer(&mut *out, &json::verify(&outcome))?;
                writeln!(out)?;
            }
            _ => row::write(&mut Lines::new(out), &name, &outcome, self.zone)?,
        }
        Ok(exit)
    }
}
