//! `walproof.known/1`: losses that somebody has accepted.
//!
//! ```text
//! {"schema":"walproof.known/1","system_identifier":"…","known":[
//!   {"code":"WP201","name":"record-crc","timeline":1,"lsn":"0/00AAC690","at":"0/00AAC690","until_lsn":"0/00AAC760",
//!    "readable_until":"0/00AAC690","file":"00000001000000000000000A","to_file":null,"count":1,"message":"…","comment":""}]}
//! ```
//! Everything but `name`, `message` and `comment` must be as it is found again. `code` may be `WP201`, `record-crc` or
//! `WP2xx`. What people write is `comment`: it is kept when the file is written anew. Entries are sorted, so that a
//! version
//! control shows what came and went.

use crate::figures::plural;
use crate::output::deliver;
use anyhow::{Context, bail, ensure};
use pgwal::format::{Lsn, TimelineId};
use pgwal::verify::Outcome;
use pgwal::verify::known::{Accepted, Known, can_be_accepted, is_worth_accepting};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

const SCHEMA: &str = "walproof.known/1";

/// A file of accepted findings.
pub struct KnownFile {
    shown: String,
    system_id: Option<u64>,
    entries: Vec<(Accepted, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    #[serde(default)]
    system_identifier: Option<String>,
    known: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    timeline: Option<TimelineId>,
    #[serde(default)]
    lsn: Option<Lsn>,
    #[serde(default)]
    at: Option<Lsn>,
    #[serde(default)]
    until_lsn: Option<Lsn>,
    #[serde(default)]
    readable_until: Option<Lsn>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    to_file: Option<String>,
    #[serde(default = "one")]
    count: u64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    comment: String,
}

fn one() -> u64 {
    1
}

impl KnownFile {
    /// Reads it.
    pub fn read(path: &Path) -> anyhow::Result<KnownFile> {
        let shown = path.display().to_string();
        if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            bail!("{shown} is no plain file");
        }
        let text = fs::read_to_string(path).with_context(|| shown.clone())?;
        let document: Document = serde_json::from_str(&text)
            .with_context(|| format!("{shown} is no list of accepted findings ({SCHEMA})"))?;
        ensure!(document.schema == SCHEMA, "{shown} is of {}, not of {SCHEMA}", document.schema);
        let system_id = match document.system_identifier.as_deref().map(str::parse) {
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => bail!("{shown}: the system_identifier is no number"),
            None => None,
        };
        let mut entries = Vec::with_capacity(document.known.len());
        for entry in document.known {
            let Ok(code) = entry.code.parse() else { bail!("{shown}: no such code: {}", entry.code) };
            let accepted = Accepted {
                code,
                timeline: entry.timeline,
                lsn: entry.lsn,
                at: entry.at,
                until: entry.until_lsn,
                readable_until: entry.readable_until,
                file: entry.file,
                to_file: entry.to_file,
                count: entry.count,
            };
            entries.push((accepted, entry.comment));
        }
        Ok(KnownFile { shown, system_id, entries })
    }

    /// What it accepts.
    pub fn list(&self) -> Known {
        Known { entries: self.entries.iter().map(|(accepted, _)| accepted.clone()).collect() }
    }

    /// Positions of another cluster mean nothing here.
    pub fn check_cluster(&self, found: u64) -> anyhow::Result<()> {
        match self.system_id.filter(|&id| id != found) {
            Some(id) => bail!("{} is about cluster {id}, the archive is of cluster {found}", self.shown),
            None => Ok(()),
        }
    }

    /// Writes what an outcome has to accept, in place of what was there; a reader sees either of both, whole. Comments
    /// are
    /// kept. Returns what is to be said of it.
    pub fn write(path: &Path, outcome: &Outcome, known: Option<&KnownFile>) -> anyhow::Result<String> {
        let old = if path.exists() { Some(KnownFile::read(path)?) } else { None };
        let commented =
            || old.iter().chain(known).flat_map(|file| &file.entries).filter(|(_, comment)| !comment.is_empty());
        let mut entries: Vec<Entry> = Vec::new();
        for finding in outcome.findings.iter().filter(|f| is_worth_accepting(f)) {
            let accepted = Accepted::of(finding);
            entries.push(Entry {
                code: finding.code.id().to_owned(),
                name: Some(finding.code.name().to_owned()),
                timeline: accepted.timeline,
                lsn: accepted.lsn,
                at: accepted.at,
                until_lsn: accepted.until,
                readable_until: accepted.readable_until,
                file: accepted.file,
                to_file: accepted.to_file,
                count: accepted.count,
                message: finding.message(outcome.layout.as_ref()),
                comment: commented()
                    .find(|(known, _)| known.is(finding))
                    .map(|(_, comment)| comment.clone())
                    .unwrap_or_default(),
            });
        }
        let order = |e: &Entry| (e.at.or(e.lsn), e.timeline, e.code.clone(), e.file.clone());
        entries.sort_by_key(order);
        let (written, moment) = (
            entries.len(),
            outcome
                .findings
                .iter()
                .filter(|f| f.severity >= pgwal::verify::Severity::Warning && !can_be_accepted(f.code))
                .count(),
        );
        let document = Document {
            schema: SCHEMA.to_owned(),
            system_identifier: outcome.system_id.map(|id| id.to_string()),
            known: entries,
        };
        let mut bytes = serde_json::to_vec_pretty(&document)?;
        bytes.push(b'\n');
        deliver(&bytes, path)?;
        let left_out = if moment > 0 { format!("; {moment} more cannot be accepted") } else { String::new() };
        Ok(format!("{}: {written} {} to accept{left_out}", path.display(), plural(written as u128, "finding")))
    }
}
