//! What records do to files in which dead rows are counted, put down close together until it is their turn.

use crate::dead_rows::{DeadRowsOfAll, HeapAct, HeapStep};
use pgwal_format::Lsn;

/// Steps in the order of WAL.
#[derive(Default)]
pub struct HeapLog {
    steps: Vec<LoggedStep>,
    /// Line pointers of all steps, one behind the other.
    offsets: Vec<u16>,
}

struct LoggedStep {
    lsn: Lsn,
    file: u32,
    act: LoggedAct,
}

/// As [`HeapAct`], with the number of line pointers in their place.
enum LoggedAct {
    Dead { event: u32, block: u32, offsets: u32 },
    Gone { block: u32, offsets: u32 },
    Shown { block: u32, offsets: u32 },
    Unread,
    Cut(u32),
    Copied(u32),
    Left(u32),
    Hole,
}

impl HeapLog {
    /// Puts a step down.
    #[inline]
    pub fn push(&mut self, lsn: Lsn, step: HeapStep<'_>) {
        // A change of many rows goes through a block, and where each of its records lies is not asked.
        if let (HeapAct::Dead(own, at, new), Some(last)) = (step.act, self.steps.last_mut())
            && let LoggedAct::Dead { event, block, offsets } = &mut last.act
            && (*event, *block, last.file) == (own as u32, at, step.file as u32)
        {
            *offsets += new.len() as u32;
            self.offsets.extend_from_slice(new);
            return;
        }
        let mut put = |offsets: &[u16]| {
            self.offsets.extend_from_slice(offsets);
            offsets.len() as u32
        };
        let act = match step.act {
            HeapAct::Dead(event, block, offsets) => {
                LoggedAct::Dead { event: event as u32, block, offsets: put(offsets) }
            }
            HeapAct::Gone(block, offsets) => LoggedAct::Gone { block, offsets: put(offsets) },
            HeapAct::Shown(block, offsets) => LoggedAct::Shown { block, offsets: put(offsets) },
            HeapAct::Unread => LoggedAct::Unread,
            HeapAct::Cut(blocks) => LoggedAct::Cut(blocks),
            HeapAct::Copied(xid) => LoggedAct::Copied(xid),
            HeapAct::Left(xid) => LoggedAct::Left(xid),
        };
        self.steps.push(LoggedStep { lsn, file: step.file as u32, act });
    }

    /// WAL is missing in front of this record.
    pub fn hole(&mut self, lsn: Lsn) {
        self.steps.push(LoggedStep { lsn, file: 0, act: LoggedAct::Hole });
    }

    /// Takes all steps, and keeps the room.
    pub fn take_into(&mut self, rows: &mut DeadRowsOfAll) {
        let mut rest = self.offsets.as_slice();
        let mut next = |count: u32| {
            let (own, behind) = rest.split_at_checked(count as usize).unwrap_or_default();
            rest = behind;
            own
        };
        for LoggedStep { lsn, file, act } in self.steps.drain(..) {
            let act = match act {
                LoggedAct::Dead { event, block, offsets } => HeapAct::Dead(event as usize, block, next(offsets)),
                LoggedAct::Gone { block, offsets } => HeapAct::Gone(block, next(offsets)),
                LoggedAct::Shown { block, offsets } => HeapAct::Shown(block, next(offsets)),
                LoggedAct::Unread => HeapAct::Unread,
                LoggedAct::Cut(blocks) => HeapAct::Cut(blocks),
                LoggedAct::Copied(xid) => HeapAct::Copied(xid),
                LoggedAct::Left(xid) => HeapAct::Left(xid),
                LoggedAct::Hole => {
                    rows.hole();
                    continue;
                }
            };
            rows.take(lsn, HeapStep { file: file as usize, act });
        }
        self.offsets.clear();
    }
}
