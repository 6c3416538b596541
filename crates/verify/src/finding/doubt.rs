//! What is doubted of how a recovery is asked for.

use pgwal_recovery::{NotTaken, OffWay, SettingPlace};

/// Why a `restore_command` does not deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommandDoubt {
    /// It delivers nothing, whatever is asked for.
    Nothing,
    /// It takes files from this folder, which is not that of the archive.
    Elsewhere(String),
    /// It takes files with this behind their names, and no segment has it.
    NoSuchNames(String),
    /// It copies files as they are, and they are packed.
    Packed,
    /// A file lies here under another name, or in another form, than it takes.
    Misses(NotTaken),
    /// The user to whom the data directory belongs may not read this file.
    NotForServer(String),
    /// It runs this program, which is not on this machine, or may not be run.
    NoProgram(String),
    /// It takes files from this folder, which is not on this machine.
    NotHere(String),
}

impl CommandDoubt {
    /// A server that is started on this machine gets nothing by it.
    pub fn gets_nothing_here(&self) -> bool {
        matches!(self, CommandDoubt::NotHere(_) | CommandDoubt::NoProgram(_))
    }
}

/// A `restore_command` that does not deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DoubtedCommand {
    /// The command.
    pub command: String,
    /// Where it stands.
    pub place: SettingPlace,
    /// Why it does not.
    pub doubt: CommandDoubt,
    /// The archive that is looked at, where it is one place.
    pub archive: Option<String>,
}

/// A data directory in which nothing asks for a recovery from the archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unasked {
    /// The data directory.
    pub data: String,
    /// Where a server that was asked for one would not start: its directory lies beside the way.
    pub off: Option<OffWay>,
}
