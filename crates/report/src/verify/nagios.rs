//! A line for Nagios, Icinga and what else runs monitoring plugins:
//!
//! ```text
//! WALPROOF CRITICAL - REFUTED: on timeline 1 replay stops at 0/00AAC690; FILE byte N: … (WP201) | errors=1;;0;0 warnings=0;0;;0 …
//! ```
//! Behind the bar are performance data, `label=value[unit];warn;crit;min`. The exit code is that of [`PluginStatus`].

use crate::outside::Shown;
use crate::verify::text::{headline, unsaved, why};
use crate::verify::{PluginStatus, VerifyAnswer};
use pgwal_verify::{Severity, Verdict};
use std::fmt::{Display, Write};

/// Characters that are told; some readers take 1,024 bytes of a line.
const LONGEST: usize = 600;

/// The line.
pub fn line(told: &VerifyAnswer<'_>) -> String {
    let outcome = told.outcome;
    let worst = outcome.worst();
    let mut text = headline(outcome, worst, &told.zone);
    let warning = outcome.counted().find(|f| f.severity == Severity::Warning);
    let told_already = worst.filter(|f| text.ends_with(&told.zone.message(f, outcome.layout.as_ref())));
    if let Some(f) = told_already {
        let _ = write!(text, " ({})", f.code);
    } else if outcome.verdict == Verdict::Refuted {
        let _ = write!(text, "; {}", why(outcome, worst, &told.zone));
    } else if let Some(first) = warning {
        let count = told.count(Severity::Warning);
        let _ = write!(text, "; {count} warning{}: ", if count == 1 { "" } else { "s" });
        text += &crate::verify::text::place(first, outcome.layout.as_ref(), &told.zone);
    }
    if let Some(unsaved) = outcome.index.as_ref().and_then(unsaved) {
        let _ = write!(text, "; {unsaved}");
    }
    let mut out = said(told.status, text);
    let _ = write!(
        out,
        " | errors={};;0;0 warnings={};0;;0 infos={};;;0 segments={};;;0 records={};;;0 commits={};;;0",
        told.count(Severity::Error),
        told.count(Severity::Warning),
        told.count(Severity::Info),
        outcome.replay_segments,
        outcome.replayed.records,
        outcome.replayed.commits
    );
    // The age that is judged is that of the newest commit, in a file that is not whole as well.
    let judged = outcome.fresh.as_ref().and_then(|fresh| Some((fresh.demand.max_age?, fresh.last_commit?)));
    let limit = judged.map(|(allowed, _)| allowed.as_secs().to_string()).unwrap_or_default();
    if let Some(last) = judged.map(|(_, last)| last).or(outcome.replayed.last_commit) {
        let age = told.run.began.0.saturating_sub(last.0).div_euclid(1_000_000);
        let _ = write!(out, " last_commit_age={}s;;{limit};0", age.max(0));
    }
    let _ = writeln!(out, " time={:.3}s;;;0", told.run.took().as_secs_f64());
    out
}

/// Where nothing could be looked at, or an option is wrong.
pub fn failure(error: impl Display) -> String {
    // Of several lines, as those about options, the first says what is wrong.
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let rest = lines.next().filter(|_| first.ends_with(':')).map(|rest| format!(" {rest}")).unwrap_or_default();
    said(PluginStatus::Unknown, format!("{first}{rest}")) + "\n"
}

/// One line without what has a meaning in it.
pub(crate) fn said(status: PluginStatus, text: String) -> String {
    let text = Shown(text).to_string();
    let plain = |c: char| if c == '|' { '/' } else { c };
    let mut short: String = text.chars().take(LONGEST).map(plain).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    format!("WALPROOF {} - {short}", status.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_with_one_bar() {
        let line = failure("a|b\nsecond");
        assert_eq!(line, "WALPROOF UNKNOWN - a/b\n");
        assert_eq!(failure("needed:\n  <FILE>\n\nUsage"), "WALPROOF UNKNOWN - needed: <FILE>\n");
        assert_eq!(said(PluginStatus::Ok, "x\u{1b}[1m\ny".into()), "WALPROOF OK - x\\x1B[1m\\ny");
        assert_eq!(
            said(PluginStatus::Ok, "é".repeat(2000)).chars().count(),
            LONGEST + "WALPROOF OK - …".chars().count()
        );
    }
}
