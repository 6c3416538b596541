//! Looks at records, in whichever order parts of WAL are read.

use crate::effects::{KeptRecord, WalPart};
use crate::history::History;
use crate::over::{LookAtRecords, TakeHistory};
use crate::transaction::FIRST_XID;
use pgwal_catalog::CatalogFiles;
use pgwal_format::record::{Block, Record, RecordHeader};
use pgwal_format::rmgr::{
    DATABASE, HEAP, HEAP2, LOGICAL_MESSAGE, RELMAP, STANDBY, STORAGE, TABLESPACE, TRANSACTION, XLOG, row_changes,
    standby, xact, xlog,
};
use pgwal_format::{Generation, Layout, TimelineId};
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};
use pgwal_verify::{Finding, Severity};
use std::sync::{Mutex, PoisonError};

/// Appends a finding to what is said beside the events.
pub type NoteFinding<'a> = dyn Fn(&Finding, Option<&Layout>, &mut Vec<u8>) + Sync + 'a;

/// Sums and keeps what matters, and hands it to a history.
pub struct Looker<'a, T: TakeHistory> {
    /// Files of catalogs that are known from the start.
    pub files: CatalogFiles,
    /// How findings are told.
    pub tell: &'a NoteFinding<'a>,
    /// What looks at records beside that.
    pub look: T::Look,
    /// What it comes to.
    pub history: Mutex<History<'a, T>>,
}

/// Room for a part.
#[derive(Default)]
pub struct LookedPart<P> {
    blocks: Vec<Block>,
    part: WalPart,
    beside: P,
}

/// What is put aside beside the history.
type LookPart<T> = <<T as TakeHistory>::Look as LookAtRecords>::Part;

impl<T: TakeHistory> Render for Looker<'_, T> {
    type Scratch = LookedPart<LookPart<T>>;
    type Event = NoEvent;

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        room: &mut LookedPart<LookPart<T>>,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let LookedPart { blocks, part, beside } = room;
        let header = &record.header;
        part.next(record, timeline);
        let modern = record.layout.dialect.generation == Generation::Modern;
        if modern
            && header.info & xact::HAS_INFO == 0
            && let Some(time) = xact::plain_commit(record)
        {
            self.look.record(record, &[], beside);
            let (xid, bytes) = (header.xid, header.tot_len);
            part.last.kept.push(KeptRecord::Commit { xid, time, lsn: record.lsn, bytes });
            return Some(0.into());
        }
        let top = record.blocks_or_none(blocks).top_xid;
        self.look.record(record, blocks, beside);
        let rows = if matches!(header.rmid, HEAP | HEAP2) { row_changes::changed(record, blocks) } else { None };
        if header.xid >= FIRST_XID {
            let first = blocks.first().filter(|block| block.reference.fork == 0);
            part.count(record, timeline, rows, first.map(|block| block.reference.rel), top);
        }
        let catalogs = || modern && blocks.iter().any(|b| self.files.catalog(b.reference.rel).is_some());
        if is_kept(header, record.layout) || catalogs() {
            part.keep(record, timeline);
            // What is open at a shutdown, and when a recovery ends, is over.
            if header.is(XLOG, xlog::CHECKPOINT_SHUTDOWN) || header.is(XLOG, xlog::END_OF_RECOVERY) {
                part.divide();
            }
        }
        Some(0.into())
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<NoEvent>) {
        // What costs nothing needs no word beside the events.
        if finding.severity != Severity::Info {
            (self.tell)(finding, layout, out.text());
        }
    }

    fn done(&self, room: &mut LookedPart<LookPart<T>>) {
        let (part, beside) = (std::mem::take(&mut room.part), std::mem::take(&mut room.beside));
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.list.looked(beside);
        history.add(part);
    }
}

/// Whether the header alone says that order matters.
fn is_kept(header: &RecordHeader, layout: &Layout) -> bool {
    match header.rmid {
        TRANSACTION => match xact::operation(header) {
            // The same number as that of a compact commit.
            xact::INVALIDATION => layout.dialect.compact_commits,
            _ => true,
        },
        XLOG => matches!(
            header.operation(),
            xlog::CHECKPOINT_SHUTDOWN
                | xlog::CHECKPOINT_ONLINE
                | xlog::BACKUP_END
                | xlog::PARAMETER_CHANGE
                | xlog::RESTORE_POINT
                | xlog::END_OF_RECOVERY
                | xlog::OVERWRITE_CONTRECORD
        ),
        STANDBY => header.operation() == standby::RUNNING_XACTS,
        STORAGE | DATABASE | TABLESPACE | RELMAP | LOGICAL_MESSAGE => true,
        HEAP => row_changes::is_truncate_command(header),
        _ => false,
    }
}
