//! What a `restore_command` comes to for a server that is started with it on this machine.

use crate::command::archive_get::own_places;
use crate::command::{Delivery, NamedCopy, code_without};
use crate::settings::{Mode, Settings};
use crate::values::fault::SettingPlace;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What it comes to, as far as its words and this machine say it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CommandHere {
    /// What it takes by name; `None` where it is not read, or where a server is yet to be given one.
    pub copies: Option<Vec<NamedCopy>>,
    /// The code above 125 with which it ends for want of a file: a server ends, too.
    pub end: Option<u8>,
    /// A program that it runs, and that is not on this machine, or may not be run.
    pub lacks: Option<String>,
    /// A folder of this machine from which it takes files, and that is not there.
    pub gone: Option<PathBuf>,
    /// It delivers nothing.
    pub nothing: bool,
}

impl CommandHere {
    /// `whole`: the data directory is no sample of one, so that a server will be started on it here.
    pub fn of(settings: &Settings, whole: bool) -> CommandHere {
        let Some(command) = settings.restore_command.as_ref().filter(|_| settings.mode != Mode::Crash) else {
            return CommandHere::default();
        };
        if settings.planned {
            // What a file says that comes from another server is not yet what this one is given.
            let is_given = matches!(settings.command_place, Some(SettingPlace::Set | SettingPlace::Option));
            let end = Delivery::read(command, &|_| None).filter(|_| is_given).and_then(|read| read.end);
            return CommandHere { end, ..CommandHere::default() };
        }
        let without = |program: &str| if whole { code_without(program) } else { None };
        let Some(read) = Delivery::read(command, &without) else {
            let places = own_places(command).filter(|_| whole).unwrap_or_default();
            let gone = places.into_iter().find(|folder| is_gone(folder));
            // `walproof archive-get` ends recovery where one of its places is not there.
            let end = gone.is_some().then_some(OF_ARCHIVE_GET);
            return CommandHere { end, nothing: gone.is_some(), gone, ..CommandHere::default() };
        };
        let all_gone = whole && !read.copies.is_empty() && read.copies.iter().all(|copy| is_gone(&copy.folder));
        let gone = read.copies.first().filter(|_| all_gone).map(|copy| copy.folder.clone());
        let nothing = all_gone || read.copies.is_empty() && (read.lacks.is_some() || read.end.is_some());
        let copies = Some(read.copies).filter(|copies| !copies.is_empty());
        CommandHere { copies, end: read.end, lacks: read.lacks, gone, nothing }
    }
}

/// The code above 125 with which `recovery_end_command` ends on this machine, as far as its words say it: a server that
/// has recovered ends with it.
pub(crate) fn end_of_end_command(settings: &Settings, whole: bool) -> Option<u8> {
    let counts = settings.mode != Mode::Crash && !settings.planned && !settings.end_command.is_empty();
    let without = |program: &str| if whole { code_without(program) } else { None };
    Delivery::read(&settings.end_command, &without).filter(|_| counts)?.end
}

/// The code of `walproof archive-get` for what it cannot look at.
const OF_ARCHIVE_GET: u8 = 126;

/// Whoever may not look there does not know.
fn is_gone(folder: &Path) -> bool {
    folder.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
