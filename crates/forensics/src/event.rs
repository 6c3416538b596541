//! Something that happened.

use pgwal_catalog::RelationName;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ServerParameters;
use pgwal_format::{Lsn, TimelineId};
use std::sync::Arc;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum WalEventKind { $($(#[$doc])* $kind,)* }

        impl WalEventKind {
            /// All of them.
            pub const ALL: &'static [WalEventKind] = &[$(WalEventKind::$kind),*];

            /// As options and documents name it.
            pub const fn name(self) -> &'static str {
                match self { $(WalEventKind::$kind => $name),* }
            }
        }
    };
}

kinds! {
    /// Relations are dropped.
    Drop = "drop";
    /// A database is dropped.
    DropDatabase = "drop-database";
    /// A tablespace is dropped.
    DropTablespace = "drop-tablespace";
    /// Relations are emptied.
    Truncate = "truncate";
    /// Relations are written anew, into other files: VACUUM FULL, CLUSTER, REINDEX, some of ALTER TABLE.
    Rewrite = "rewrite";
    /// Rows are deleted, many of one relation by one transaction.
    Delete = "delete";
    /// Rows are updated, many of one relation by one transaction.
    Update = "update";
    /// Relations are created.
    Create = "create";
    /// A database is created.
    CreateDatabase = "create-database";
    /// A tablespace is created.
    CreateTablespace = "create-tablespace";
    /// A transaction is prepared, and neither committed nor rolled back in this WAL.
    Prepared = "prepared";
    /// A restore point.
    RestorePoint = "restore-point";
    /// A base backup ends.
    Backup = "backup";
    /// A timeline begins: a promotion.
    Promotion = "promotion";
    /// The server had crashed, and has recovered.
    Crash = "crash";
    /// A checkpoint of a server that stops, or that has recovered.
    Shutdown = "shutdown";
    /// Settings change that a standby compares.
    Parameters = "parameters";
    /// A logical message.
    Message = "message";
    /// Nothing with a time happened for long.
    Quiet = "quiet";
}

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventEnd {
    /// It was committed.
    Committed,
    /// It was rolled back, or the part of it behind a savepoint was.
    Aborted,
    /// The server crashed before it ended: it is as if it had been rolled back.
    Crashed,
    /// It is still open where this WAL ends, or its end lies where WAL is missing.
    Open,
}

impl EventEnd {
    /// As documents name it.
    pub const fn name(self) -> &'static str {
        match self {
            EventEnd::Committed => "committed",
            EventEnd::Aborted => "aborted",
            EventEnd::Crashed => "crashed",
            EventEnd::Open => "open",
        }
    }
}

/// A relation of an event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventRelation {
    /// Its files: those that go away; of a creation, and of a mass change, those that there are. `None` for a relation
    /// without any, and where only the new ones are known.
    pub file: Option<RelFileLocator>,
    /// The files that take their place.
    pub new_file: Option<RelFileLocator>,
    /// What it is called, where that is known.
    pub name: Option<RelationName>,
    /// The partitioned table, the uppermost, of which it is a partition, where that is known.
    pub partition_of: Option<RelationName>,
    /// By its row as it was, it is unlogged: a recovery empties it, and WAL has nothing of what was in it.
    pub is_unlogged: bool,
    /// The OIDs of its database and its schema, where its row tells.
    pub(crate) home: Option<(u32, u32)>,
}

impl EventRelation {
    /// The OID of its database, where a file or a row tells it.
    pub(crate) fn database(&self) -> Option<u32> {
        let of_file = self.file.or(self.new_file).map(|rel| rel.db);
        of_file.or(self.home.map(|(database, _)| database))
    }
}

