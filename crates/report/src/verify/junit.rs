//! Test results as CI systems read them, valid against the schemas of Jenkins and of Ant's JUnit task:
//!
//! ```text
//! testsuites
//! ├ testsuite archive       testcase "WAL replays": fails as the run does
//! │                         findings that belong to no timeline
//! └ testsuite timeline N    a testcase for each stretch of whole WAL, passed
//!                           a testcase for each finding: failure, error (could not be looked at), skipped (a warning), passed (info)
//! ```

use crate::outside::Escaped;
use crate::time::rfc3339;
use crate::verify::VerifyAnswer;
use crate::verify::next::next;
use crate::verify::text::{headline, impact, in_order, place, proven, unsaved, why};
use crate::words::depth;
use pgwal_format::TimelineId;
use pgwal_verify::ended::RunEnd;
use pgwal_verify::{Depth, Finding, Severity};
use std::fmt::Write;

/// The document.
pub fn document(told: &VerifyAnswer<'_>) -> String {
    let outcome = told.outcome;
    let known = |timeline: Option<TimelineId>| outcome.timelines.iter().any(|t| Some(t.timeline) == timeline);
    let mut suites = vec![whole(told)];
    let findings = in_order(outcome);
    for f in findings.iter().filter(|f| !known(f.timeline)) {
        suites[0].finding(f, told);
    }
    for timeline in &outcome.timelines {
        let mut suite = Suite::new(format!("timeline {}", timeline.timeline));
        if outcome.depth == Depth::Records {
            for (from, to) in &timeline.islands {
                suite.case(&format!("WAL is whole from {from} to {to}"), JunitCase::Passed);
            }
        }
        for f in findings.iter().filter(|f| f.timeline == Some(timeline.timeline)) {
            suite.finding(f, told);
        }
        suites.push(suite);
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (id, suite) in suites.iter().enumerate() {
        suite.write(&mut out, id, told);
    }
    out + "</testsuites>\n"
}

fn whole(told: &VerifyAnswer<'_>) -> Suite {
    let outcome = told.outcome;
    let worst = outcome.worst();
    let head = headline(outcome, worst, &told.zone);
    let mut text = vec![format!("WHY {}", why(outcome, worst, &told.zone))];
    let mut impact = impact(outcome, worst, &told.zone).into_iter();
    text.extend(impact.next().map(|first| format!("IMPACT {first}")));
    text.extend(impact);
    text.push(format!("NEXT {}", next(outcome, worst, &told.zone)));
    let unsaved = outcome.index.as_ref().and_then(unsaved).filter(|_| told.ended == RunEnd::CouldNotTell);
    if unsaved.is_some() {
        text.insert(0, head.clone());
    }
    let head = unsaved.unwrap_or(head);
    let mut suite = Suite::new("archive".into());
    suite.out.extend([head.clone(), format!("PROVEN {}", proven(outcome))]);
    suite.case(
        "WAL replays",
        match told.ended {
            RunEnd::Clean => JunitCase::Passed,
            RunEnd::CouldNotTell => JunitCase::Error(outcome.verdict.name(), head, text),
            _ => JunitCase::Failed(outcome.verdict.name(), head, text),
        },
    );
    suite
}

enum JunitCase {
    Passed,
    /// A kind, a line, and more lines.
    Failed(&'static str, String, Vec<String>),
    Error(&'static str, String, Vec<String>),
    Skipped(String),
}

struct Suite {
    name: String,
    cases: String,
    /// Cases, failures, errors, skipped.
    counts: [usize; 4],
    /// Lines.
    out: Vec<String>,
}

impl Suite {
    fn new(name: String) -> Suite {
        Suite { name, cases: String::new(), counts: [0; 4], out: Vec::new() }
    }

    fn finding(&mut self, f: &Finding, told: &VerifyAnswer<'_>) {
        let layout = told.outcome.layout.as_ref();
        let whereabouts = match (f.lsn.or(f.at), &f.file) {
            (Some(lsn), Some(file)) => format!(" at {lsn} in {file}"),
            (Some(lsn), None) => format!(" at {lsn}"),
            (None, Some(file)) => format!(" in {file}"),
            (None, None) => String::new(),
        };
        let name = format!("{} {}{whereabouts}", f.code.id(), f.code.name());
        let message = place(f, layout, &told.zone);
        let mut text: Vec<String> =
            f.server_says(layout).map(|says| format!("the server says: {says}")).into_iter().collect();
        text.push(f.advice());
        text.extend((f.more > 0).then(|| format!("and {} more of this kind", f.more)));
        let ended = match f.severity {
            // Where it is not known what is wrong, nothing has failed.
            _ if told.is_failure(f) && (f.code.is_could_not_look() || told.could_not_tell()) => {
                JunitCase::Error(f.code.id(), message, text)
            }
            _ if told.is_failure(f) => JunitCase::Failed(f.code.id(), message, text),
            Severity::Warning => JunitCase::Skipped(format!("warning: {message}")),
            _ => {
                self.out.push(format!("info: {message}"));
                JunitCase::Passed
            }
        };
        self.case(&name, ended);
    }

    fn case(&mut self, name: &str, ended: JunitCase) {
        self.counts[0] += 1;
        let _ = write!(
            self.cases,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"0\"",
            Escaped(&self.name),
            Escaped(name)
        );
        let (count, element, kind, message, text) = match ended {
            JunitCase::Passed => {
                self.cases += "/>\n";
                return;
            }
            JunitCase::Skipped(message) => {
                self.counts[3] += 1;
                let _ = writeln!(self.cases, "><skipped message=\"{}\"/></testcase>", Escaped(message));
                return;
            }
            JunitCase::Failed(kind, message, text) => (1, "failure", kind, message, text),
            JunitCase::Error(kind, message, text) => (2, "error", kind, message, text),
        };
        self.counts[count] += 1;
        let _ = write!(self.cases, ">\n      <{element} type=\"{}\" message=\"{}\">", Escaped(kind), Escaped(message));
        let _ = writeln!(self.cases, "{}</{element}>\n    </testcase>", lines(&text));
    }

    fn write(&self, out: &mut String, id: usize, told: &VerifyAnswer<'_>) {
        let outcome = told.outcome;
        let [tests, failures, errors, skipped] = self.counts;
        // Without a zone: the schema of Ant's task allows none.
        let began = rfc3339(told.run.began).map(|time| time.chars().take(19).collect::<String>()).unwrap_or_default();
        let seconds = if id == 0 { told.run.took().as_secs_f64() } else { 0.0 };
        let _ = writeln!(
            out,
            "  <testsuite id=\"{id}\" package=\"walproof\" name=\"{}\" timestamp=\"{began}\" hostname=\"localhost\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{seconds:.3}\">",
            Escaped(&self.name)
        );
        *out += "    <properties>\n";
        let version = outcome.layout.as_ref().map(|l| l.dialect.version.to_string()).unwrap_or_default();
        let cluster = outcome.system_id.map(|id| id.to_string()).unwrap_or_default();
        let all = [
            ("archive", told.archive.as_str()),
            ("verdict", outcome.verdict.name()),
            ("depth", depth(outcome.depth)),
            ("postgresql", &version),
            ("system_identifier", &cluster),
            ("walproof", env!("CARGO_PKG_VERSION")),
        ];
        for (name, value) in all.iter().filter(|_| id == 0) {
            let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", Escaped(value));
        }
        *out += "    </properties>\n";
        *out += &self.cases;
        let _ = writeln!(out, "    <system-out>{}</system-out>\n    <system-err/>\n  </testsuite>", lines(&self.out));
    }
}

/// Lines as character data.
fn lines(text: &[String]) -> String {
    text.iter().map(|line| Escaped(line).to_string()).collect::<Vec<_>>().join("\n")
}
