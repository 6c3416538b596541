//! Unfinished segments. A server never restores them by itself; some tools give them out as whole ones.

use super::Judge;
use crate::codes::{Code, Severity};
use crate::finding::Detail;
use pgwal_archive::stretch::{Piece, Unusable};
use pgwal_archive::{Partial, Which};
use pgwal_format::SegmentNo;

impl Judge<'_> {
    pub(super) fn partials(&mut self) {
        for i in 0..self.partials.len() {
            let Some(Partial { timeline, number, entry, .. }) = self.partials.get(i) else { continue };
            let (timeline, number, entry) = (*timeline, *number, *entry);
            self.flaw_of_partial(i);
            let complete =
                self.inventory.get(timeline, number).and_then(|s| self.entries.get(s.entry)).map(|e| e.shown());
            let last = self.inventory.of(timeline).last().map(|s| s.number);
            if complete.is_none() && last.is_some_and(|last| last > number) {
                // It lies in a gap, and the gap says so.
                continue;
            }
            if let Some(last) = last.filter(|last| complete.is_none() && last.next() < number) {
                self.gap_before_partial(i, last);
                continue;
            }
            let code = if complete.is_some() { Code::PartialBeside } else { Code::PartialOnly };
            let left = self.pieces.get(&timeline).and_then(|p| p.iter().find(|p| p.last.next() == number)).cloned();
            let lsn = self.begun(left.as_ref().filter(|p: &&Piece| p.run().is_some()), number);
            let at = self.start_of(number);
            let file = self.entries.get(entry).map(|e| e.shown());
            let finding = self.found(code, timeline, lsn, at, Detail::Partial { complete });
            finding.severity = Severity::Info;
            finding.file = file.clone();
            let told = self.findings.len() - 1;
            let damages =
                self.partials.get(i).and_then(|p| p.run.as_ref()).map(|run| run.damages.clone()).unwrap_or_default();
            for damage in damages {
                let broken = self.found(
                    super::code_of(&damage.fault),
                    timeline,
                    damage.lsn,
                    damage.at,
                    Detail::Wal(damage.fault),
                );
                broken.severity = Severity::Warning;
                broken.file = file.clone();
            }
            let finding = &mut self.findings[told];
            if code == Code::PartialBeside {
                finding.lsn = None;
                finding.segment = None;
            }
        }
    }

    /// Those that the tool which keeps the archive gives out as whole ones. They are judged as such.
    pub(super) fn given_partials(&mut self) {
        let given: Vec<_> = self
            .inventory
            .segments
            .iter()
            .filter_map(|segment| {
                let entry = self.entries.get(segment.entry).filter(|entry| entry.is_unfinished())?;
                Some((segment.timeline, segment.number, entry.shown(), entry.opening().fills()))
            })
            .collect();
        for (timeline, number, file, filled) in given {
            let at = self.start_of(number);
            let finding = self.found(Code::PartialOnly, timeline, at, at, Detail::PartialGiven { filled });
            finding.severity = Severity::Info;
            finding.file = Some(file);
            (finding.lsn, finding.segment) = (None, None);
        }
    }

    /// Segments are missing between the last complete one and an unfinished one: what lies there was written, and is
    /// not here.
    fn gap_before_partial(&mut self, i: usize, before: SegmentNo) {
        let Some(Partial { timeline, number, run, .. }) = self.partials.get(i) else { return };
        let (timeline, number, first) = (*timeline, *number, before.next());
        let holds_records = run.as_ref().is_some_and(|run| run.first.is_some());
        let needed = timeline == self.target || self.options.timeline == Which::All;
        let left = self.pieces.get(&timeline).and_then(|p| p.iter().find(|p| p.last == before)).cloned();
        let lsn = self.begun(left.as_ref().filter(|p: &&Piece| p.run().is_some()), first);
        let last = self.name(timeline, SegmentNo(number.0.saturating_sub(1)));
        let detail = Detail::Gap { last, count: number.0.saturating_sub(first.0), partial: false };
        let (at, name) = (self.start_of(first), self.name(timeline, first));
        let finding = self.found(Code::Gap, timeline, lsn, at, detail);
        finding.severity = if needed && holds_records { Severity::Error } else { Severity::Warning };
        finding.file = Some(name);
        finding.readable_until = Some(lsn);
    }

    /// What is wrong with the file as a whole. Replay does not read it, so that it is only worth knowing.
    fn flaw_of_partial(&mut self, i: usize) {
        let Some(Partial { timeline, number, entry, why: Some(why), .. }) = self.partials.get(i) else { return };
        let file = self.entries.get(*entry);
        let usual = match why {
            // pg_receivewal writes packed ones (….gz.partial) as far as WAL goes, and breaks off. What was packed later
            // (….partial.gz) is judged as if it were plain.
            Unusable::Packed { cut, .. } => *cut,
            Unusable::Size { found, .. } => {
                let packed = file.is_some_and(|e| e.size != Some(*found) && e.shown().ends_with(".partial"));
                *found < self.layout().segment.bytes() && packed
            }
            _ => false,
        };
        if usual {
            return;
        }
        let (timeline, at, file, (code, detail)) =
            (*timeline, self.start_of(*number), file.map(|e| e.shown()), self.flaw(why));
        let finding = self.found(code, timeline, at, at, detail);
        finding.severity = Severity::Info;
        finding.file = file;
        (finding.lsn, finding.segment) = (None, None);
    }
}
