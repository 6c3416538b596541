//! What is wrong with a base backup.

use super::{packing, start};
use crate::contents::{more_files, wrong_pages};
use pgwal_format::recovery::data_directory::{DataFolder, WithoutFolder};
use pgwal_format::text::backup_label::{AddedToLabel, BackupLabelFault};
use pgwal_format::text::control::ControlError;
use pgwal_recovery::backup::{BackupChain, FlawKind, FolderPlace, MapFault, RootFileFlaw, StateFileFlaw};
use pgwal_repos::shell::quoted;
use pgwal_source::Codec;

pub(super) fn message(file: &str, kind: &FlawKind) -> String {
    match kind {
        FlawKind::NoControl => format!("there is no {file}"),
        FlawKind::Control(error) | FlawKind::ControlVersion(error) => format!("{file}: {error}"),
        FlawKind::Label(fault) => format!("{file}: {fault}"),
        FlawKind::History(what) => format!("{file}: {what}"),
        FlawKind::ControlSays(what)
        | FlawKind::Marked(what)
        | FlawKind::Contradicts(what)
        | FlawKind::Manifest(what)
        | FlawKind::Stale(what)
        | FlawKind::Tar(what) => format!("{file} {what}"),
        FlawKind::SignalText(names) => format!(
            "{file} sets {}, which no server reads there: of this file it only asks whether it is there",
            names.join(", ")
        ),
        FlawKind::NotStreamed => format!(
            "{file} does not say BACKUP METHOD: streamed: from where replay starts the server takes its data for consistent, and answers queries before the backup ends"
        ),
        FlawKind::Map(line, fault) => format!("{file} line {line} {}", map(*fault)),
        FlawKind::Cluster { found, expected } if file == "backup_manifest" => {
            format!("{file} is of cluster {found}, not {expected}")
        }
        FlawKind::Cluster { found, expected } => {
            format!("{file} is a backup of cluster {expected}, the WAL is of cluster {found}")
        }
        FlawKind::Incremental(chain) => incremental(file, chain),
        FlawKind::IncrementalFiles(count) => format!(
            "{file} holds only blocks that changed since another backup, and nothing says so to a server{}",
            more_files(*count)
        ),
        FlawKind::Files { missing, other_size } => {
            let missing = if *missing == 1 { "1 file is".into() } else { format!("{missing} files are") };
            format!("{file}: {missing} missing, {other_size} of another size, by backup_manifest")
        }
        FlawKind::Content { count } => {
            format!("{file} has another content than backup_manifest says{}", more_files(*count))
        }
        FlawKind::Pages { block, pages, files } => format!("{file} {}", wrong_pages(*pages, *block, *files)),
        FlawKind::Unread { why, count } => format!("{file} cannot be read: {why}{}", more_files(*count)),
        FlawKind::Folder { folder: own, place, without } => folder(own, *place, *without),
        FlawKind::TablespaceNowhere { to, mapped } => {
            let link = if *mapped { "is mapped to" } else { "is a link to" };
            format!(
                "{file} {link} {to}, and nothing is there on this machine: a server without it has no data of that tablespace, and ends with FATAL at the first record that changes some"
            )
        }
        FlawKind::TablespaceEmpty { to } => format!(
            "the files of {file} should be in {to}, and no folder of this version is there: a server has no data of that tablespace, and ends with FATAL where WAL changes some"
        ),
        FlawKind::TablespaceTar(oid) => {
            format!("{file} is missing, and tablespace_map lists the tablespace {oid}: the backup has no data of it")
        }
        FlawKind::Rights { mode, .. } => format!("{file} has the rights {mode:04o}: a server does not start on it"),
        FlawKind::RootFile { what: RootFileFlaw::NoVersion, .. } => {
            format!("{file} is missing: to a server, that is no data directory")
        }
        FlawKind::RootFile { what: RootFileFlaw::VersionNoNumber, .. } => {
            format!("{file} does not begin with the number of a version")
        }
        FlawKind::RootFile { what: RootFileFlaw::NoMap, .. } => {
            format!("{file} is missing: a server starts, and no connection comes to what it names")
        }
        FlawKind::StateFile(what) => state_file(file, *what),
        FlawKind::Start(flaw) => start::message(flaw),
        FlawKind::Closed(codec) if matches!(codec, Codec::Encrypted(_)) || !codec.is_open() => {
            format!("{file} is {codec}")
        }
        FlawKind::Closed(codec) => packing::asks_too_much(file, *codec),
    }
}

