//! What every format says in the same words.

use pgwal_verify::recovery::pages::Blind;
use pgwal_verify::recovery::{PlacedSetting, SettingPlace};
use pgwal_verify::{Code, Depth, Detail, Finding, NotChecked, Outcome, WalEnd};

/// How a timeline ends here, for people.
pub fn wal_end(end: WalEnd) -> &'static str {
    match end {
        WalEnd::Switch => "ends with a segment switch",
        WalEnd::ZeroTail => "ends in front of zeros",
        WalEnd::RecycledTail => "ends in front of a recycled file",
        WalEnd::Continues => "goes on in the next segment, which is not here",
        WalEnd::Torn => "ends in a record that was not written whole",
        WalEnd::Damage => "ends at damage",
        WalEnd::Gap => "ends at a gap",
    }
}

/// A depth, as JSON names it.
pub fn depth(depth: Depth) -> &'static str {
    match depth {
        Depth::Names => "names",
        Depth::Pages => "pages",
        Depth::Records => "records",
    }
}

/// What was not checked, for people and in JSON.
pub fn not_checked(what: NotChecked) -> &'static str {
    match what {
        NotChecked::Records => "records",
        NotChecked::Pages => "pages",
        NotChecked::DataFiles => "data files and configuration",
        NotChecked::Configuration => "configuration",
        NotChecked::NewerWal => "whether newer WAL exists on the server",
        NotChecked::Backups => "whether a base backup fits, and whether newer WAL exists on the server",
        NotChecked::RemovableFlag => "the page flag BKP_REMOVABLE, which no checksum covers and no reader uses",
        NotChecked::OtherFiles => "files of the archive that this restore does not ask for",
        NotChecked::IncludedSettings => "settings in files that the configuration includes and that are not at hand",
        NotChecked::SettingNames => {
            "whether a server of this version knows the settings: there is no list of them here"
        }
        NotChecked::DatabasesLeftOut => {
            "databases that a selective restore left out: their files hold nothing, and nobody connects to them"
        }
        NotChecked::TablespaceFolders => {
            "whether the directories are there in which WAL creates tablespaces: a server ends with FATAL without them"
        }
        NotChecked::Libraries => "whether the libraries are there that a server loads when it starts",
        NotChecked::StandbySettings => {
            "whether max_connections and the like are as high as on the primary, which hot standby needs"
        }
        NotChecked::Blocks(Blind::Files) => {
            "whether blocks that WAL changes are there: the backup's data files are not at hand"
        }
        NotChecked::Blocks(Blind::Legacy) => {
            "whether blocks that WAL changes are there: records up to 9.4 do not say it in one way"
        }
        NotChecked::Blocks(Blind::Tablespace) => {
            "whether blocks that WAL changes are there, in a tablespace of which the backup has no file"
        }
        NotChecked::Blocks(Blind::Many) => "whether blocks that WAL changes are there: too many of them to remember",
        NotChecked::OutsideRange => "what lies outside the range asked for",
        _ => "more",
    }
}

/// The same of an answer, with what it names.
pub fn unseen(outcome: &Outcome, what: NotChecked) -> String {
    let made = outcome.restore.as_ref().map_or(&[][..], |restore| &restore.makes_tablespaces);
    let libraries = outcome.restore.as_ref().and_then(|restore| restore.libraries.as_ref());
    match (what, libraries) {
        (NotChecked::Libraries, Some(PlacedSetting { name, value, place })) => {
            let at = match place {
                SettingPlace::Line { file, line } => format!(", {file} line {line}"),
                _ => String::new(),
            };
            format!("whether the server has its libraries ({name} = '{value}'{at}): without one it does not start")
        }
        (NotChecked::TablespaceFolders, _) if !made.is_empty() => format!(
            "whether the directories are there in which WAL creates tablespaces ({}): a server ends with FATAL without them",
            made.join(", ")
        ),
        (what, _) => not_checked(what).to_owned(),
    }
}

/// Which backups of a repository do not restore: behind what is said of its WAL.
pub fn broken_backups(outcome: &Outcome) -> String {
    let label = |f: &Finding| match &f.detail {
        Detail::OfListedBackup { label, .. } => Some(label.clone()),
        _ => None,
    };
    let labels: Vec<String> = outcome.counted().filter_map(label).collect();
    let none_left = |f: &Finding| matches!(f.detail, Detail::OfListedBackup { none_left: true, .. });
    match labels.as_slice() {
        [_, ..] if outcome.counted().any(none_left) => "; but no backup here restores".to_owned(),
        [] => String::new(),
        [one] => format!("; but backup {one} does not restore"),
        all => format!("; but {} backups do not restore", all.len()),
    }
}

/// Why nothing of an archive could be read, and what to do.
pub fn unread(outcome: &Outcome) -> String {
    match outcome.worst() {
        Some(worst) if matches!(worst.code, Code::Encrypted | Code::WrongKey) => {
            let files = outcome.counted().filter(|f| f.code == worst.code).map(|f| 1 + f.more).sum::<u64>();
            let which = if files > 1 { " and its WAL with it" } else { "" };
            format!("it is encrypted: {}{which}; {}", worst.message(None), worst.advice())
        }
        Some(worst) => format!("{}; {}", worst.message(None), worst.advice()),
        None => "no file there says how to read it".to_owned(),
    }
}

/// What is left out of the word PROVEN.
pub fn except(outcome: &Outcome) -> String {
    let accepted = (outcome.accepted() > 0).then(|| format!("{} accepted", outcome.accepted()));
    let lowered = (outcome.lowered > 0).then(|| format!("{} by --severity", outcome.lowered));
    let all: Vec<String> = accepted.into_iter().chain(lowered).collect();
    if all.is_empty() { String::new() } else { format!(" EXCEPT {}", all.join(" and ")) }
}
