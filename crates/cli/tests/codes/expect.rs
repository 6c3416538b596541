//! What the program said, and what it should have.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The right answer. What is left out is not stated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    exit: i32,
    verdict: Option<String>,
    /// Every code that is told, with its severity: `WP201 error`.
    codes: BTreeSet<String>,
    /// Fields of the first finding of the pair's code.
    pub finding: Option<Map<String, Value>>,
}

/// What it said.
pub struct Answer {
    exit: i32,
    verdict: Option<String>,
    findings: Vec<Value>,
}

impl Answer {
    /// `verify --format json`.
    pub fn of_document(exit: i32, document: Value) -> Answer {
        let verdict = document["verdict"].as_str().map(str::to_owned);
        Answer { exit, verdict, findings: document["findings"].as_array().cloned().unwrap_or_default() }
    }

    /// `dump --format jsonl`.
    pub fn of_lines(exit: i32, lines: Vec<Value>) -> Answer {
        Answer { exit, verdict: None, findings: lines.into_iter().filter(|line| line["type"] == "finding").collect() }
    }

    /// The first finding of a code.
    pub fn of(&self, code: &str) -> Option<&Value> {
        self.findings.iter().find(|finding| finding["code"] == code)
    }

    pub fn codes(&self) -> BTreeSet<String> {
        let word = |finding: &Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
        self.findings.iter().map(|f| format!("{} {}", word(f, "code"), word(f, "severity"))).collect()
    }
}

impl Expect {
    pub fn problems(&self, answer: &Answer, code: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if (self.exit, &self.verdict, &self.codes) != (answer.exit, &answer.verdict, &answer.codes()) {
            let (verdict, codes) = (&answer.verdict, answer.codes());
            wrong.push(format!(
                "exit {}, {verdict:?}, {codes:?} instead of exit {}, {:?}, {:?}",
                answer.exit, self.exit, self.verdict, self.codes
            ));
        }
        let (Some(wanted), Some(found)) = (&self.finding, answer.of(code)) else { return wrong };
        let differs = wanted.iter().filter(|(field, value)| found[field.as_str()] != **value);
        wrong.extend(differs.map(|(field, value)| format!("{field} is {} instead of {value}", found[field.as_str()])));
        wrong
    }
}
