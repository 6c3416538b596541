//! Which damaged file has another one of its name beside it? That is where to look first.

use super::Judge;
use crate::codes::{Code, CodeFamily, Severity};
use crate::finding::{Detail, Finding};
use pgwal_format::{FileName, SegmentName};
use pgwal_source::name::{self, NamePlace};
use pgwal_source::{Entry, Ignored, Local};

impl Judge<'_> {
    pub(super) fn copies_beside(&mut self) {
        let mut findings = std::mem::take(&mut self.findings);
        for finding in findings.iter_mut() {
            finding.copy = match finding.code {
                Code::Gap => finding.file.as_deref().and_then(|file| self.leftover(file)),
                _ => segment_of(finding).and_then(|name| self.copy_of(name, finding.file.as_deref()?)),
            };
        }
        self.findings = findings;
    }

    /// The files of a segment of which nobody gets any, named for the one at `entry`.
    pub(super) fn copies_of(&self, entry: usize) -> Detail {
        let shown = |entry: usize| self.entries.get(entry).map(Entry::shown).unwrap_or_default();
        let pair = self.withheld.iter().find(|pair| pair.first == entry || pair.second == entry);
        let Some(pair) = pair else { return Detail::Plain };
        let (other, faults) = match pair.first == entry {
            true => (pair.second, pair.faults),
            false => (pair.first, [pair.faults[1], pair.faults[0]]),
        };
        Detail::Copies { other: shown(other), faults, withheld: true }
    }

    /// What a copy of a missing segment left under way, in whose name its own stands. Only on a disk does a user get at
    /// it by what is typed.
    fn leftover(&self, missing: &str) -> Option<String> {
        let of = |name: &&String| Ignored::segment_in(name).is_some_and(|own| missing.ends_with(own));
        let left = self.unknown.leftovers.iter().find(of)?;
        Some(format!("{}{left}", self.root(self.source.local()?).unwrap_or_default()))
    }

    /// What a user types in front of a file's name as shown, from where he named the archive.
    pub(super) fn root(&self, local: &dyn Local) -> Option<String> {
        let first = self.entries.first()?;
        let path = local.path(first);
        path.to_str()?.strip_suffix(&first.shown()).map(str::to_owned)
    }

    fn copy_of(&self, name: SegmentName, file: &str) -> Option<String> {
        let number = name.number(self.layout().address(), self.layout().segment)?;
        let segment = self.inventory.get(name.timeline, number);
        let entries = segment.map_or(&[][..], |s| s.files(self.entries));
        let partial = || self.entries.get(self.inventory.partial(name.timeline, number)?.entry);
        entries.iter().map(Entry::shown).find(|shown| shown != file).or_else(|| partial().map(Entry::shown))
    }
}

/// The segment of a file whose bytes are wrong as they lie here.
pub(crate) fn segment_of(finding: &Finding) -> Option<SegmentName> {
    let of_file = matches!(
        finding.code,
        Code::Size
            | Code::Undecodable
            | Code::Misplaced
            | Code::PackedTwice
            | Code::PackedOtherwise
            | Code::Unwritten
            | Code::NotWal
    );
    let of_bytes = finding.code.family() == CodeFamily::Bytes || of_file || finding.code.is_could_not_look();
    let file = finding.file.as_deref().filter(|_| of_bytes && finding.severity == Severity::Error)?;
    match name::place(file.rsplit('/').next().unwrap_or(file)) {
        NamePlace::Wal(placed) => match placed.name {
            FileName::Segment(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
