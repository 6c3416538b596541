//! Losses that somebody has looked at and accepted.
//!
//! What is accepted is one finding, by everything that says which one it is: a gap that grew is another gap, and a
//! second damage beside the first another damage.

use crate::codes::{Code, CodePattern, Severity};
use crate::finding::{Detail, Finding};
use pgwal_format::{Lsn, TimelineId};

/// Accepted findings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AcceptedFindings {
    /// Each once.
    pub entries: Vec<Accepted>,
}

/// An accepted finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Its code; a family means any of it.
    pub code: CodePattern,
    /// Its timeline.
    pub timeline: Option<TimelineId>,
    /// Where replay stops.
    pub lsn: Option<Lsn>,
    /// What is wrong.
    pub at: Option<Lsn>,
    /// The next record that can be read.
    pub until: Option<Lsn>,
    /// How far the bytes could be read.
    pub readable_until: Option<Lsn>,
    /// The file, without its folder.
    pub file: Option<String>,
    /// The last segment of a gap, or the other of two copies.
    pub to_file: Option<String>,
    /// Segments of a gap; otherwise findings that are told as one.
    pub count: u64,
}

impl Accepted {
    /// What accepts this finding and no other.
    pub fn of(finding: &Finding) -> Accepted {
        let base = |file: &str| file.rsplit('/').next().unwrap_or(file).to_owned();
        let (to_file, count) = match &finding.detail {
            Detail::Gap { last, count, .. } => (Some(last.clone()), *count),
            Detail::Copies { other, .. } => (Some(base(other)), 1 + finding.more),
            _ => (None, 1 + finding.more),
        };
        Accepted {
            code: CodePattern::One(finding.code),
            timeline: finding.timeline,
            lsn: finding.lsn,
            at: finding.at,
            until: finding.lost.and_then(|lost| lost.until_lsn),
            readable_until: finding.readable_until,
            file: finding.file.as_deref().map(base),
            to_file,
            count,
        }
    }

    /// Whether this is the finding.
    pub fn is(&self, finding: &Finding) -> bool {
        let found = Accepted::of(finding);
        can_be_accepted(finding.code)
            && self.code.matches(finding.code)
            && *self == Accepted { code: self.code, ..found }
    }

    fn words(&self) -> String {
        let code = self.code.to_string();
        match (self.at.or(self.lsn), &self.file) {
            (Some(at), Some(file)) => format!("{code} at {at} in {file}"),
            (Some(at), None) => format!("{code} at {at}"),
            (None, Some(file)) => format!("{code} in {file}"),
            (None, None) => code,
        }
    }
}

/// Whether a finding of this code can be accepted: not what is true only at the moment, nor what was asked for.
pub fn can_be_accepted(code: Code) -> bool {
    !matches!(code, Code::Changed | Code::Vanished | Code::StillCopied | Code::TooShort | Code::Stale | Code::KnownGone)
}

/// Whether a finding is one that a list of accepted ones should have.
pub fn is_worth_accepting(finding: &Finding) -> bool {
    finding.severity >= Severity::Warning && can_be_accepted(finding.code)
}

impl AcceptedFindings {
    /// Marks what is accepted, each entry one finding at most. Returns the entries that are not found any more.
    pub(crate) fn accept<'a>(&'a self, findings: &mut [Finding]) -> Vec<&'a Accepted> {
        let mut gone = Vec::new();
        for entry in &self.entries {
            match findings.iter_mut().find(|f| !f.accepted && entry.is(f)) {
                Some(finding) => finding.accepted = true,
                None => gone.push(entry),
            }
        }
        gone
    }
}

/// What is said of an entry that nothing is found of.
pub(crate) fn gone(entry: &Accepted) -> Finding {
    Finding {
        timeline: entry.timeline,
        at: entry.at,
        file: entry.file.clone(),
        detail: Detail::KnownGone { what: entry.words() },
        ..Finding::of(Code::KnownGone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Lost;

    fn gap(count: u64, until: u64) -> Finding {
        let lost = Lost { until_lsn: Some(Lsn::new(until)), ..Lost::default() };
        let detail = Detail::Gap { last: format!("{:024X}", count), count, partial: false };
        Finding {
            lsn: Some(Lsn::new(0x100)),
            at: Some(Lsn::new(0x200)),
            lost: Some(lost),
            detail,
            file: Some("a/b".into()),
            ..Finding::of(Code::Gap)
        }
    }

    #[test]
    fn a_gap_that_grew_is_another_one() {
        let entry = Accepted::of(&gap(1, 0x300));
        assert!(entry.is(&gap(1, 0x300)) && entry.is(&Finding { file: Some("b".into()), ..gap(1, 0x300) }));
        assert!(
            !entry.is(&gap(2, 0x400))
                && !entry.is(&gap(1, 0x400))
                && !entry.is(&Finding { more: 0, file: Some("c".into()), ..gap(1, 0x300) })
        );
    }

    #[test]
    fn one_entry_accepts_one_finding() {
        let known = AcceptedFindings {
            entries: vec![Accepted { code: "WP1xx".parse().unwrap(), ..Accepted::of(&gap(1, 0x300)) }],
        };
        let mut findings = [gap(1, 0x300), gap(1, 0x300)];
        assert!(known.accept(&mut findings).is_empty());
        assert_eq!(findings.map(|f| f.accepted), [true, false]);
        assert_eq!(known.accept(&mut []).len(), 1);
    }

    #[test]
    fn what_was_asked_for_cannot_be_accepted() {
        let stale = Finding::of(Code::Stale);
        assert!(!Accepted::of(&stale).is(&stale));
    }
}
