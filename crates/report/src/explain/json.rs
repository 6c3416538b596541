//! `walproof.explain/1`. The schema is `schema/explain.json`.
//!
//! ```text
//! {"schema":"walproof.explain/1","input":"WP201","kind":"codes","codes":[{"code","name","severity","title","explanation","example"}]}
//! {"schema":"walproof.explain/1","input":"LOG:  …","kind":"message","message":{"name","nature","within","wording",…,"next":[…]},"evidence":{…}|null}
//! {"schema":"walproof.explain/1","input":"…","kind":"places","places":{"places":["0/03000168"],"next":[…]},
//!  "evidence":{…}|null}
//! ```

use super::words::{name_of, sentence};
use super::{Evidence, ExplainAnswer, ExplainedLine};
use crate::verify::json;
use pgwal_format::Lsn;
use pgwal_verify::codes::Code;
use pgwal_verify::log_line::{MessageCount, Nature};
use pgwal_verify::probe::{AtPosition, Probe};
use serde::Serialize;
use serde_json::Value;

/// `walproof.explain/1`.
#[derive(Serialize)]
pub struct ExplainDocument<'a> {
    schema: &'static str,
    input: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<OneCode>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<NamedPlaces>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Option<ExplainedPlace>>,
}

#[derive(Serialize)]
struct OneCode {
    code: &'static str,
    name: &'static str,
    severity: String,
    title: &'static str,
    explanation: &'static str,
    example: &'static str,
}

#[derive(Serialize)]
struct Message {
    name: &'static str,
    nature: &'static str,
    within: Option<&'static str>,
    wording: &'static str,
    versions: [String; 2],
    facts: Vec<ExplainFact>,
    place: Option<String>,
    meaning: &'static str,
    normal_when: Option<&'static str>,
    damage_when: Option<&'static str>,
    server_does: Vec<Does>,
    codes: Option<String>,
    next: Vec<String>,
    level: Option<&'static str>,
    translated: bool,
    /// Counted from 1, among so many.
    line: u64,
    lines: u64,
    /// NamedPlaces that any of the lines names.
    places: Vec<String>,
    also: Vec<Other>,
}

#[derive(Serialize)]
struct Other {
    name: &'static str,
    nature: &'static str,
    count: u64,
    line: u64,
}

#[derive(Serialize)]
struct NamedPlaces {
    places: Vec<String>,
    lines: u64,
    next: Vec<String>,
}

#[derive(Serialize)]
struct ExplainFact {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Does {
    versions: [String; 2],
    text: &'static str,
}

/// What lies at the place.
#[derive(Serialize)]
struct ExplainedPlace {
    /// `record`, `damage`, `end_of_wal`, …; `unknown` where nothing can be said.
    what: &'static str,
    sentence: String,
    lsn: Option<Lsn>,
    segment: Option<String>,
    offset: Option<u64>,
    file: Option<String>,
    findings: Vec<Value>,
}

/// The document.
pub fn document<'a>(input: &'a str, answer: &ExplainAnswer) -> ExplainDocument<'a> {
    let mut document = ExplainDocument {
        schema: "walproof.explain/1",
        input,
        kind: "codes",
        codes: None,
        message: None,
        places: None,
        evidence: None,
    };
    match answer {
        ExplainAnswer::List(codes) | ExplainAnswer::Codes(codes) => {
            document.codes = Some(codes.iter().map(|&c| code(c)).collect())
        }
        ExplainAnswer::Line(line) => {
            document.kind = "message";
            document.message = Some(message(line));
            document.evidence = Some(line.evidence.as_ref().map(seen));
        }
        ExplainAnswer::Places(said) => {
            document.kind = "places";
            let places = said.places.iter().map(ToString::to_string).collect();
            document.places = Some(NamedPlaces { places, lines: said.lines, next: said.next.clone() });
            document.evidence = Some(said.evidence.as_ref().map(seen));
        }
    }
    document
}

fn code(code: Code) -> OneCode {
    OneCode {
        code: code.id(),
        name: code.name(),
        severity: code.severity().to_string(),
        title: code.title(),
        explanation: code.explanation(),
        example: code.example(),
    }
}

fn message(line: &ExplainedLine) -> Message {
    let m = &line.message;
    let row = m.row();
    Message {
        name: row.name,
        nature: nature(row.nature),
        within: m.within().and_then(name_of),
        wording: m.wording().pattern,
        versions: [m.wording().from.to_string(), m.wording().to.to_string()],
        facts: m.facts().iter().map(|f| ExplainFact { name: f.slot.name(), value: f.value.to_string() }).collect(),
        place: m.place().map(|p| p.to_string()),
        meaning: m.meaning(),
        normal_when: m.normal_when(),
        damage_when: m.damage_when(),
        server_does: m
            .server_does()
            .iter()
            .map(|d| Does { versions: [d.from.to_string(), d.to.to_string()], text: d.text })
            .collect(),
        codes: m.family().map(|f| f.to_string()),
        next: line.next.clone(),
        level: m.level().map(|level| level.name()),
        translated: m.is_translated(),
        line: line.number,
        lines: line.lines,
        places: line.places.iter().map(ToString::to_string).collect(),
        also: line.others.iter().map(other).collect(),
    }
}

fn other(other: &MessageCount) -> Other {
    let row = other.row;
    Other { name: row.name, nature: nature(row.nature), count: other.count, line: other.first }
}

fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Normal => "normal",
        Nature::Damage => "damage",
        _ => "depends",
    }
}

fn seen(evidence: &Evidence) -> ExplainedPlace {
    match evidence {
        Evidence::None(why) => ExplainedPlace {
            what: "unknown",
            sentence: why.clone(),
            lsn: None,
            segment: None,
            offset: None,
            file: None,
            findings: Vec::new(),
        },
        Evidence::Seen(probe) => ExplainedPlace {
            what: what(probe),
            sentence: sentence(probe),
            lsn: Some(probe.lsn),
            segment: Some(probe.segment.to_string()),
            offset: Some(probe.offset),
            file: probe.file.clone(),
            findings: probe.findings.iter().map(|f| json::finding(f, Some(&probe.layout))).collect(),
        },
    }
}

fn what(probe: &Probe) -> &'static str {
    match probe.what {
        _ if probe.branch.is_some() => "end_of_timeline",
        AtPosition::Damage => "damage",
        AtPosition::Record { .. } => "record",
        AtPosition::AfterSwitch { .. } => "after_switch",
        AtPosition::EndOfWal { .. } => "end_of_wal",
        AtPosition::Recycled { .. } => "recycled",
        AtPosition::Missing => "missing",
        AtPosition::BehindLast { .. } => "behind_last",
        AtPosition::BeforeFirst { .. } => "before_first",
        _ => "between_records",
    }
}
