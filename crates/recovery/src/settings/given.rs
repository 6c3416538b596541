//! Where settings come from, and in which order they count.

use crate::SettingsError;
use crate::backup::{SettingsFile, Signal};
use crate::settings::asked::setting_of;
use crate::target::Target;
use crate::time::ServerZone;
use crate::time::dates::DateOrder;
use crate::values::fault::{PlacedSetting, SettingPlace};
use crate::values::value;
use pgwal_format::recovery::parameters::ServerParameter;
use pgwal_format::recovery::settings::{RecoverySetting, SettingRules};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::settings::Grammar;
use pgwal_format::{Lsn, SegmentSize, Version};

/// Where settings come from; of those of one name the last counts.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// Files of settings, in order of precedence.
    pub files: &'a [SettingsFile],
    /// What makes the server recover from an archive.
    pub signal: Option<Signal>,
    /// The restore is yet to be set up: a signal file and a `restore_command` that fetches from this archive are taken
    /// for granted where none is given. `false`: what lies there is all there is.
    pub planned: bool,
    /// A cluster was recovered with settings that sufficed: what the files do not set is not at its default.
    pub recovered: bool,
    /// Segments of the cluster, as its control file has them.
    pub segment: Option<SegmentSize>,
    /// Name and value, by PostgreSQL's names; count more than the files.
    pub set: Vec<(String, String)>,
    /// Likewise, and stand behind them: the options of the command line. Up to 9.3, where a transaction counts more
    /// than a name and that more than a time, a target of the files or of `set` may count more than one among them.
    pub options: Vec<(String, String)>,
    /// This machine's time, for a time of the options in words, as `2h ago`; `None`: such words are not read.
    pub now: Option<Timestamp>,
    /// The zone of times without one is this machine's for want of the server's; this is a time that the server wrote
    /// with its own zone's name, as in a backup history file.
    pub written: Option<String>,
}

/// Settings sorted by who reads them.
#[derive(Default)]
pub(crate) struct Sorted<'a> {
    /// What recovery reads, in order: `recovery.conf`, or from 12 on the parameters of the same names.
    pub recovery: Vec<(&'a str, &'a str)>,
    /// Other parameters.
    pub server: Vec<(&'a str, &'a str)>,
}

impl<'a> Given<'a> {
    /// The server's configuration is at hand, so that what it does not set has its default.
    pub(crate) fn is_configured(&self) -> bool {
        !self.recovered && self.files.iter().any(|file| file.main == "postgresql.conf")
    }

