//! What is wrong in front of every backup, or in a file that recovery does not take, and so stands in nobody's way?

use super::Judge;
use crate::codes::{Code, CodeFamily, Severity};
use crate::finding::Finding;
use pgwal_archive::{Depth, Which};
use pgwal_format::{FileName, Lsn, SegmentNo, TimelineId};
use pgwal_source::Entry;
use pgwal_source::name::{self, NamePlace};

impl Judge<'_> {
    /// Copies that differ matter where recovery needs one of them.
    pub(super) fn weigh_copies(&mut self) {
        let mut findings = std::mem::take(&mut self.findings);
        for finding in findings.iter_mut().filter(|f| f.code == Code::CopiesDiffer) {
            let named = |e: &&Entry| Some(e.shown()) == finding.file;
            let name = self.entries.iter().find(named).and_then(|e| e.name);
            if let Some(FileName::Segment(name)) = name
                && let Some(number) = name.number(self.layout().address(), self.layout().segment)
            {
                finding.severity = self.weigh(finding.severity, name.timeline, number);
            }
        }
        self.findings = findings;
    }

    /// What is wrong with bytes in front of the oldest backup stands in nobody's way, as a gap there does not: it is
    /// told, and refutes nothing.
    pub(super) fn weigh_passed(&mut self) {
        if self.options.start.is_some() || self.options.timeline == Which::All {
            return;
        }
        // One beside the way may need what lies there, but leads to none of it.
        let known = self.backups_on_way().next().is_some();
        let Some(oldest) = self.backups.iter().map(|backup| backup.start).min().filter(|_| known) else { return };
        // A server reads the header of the page in which it starts, and of the first one of that segment.
        let page = self.layout().page.bytes();
        let begins = [oldest.get() - oldest.get() % page, self.start_of(self.number(oldest)).get()];
        let is_header = |finding: &Finding| {
            finding.code != Code::Contrecord && finding.at.is_some_and(|at| begins.contains(&at.get()))
        };
        let mut findings = std::mem::take(&mut self.findings);
        let of_wal = |f: &Finding| f.code.family() <= CodeFamily::Bytes || f.code.is_could_not_look();
        for finding in findings.iter_mut().filter(|f| of_wal(f)) {
            let until = finding.lost.and_then(|lost| lost.until_lsn);
            let until = until.or_else(|| self.end_of_what_is_bad(finding));
            if until.is_some_and(|until| until <= oldest) && self.stops(finding) && !is_header(finding) {
                finding.passed = true;
                finding.severity = finding.severity.min(Severity::Warning);
            }
        }
        self.findings = findings;
    }

    /// Behind what a finding tells of, where that is not known by a record: of bytes the next one, of pages alone the
    /// next page, of a file that could not be taken the next segment.
    fn end_of_what_is_bad(&self, finding: &Finding) -> Option<Lsn> {
        if finding.lsn.is_some() {
            let page = self.layout().page.bytes();
            let at = finding.at.or(finding.lsn)?;
            return match self.options.depth {
                Depth::Pages if finding.code.family() == CodeFamily::Bytes => {
                    Some(Lsn::new(at.get() - at.get() % page + page))
                }
                _ => self.next_record(self.number(at)),
            };
        }
        let file = finding.file.as_deref().filter(|_| finding.severity == Severity::Error)?;
        let NamePlace::Wal(placed) = name::place(file.rsplit('/').next().unwrap_or(file)) else { return None };
        let FileName::Segment(name) = placed.name else { return None };
        let number = name.number(self.layout().address(), self.layout().segment)?;
        Some(self.start_of(number.next()))
    }

    /// A file that the folder's list refuses matters where recovery needs it.
    pub(super) fn weigh_refused(&mut self) {
        let mut findings = std::mem::take(&mut self.findings);
        for finding in findings.iter_mut().filter(|f| matches!(f.code, Code::Unreadable | Code::NoFile)) {
            let Some((timeline, at)) = finding.timeline.zip(finding.at) else { continue };
            let number = self.number(at);
            let other_branch = !self.target_line.iter().any(|&(t, _)| t == timeline);
            if other_branch || self.way.legs.iter().any(|leg| (leg.first..=leg.last).contains(&number)) {
                finding.severity = self.weigh(finding.severity, timeline, number);
            }
            if self.lies_elsewhere(finding, timeline, number) {
                finding.severity = finding.severity.min(Severity::Warning);
            }
        }
        self.findings = findings;
    }

    /// Another place has the segment: whoever asks there next gets it.
    fn lies_elsewhere(&self, finding: &Finding, timeline: TimelineId, number: SegmentNo) -> bool {
        let folder = |file: &str| file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let own = finding.file.as_deref().and_then(folder);
        let others = self.inventory.get(timeline, number).map_or(&[][..], |segment| segment.files(self.entries));
        others.iter().any(|other| folder(&other.shown()) != own)
    }
}
