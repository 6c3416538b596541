//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"): the table of codes as rules, each finding a
//! result with its file and bytes. A fingerprint is the same in every run as long as the finding stays where it is.

use crate::outside::Shown;
use crate::time::rfc3339;
use crate::verify::VerifyAnswer;
use crate::verify::text::headline;
use pgwal_verify::{Code, FileRange, Finding, Outcome, Severity};
use serde_json::{Map, Value, json};

/// The document.
pub fn document(told: &VerifyAnswer<'_>) -> Value {
    let outcome = told.outcome;
    let worst = outcome.worst();
    let began = told.run.began;
    let ended = pgwal_format::rmgr::xact::Timestamp(
        began.0.saturating_add(i64::try_from(told.run.took().as_micros()).unwrap_or(i64::MAX)),
    );
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "walproof",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": !told.could_not_tell(),
                "exitCode": told.exit_code,
                "exitCodeDescription": Shown(headline(outcome, worst, &told.zone)).to_string(),
                "startTimeUtc": rfc3339(began),
                "endTimeUtc": rfc3339(ended),
            }],
            "results": outcome.findings.iter().map(|f| result(f, told)).collect::<Vec<_>>(),
            "properties": {
                "verdict": outcome.verdict.name(),
                "archive": told.archive,
                "system_identifier": outcome.system_id.map(|id| id.to_string()),
                "postgresql": outcome.layout.as_ref().map(|l| l.dialect.version.to_string()),
            },
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "name": code.name(),
        "shortDescription": {"text": code.title()},
        "fullDescription": {"text": code.explanation()},
        "help": {"text": format!("{}\n\nExample: {}", code.explanation(), code.example())},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
        Severity::Ignore => "none",
    }
}

fn result(f: &Finding, told: &VerifyAnswer<'_>) -> Value {
    let outcome: &Outcome = told.outcome;
    let layout = outcome.layout.as_ref();
    let own: Vec<&FileRange> = f.span.iter().filter(|range| Some(&range.file) == f.file.as_ref()).collect();
    // Hosts of code take no region without a line, and what has no lines has one.
    let region = match (own.first(), f.offset) {
        (Some(range), _) => json!({"startLine": 1, "byteOffset": range.offset, "byteLength": range.length}),
        (None, Some(offset)) => json!({"startLine": 1, "byteOffset": offset}),
        (None, None) => json!({"startLine": 1}),
    };
    let related = f.span.iter().filter(|range| own.first().is_none_or(|own| own != range));
    let mut message = Shown(f.message(layout)).to_string();
    if let Some(says) = f.server_says(layout) {
        message += &format!("\nThe server says: {}", Shown(says));
    }
    message += &format!("\n{}", Shown(f.advice()));
    let mut out = Map::new();
    out.insert("ruleId".into(), f.code.id().into());
    out.insert("ruleIndex".into(), Code::ALL.iter().position(|code| *code == f.code).into());
    out.insert("level".into(), level(f.severity).into());
    out.insert("message".into(), json!({"text": message}));
    out.insert("locations".into(), json!([location(f.file.as_deref().unwrap_or(&told.archive), region)]));
    let related: Vec<Value> = related
        .enumerate()
        .map(|(id, range)| {
            let bytes = json!({"startLine": 1, "byteOffset": range.offset, "byteLength": range.length});
            let mut there = location(&range.file, bytes);
            there["id"] = id.into();
            there["message"] = json!({"text": "bytes of the same record"});
            there
        })
        .collect();
    if !related.is_empty() {
        out.insert("relatedLocations".into(), related.into());
    }
    if f.accepted {
        out.insert(
            "suppressions".into(),
            json!([{"kind": "external", "justification": "listed in the file of --known"}]),
        );
    }
    out.insert("partialFingerprints".into(), json!({"finding/v1": fingerprint(f)}));
    out.insert("properties".into(), crate::verify::json::finding(f, layout));
    out.into()
}

fn location(file: &str, region: Value) -> Value {
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(file)}, "region": region}})
}

/// What makes it this finding: code, timeline, file, place.
fn fingerprint(f: &Finding) -> String {
    let timeline = f.timeline.map(|t| t.to_string()).unwrap_or_default();
    let lsn = f.lsn.or(f.at).map(|lsn| lsn.to_string()).unwrap_or_default();
    let offset = f.offset.map(|offset| offset.to_string()).unwrap_or_default();
    // Where the archive lies is no part of it.
    let file = f.file.as_deref().and_then(|file| file.rsplit('/').next()).unwrap_or_default();
    [f.code.id(), &timeline, &lsn, file, &offset].join(":")
}

/// A path as a URI reference (RFC 3986): a name may hold anything.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_a_reference() {
        assert_eq!(uri("/srv/wal/0001.gz"), "file:///srv/wal/0001.gz");
        assert_eq!(uri("a b:<ü>%"), "a%20b%3A%3C%C3%BC%3E%25");
    }
}
