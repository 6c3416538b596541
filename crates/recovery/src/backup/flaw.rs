//! What can be wrong with a base backup.

use super::chain::BackupChain;
use super::folder_place::FolderPlace;
use super::tablespace_map::MapFault;
use crate::values::fault::PlacedSetting;
use pgwal_format::recovery::data_directory::{DataFolder, WithoutFolder};
use pgwal_format::text::backup_label::BackupLabelFault;
use pgwal_format::text::control::ControlError;
use pgwal_source::Codec;

/// Something wrong with a base backup, as far as its own files tell.
#[derive(Clone, PartialEq, Debug)]
pub struct BackupFlaw {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub kind: FlawKind,
    /// How much it weighs, where that differs from what such a flaw usually does.
    pub weight: Option<Weight>,
}

/// How much a flaw weighs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// Worth knowing.
    Info,
    /// A server does not mind, and people might.
    Warning,
    /// A server stops, or comes out otherwise.
    Error,
}

/// What is wrong with a file that a server reads before anything else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RootFileFlaw {
    /// `PG_VERSION` is not there.
    NoVersion,
    /// `PG_VERSION` begins with no number.
    VersionNoNumber,
    /// A server starts, and no connection finds the catalogs that this file names.
    NoMap,
}

/// What is wrong with a file in which a server keeps what it must not forget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StateFileFlaw {
    /// Of pages of which a server reads one, not all are there (`pg_xact`, `pg_multixact`).
    Pages {
        /// The bytes that are.
        size: u64,
    },
    /// The file is not there in which a server looks first (`pg_xact`): it takes its transactions for rolled back.
    Gone,
    /// Of pages of old transactions not all are there: a server starts, and whatever asks for one fails.
    Older {
        /// The bytes that are.
        size: u64,
    },
    /// A file of old transactions is not there.
    OlderGone,
    /// A table or an index does not end with a whole page.
    Torn {
        /// Its bytes.
        size: u64,
    },
    /// A catalog that `pg_filenode.map` names is empty, or is not there.
    Catalog {
        /// It is not there.
        gone: bool,
    },
    /// The map of file numbers is not what its checksum says (`global/pg_filenode.map`).
    MapDamaged,
    /// The state of a prepared transaction is not what its checksum says (`pg_twophase`).
    TwoPhase {
        /// Its bytes.
        size: u64,
        /// The server starts all the same, and forgets the transaction (11 and earlier).
        forgets: bool,
    },
    /// How far replication came is not what its checksum says (`pg_logical/replorigin_checkpoint`).
    Origins {
        /// Its bytes.
        size: u64,
        /// The server says how many bytes it read (12 and later).
        counts: bool,
    },
    /// No connection finds the catalogs of which it tells the files (`pg_filenode.map`), or comes to the database
    /// (`PG_VERSION` in its folder).
    Map {
        /// Its bytes.
        size: u64,
    },
}

/// Something that keeps a server from starting on a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StartObstacle {
    /// `postmaster.pid` names this process, which runs in the directory.
    ServerRuns(u32),
    /// `postmaster.pid` names this process, which runs on this machine.
    ProcessAlive(u32),
    /// `postmaster.pid` names no process.
    NoProcess,
    /// `postgresql.conf` is not there.
    NoConfiguration,
    /// `data_directory` names another directory: it is not there, or a server works in that one.
    OtherDirectory(String),
    /// A file that a server reads when it starts is not there.
    NoFile(String),
    /// The user as whom a server runs may not open a file of the directory.
    Closed {
        /// The file.
        file: String,
        /// So many others.
        more: u64,
    },
    /// `pg_hba.conf` lets nobody in.
    NoEntries(String),
    /// An entry of `pg_hba.conf` makes no sense.
    BrokenEntry {
        /// The file.
        path: String,
        /// The line on which it begins, from 1 on.
        line: usize,
    },
    /// The folder of a socket is not there.
    NoSocketFolder(String),
    /// The folder in which the server is to make that of its log is not there.
    NoLogFolder(String),
    /// None of the addresses on which it is to listen is one of this machine.
    NoAddress,
    /// What lies elsewhere is that of a server that runs in this directory.
    OthersPlace {
        /// Its data directory.
        server: String,
        /// `tablespace_map` names the place.
        mapped: bool,
    },
    /// Each commit is to wait for standbys.
    AwaitsStandbys,
}