/// What a server says of it before it reads any WAL; `None`: it starts, or says nothing of it by then.
pub(super) fn says(file: &str, kind: &FlawKind) -> Option<String> {
    let says = match kind {
        // The postmaster, before it has a log (12 to 18).
        FlawKind::NoControl => "postgres: could not find the database system",
        FlawKind::Control(ControlError::WrongChecksum(_)) => "incorrect checksum in control file",
        // From which version on it says what is wrong in it differs; none starts.
        FlawKind::Control(_) => "could not read file \"global/pg_control\"",
        FlawKind::Contradicts(_) if file == "PG_VERSION" => "database files are incompatible with server",
        FlawKind::Label(_) => "invalid data in file \"backup_label\"",
        FlawKind::Map(_, MapFault::OverFolder(oid)) => {
            return Some(format!("could not remove directory \"pg_tblspc/{oid}\": Directory not empty"));
        }
        FlawKind::Map(..) => "invalid data in file \"tablespace_map\"",
        FlawKind::Incremental(_) => "this is an incremental backup, not a data directory",
        FlawKind::Folder { place: FolderPlace::NoFile, .. } => return None,
        FlawKind::Folder { folder, .. } => return folder.says(),
        FlawKind::RootFile { what: RootFileFlaw::NoMap, .. } => return None,
        FlawKind::StateFile(StateFileFlaw::Pages { .. }) => "could not access status of transaction",
        FlawKind::StateFile(StateFileFlaw::TwoPhase { size: 0, forgets: false }) => {
            return Some(format!("incorrect size of file \"{file}\": 0 bytes"));
        }
        FlawKind::StateFile(StateFileFlaw::Origins { size: 0, counts: true }) => {
            return Some(format!("could not read file \"{file}\": read 0 of 4"));
        }
        FlawKind::RootFile { data, .. } => return Some(format!("\"{data}\" is not a valid data directory")),
        FlawKind::Rights { group: true, .. } => {
            return Some(format!("data directory \"{file}\" has invalid permissions"));
        }
        FlawKind::Rights { .. } => return Some(format!("data directory \"{file}\" has group or world access")),
        FlawKind::Start(start) => return start.says.clone(),
        _ => return None,
    };
    Some(says.to_owned())
}

