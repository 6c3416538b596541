//! A page: the verdict, a lane for each timeline, backups, how much WAL was written when, and every finding with its
//! explanation.

mod backups;
mod findings;
mod lanes;
mod volume;

use crate::figures::{bytes, grouped, plural};
use crate::outside::Escaped;
use crate::page::{close, open, term};
use crate::restore;
use crate::verify::VerifyAnswer;
use crate::verify::next::next;
use crate::verify::text::{headline, impact, proven, why};
use crate::words::{depth, unseen};
use pgwal_verify::Severity;
use std::fmt::Write;

/// The page.
pub fn page(told: &VerifyAnswer<'_>) -> String {
    let outcome = told.outcome;
    let word = outcome.verdict.name();
    let mut out = open(&format!("{word}: {}", told.archive));
    answer(&mut out, told);
    tiles(&mut out, told);
    lanes::section(&mut out, told);
    backups::section(&mut out, told);
    volume::section(&mut out, told);
    findings::section(&mut out, told);
    let left: Vec<String> = outcome.not_checked.iter().map(|n| unseen(outcome, *n)).collect();
    let _ = write!(out, "<h2>Not checked</h2>\n<p class=\"note\">{}.", Escaped(left.join("; ")));
    if outcome.unknown.count > 0 {
        let names = outcome.unknown.first.join(", ");
        let count = u128::from(outcome.unknown.count);
        let _ = write!(
            out,
            " Left out: {} {} with names that say nothing: {}.",
            grouped(count),
            plural(count, "file"),
            Escaped(names)
        );
    }
    if outcome.ignored > 0 {
        let _ = write!(
            out,
            " Left out: {} {} of other tools.",
            grouped(outcome.ignored.into()),
            plural(outcome.ignored.into(), "file")
        );
    }
    out += "</p>\n";
    close(&mut out, told.run.began, told.run.took(), &told.zone);
    out
}

fn answer(out: &mut String, told: &VerifyAnswer<'_>) {
    let outcome = told.outcome;
    let worst = outcome.worst();
    let head = headline(outcome, worst, &told.zone);
    let (word, rest) = head.split_once(':').unwrap_or((&head, ""));
    let _ =
        write!(out, "<header class=\"{}\">\n<div class=\"archive\">{}", outcome.verdict.name(), Escaped(&told.archive));
    if let Some(layout) = &outcome.layout {
        let _ = write!(
            out,
            " · PostgreSQL {} · segments of {} · depth {}",
            Escaped(layout.dialect.version),
            bytes(layout.segment.bytes().into()),
            depth(outcome.depth)
        );
    }
    if let Some(id) = outcome.system_id {
        let _ = write!(out, " · cluster {id}");
    }
    let _ = write!(
        out,
        "</div>\n<h1><span class=\"word\">{}</span>: {}</h1>\n<dl class=\"answer\">\n",
        Escaped(word),
        Escaped(rest.trim())
    );
    for (label, text) in [
        ("WHY", vec![why(outcome, worst, &told.zone)]),
        ("IMPACT", impact(outcome, worst, &told.zone)),
        ("NEXT", vec![next(outcome, worst, &told.zone)]),
        ("PROVEN", vec![proven(outcome)]),
        ("TIMES", vec![told.zone.told()]),
    ] {
        term(out, label, &text);
    }
    for (label, text) in outcome.restore.iter().flat_map(|r| restore::text::lines(r, &told.zone)) {
        term(out, label, &[text]);
    }
    *out += "</dl>\n</header>\n";
}

fn tiles(out: &mut String, told: &VerifyAnswer<'_>) {
    let outcome = told.outcome;
    *out += "<ul class=\"tiles\">\n";
    let mut tile = |class: &str, figure: String, what: &str| {
        let _ = writeln!(out, "<li class=\"{class}\"><b>{}</b><span>{}</span></li>", Escaped(figure), Escaped(what));
    };
    let (segments, records, commits) = (outcome.replay_segments, outcome.replayed.records, outcome.replayed.commits);
    tile("", grouped(segments.into()), &format!("{} replayed", plural(segments.into(), "segment")));
    tile("", grouped(records.into()), &format!("{} replayed", plural(records.into(), "record")));
    tile("", grouped(commits.into()), &format!("{} reached", plural(commits.into(), "commit")));
    if let Some(time) = outcome.replayed.last_commit.and_then(|time| told.zone.local(time)) {
        let (date, rest) = time.split_once(' ').unwrap_or((&time, ""));
        tile("", rest.chars().take(8).collect(), &format!("last commit, {date}"));
    }
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")] {
        let count = told.count(severity);
        let class = if count > 0 { severity.to_string() } else { String::new() };
        tile(&class, grouped(count.into()), &plural(count.into(), word));
    }
    *out += "</ul>\n";
}
