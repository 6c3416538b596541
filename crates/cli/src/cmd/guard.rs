//! What a nightly check asks for beyond the bytes: how far, how fresh, and which losses are known.

use crate::known;
use crate::place::Operand;
use anyhow::{anyhow, bail, ensure};
use pgwal::format::Position;
use pgwal::format::position::{Indirect, PositionError};
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::verify::codes::CodePattern;
use pgwal::verify::fresh;
use pgwal::verify::known::AcceptedFindings;
use pgwal::verify::reach::{Demand, Reach};
use pgwal::verify::{Depth, Outcome, Severity};
use pgwal_report::known::KnownFile;
use pgwal_report::time::Zone;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options.
#[derive(clap::Args)]
pub struct GuardOptions {
    /// Refuted unless replay gets there: a position, into a segment, or to a time (time:… or ISO 8601) at or behind
    /// which a commit must lie
    #[arg(long, value_name = "POSITION")]
    must_reach: Option<String>,
    /// Refuted unless the last commit is at most so old: 90s, 15m, 2h, 1d
    #[arg(long, value_name = "AGE", value_parser = age)]
    max_age: Option<Duration>,
    /// Accept the findings that this file lists: they are told, and do not count
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Write this run's errors and warnings to a file for --known; comments in it are kept
    #[arg(long, value_name = "FILE", conflicts_with_all = ["aim", "start", "end"])]
    write_known: Option<PathBuf>,
}

/// The options, read.
pub struct Guarding<'a> {
    options: &'a GuardOptions,
    now: Timestamp,
    known: Option<KnownFile>,
    list: Option<AcceptedFindings>,
}

enum ReachWanted<'a> {
    Time(Timestamp),
    Place(Operand<'a>),
}

impl GuardOptions {
    /// The files that the options name.
    pub fn files(&self) -> [(&'static str, Option<&Path>); 2] {
        [("--known", self.known.as_deref()), ("--write-known", self.write_known.as_deref())]
    }

    /// Reads what the options name, before anything else is read.
    pub fn read(&self, depth: Depth, zone: &Zone, now: Timestamp) -> anyhow::Result<Guarding<'_>> {
        let asked = [
            (self.must_reach.is_some(), "--must-reach"),
            (self.max_age.is_some(), "--max-age"),
            (self.write_known.is_some(), "--write-known"),
        ];
        if let Some((_, option)) = asked.iter().find(|(asked, _)| *asked).filter(|_| depth != Depth::Records) {
            bail!("{option} needs every record: leave --depth out");
        }
        // In which zone it counts, a backup may say later.
        self.must_reach.as_deref().map(|text| wanted(text, &mut zone.clone(), now)).transpose()?;
        let known = self.known.as_deref().map(known::read).transpose()?;
        let list = known.as_ref().map(KnownFile::list);
        if let Some(path) = self.write_known.as_deref().filter(|path| path.exists()) {
            // Not only after hours.
            known::read(path)?;
        }
        Ok(Guarding { options: self, now, known, list })
    }
}

impl Guarding<'_> {
    /// What is accepted.
    pub fn known(&self) -> Option<&AcceptedFindings> {
        self.list.as_ref()
    }

    /// Judges what the bytes alone do not say, and writes what is known.
    pub fn judge(
        &self,
        outcome: &mut Outcome,
        severities: &[(CodePattern, Severity)],
        quiet: bool,
        zone: &mut Zone,
    ) -> anyhow::Result<()> {
        if let (Some(known), Some(found)) = (&self.known, outcome.system_id) {
            known.check_cluster(found)?;
        }
        let text = self.options.must_reach.as_deref();
        if text.is_some() || self.options.max_age.is_some() {
            let wanted = text.map(|text| wanted(text, zone, self.now)).transpose()?;
            let (must_reach, on) = match (&wanted, &outcome.layout) {
                (Some(ReachWanted::Time(time)), _) => (Some(Reach::Time(*time)), None),
                (Some(ReachWanted::Place(operand)), Some(layout)) => {
                    let lsn = match operand {
                        Operand::Written(position) => position.lsn(layout.address(), layout.segment),
                        Operand::InFile { lsn, .. } => Ok(*lsn),
                    };
                    let lsn = lsn.map_err(|error| anyhow!("--must-reach: {error}"))?;
                    // The name of a segment asks for the segment, as pg_stat_archiver tells the last one.
                    let named = matches!(operand, Operand::Written(Position::Segment(_, 0)));
                    (Some(if named { Reach::Segment(lsn) } else { Reach::Lsn(lsn) }), operand.timeline())
                }
                _ => (None, None),
            };
            fresh::demand(outcome, Demand { must_reach, on, max_age: self.options.max_age, now: self.now }, severities);
        }
        if let Some(path) = &self.options.write_known {
            ensure!(outcome.layout.is_some(), "no WAL could be read: {} is left as it is", path.display());
            let told = known::write(path, outcome, self.known.as_ref())?;
            if !quiet {
                crate::complain(&told);
            }
        }
        Ok(())
    }
}

fn wanted<'a>(text: &'a str, zone: &mut Zone, now: Timestamp) -> anyhow::Result<ReachWanted<'a>> {
    let mut at =
        |time: &str| zone.read(time, now).map_err(|what| anyhow!("--must-reach: \"{time}\" is no time: {what}"));
    if let Some(time) = text.strip_prefix("time:") {
        return Ok(ReachWanted::Time(at(time)?));
    }
    match Operand::read(text) {
        Ok(operand) => Ok(ReachWanted::Place(operand)),
        Err(crate::place::Unread::Text(PositionError::NeedsArchive(Indirect::Time))) => {
            Ok(ReachWanted::Time(at(text)?))
        }
        // 14:00, yesterday, 2h ago
        Err(unread) => match at(text) {
            Ok(time) => Ok(ReachWanted::Time(time)),
            Err(_) => Err(anyhow::Error::from(unread).context(format!("--must-reach \"{text}\""))),
        },
    }
}

/// Reads an age, or another span of time.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim_start() {
        "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        // None is none in every unit.
        "" if number.parse() == Ok(0) => Some(1),
        _ => None,
    };
    let seconds = number.parse::<u64>().ok().zip(factor).and_then(|(n, factor)| n.checked_mul(factor));
    seconds.map(Duration::from_secs).ok_or_else(|| "a number and s, m, h or d, as 15m".to_owned())
}

/// Reads how long to wait between two looks, in seconds: a number of them, or as an age; a day at most.
pub(super) fn pause(text: &str) -> Result<u32, String> {
    let seconds = text.parse().ok().or_else(|| age(text).ok().map(|age| age.as_secs()));
    let seconds = seconds.and_then(|seconds: u64| u32::try_from(seconds).ok());
    seconds
        .filter(|seconds| (1..=86_400).contains(seconds))
        .ok_or_else(|| "1 to 86400 seconds, as 10, 10s or 5m".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!(
            ["90s", "15m", "2h", "1d", "0s", "0"].map(|text| age(text).unwrap().as_secs()),
            [90, 900, 7200, 86_400, 0, 0]
        );
        for bad in ["", "15", "m", "-1s", "1.5h", "99999999999999999999s", "9999999999999999999d"] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pauses() {
        assert_eq!(["1", "10s", "5m", "1d"].map(|text| pause(text).unwrap()), [1, 10, 300, 86_400]);
        for bad in ["", "0", "0s", "2d", "86401", "-1", "1.5", "s"] {
            assert!(pause(bad).is_err(), "{bad}");
        }
    }
}
