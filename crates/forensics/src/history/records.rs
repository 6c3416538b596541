//! What single records say.

use super::{History, MOST_DATABASES};
use crate::event::{EventEnd, EventFact, WalEvent, WalEventKind};
use crate::event_list::of_act;
use crate::over::{TakeHistory, XactEnding};
use crate::transaction::{FIRST_XID, XactAct};
use pgwal_catalog::{Catalog, CatalogChange, CatalogRow};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::database::{self, DatabaseChange, DatabaseFolder};
use pgwal_format::rmgr::fields;
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::tablespace::{self, TablespaceChange};
use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
use pgwal_format::rmgr::{LOGICAL_MESSAGE, STANDBY, TRANSACTION, XLOG, row_changes, standby, storage, xlog};
use pgwal_format::{Generation, Lsn, TimelineId};

impl<T: TakeHistory> History<'_, T> {
    /// Takes in a record that was kept.
    pub(super) fn record(&mut self, record: &Record<'_>, timeline: TimelineId) {
        let mut blocks = std::mem::take(&mut self.blocks);
        record.blocks_or_none(&mut blocks);
        self.catalogs(record, timeline, &blocks);
        self.blocks = blocks;
        let at = (record.lsn, timeline);
        match record.header.rmid {
            TRANSACTION => self.transaction(record, at),
            XLOG => self.xlog(record, timeline),
            STANDBY => self.next_xid = self.next_xid.or_else(|| Some(standby::running_xacts(record)?.next_xid)),
            _ => self.act(record, at),
        }
    }

    fn catalogs(&mut self, record: &Record<'_>, timeline: TimelineId, blocks: &[Block]) {
        self.catalogs_moved |= self.rows.files.mapped(record);
        if record.layout.dialect.generation != Generation::Modern {
            return;
        }
        self.keeper.mapped(record);
        let History { rows, open, keeper, marked, .. } = self;
        for block in blocks.iter().map(|block| &block.reference).filter(|block| block.fork == 0) {
            if rows.files.catalog(block.rel).is_some() {
                keeper.touch(record.lsn, block.rel, block.block);
            }
        }
        let xid = record.header.xid;
        let mut moved = Vec::new();
        rows.record(record, blocks, &mut |file, change| {
            moved.extend(change.rows().filter_map(|row| catalog_in(file, row)));
            match change {
                CatalogChange::Seen(seen) => keeper.see(record.lsn, file, seen),
                CatalogChange::Marked(database) => {
                    if marked.len() < MOST_DATABASES {
                        marked.push((database.oid, record.lsn));
                    }
                }
                change if xid >= FIRST_XID => {
                    open.put(xid, (record.lsn, timeline), |xact| &mut xact.catalog, (file, change));
                }
                change => keeper.learn(record.lsn, &(file, change)),
            }
        });
        for (database, oid, file) in moved {
            self.catalogs_moved |= rows.files.put(database, oid, file);
        }
    }

    fn transaction(&mut self, record: &Record<'_>, at: (Lsn, TimelineId)) {
        if xact::operation(&record.header) == xact::ASSIGNMENT {
            let (mut top, mut parts) = (0, Vec::new());
            fields::each(record, &mut |field| match (field.inside, field.name, field.value) {
                (None, "xtop", Value::Unsigned(xid)) => top = xid as u32,
                (Some(_), _, Value::Unsigned(xid)) => parts.push(xid as u32),
                _ => {}
            });
            return self.open.assign(top, &parts);
        }
        if xact::operation(&record.header) == xact::PREPARE {
            let (gid, time, parts) = prepared(record);
            self.tick(time);
            self.open.prepare(record.header.xid, &parts, at, (record.lsn, gid, time));
            return;
        }
        let Some(ended) = xact::ended(record) else { return };
        let mut subxacts = Vec::new();
        fields::each(record, &mut |field| {
            if let (Some("subxacts"), Value::Unsigned(xid)) = (field.inside, field.value) {
                subxacts.push(xid as u32);
            }
        });
        let ending = XactEnding {
            xid: ended.xid,
            end: if ended.outcome == XactOutcome::Commit { EventEnd::Committed } else { EventEnd::Aborted },
            lsn: Some(record.lsn),
            time: Some(ended.time),
            subxacts,
            dropped: xact::dropped_relations(record),
            bytes: 0,
        };
        let place = self.open.place(ending.xid);
        self.ended(&ending, place);
    }

    /// What other records do at once.
    fn act(&mut self, record: &Record<'_>, at: (Lsn, TimelineId)) {
        let xid = record.header.xid;
        if let Some(made) = storage::created(record) {
            // An unlogged relation has its initial fork alone in WAL.
            match (made.fork, xid) {
                // Nor are the files of initdb told.
                (1 | 2, _) | (_, 1 | 2) => {}
                (_, 0) => self.open.orphan(made.rel),
                _ => self.open.put(xid, at, |xact| &mut xact.created, made.rel),
            }
            return;
        }
        let of_database = database::change(record);
        if let Some(DatabaseChange::Copied { from, to }) = &of_database {
            let place = |files: &DatabaseFolder| (files.tablespace, files.database);
            self.keeper.copied(at.0, place(from), place(to));
        }
        if let Some(change) = &of_database
            && xid < FIRST_XID
        {
            return self.moved_database(change, at);
        }
        let of_database = of_database.map(|change| match change {
            DatabaseChange::Dropped { database, .. } => XactAct::DropDatabase(database),
            DatabaseChange::Copied { to, .. } | DatabaseChange::Created(to) => XactAct::CreateDatabase(to.database),
        });
        let of_tablespace = || {
            tablespace::change(record).map(|change| match change {
                TablespaceChange::Dropped(oid) => XactAct::DropTablespace(oid),
                TablespaceChange::Created(oid, _) | TablespaceChange::CreatedInPlace(oid) => {
                    XactAct::CreateTablespace(oid)
                }
            })
        };
        let truncated = || row_changes::truncate_command(record).map(|t| XactAct::Truncate(t.database, t.tables));
        let Some(act) = of_database.or_else(of_tablespace).or_else(truncated).or_else(|| message(record)) else {
            return;
        };
        if xid >= FIRST_XID {
            let lost_from = self.lost_from(&act, at.0);
            if let (Some(lsn), Some(open)) = (lost_from, self.open.of(xid, at.0, at.1)) {
                open.loses_from(lsn);
            }
            self.open.put(xid, at, |xact| &mut xact.acts, (at.0, act));
        } else if let Some((kind, fact)) = of_act(&act, self.keeper.names(), at.0) {
            let bytes = if kind == WalEventKind::Message { u64::from(record.header.tot_len) } else { 0 };
            self.tell(WalEvent { bytes, ..WalEvent::plain(kind, at.0, at.1, fact) });
        }
    }

    /// From which record on an act of a transaction removes files at once, or what they belong to is marked.
    fn lost_from(&mut self, act: &XactAct, lsn: Lsn) -> Option<Lsn> {
        match act {
            XactAct::DropDatabase(oid) => {
                let is_own = |known: &Option<u32>| known.is_none_or(|known| known == *oid);
                let marked = self.marked.iter().filter(|(known, _)| is_own(known)).map(|(_, lsn)| *lsn).min();
                self.marked.retain(|(known, _)| !is_own(known));
                Some(marked.unwrap_or(lsn))
            }
            XactAct::DropTablespace(_) => Some(lsn),
            _ => None,
        }
    }

    /// Files of a database come or go that no transaction creates or drops.
    fn moved_database(&mut self, change: &DatabaseChange, at: (Lsn, TimelineId)) {
        let (kind, oid, tablespaces, undo) = match change {
            // In front of its removal it lies in both places, and the catalog names the new one.
            DatabaseChange::Dropped { database, tablespaces } => {
                let begun = self.moved.remove(database).unwrap_or(at.0);
                (WalEventKind::DropDatabase, *database, tablespaces.clone(), begun)
            }
            DatabaseChange::Copied { to, .. } | DatabaseChange::Created(to) => {
                if self.moved.len() < MOST_DATABASES {
                    self.moved.insert(to.database, at.0);
                }
                (WalEventKind::CreateDatabase, to.database, vec![to.tablespace], at.0)
            }
        };
        let name = self.keeper.names().database(oid).map(<[u8]>::to_vec);
        let fact = EventFact::DatabaseFiles(oid, name, tablespaces);
        self.tell(WalEvent { undo: Some(undo), ..WalEvent::plain(kind, at.0, at.1, fact) });
    }

    fn xlog(&mut self, record: &Record<'_>, timeline: TimelineId) {
        let lsn = record.lsn;
        if let Some(checkpoint) = xlog::checkpoint(record) {
            self.initdb.checkpoint(lsn, record.header.prev, &checkpoint);
            self.tick_of_checkpoint(checkpoint.time);
            self.next_xid = self.next_xid.or(checkpoint.next_xid.map(|next| next.xid));
            let time = checkpoint.time;
            let in_force = self.in_force.replace(checkpoint.timeline);
            if checkpoint.shutdown {
                // Up to 9.2 it does not say which timeline was before.
                let previous = checkpoint.previous.or(in_force);
                let switched = previous.filter(|previous| *previous != checkpoint.timeline);
                let lost = self.crash();
                let (kind, fact) = match switched {
                    Some(previous) => {
                        (WalEventKind::Promotion, EventFact::Timelines(Some(previous), checkpoint.timeline))
                    }
                    None if lost > 0 => (WalEventKind::Crash, EventFact::Lost(lost)),
                    None => (WalEventKind::Shutdown, EventFact::Nothing),
                };
                self.tell(WalEvent { time, ..WalEvent::plain(kind, lsn, timeline, fact) });
            }
        } else if let Some(end) = xlog::end_of_recovery(record) {
            self.tick_of_checkpoint(Some(end.time));
            self.in_force = Some(end.timeline);
            self.crash();
            let fact = EventFact::Timelines(Some(end.previous), end.timeline);
            self.tell(WalEvent {
                time: Some(end.time),
                ..WalEvent::plain(WalEventKind::Promotion, lsn, timeline, fact)
            });
        } else if let Some(point) = xlog::restore_point(record) {
            self.tick(Some(point.time));
            let fact = EventFact::Name(point.name.to_vec());
            self.tell(WalEvent {
                time: Some(point.time),
                ..WalEvent::plain(WalEventKind::RestorePoint, lsn, timeline, fact)
            });
        } else if let Some(start) = xlog::backup_end(record) {
            self.keeper.backup_ends(start);
            self.tell(WalEvent::plain(WalEventKind::Backup, lsn, timeline, EventFact::BackupStart(start)));
        } else if let Some(now) = xlog::parameter_change(record) {
            let before = self.parameters.replace(now);
            if before != Some(now) {
                let fact = EventFact::Parameters(before.map(Box::new), Box::new(now));
                self.tell(WalEvent::plain(WalEventKind::Parameters, lsn, timeline, fact));
            }
        }
    }
}

