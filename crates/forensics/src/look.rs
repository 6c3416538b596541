//! Looks at records, in whichever order parts of WAL are read.

use crate::effects::WalPart;
use crate::history::History;
use crate::over::{LookAtRecords, TakeHistory};
use crate::transaction::FIRST_XID;
use pgwal_catalog::CatalogFiles;
use pgwal_format::record::{Block, BlockRef, Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::{
    BTREE, DATABASE, GENERIC, HEAP, HEAP2, LOGICAL_MESSAGE, RELMAP, STANDBY, STORAGE, TABLESPACE, TRANSACTION, XLOG,
    row_changes, standby, xact, xlog,
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

    #[inline(always)]
    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        room: &mut LookedPart<LookPart<T>>,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        room.part.next(record, timeline);
        // Nearly all touch one block of a relation that is no catalog, and are counted.
        let plain = if T::Look::IS_BLIND { record.plain_block() } else { None };
        match plain.filter(|(block, _)| self.files.catalog(block.rel).is_none()) {
            Some((block, data)) if !is_kept(&record.header, record.layout) => {
                count(record, timeline, (Some(block.rel), block.fork == 0, data, None), &mut room.part);
            }
            _ => self.any(record, timeline, room),
        }
        Some(0.into())
    }

    fn needs_rest(&self, record: &Record<'_>) -> bool {
        let header = &record.header;
        if !T::Look::IS_BLIND || is_kept(header, record.layout) || row_changes::reads_data(header) {
            return true;
        }
        let mut is_catalog = false;
        let shape = record.shape(&mut |block| is_catalog |= self.files.catalog(block.rel).is_some());
        is_catalog || shape.is_err()
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

impl<T: TakeHistory> Looker<'_, T> {
    /// Looks at a record, whatever it is.
    #[inline(never)]
    fn any(&self, record: &Record<'_>, timeline: TimelineId, room: &mut LookedPart<LookPart<T>>) {
        let LookedPart { blocks, part, beside } = room;
        let header = &record.header;
        let modern = record.layout.dialect.generation == Generation::Modern;
        if modern
            && header.info & xact::HAS_INFO == 0
            && let Some(time) = xact::plain_commit(record)
        {
            self.look.record(record, &[], beside);
            part.commit(record, time);
            return;
        }
        let (mut first, mut is_catalog) = (None, false);
        let mut touch = |block: &BlockRef| {
            first.get_or_insert((block.rel, block.fork == 0));
            is_catalog |= modern && self.files.catalog(block.rel).is_some();
        };
        let shape = if T::Look::IS_BLIND {
            record.shape(&mut |block| touch(&block)).unwrap_or_default()
        } else {
            let shape = record.blocks_or_none(blocks);
            self.look.record(record, blocks, beside);
            blocks.iter().for_each(|block| touch(&block.reference));
            shape
        };
        let (rel, is_main) = first.unzip();
        let told = (rel, is_main.unwrap_or_default(), record.main_data_of(&shape), shape.top_xid);
        count(record, timeline, told, part);
        if is_catalog || is_kept(header, record.layout) {
            part.keep(record, timeline);
            // What is open at a shutdown, and when a recovery ends, is over.
            if header.is(XLOG, xlog::CHECKPOINT_SHUTDOWN) || header.is(XLOG, xlog::END_OF_RECOVERY) {
                part.divide();
            }
        }
    }
}

/// Counts a record for its transaction: the relation of its first block, whether that is of its main fork, main data,
/// and the transaction of which that is a part, where the record says so.
#[inline(always)]
fn count(
    record: &Record<'_>,
    timeline: TimelineId,
    (rel, is_main, data, top): (Option<RelFileLocator>, bool, &[u8], Option<u32>),
    part: &mut WalPart,
) {
    let header = &record.header;
    if header.xid < FIRST_XID {
        return;
    }
    let is_heap = matches!(header.rmid, HEAP | HEAP2);
    let rows = if is_heap { row_changes::changed_in(record, rel, data) } else { None };
    // From 9.5 on that is the relation of the rows, too.
    let rel = match rows {
        Some(rows) if record.layout.dialect.generation != Generation::Modern => Some(rows.rel),
        rows => rel.filter(|_| is_main || rows.is_some()),
    };
    part.count(record, timeline, rows, rel, top);
}

/// Whether the header alone says that order matters.
#[inline(always)]
fn is_kept(header: &RecordHeader, layout: &Layout) -> bool {
    match header.rmid {
        HEAP => row_changes::is_truncate_command(header),
        HEAP2 | BTREE..=GENERIC => false,
        _ => is_kept_of_few(header, layout),
    }
}

/// The same of those of which there are few.
#[inline(never)]
fn is_kept_of_few(header: &RecordHeader, layout: &Layout) -> bool {
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
        _ => false,
    }
}
