//! What is wrong with what a restore is given: settings, the command that fetches WAL.

use crate::finding::{CommandDoubt, DoubtedCommand, WithoutProgram};
use crate::telling::TellTime;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_recovery::sum::ReplayedCommit;
use pgwal_recovery::{NotTaken, PlacedSetting, SettingPlace, SettingsError, WhyNotTaken};
use pgwal_repos::shell::quoted;

/// "postgresql.auto.conf line 3", where it is known.
pub(super) fn place(place: &SettingPlace) -> Option<String> {
    match place {
        SettingPlace::Unknown => None,
        SettingPlace::Line { file, line } => Some(format!("{file} line {line}")),
        SettingPlace::Set => Some("--set".into()),
        SettingPlace::Option => Some("the command line".into()),
    }
}

/// What a server refuses, with the place.
pub(super) fn refused(error: &SettingsError, says: String) -> String {
    match error {
        SettingsError::SeveralTargets(all) => {
            let each = |setting: &PlacedSetting| {
                let at = place(&setting.place).map(|at| format!(" ({at})")).unwrap_or_default();
                format!("{}{at}", setting.name)
            };
            let all: Vec<String> = all.iter().map(each).collect();
            format!("{says}: {}", all.join(", "))
        }
        _ => match error.setting().and_then(|(_, at)| place(at)) {
            Some(at) => format!("{says} ({at})"),
            None => says,
        },
    }
}

/// What to do about it.
pub(super) fn correct(error: &SettingsError) -> String {
    match error {
        SettingsError::SeveralTargets(all) => {
            let lines = all.iter().filter(|setting| matches!(setting.place, SettingPlace::Line { .. }));
            let asked = all.iter().any(|setting| setting.place == SettingPlace::Option);
            let lines: Vec<String> = lines
                .filter_map(|setting| Some(format!("{} out of {}", setting.name, place(&setting.place)?)))
                .collect();
            match lines.as_slice() {
                [] => "leave one target only".into(),
                lines if asked => format!("take {}, and give the target that is wanted alone", lines.join(" and ")),
                lines => format!("leave one target only: take {}", lines.join(" or ")),
            }
        }
        SettingsError::Value { name, value, .. } if name == "recovery_target_time" && !names_zone(value) => {
            "write the time as year, month and day, then the time of day and its distance from UTC: 2026-11-22 03:17:02+00; other orders of a date are read only where DateStyle of the server's configuration says so".into()
        }
        SettingsError::Value { name, .. } if name == "recovery_target_time" => {
            "write the time with a distance from UTC, as 2026-11-22 03:17:02+00: abbreviations of zones, Z among them, are not known yet where a server reads that setting".into()
        }
        SettingsError::NoRestoreCommand(_) => {
            "set restore_command to one that fetches from this archive: walproof when ARCHIVE POSITION prints it".into()
        }
        SettingsError::RecoveryConf => {
            "move its settings to postgresql.conf, remove recovery.conf, and make recovery.signal".into()
        }
        _ => match error.setting() {
            Some((name, at @ SettingPlace::Line { .. })) => {
                format!("correct {name} in {}, or take the line out", place(at).unwrap_or_default())
            }
            _ => "correct the setting that the message names".into(),
        },
    }
}

/// Whether a time ends with the abbreviation of a zone.
fn names_zone(time: &str) -> bool {
    let last = time.trim_end().rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    !last.is_empty()
}

/// `postgresql.auto.conf line 3 sets recovery_target_time = '…'`.
pub(super) fn placed(setting: &PlacedSetting) -> String {
    let at = place(&setting.place).unwrap_or_default();
    format!("{at} sets {} = '{}', and counts more than what postgresql.conf says", setting.name, setting.value)
}

/// `recovery_min_apply_delay holds commits back by 3600 s: …`.
pub(super) fn held_back(delay: i64, last: &ReplayedCommit, until: Timestamp, tell: TellTime<'_>) -> String {
    format!(
        "recovery_min_apply_delay holds commits back by {} s: the last one, {} of {}, is replayed at {}",
        delay / 1000,
        last.xid,
        tell(last.time),
        tell(until)
    )
}

/// `archive_command = '…' (postgresql.conf line 3) stores into this archive …`.
pub(super) fn archives(setting: &PlacedSetting) -> String {
    let at = place(&setting.place).map(|place| format!(" ({place})")).unwrap_or_default();
    format!(
        "{} = '{}'{at} stores into this very archive, once the server has come to its end",
        setting.name, setting.value
    )
}

/// What to do about it.
pub(super) fn replace(setting: &PlacedSetting) -> String {
    let at = place(&setting.place).unwrap_or_default();
    format!("write the value that is wanted into {at}, or take that line out")
}

/// `recovery.conf line 3 sets recovery_target_xid = '700' …`.
pub(super) fn outranked(setting: &PlacedSetting) -> String {
    let PlacedSetting { name, value, .. } = setting;
    let at = place(&setting.place).unwrap_or_default();
    format!("{at} sets {name} = '{value}', which counts more than the target that is asked for: a server goes to it")
}

/// What to do about it.
pub(super) fn leave_out(setting: &PlacedSetting) -> String {
    let at = place(&setting.place).unwrap_or_default();
    format!("take {} out of {at}, or ask for that target alone", setting.name)
}

/// Characters of a command that are shown.
const LONGEST: usize = 500;