/// What to do about it; `None`: as about any other finding of that code.
pub(super) fn advice(file: &str, kind: &FlawKind) -> Option<String> {
    Some(match kind {
        FlawKind::Map(_, MapFault::OverFolder(oid)) => format!(
            "put what lies in pg_tblspc/{oid} where {file} says that the tablespace is, and take the folder away, before a server is started"
        ),
        FlawKind::Label(BackupLabelFault::Added(AddedToLabel::Alignment)) => format!(
            "take the blanks in front of the lines of {file} and the \"+\" behind them away: sed -i 's/^ *//; s/ *+*$//' {file}; psql -XAt prints the label as it is to be written"
        ),
        FlawKind::Label(BackupLabelFault::Added(AddedToLabel::ByteOrderMark)) => {
            format!("take the byte order mark away: sed -i '1s/^\\xEF\\xBB\\xBF//; s/\\r$//' {file}")
        }
        FlawKind::Label(BackupLabelFault::Added(_)) => {
            format!("take what was added away: sed -i 's/^[[:blank:]]*//; s/[[:space:]]*$//' {file}")
        }
        FlawKind::NoControl
        | FlawKind::Control(_)
        | FlawKind::ControlSays(_)
        | FlawKind::Contradicts(_)
        | FlawKind::Label(_)
        | FlawKind::NotStreamed
        | FlawKind::Map(..)
        | FlawKind::Manifest(_) => format!("take {file} from another copy of the same backup, or another backup"),
        FlawKind::ControlVersion(_) => format!(
            "look for a release of walproof that reads that version; if there is no such version, take {file} from another copy of the same backup"
        ),
        FlawKind::Marked(_) => "nothing; keep backup_label where it is".into(),
        FlawKind::Stale(_) => "remove backup_manifest from the data directory of the server that is backed up".into(),
        FlawKind::Cluster { .. } => "name the archive of this backup's cluster, or a backup of this archive's".into(),
        FlawKind::Incremental(_) | FlawKind::IncrementalFiles(_) => {
            "combine it with the backups that it builds on: pg_combinebackup FULL INCREMENTAL... -o DIR".into()
        }
        FlawKind::Files { .. } => "copy the backup anew, and check it: pg_verifybackup DIR".into(),
        FlawKind::Folder { folder, place, without } => make(folder, *place, *without),
        FlawKind::TablespaceNowhere { to, mapped: true } => format!(
            "put the files of that tablespace into {to}, or write into tablespace_map where they are, before a server is started"
        ),
        FlawKind::TablespaceNowhere { to, .. } => format!(
            "put the files of that tablespace into {to}, or point the link to where they are (ln -sfn PLACE {}), before a server is started",
            quoted(file)
        ),
        FlawKind::TablespaceEmpty { to } => format!(
            "put the files of that tablespace into {to} before a server is started: of a tar backup they are in the tar of that number"
        ),
        FlawKind::TablespaceTar(_) => format!("bring {file} of the backup, or restore another backup"),
        FlawKind::Rights { .. } => format!("chmod 700 {}, where a server is to be started on it", quoted(file)),
        FlawKind::SignalText(_) => format!(
            "write the settings into postgresql.auto.conf, and leave {file} empty: a server asks only whether it is there"
        ),
        FlawKind::RootFile { what: RootFileFlaw::NoMap, .. } => format!("copy {file} from the backup anew"),
        FlawKind::StateFile(_) => format!(
            "take {file} from another copy of the same backup, or another backup; look for other files that are empty, as a full disk or a crash of the machine leaves them: find DIR -size 0"
        ),
        FlawKind::RootFile { .. } => {
            "copy PG_VERSION from the backup: its only line is the major version of the server".into()
        }
        FlawKind::Start(flaw) => start::advice(flaw),
        FlawKind::Tar(_) => format!("get another copy of {file}, or take a new backup"),
        FlawKind::History(_)
        | FlawKind::Content { .. }
        | FlawKind::Pages { .. }
        | FlawKind::Unread { .. }
        | FlawKind::Closed(_) => return None,
    })
}

/// What a server does with a file of state that is empty, cut or damaged.
fn state_file(file: &str, what: StateFileFlaw) -> String {
    let refuses = "a server does not start with it";
    let what_of = |size| if size == 0 { "empty" } else { "cut or damaged" };
    match what {
        StateFileFlaw::Pages { size } => {
            format!("{file} has {size} bytes, which lack a page that a server reads: it ends there with FATAL")
        }
        StateFileFlaw::Gone => {
            format!("{file} is missing: a server starts, and takes what its newest transactions did for rolled back")
        }
        StateFileFlaw::Older { size } => {
            format!(
                "{file} has {size} bytes, which lack pages: a server starts, and whatever asks for one of them fails"
            )
        }
        StateFileFlaw::OlderGone => {
            format!("{file} is missing between others: a server starts, and whatever asks for what it says fails")
        }
        StateFileFlaw::Torn { size } => {
            format!("{file} has {size} bytes, which are no whole pages: what came behind them is not in the copy")
        }
        StateFileFlaw::Catalog { gone } => {
            let what = if gone { "is missing" } else { "is empty" };
            format!("{file} {what}, which holds a catalog or an index of one: a server starts, and no connection comes")
        }
        StateFileFlaw::MapDamaged => {
            format!("{file} is not what its checksum says: a server starts, and no connection comes to what it names")
        }
        StateFileFlaw::TwoPhase { size, forgets } => {
            let then = if forgets { "a server removes it, and the transaction is lost" } else { refuses };
            format!("{file} is {}: {then}", what_of(size))
        }
        StateFileFlaw::Origins { size, .. } => format!("{file} is {}: {refuses}", what_of(size)),
        StateFileFlaw::Map { size } => {
            format!("{file} has {size} bytes: a server starts, and no connection comes to what it names")
        }
    }
}

