//! `walproof.known/1`: losses that somebody has accepted.
//!
//! ```text
//! {"schema":"walproof.known/1","system_identifier":"…","known":[
//!   {"code":"WP201","name":"record-crc","timeline":1,"lsn":"0/00AAC690","at":"0/00AAC690","until_lsn":"0/00AAC760",
//!    "readable_until":"0/00AAC690","file":"00000001000000000000000A","to_file":null,"count":1,"message":"…","comment":""}]}
//! ```
//! Everything but `name`, `message` and `comment` must be as it is found again. `code` may be `WP201`, `record-crc` or
//! `WP2xx`. What people write is `comment`: it is kept when the file is written anew. Entries are sorted, so that a
//! version control shows what came and went.

use crate::figures::plural;
use pgwal_format::{Lsn, TimelineId};
use pgwal_verify::Outcome;
use pgwal_verify::known::{Accepted, AcceptedFindings, can_be_accepted, is_worth_accepting};
use serde::{Deserialize, Serialize};
use std::fmt;

const SCHEMA: &str = "walproof.known/1";

/// A file of accepted findings.
pub struct KnownFile {
    shown: String,
    system_id: Option<u64>,
    entries: Vec<(Accepted, String)>,
}

/// Why a file is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KnownError {
    /// It is no such JSON.
    Json {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is of another schema.
    Schema {
        /// The file.
        file: String,
        /// Its schema.
        found: String,
    },
    /// Its system identifier is no number.
    SystemIdentifier {
        /// The file.
        file: String,
    },
    /// It names a code that does not exist.
    Code {
        /// The file.
        file: String,
        /// The code.
        found: String,
    },
    /// Positions of another cluster mean nothing here.
    Cluster {
        /// The file.
        file: String,
        /// Its cluster.
        id: u64,
        /// That of the archive.
        found: u64,
    },
}

impl fmt::Display for KnownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KnownError::Json { file, why } => write!(f, "{file} is no list of accepted findings ({SCHEMA}): {why}"),
            KnownError::Schema { file, found } => write!(f, "{file} is of {found}, not of {SCHEMA}"),
            KnownError::SystemIdentifier { file } => write!(f, "{file}: the system_identifier is no number"),
            KnownError::Code { file, found } => write!(f, "{file}: no such code: {found}"),
            KnownError::Cluster { file, id, found } => {
                write!(f, "{file} is about cluster {id}, the archive is of cluster {found}")
            }
        }
    }
}

impl std::error::Error for KnownError {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownDocument {
    schema: String,
    #[serde(default)]
    system_identifier: Option<String>,
    known: Vec<KnownEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownEntry {
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
    /// Reads it. `shown` is its name.
    ///
    /// # Errors
    /// It is no list of accepted findings.
    pub fn parse(shown: String, text: &str) -> Result<KnownFile, KnownError> {
        let document: KnownDocument = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => return Err(KnownError::Json { file: shown, why: error.to_string() }),
        };
        if document.schema != SCHEMA {
            return Err(KnownError::Schema { file: shown, found: document.schema });
        }
        let system_id = match document.system_identifier.as_deref().map(str::parse) {
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => return Err(KnownError::SystemIdentifier { file: shown }),
            None => None,
        };
        let mut entries = Vec::with_capacity(document.known.len());
        for entry in document.known {
            let Ok(code) = entry.code.parse() else {
                return Err(KnownError::Code { file: shown, found: entry.code });
            };
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
    pub fn list(&self) -> AcceptedFindings {
        AcceptedFindings { entries: self.entries.iter().map(|(accepted, _)| accepted.clone()).collect() }
    }

    /// Positions of another cluster mean nothing here.
    ///
    /// # Errors
    /// It is about another cluster than `found`.
    pub fn check_cluster(&self, found: u64) -> Result<(), KnownError> {
        match self.system_id.filter(|&id| id != found) {
            Some(id) => Err(KnownError::Cluster { file: self.shown.clone(), id, found }),
            None => Ok(()),
        }
    }

    /// What an outcome has to accept, as such a file. Comments are taken over from the one that was there, and from the
    /// one by which the outcome was judged. With it comes what is to be said of it: how many there are, and how many
    /// more cannot be accepted.
    pub fn of(outcome: &Outcome, old: Option<&KnownFile>, known: Option<&KnownFile>) -> (Vec<u8>, String) {
        let commented =
            || old.into_iter().chain(known).flat_map(|file| &file.entries).filter(|(_, comment)| !comment.is_empty());
        let mut entries: Vec<KnownEntry> = Vec::new();
        for finding in outcome.findings.iter().filter(|f| is_worth_accepting(f)) {
            let accepted = Accepted::of(finding);
            entries.push(KnownEntry {
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
        let order = |e: &KnownEntry| (e.at.or(e.lsn), e.timeline, e.code.clone(), e.file.clone());
        entries.sort_by_key(order);
        let (written, moment) = (
            entries.len(),
            outcome
                .findings
                .iter()
                .filter(|f| f.severity >= pgwal_verify::Severity::Warning && !can_be_accepted(f.code))
                .count(),
        );
        let document = KnownDocument {
            schema: SCHEMA.to_owned(),
            system_identifier: outcome.system_id.map(|id| id.to_string()),
            known: entries,
        };
        let mut bytes = serde_json::to_vec_pretty(&document).expect("its keys are strings, and a Vec takes everything");
        bytes.push(b'\n');
        let left_out = if moment > 0 { format!("; {moment} more cannot be accepted") } else { String::new() };
        (bytes, format!("{written} {} to accept{left_out}", plural(written as u128, "finding")))
    }
}