    /// The server's time zone, where it is set.
    pub(crate) fn zone(&self) -> Option<ServerZone> {
        let set = self.set.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("timezone"));
        match set {
            Some((_, name)) => ServerZone::of_setting(name),
            None => ServerZone::of_settings(self.files),
        }
    }

    /// The order of dates in digits (`DateStyle`).
    pub(crate) fn date_order(&self) -> DateOrder {
        let named = |name: &str| name.eq_ignore_ascii_case("datestyle");
        let set = self.set.iter().rev().find(|(name, _)| named(name)).map(|(_, value)| value.as_str());
        let style = set.or_else(|| self.files.iter().rev().find_map(|file| file.text.get("datestyle")));
        style.map_or_else(DateOrder::default, DateOrder::of_style)
    }

    /// Sorts them, as far as every line can be read and every name is known where it stands.
    pub(crate) fn sort(&'a self, version: Version, rules: &SettingRules) -> Result<Sorted<'a>, SettingsError> {
        let mut out = Sorted::default();
        for file in self.files {
            let own = file.main == "recovery.conf";
            let grammar =
                if own { rules.recovery_conf.ok_or(SettingsError::RecoveryConf)? } else { Grammar::Configuration };
            if let Some(fault) = file.text.faults.first() {
                return Err(SettingsError::Syntax { file: file.name.clone(), fault: fault.clone(), grammar });
            }
            if let Some(not) = file.not_opened.first() {
                return Err(SettingsError::NotOpened { what: not.what, path: not.path.clone(), why: not.why });
            }
            let separate = rules.recovery_conf.is_some();
            for setting in &file.text.settings {
                let of_recovery = has(version, &setting.name);
                let misplaced = is_of_recovery(&setting.name) && (separate || !of_recovery);
                let wrong = if own { !of_recovery } else { misplaced || is_misspelt(&setting.name) };
                if wrong || !own && !of_recovery && is_unknown(version, &setting.name) {
                    let place = SettingPlace::Line { file: file.name.clone(), line: setting.line };
                    return Err(SettingsError::Unrecognized { name: setting.name.clone(), recovery_conf: own, place });
                }
                let list = if of_recovery { &mut out.recovery } else { &mut out.server };
                list.push((&setting.name, &setting.value));
            }
        }
        for (name, value) in self.set.iter().chain(&self.options) {
            let of_recovery = is_of_recovery(name);
            if of_recovery && !has(version, name) || is_misspelt(name) || is_unknown(version, name) {
                let recovery_conf = rules.recovery_conf.is_some();
                let place = self.place(name);
                return Err(SettingsError::Unrecognized { name: name.clone(), recovery_conf, place });
            }
            let list = if of_recovery { &mut out.recovery } else { &mut out.server };
            list.push((name, value));
        }
        if rules.recovery_conf.is_none() {
            out.recovery = only_last(&out.recovery);
            out.server = only_last(&out.server);
        }
        Ok(out)
    }

    /// Where the setting of a name stands that counts: the last one.
    pub(crate) fn place(&self, name: &str) -> SettingPlace {
        let named = |all: &[(String, String)]| all.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        if named(&self.options) {
            return SettingPlace::Option;
        }
        if named(&self.set) {
            return SettingPlace::Set;
        }
        let line = self.files.iter().rev().find_map(|file| {
            let setting = file.text.settings.iter().rev().find(|s| s.name.eq_ignore_ascii_case(name))?;
            Some(SettingPlace::Line { file: file.name.clone(), line: setting.line })
        });
        line.unwrap_or_default()
    }

    /// Every target, as the last line of its name says it, where it stands.
    pub(crate) fn targets(&self, recovery: &[(&str, &str)]) -> Vec<PlacedSetting> {
        let targets = recovery.iter().filter(|(name, _)| is_target(name));
        targets
            .map(|(name, value)| PlacedSetting {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                place: self.place(name),
            })
            .collect()
    }

    /// The target that counts, where it is of another kind than the one that the options name.
    pub(crate) fn outranking(&self, counts: &Target, recovery: &[(&str, &str)]) -> Option<PlacedSetting> {
        let counts = setting_of(counts)?;
        let mut asked = self.options.iter().filter(|(name, _)| is_target(name)).peekable();
        asked.peek()?;
        let other = asked.all(|(name, _)| name != counts);
        self.targets(recovery).into_iter().rev().find(|setting| other && setting.name == counts)
    }

    /// Whether any library is loaded when a server starts.
    pub(crate) fn loads_any(&self, server: &[(&str, &str)]) -> bool {
        let named = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case("shared_preload_libraries");
        server.iter().rev().find(named).is_some_and(|(_, value)| !value.trim().is_empty())
    }

    /// The libraries that a server loads when it starts, where it will be started as it lies.
    pub(crate) fn libraries(&self, server: &[(&str, &str)]) -> Option<PlacedSetting> {
        let named = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case("shared_preload_libraries");
        let (name, value) = server.iter().rev().find(named)?;
        let loads = !self.planned && !value.trim().is_empty();
        loads.then(|| PlacedSetting { name: (*name).to_owned(), value: (*value).to_owned(), place: self.place(name) })
    }

    /// The command with which a server archives, where it does (`archive_mode`, 8.3 and later).
    pub(crate) fn archives(&self, server: &[(&str, &str)]) -> Option<PlacedSetting> {
        let last = |name: &str| server.iter().rev().find(|(own, _)| own.eq_ignore_ascii_case(name));
        let (_, mode) = last("archive_mode")?;
        let is_on = mode.eq_ignore_ascii_case("always") || value::boolean(mode) == Some(true);
        let (name, value) = last("archive_command").filter(|(_, command)| is_on && !command.trim().is_empty())?;
        Some(PlacedSetting { name: (*name).to_owned(), value: (*value).to_owned(), place: self.place(name) })
    }

    /// Settings of the files of which an option says otherwise: what is written elsewhere may not count.
    pub(crate) fn overridden(&self) -> Vec<PlacedSetting> {
        let in_files = |name: &String, value: &String| {
            // It is read behind postgresql.conf, into which people write.
            self.files.iter().filter(|file| file.main == "postgresql.auto.conf").rev().find_map(|file| {
                let setting = file.text.settings.iter().rev().find(|s| s.name == *name)?;
                (!is_same(&setting.value, value)).then(|| PlacedSetting {
                    name: name.clone(),
                    value: setting.value.clone(),
                    place: SettingPlace::Line { file: file.name.clone(), line: setting.line },
                })
            })
        };
        self.options.iter().filter_map(|(name, value)| in_files(name, value)).collect()
    }
}

/// Whether a setting is one of a recovery, in whichever version.
fn is_of_recovery(name: &str) -> bool {
    RecoverySetting::named(name).is_some()
}

/// Whether this version has it.
fn has(version: Version, name: &str) -> bool {
    RecoverySetting::named(name).is_some_and(|setting| setting.is_of(version))
}

/// Whether a name that no version has is one of a recovery's settings but for a slip of the pen: no other parameter
/// comes so close to any of them (10 to 18).
fn is_misspelt(name: &str) -> bool {
    let close = |setting: &RecoverySetting| strsim::damerau_levenshtein(setting.name, name) <= 2;
    !is_of_recovery(name) && RecoverySetting::ALL.iter().any(close)
}

/// Whether two values of one setting are the same to a server, as far as that is plain.
fn is_same(one: &str, other: &str) -> bool {
    let lsn = |text: &str| text.parse::<Lsn>().ok();
    let number =
        |text: &str| value::number(text).filter(|(_, rest)| rest.is_empty() && !text.is_empty()).map(|(n, _)| n);
    let agree = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
    one == other
        || agree(lsn(one).map(Lsn::get), lsn(other).map(Lsn::get))
        || agree(number(one), number(other))
        || agree(value::boolean(one).map(u64::from), value::boolean(other).map(u64::from))
}

/// Whether a server of this version knows no such name. Names with a dot are those of extensions.
fn is_unknown(version: Version, name: &str) -> bool {
    ServerParameter::are_known(version) && !name.contains('.') && ServerParameter::named(version, name).is_none()
}

fn is_target(name: &str) -> bool {
    matches!(
        name,
        "recovery_target"
            | "recovery_target_lsn"
            | "recovery_target_name"
            | "recovery_target_time"
            | "recovery_target_xid"
    )
}

/// Of parameters of one name only the last is read at all, where it stands.
fn only_last<'a>(all: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let again = |at: usize, name: &str| all.iter().skip(at + 1).any(|(other, _)| *other == name);
    all.iter().enumerate().filter(|(at, (name, _))| !again(*at, name)).map(|(_, pair)| *pair).collect()
}