/// An incremental backup: a directory, or one that its history file alone tells of.
fn incremental(file: &str, chain: &BackupChain) -> String {
    let start = chain.from.start;
    if !file.ends_with(".backup") {
        return format!("{file}: the backup builds on the one that starts at {start}; combine them first");
    }
    let unknown = match (chain.files.as_slice(), chain.unknown) {
        (_, None) => String::new(),
        ([], Some(_)) => "; that one is not known here".into(),
        (_, Some(from)) => format!("; the one at {}, on which these build, is not known here", from.start),
    };
    let files = if chain.files.is_empty() { String::new() } else { format!(" ({})", chain.files.join(", on ")) };
    format!(
        "{file} is an incremental backup on the one that starts at {start}{files}: it restores only as what pg_combinebackup makes of all of them, the full one first{unknown}"
    )
}

/// What is wrong with a line of `tablespace_map`.
fn map(fault: MapFault) -> &'static str {
    match fault {
        MapFault::Empty => "is empty, which this version does not take",
        MapFault::NoPlace => "names no tablespace with its directory",
        MapFault::NoNumber => "begins with no OID of a tablespace",
        MapFault::NotEnded => "is not ended, as if the file were cut",
        MapFault::OverFolder(_) => "names a tablespace, and in the place of its link stands a folder that is not empty",
    }
}

/// What a folder that is not there does to a server.
fn folder(folder: &DataFolder, place: FolderPlace, without: WithoutFolder) -> String {
    let name = folder.name;
    let what = match place {
        FolderPlace::LinkToNothing => format!("{name} is a link to where nothing is"),
        FolderPlace::NoFolder => format!("{name} is no folder"),
        FolderPlace::NoFile => format!("{name} holds no file"),
        _ => format!("{name} is missing"),
    };
    let then = match without {
        WithoutFolder::Empty if place == FolderPlace::NoFile => {
            "a server may start, and the state of old transactions is lost"
        }
        _ if place == FolderPlace::NoFile => "a server ends, and what was in it is part of the data",
        WithoutFolder::Ends => "a server does not start without it",
        WithoutFolder::EndsLater => "a server replays, and ends at the checkpoint behind",
        WithoutFolder::Data => "a server ends without it, and its content is part of the data",
        WithoutFolder::Empty => "a server starts, and no database is there",
    };
    format!("{what}: {then}")
}

/// What to do about it.
fn make(folder: &DataFolder, place: FolderPlace, without: WithoutFolder) -> String {
    let name = folder.name;
    match (without, place) {
        (WithoutFolder::Ends | WithoutFolder::EndsLater, FolderPlace::LinkToNothing) => {
            format!("make the folder that the link {name} names, or put a folder in its place (mkdir -m 700)")
        }
        (WithoutFolder::Ends | WithoutFolder::EndsLater, _) => {
            format!(
                "make the folder {name} in the data directory, empty, as the user of the server: mkdir -m 700 {name}"
            )
        }
        _ => format!("copy {name} from the backup anew: an empty folder is not enough"),
    }
}
