//! Looks at records, in whichever order parts of WAL are read.

use crate::effects::WalPart;
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
            part.commit(record, time);
            return Some(0.into());
        }
        let plain = if T::Look::IS_BLIND { record.plain_block() } else { None };
        let (rel, is_main, data, top, is_catalog);
        if let Some((block, main)) = plain {
            (rel, is_main, data, top) = (Some(block.rel), block.fork == 0, main, None);
            is_catalog = self.files.catalog(block.rel).is_some();
        } else {
            let shape = record.blocks_or_none(blocks);
            self.look.record(record, blocks, beside);
            let first = blocks.first().map(|block| &block.reference);
            (rel, is_main) = (first.map(|own| own.rel), first.is_some_and(|own| own.fork == 0));
            (data, top) = (record.main_data_of(&shape), shape.top_xid);
            is_catalog = modern && blocks.iter().any(|own| self.files.catalog(own.reference.rel).is_some());
        }
        if header.xid >= FIRST_XID {
            let is_heap = matches!(header.rmid, HEAP | HEAP2);
            let rows = if is_heap { row_changes::changed_in(record, rel, data) } else { None };
            // From 9.5 on that is the relation of the rows, too.
            let rel = match rows {
                Some(rows) if !modern => Some(rows.rel),
                rows => rel.filter(|_| is_main || rows.is_some()),
            };
            part.count(record, timeline, rows, rel, top);
        }
        if is_catalog || is_kept(header, record.layout) {
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
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.list.looked(std::mem::take(&mut room.beside));
        history.add(&mut room.part);
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
