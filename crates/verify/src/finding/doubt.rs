//! What is doubted of how a recovery is asked for.

use pgwal_recovery::{NotTaken, OffWay, SettingPlace};

/// Why a `restore_command` does not deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommandDoubt {
    /// It delivers nothing, whatever is asked for.
    Nothing,
    /// It takes files from this folder, which is not that of the archive.
    Elsewhere(String),
    /// It takes files from this folder, which is not that of the archive, and has not what the restore asks for.
    LacksThere {
        /// The folder.
        folder: String,
        /// The first file that it lacks.
        file: String,
    },
    /// It takes files with this behind their names, and no segment has it.
    NoSuchNames(String),
    /// It copies files as they are, and they are packed.
    Packed,
    /// A file lies here under another name, or in another form, than it takes.
    Misses(NotTaken),
    /// The user to whom the data directory belongs may not read this file.
    NotForServer(String),
    /// It runs this program, which is not on this machine, or may not be run.
    NoProgram {
        /// The program.
        program: String,
        /// What that does to a server that is started here.
        then: WithoutProgram,
    },
    /// For want of this file it ends with a code above 125, and the server with it.
    Ends {
        /// The file.
        file: String,
        /// The code.
        exit: u8,
    },
    /// It takes files from this folder, which is not on this machine.
    NotHere(String),
    /// It takes what a web server says of a missing file for the file.
    TakesErrorPages,
    /// It moves files out of the archive.
    Moves,
    /// It makes hard links of the archive's files.
    Links,
    /// It ends with 0 where it leaves an empty file for one that is missing.
    LeavesEmpty,
}

impl CommandDoubt {
    /// A server that is started on this machine gets nothing by it.
    pub fn gets_nothing_here(&self) -> bool {
        let ends = |then: &WithoutProgram| *then == WithoutProgram::Ends;
        match self {
            CommandDoubt::NotHere(_) => true,
            CommandDoubt::NoProgram { then, .. } => ends(then),
            _ => false,
        }
    }
}

/// What a program that is not there does to a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WithoutProgram {
    /// It ends at the first file that it asks for.
    Ends,
    /// It ends at the first file that the rest of the command does not find.
    EndsWhereMissing,
    /// It does not get what the program would fetch.
    Less,
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
