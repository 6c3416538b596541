//! `walproof.timelines/1`. The schema is `schema/timelines.json`.
//!
//! ```text
//! {"schema":"walproof.timelines/1","verdict":"proven|refuted|unproven","path":[1,2],"timelines":[{"timeline":2,"parent":1,"switch_lsn":"0/0605ABE0",
//!  "switch_segment":null,"reason":"no recovery target specified","history_file":"00000002.history","on_path":true,
//!  "children":[3],"wal":{…}|null}],"findings":[…]}
//! ```
//! `wal` is what is here of the timeline, as in walproof.verify/1; `null` where only a history file names it.

use crate::verify::json;
use pgwal_format::text::history::Switch;
use pgwal_format::{Lsn, TimelineId};
use pgwal_verify::codes::CodeFamily;
use pgwal_verify::{Branch, Code, Finding, Outcome, TimelineReport};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The document itself.
#[derive(Serialize)]
pub struct TimelinesDocument {
    schema: &'static str,
    verdict: &'static str,
    path: Vec<TimelineId>,
    lines: Value,
    timelines: Vec<Timeline>,
    findings: Vec<Value>,
}

/// A timeline, from its history and its WAL.
#[derive(Serialize)]
pub struct Timeline {
    /// Its number.
    pub timeline: TimelineId,
    /// The timeline that it left.
    pub parent: Option<TimelineId>,
    /// Where it left it.
    pub switch_lsn: Option<Lsn>,
    /// The same, up to 9.2.
    pub switch_segment: Option<String>,
    /// Why, in the server's words.
    pub reason: Option<String>,
    /// The file that says so.
    pub history_file: Option<String>,
    /// Recovery takes it.
    pub on_path: bool,
    /// Those that left it.
    pub children: Vec<TimelineId>,
    /// What is here of it, as `verify` tells it.
    pub wal: Option<Value>,
    /// The same for text.
    #[serde(skip)]
    pub report: Option<TimelineReport>,
}

/// The document.
pub fn document(outcome: &Outcome) -> TimelinesDocument {
    let layout = outcome.layout.as_ref();
    TimelinesDocument {
        schema: "walproof.timelines/1",
        verdict: outcome.verdict.name(),
        path: outcome.path.clone(),
        lines: json::lines(outcome),
        timelines: timelines(outcome),
        findings: findings(outcome).map(|f| json::finding(f, layout)).collect(),
    }
}

/// What is wrong with timelines.
pub fn findings(outcome: &Outcome) -> impl Iterator<Item = &Finding> {
    outcome.findings.iter().filter(|f| f.code.family() == CodeFamily::Timelines || f.code == Code::OtherWal)
}

/// Every timeline that a history file names or that has WAL, lowest first.
pub fn timelines(outcome: &Outcome) -> Vec<Timeline> {
    let mut all: BTreeMap<TimelineId, (Option<&Branch>, Option<&TimelineReport>)> = BTreeMap::new();
    for branch in &outcome.branches {
        all.entry(branch.timeline).or_default().0 = Some(branch);
    }
    for report in &outcome.timelines {
        all.entry(report.timeline).or_default().1 = Some(report);
    }
    let mut children: BTreeMap<TimelineId, Vec<TimelineId>> = BTreeMap::new();
    let mut out: Vec<Timeline> =
        all.into_iter().map(|(timeline, (branch, report))| one(outcome, timeline, branch, report)).collect();
    for t in &out {
        if let Some(parent) = t.parent {
            children.entry(parent).or_default().push(t.timeline);
        }
    }
    for t in &mut out {
        t.children = children.remove(&t.timeline).unwrap_or_default();
    }
    out
}

fn one(outcome: &Outcome, timeline: TimelineId, branch: Option<&Branch>, report: Option<&TimelineReport>) -> Timeline {
    let switch = branch.and_then(|b| b.switch).or_else(|| report.and_then(|r| r.switch));
    Timeline {
        timeline,
        parent: branch.and_then(|b| b.parent).or_else(|| report.and_then(|r| r.parent)),
        switch_lsn: if let Some(Switch::At(lsn)) = switch { Some(lsn) } else { None },
        switch_segment: if let Some(Switch::In(name)) = switch { Some(name.to_string()) } else { None },
        reason: branch.and_then(|b| b.reason.clone()),
        history_file: branch.and_then(|b| b.file.clone()),
        on_path: outcome.path.contains(&timeline),
        children: Vec::new(),
        wal: report.map(json::timeline),
        report: report.cloned(),
    }
}