/// What is told of an event besides.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum EventFact {
    /// Nothing.
    #[default]
    Nothing,
    /// The OID of a database, and its name where that is known.
    Database(u32, Option<Vec<u8>>),
    /// The OID of a database, and its name where that is known; the tablespaces in which it has files from now on, or
    /// has none any more: no transaction made or dropped it, as where ALTER DATABASE … SET TABLESPACE moves it.
    DatabaseFiles(u32, Option<Vec<u8>>, Vec<u32>),
    /// The OID of a tablespace.
    Tablespace(u32),
    /// The name of a restore point, of a prepared transaction.
    Name(Vec<u8>),
    /// Where a base backup began.
    BackupStart(Lsn),
    /// The timeline that ended and the one that began.
    Timelines(Option<TimelineId>, TimelineId),
    /// Transactions that a crash ended.
    Lost(u64),
    /// Settings as they were and as they are.
    Parameters(Option<Box<ServerParameters>>, Box<ServerParameters>),
    /// Prefix and bytes of a message.
    Message(Vec<u8>, u64),
    /// The last time before, and the first behind.
    Between(Timestamp, Timestamp),
}

/// What is left of the old rows of a mass change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowsOnDisk {
    /// How many are still in the file where this WAL ends; `None` where that is not known: WAL is missing behind the
    /// change, an image could not be unpacked, or there are too many.
    pub rows: Option<u64>,
    /// The first record that took some away.
    pub first_gone: Option<Lsn>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct WalEvent {
    /// What.
    pub kind: WalEventKind,
    /// The record by which it happened; of what a transaction did, the first of that transaction.
    pub lsn: Lsn,
    /// The timeline of that record.
    pub timeline: TimelineId,
    /// How its transaction ended; `None` for what needs none.
    pub end: Option<EventEnd>,
    /// The record that ended the transaction.
    pub end_lsn: Option<Lsn>,
    /// When the transaction ended, or when it happened.
    pub time: Option<Timestamp>,
    /// The transaction; of a part that was rolled back, that subtransaction.
    pub xid: Option<u32>,
    /// Its subtransactions, as the record of its end names them, the first [`WalEvent::MOST_SUBXACTS`] of them.
    pub subxacts: Arc<[u32]>,
    /// How many more it has.
    pub subxacts_more: u64,
    /// The record in front of which nothing of it is done: a recovery that ends there brings back what was. Of a
    /// transaction the one that commits it, or an earlier one that removes files at once. `None` for what did not
    /// happen.
    pub undo: Option<Lsn>,
    /// The name under which its transaction had been prepared.
    pub prepared: Option<Arc<[u8]>>,
    /// Relations: tables before indexes and TOAST tables.
    pub relations: Vec<EventRelation>,
    /// Rows.
    pub rows: Option<u64>,
    /// Of a mass change that was committed: how many of its old rows are still in their file. `None` for anything
    /// else, and for records of 9.4 and earlier.
    pub on_disk: Option<RowsOnDisk>,
    /// Bytes of records.
    pub bytes: u64,
    /// No row of a catalog told it: it follows from files alone, which are made and removed by other commands, too.
    pub by_files_alone: bool,
    /// WAL is missing inside its transaction: there may be more.
    pub partial: bool,
    /// What else is told.
    pub fact: EventFact,
}

impl WalEvent {
    /// So many subtransactions of a transaction are listed.
    pub const MOST_SUBXACTS: usize = 100;

    /// One of which nothing else is known.
    pub(crate) fn plain(kind: WalEventKind, lsn: Lsn, timeline: TimelineId, fact: EventFact) -> WalEvent {
        WalEvent {
            kind,
            lsn,
            timeline,
            end: None,
            end_lsn: None,
            time: None,
            xid: None,
            subxacts: Arc::default(),
            subxacts_more: 0,
            undo: Some(lsn),
            prepared: None,
            relations: Vec::new(),
            rows: None,
            on_disk: None,
            bytes: 0,
            by_files_alone: false,
            partial: false,
            fact,
        }
    }

    /// The transaction did not commit, and its files are gone all the same: a server removes those of a database or of
    /// a tablespace when it replays the record, whatever becomes of the transaction (`dbase_redo`, `tblspc_redo`).
    pub fn is_lost_unended(&self) -> bool {
        self.undo.is_some() && self.end.is_some_and(|end| end != EventEnd::Committed)
    }

    /// What it keeps besides itself, in details.
    pub(crate) fn weight(&self) -> usize {
        let of_fact = if let EventFact::DatabaseFiles(_, _, tablespaces) = &self.fact { tablespaces.len() } else { 0 };
        self.relations.len() + self.subxacts.len() + of_fact
    }
}