/// Why a command does not deliver.
pub(super) fn command(own: &DoubtedCommand) -> String {
    let DoubtedCommand { command, place: at, doubt, .. } = own;
    let at = place(at).map(|at| format!(" ({at})")).unwrap_or_default();
    let what = match doubt {
        CommandDoubt::Nothing => "delivers nothing".to_owned(),
        CommandDoubt::Elsewhere(folder) => format!("takes files from {folder}, which is not this archive"),
        CommandDoubt::LacksThere { folder, file } => {
            format!("takes files from {folder}, and {file}, which this restore asks for, is not there")
        }
        CommandDoubt::NoSuchNames(suffix) if suffix.is_empty() => {
            "takes files by their bare names, which no segment here has".to_owned()
        }
        CommandDoubt::Packed => "copies files as they are, and they are packed: the server gets no segment".to_owned(),
        CommandDoubt::NoSuchNames(suffix) => format!("takes files that end in {suffix}, as no segment here does"),
        CommandDoubt::Misses(NotTaken { asked, here, why: WhyNotTaken::Packing }) => {
            format!("takes {asked}, and {here} is not packed as that expects it: the server does not get it")
        }
        CommandDoubt::Misses(NotTaken { asked, here, why: WhyNotTaken::Folder }) => {
            format!("takes {asked} from another folder than the one in which {here} lies: the server does not get it")
        }
        CommandDoubt::Misses(NotTaken { asked, here, why: WhyNotTaken::Name }) => {
            format!("takes {asked}, and what lies here is {here}: the server does not get it")
        }
        CommandDoubt::NotForServer(file) => format!(
            "is to take {file}, which the owner of the data directory may not read: a server that runs as that user does not get it"
        ),
        CommandDoubt::NoProgram { program, then } => {
            let then = match then {
                WithoutProgram::Ends => "ends with FATAL at the first file that it asks for",
                WithoutProgram::EndsWhereMissing => {
                    "ends with FATAL at the first file that the rest of the command does not find"
                }
                WithoutProgram::Less => "does not get what that would fetch",
            };
            format!(
                "runs {program}, which is not on this machine, or may not be run: a server that is started here {then}"
            )
        }
        CommandDoubt::Ends { file, exit } => format!(
            "ends with {exit} where a file is missing, as {file} is here: a server takes each code above 125 for a command that was killed or not found, and ends"
        ),
        CommandDoubt::TakesErrorPages => "fetches without -f: curl ends with 0 where the file is missing, and writes down what the web server says of that; a server takes the page for the file, looks for the histories of ever newer timelines and never opens, or ends at a segment of wrong size".to_owned(),
        CommandDoubt::Moves => "moves what it delivers out of the archive: nothing else restores from it afterwards, nor this a second time".to_owned(),
        CommandDoubt::Links => "delivers the archive's own files by a second name: once replayed, a server writes new WAL over them, and the archive is lost".to_owned(),
        CommandDoubt::LeavesEmpty => "ends with 0 where a file is missing, and leaves an empty one, which the shell makes first: a server takes that for the file, looks for the histories of ever newer timelines and never opens".to_owned(),
        CommandDoubt::NotHere(folder) => {
            format!(
                "takes files from {folder}, which is not on this machine: a server that is started here gets nothing"
            )
        }
    };
    let rest = if command.chars().nth(LONGEST).is_some() { " …" } else { "" };
    let command: String = command.chars().take(LONGEST).collect();
    format!("restore_command = '{command}{rest}'{at} {what}")
}

/// A command that takes files from the archive that is looked at.
pub(super) fn get_from(archive: Option<&str>) -> String {
    let from = archive.map_or("PLACE...".to_owned(), |archive| quoted(archive).replace('%', "%%"));
    format!("walproof archive-get %f \"%p\" --from {from}")
}

/// What to do about a command that does not deliver.
pub(super) fn deliver(own: &DoubtedCommand) -> String {
    let get = get_from(own.archive.as_deref());
    match &own.doubt {
        CommandDoubt::Packed | CommandDoubt::Misses(_) | CommandDoubt::NoSuchNames(_) => {
            format!("set a restore_command that takes each file as it lies here: {get}")
        }
        CommandDoubt::Nothing => format!("set a restore_command that copies %f from here to %p: {get}"),
        CommandDoubt::NotForServer(_) => {
            "let the owner of the data directory read the archive (chmod a+r, or chown)".into()
        }
        CommandDoubt::Ends { .. } => {
            format!(
                "let restore_command end with 1 where a file is missing (exit 1; 1 to 125 all mean that), or set {get}"
            )
        }
        CommandDoubt::Moves | CommandDoubt::Links => format!("copy the file: cp without further options, or {get}"),
        CommandDoubt::LeavesEmpty => {
            format!(
                "let restore_command end with 1 where a file is missing (without || true; of lz4, with a test -f in front), or set {get}"
            )
        }
        CommandDoubt::TakesErrorPages => "add -f (--fail) to curl".to_owned(),
        CommandDoubt::NoProgram { program, .. } if program == "walproof" => {
            "name walproof by its whole path in restore_command: a server has a PATH of its own".to_owned()
        }
        CommandDoubt::NoProgram { program, .. } => {
            format!(
                "install {program} where the server will be started, or set a restore_command that runs there: {get}"
            )
        }
        CommandDoubt::NotHere(folder) | CommandDoubt::Elsewhere(folder) | CommandDoubt::LacksThere { folder, .. } => {
            format!(
                "bring the archive to {folder} where the server will be started, or set a restore_command that takes it from here: {get}"
            )
        }
    }
}
