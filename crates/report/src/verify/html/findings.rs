//! Findings, a box for each code: what it means, then each of them. Of ten thousand, the first are seen and the rest
//! folded away.

use crate::figures::grouped;
use crate::outside::Escaped;
use crate::verify::VerifyAnswer;
use crate::verify::text::{aside, place};
use pgwal_verify::{Code, Finding, Severity};
use std::fmt::Write;

/// Findings of a code that are seen at once, and in each fold behind them.
const SEEN: usize = 50;
const FOLDED: usize = 1000;

/// Every finding, the worst first.
pub fn section(out: &mut String, told: &VerifyAnswer<'_>) {
    *out += "<h2>Findings</h2>\n";
    if told.outcome.findings.is_empty() {
        *out += "<div class=\"card\"><p class=\"note\">Nothing was found.</p></div>\n";
    }
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for &code in Code::ALL {
            let of: Vec<&Finding> =
                told.outcome.findings.iter().filter(|f| (f.severity, f.code) == (severity, code)).collect();
            if !of.is_empty() {
                group(out, told, severity, code, &of);
            }
        }
    }
}

fn group(out: &mut String, told: &VerifyAnswer<'_>, severity: Severity, code: Code, of: &[&Finding]) {
    let open = if severity == Severity::Error { " open" } else { "" };
    let more: u64 = of.iter().map(|f| f.more).sum();
    let count = of.len() as u64 + more;
    let _ = write!(
        out,
        "<details class=\"finding {severity}\"{open}>\n<summary><span class=\"badge {severity}\">{severity}</span><code>{code}</code> {}{}</summary>\n<p>{}</p>\n",
        Escaped(code.title()),
        if count == 1 { String::new() } else { format!(" <span class=\"count\">× {}</span>", grouped(count.into())) },
        Escaped(code.explanation())
    );
    let (seen, rest) = of.split_at(of.len().min(SEEN));
    table(out, told, seen);
    for (i, fold) in rest.chunks(FOLDED).enumerate() {
        let from = SEEN + i * FOLDED + 1;
        let (first, last) = (grouped(from as u128), grouped((from + fold.len() - 1) as u128));
        let _ = writeln!(out, "<details class=\"more\"><summary>{first} to {last}</summary>");
        table(out, told, fold);
        *out += "</details>\n";
    }
    if more > 0 {
        let _ = writeln!(out, "<p>And {} more of this kind, which were only counted.</p>", grouped(more.into()));
    }
    *out += "</details>\n";
}

fn table(out: &mut String, told: &VerifyAnswer<'_>, findings: &[&Finding]) {
    let layout = told.outcome.layout.as_ref();
    *out += "<table>\n<thead><tr><th>Position</th><th>Timeline</th><th>What</th></tr></thead>\n<tbody>\n";
    for f in findings {
        let lsn = f.lsn.or(f.at).map(|lsn| lsn.to_string()).unwrap_or_default();
        let timeline = f.timeline.map(|t| t.to_string()).unwrap_or_default();
        let accepted = aside(f);
        let text = place(f, layout, &told.zone).replace(&format!(" ({})", f.code), "") + accepted;
        let _ = write!(out, "<tr><td class=\"lsn\">{lsn}</td><td>{timeline}</td><td>{}", Escaped(text));
        if let Some(says) = f.server_says(layout).filter(|_| f.severity == Severity::Error) {
            let _ = write!(out, "<small>the server says: <code>{}</code></small>", Escaped(says));
        }
        if let Some(until) = f.lost.and_then(|lost| lost.until_lsn) {
            let _ = write!(out, "<small>the next record that can be read: {until}</small>");
        }
        if f.severity >= Severity::Warning {
            let _ = write!(out, "<small>{}</small>", Escaped(f.advice()));
        }
        *out += "</td></tr>\n";
    }
    *out += "</tbody>\n</table>\n";
}