/// It, and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartFlaw {
    /// What it is.
    pub obstacle: StartObstacle,
    /// The setting that asks for it.
    pub setting: Option<PlacedSetting>,
    /// The data directory.
    pub data: String,
    /// What the server says; `None` where it starts, and elsewhere.
    pub says: Option<String>,
}

/// What is wrong with a file of a base backup.
#[derive(Clone, PartialEq, Debug)]
pub enum FlawKind {
    /// The control file is not there.
    NoControl,
    /// The control file cannot be read.
    Control(ControlError),
    /// The control file is of a version that is not known.
    ControlVersion(ControlError),
    /// The control file says something that every server refuses.
    ControlSays(String),
    /// The control file holds a mark that a tool wrote on purpose.
    Marked(String),
    /// Two files contradict each other.
    Contradicts(String),
    /// `backup_label` cannot be read.
    Label(BackupLabelFault),
    /// `backup_label` does not say that the backup was streamed, so that a server does not wait for its end.
    NotStreamed,
    /// `tablespace_map` is not what a server takes, in this line.
    Map(u32, MapFault),
    /// The backup history file cannot be read.
    History(String),
    /// `backup_manifest` cannot be read.
    Manifest(String),
    /// `backup_manifest` is of an older backup.
    Stale(String),
    /// A file is of another cluster.
    Cluster {
        /// Its identifier.
        found: u64,
        /// That of the backup.
        expected: u64,
    },
    /// An incremental backup, which nobody has combined.
    Incremental(BackupChain),
    /// Files of an incremental backup, in a directory that says nothing of one: so many.
    IncrementalFiles(u64),
    /// Files that are missing, or not as large as they should be.
    Files {
        /// How many are missing.
        missing: u64,
        /// How many have another size.
        other_size: u64,
    },
    /// Files whose content is not what `backup_manifest` says.
    Content {
        /// How many.
        count: u64,
    },
    /// Data pages whose checksum is wrong.
    Pages {
        /// The first of them.
        block: u32,
        /// How many pages.
        pages: u64,
        /// In how many files.
        files: u64,
    },
    /// Files that cannot be read.
    Unread {
        /// Why not.
        why: String,
        /// How many.
        count: u64,
    },
    /// A folder without which a server does not do.
    Folder {
        /// Which.
        folder: &'static DataFolder,
        /// What stands in its place.
        place: FolderPlace,
        /// What a server does without.
        without: WithoutFolder,
    },
    /// A file without which a server does not start on a directory.
    RootFile {
        /// What is wrong with it.
        what: RootFileFlaw,
        /// The data directory.
        data: String,
    },
    /// A file in which a server keeps what it must not forget is empty, cut or damaged.
    StateFile(StateFileFlaw),
    /// The place of a tablespace is not on this machine.
    TablespaceNowhere {
        /// Where it is said to be.
        to: String,
        /// `tablespace_map` says so, and else a link.
        mapped: bool,
    },
    /// The place of a tablespace is a folder, and holds none of this version.
    TablespaceEmpty {
        /// Where it is.
        to: String,
    },
    /// The tar of a tablespace is not beside the others.
    TablespaceTar(u32),
    /// A server does not start on a directory with these rights.
    Rights {
        /// Bits of its mode.
        mode: u32,
        /// The group may read (11 and later).
        group: bool,
    },
    /// Settings stand in the signal file, of which a server only asks whether it is there: their names.
    SignalText(Vec<String>),
    /// Something on this machine keeps a server from starting on the directory.
    Start(StartFlaw),
    /// A tar cannot be read to its end.
    Tar(String),
    /// A tar is encrypted, or packed in a way that is not read.
    Closed(Codec),
}

impl FlawKind {
    /// This of a file.
    pub(super) fn of(self, file: &str) -> BackupFlaw {
        BackupFlaw { file: file.to_owned(), kind: self, weight: None }
    }

    /// This of a file, weighed so.
    pub(super) fn weighed(self, file: &str, weight: Weight) -> BackupFlaw {
        BackupFlaw { file: file.to_owned(), kind: self, weight: Some(weight) }
    }
}