/// The database of which a catalog lies in another file than at first, the catalog's OID, and the file, as a row of
/// `pg_class` says it. Of others the map of files does.
fn catalog_in(file: RelFileLocator, row: &CatalogRow) -> Option<(u32, u32, u32)> {
    let is_told = |oid: u32| [Catalog::Namespace, Catalog::Index, Catalog::Inherits].iter().any(|own| own.oid() == oid);
    match row {
        CatalogRow::Class(class) if class.file != class.oid && is_told(class.oid) => {
            Some((file.db, class.oid, class.file))
        }
        _ => None,
    }
}

/// The name of a prepared transaction, and when it was prepared; the parts of it behind savepoints.
fn prepared(record: &Record<'_>) -> (Vec<u8>, Option<Timestamp>, Vec<u32>) {
    let (mut gid, mut time, mut parts) = (Vec::new(), None, Vec::new());
    fields::each(record, &mut |field| match (field.inside, field.name, field.value) {
        (None, "gid", Value::Text(name)) => gid = name.to_vec(),
        (None, "prepared_at", Value::Time(at)) => time = Some(at),
        (Some("subxacts"), _, Value::Unsigned(xid)) => parts.push(xid as u32),
        _ => {}
    });
    (gid, time, parts)
}

/// Bytes of a message's prefix that are kept.
const MOST_PREFIX: usize = 256;

/// A logical message.
fn message(record: &Record<'_>) -> Option<XactAct> {
    if record.header.rmid != LOGICAL_MESSAGE {
        return None;
    }
    let (mut prefix, mut bytes) = (None, 0);
    fields::each(record, &mut |field| match (field.name, field.value) {
        ("prefix", Value::Text(text)) => prefix = Some(text.get(..MOST_PREFIX).unwrap_or(text).to_vec()),
        ("message_size", Value::Unsigned(n)) => bytes = n,
        _ => {}
    });
    Some(XactAct::Message(prefix?, bytes))
}
