//! Which WAL has a name that no server asks for?

use super::Judge;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use pgwal_format::{FileName, TimelineId};
use pgwal_source::Ignored;
use pgwal_source::name::{self, NamePlace};

impl Judge<'_> {
    /// Names that differ from a server's in capitals alone: what they hold is missing to it.
    pub(super) fn miswritten(&mut self) {
        let mut found = Vec::new();
        for file in &self.unknown.miswritten {
            let Some(right) = Ignored::as_written(file) else { continue };
            let NamePlace::Wal(placed) = name::place(&right) else { continue };
            let detail = Detail::Miswritten { right: right.clone() };
            let finding = Finding { file: Some(file.clone()), detail, ..Finding::of(Code::Miswritten) };
            found.extend(match placed.name {
                FileName::Segment(name) => {
                    let layout = self.layout();
                    let number = name.number(layout.address(), layout.segment);
                    number.map(|number| self.not_asked_for(finding, name.timeline, number))
                }
                FileName::History(timeline) if self.lineage.get(timeline).is_none() => {
                    Some(Finding { severity: Severity::Warning, timeline: Some(timeline), ..finding })
                }
                _ => Some(Finding { severity: Severity::Info, ..finding }),
            });
        }
        self.findings.extend(found);
    }

    /// A segment that nobody asks for as it lies: an error where replay comes to it and finds nothing else of its name.
    pub(super) fn not_asked_for(
        &self,
        finding: Finding,
        timeline: TimelineId,
        number: pgwal_format::SegmentNo,
    ) -> Finding {
        let at = self.start_of(number);
        let finding = Finding { timeline: Some(timeline), at: Some(at), ..finding };
        if self.inventory.get(timeline, number).is_some() {
            return Finding { severity: Severity::Info, ..finding };
        }
        let begins = self.way.legs.first().is_none_or(|leg| leg.first < number);
        let on_line = self.target_line.iter().any(|&(own, _)| own == timeline);
        let left = self.last_run(at).map(|(_, piece)| piece);
        let lsn = self.begun(left, left.map_or(number, |piece| piece.last.next()));
        let severity = if begins && on_line { Severity::Error } else { Severity::Warning };
        Finding { severity, lsn: Some(lsn), segment: Some(self.name(timeline, number)), ..finding }
    }

    /// Where the history of the timeline that must replay cannot be read here, the way is not known: what looks wrong
    /// on the one that is left may be right on it.
    pub(super) fn weigh_closed_history(&mut self) {
        let (target, closed) = (self.target, self.lineage.get(self.target).is_some_and(|node| node.closed));
        for finding in self.findings.iter_mut().filter(|f| f.severity == Severity::Error) {
            let of_history = finding.file.as_deref().is_some_and(|file| file.ends_with(".history"));
            if !finding.code.is_could_not_look() {
                finding.severity = if closed { Severity::Warning } else { finding.severity };
            } else if of_history && finding.timeline != Some(target) {
                // A server reads the history of its target alone.
                finding.severity = Severity::Warning;
            }
        }
    }
}
