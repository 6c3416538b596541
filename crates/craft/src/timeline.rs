//! A timeline ends, another begins.
//!
//! The child's first segment is a copy of the parent's: all of it up to 9.4, up to the switch and zeros from 9.5 on;
//! its pages up to the one that holds the switch keep the parent's timeline. Behind a switch at a segment's end there
//! is nothing to copy.

use crate::Builder;
use crate::record::Rec;
use pgwal_format::dialect::HistoryField;
use pgwal_format::{Lsn, SegmentName, SegmentNo, TimelineId, rmgr};

/// The record with which a timeline begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    /// A shutdown checkpoint.
    ShutdownCheckpoint,
    /// `END_OF_RECOVERY`, in versions that have it (9.3 and later); otherwise a shutdown checkpoint.
    EndOfRecovery,
}

impl Builder {
    /// Leaves the current timeline here and begins `child`. Returns the switch point.
    pub fn timeline_switch(&mut self, child: TimelineId, opening: Opening) -> Lsn {
        self.timeline_switch_leaving(child, opening, &[])
    }

    /// As [`Builder::timeline_switch`]; but before, the parent went on: it wrote records of these lengths behind the
    /// switch point. Up to 9.4 the child's first segment holds a copy of them.
    pub fn timeline_switch_leaving(&mut self, child: TimelineId, opening: Opening, dead: &[u64]) -> Lsn {
        let parent = self.timeline;
        let here = (self.segment, self.offset, self.prev);
        let switch = self.position();
        let first_dead = self.records.len();
        for &length in dead {
            self.filler(length);
        }
        self.records.iter_mut().skip(first_dead).for_each(|r| r.dead = true);
        self.left.insert((parent, self.segment));
        (self.segment, self.offset, self.prev) = here;

        self.timeline = child;
        if self.offset > 0 {
            self.copy_first_segment(parent);
        }
        let line = self.history_line(parent, switch);
        let before = self.histories.get(&parent).map(|text| format!("{text}\n")).unwrap_or_default();
        self.histories.insert(child, before + &line);

        match opening {
            Opening::EndOfRecovery if self.facts.names_previous => self.end_of_recovery(parent),
            _ => self.checkpoint(parent),
        };
        switch
    }

    fn copy_first_segment(&mut self, parent: TimelineId) {
        let (offset, page, size) = (self.offset, self.layout.page.bytes(), self.layout.segment.bytes());
        let whole = self.layout.dialect.whole_copy_at_switch;
        let Some(mut copy) = self.segments.get(&(parent, self.segment)).cloned() else { return };
        let kept_from = if whole { offset.next_multiple_of(page) } else { size };
        copy.zero(offset, kept_from - offset);
        self.segments.insert((self.timeline, self.segment), copy);
    }

    fn end_of_recovery(&mut self, parent: TimelineId) -> Lsn {
        let e = self.layout.endian;
        let mut main = vec![0; self.facts.end_of_recovery.on(self.layout.align)];
        main[8..12].copy_from_slice(&e.put_u32(self.timeline.0));
        main[12..16].copy_from_slice(&e.put_u32(parent.0));
        self.record(&Rec { rmid: rmgr::XLOG, info: rmgr::xlog::END_OF_RECOVERY, main: &main, ..Rec::default() })
    }

    /// The line with which a history file ends, in this version's grammar.
    fn history_line(&self, parent: TimelineId, switch: Lsn) -> String {
        let (scheme, size) = (self.layout.address(), self.layout.segment);
        let place = match self.layout.dialect.history {
            HistoryField::SegmentName => {
                let SegmentNo(number) = scheme.prev_segment(switch, size);
                SegmentName::new(parent, SegmentNo(number), scheme, size).to_string()
            }
            HistoryField::Lsn if self.layout.dialect.wording.padded => switch.to_string(),
            HistoryField::Lsn => switch.unpadded().to_string(),
        };
        format!("{parent}\t{place}\tno recovery target specified\n")
    }
}
