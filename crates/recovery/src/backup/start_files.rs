//! What a server in a data directory starts with, without a look at the rest of it.

use super::assemble::{parsed_settings, signal};
use super::folder::is_signal_folder;
use super::parts::{BackupParts, SMALL};
use super::settings::{self, IncludePlace};
use super::small::small;
use super::{SettingsFile, Signal};
use crate::values::value;
use pgwal_format::Version;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::text::control::ControlFile;
use pgwal_source::SourceError;
use std::path::Path;

/// What a server in a data directory starts with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StartFiles {
    /// `PG_VERSION`, or the control file's version.
    pub version: Option<Version>,
    /// `global/pg_control`, where it is whole.
    pub control: Option<ControlFile>,
    /// What makes it recover from an archive.
    pub signal: Option<Signal>,
    /// Files of settings, in order of precedence: the last counts most.
    pub settings: Vec<SettingsFile>,
}

/// The main file of settings.
const CONF: &str = "postgresql.conf";
/// More than any command line has.
const LONGEST_OPTS: u64 = 1 << 20;
/// More than any file of settings has.
const LONGEST_CONF: u64 = 16 << 20;

impl StartFiles {
    /// Reads them.
    ///
    /// # Errors
    /// One is there and cannot be read.
    pub fn read(data: &Path) -> Result<StartFiles, SourceError> {
        let mut parts = BackupParts { folder: Some(data.to_path_buf()), ..BackupParts::default() };
        for (name, limit) in
            SMALL.into_iter().filter(|(name, _)| !matches!(*name, "backup_manifest" | "tablespace_map"))
        {
            if is_signal_folder(&data.join(name), name) {
                parts.files.insert(name.to_owned(), Vec::new());
            } else if let Some(bytes) = small(&data.join(name), limit)? {
                parts.files.insert(name.to_owned(), bytes);
            }
        }
        let control = parts.files.get("global/pg_control").and_then(|bytes| ControlFile::parse(bytes).ok());
        let written = parts.files.get("PG_VERSION").and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok());
        let version = written.or_else(|| control.map(|control| control.dialect.version));
        let settings = parsed_settings(&parts, version, &IncludePlace::Folder(data, true));
        Ok(StartFiles { signal: signal(&parts, version), version, control, settings })
    }

    /// Reads them as the server has them that was started there: `postmaster.opts` says how, its configuration may lie
    /// elsewhere, and what its command line sets counts most.
    ///
    /// # Errors
    /// One is there and cannot be read.
    pub fn of_server(data: &Path) -> Result<StartFiles, SourceError> {
        let mut own = StartFiles::read(data)?;
        let Some(words) = small(&data.join("postmaster.opts"), LONGEST_OPTS)? else { return Ok(own) };
        let set = StartWords::parse(&String::from_utf8_lossy(&words)).0;
        if let Some(path) = set.iter().rev().find(|(name, _)| name == "config_file").map(|(_, value)| data.join(value))
            && path != data.join(CONF)
            && let Some(bytes) = small(&path, LONGEST_CONF)?
        {
            let folder = path.parent().unwrap_or(data);
            own.settings.retain(|file| file.main != CONF);
            let elsewhere = settings::read(CONF, &bytes, own.version, &IncludePlace::Folder(folder, true));
            own.settings.splice(0..0, elsewhere);
        }
        let text: String =
            set.iter().map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''"))).collect();
        own.settings.push(SettingsFile::parse("postmaster.opts", text.as_bytes(), own.version));
        Ok(own)
    }

    /// It starts as a standby.
    pub fn is_standby(&self) -> bool {
        match self.signal {
            Some(Signal::Standby) => true,
            Some(Signal::RecoveryConf) => self.last("standby_mode").and_then(value::boolean) == Some(true),
            Some(Signal::Recovery) | None => false,
        }
    }

    /// A target is named at which recovery is to stop.
    pub fn has_target(&self) -> bool {
        let names = ["", "_lsn", "_name", "_time", "_xid"].map(|end| format!("recovery_target{end}"));
        names.iter().any(|name| self.last(name).is_some_and(|value| !value.is_empty()))
    }

    /// Its `restore_command`.
    pub fn restore_command(&self) -> Option<&str> {
        self.last("restore_command").filter(|command| !command.is_empty())
    }

    /// Targets that `postgresql.auto.conf` names, which count more than those of `postgresql.conf`.
    pub fn targets_of_system(&self) -> Vec<String> {
        let own = self.settings.iter().filter(|file| file.main == "postgresql.auto.conf");
        let set = own.flat_map(|file| &file.text.settings).filter(|setting| !setting.value.is_empty());
        let mut names: Vec<String> = set.map(|s| s.name.clone()).filter(|n| n.starts_with("recovery_target")).collect();
        names.sort();
        names.dedup();
        names
    }

    /// `recovery_target_timeline` as it is written, or as the version has it where it is not.
    pub fn target_timeline(&self) -> &str {
        let latest = self.version.is_none_or(|version| SettingRules::of(version).latest_by_default);
        let written = self.last("recovery_target_timeline").filter(|value| !value.is_empty());
        written.unwrap_or(if latest { "latest" } else { "current" })
    }

    /// The value of a setting that counts.
    fn last(&self, name: &str) -> Option<&str> {
        let own = |file: &&SettingsFile| file.main == "recovery.conf" || self.signal != Some(Signal::RecoveryConf);
        self.settings.iter().filter(own).rev().find_map(|file| file.text.get(name))
    }
}

/// The settings in the words with which a server was started (`CreateOptsFile` in `postmaster.c`).
///
/// ```text
/// /usr/lib/postgresql/15/bin/postgres "-D" "/data" "-c" "config_file=/etc/postgresql/15/main/postgresql.conf"
/// ```
struct StartWords(Vec<(String, String)>);

impl StartWords {
    fn parse(text: &str) -> StartWords {
        let words = text.trim_end().split_once(" \"").map_or("", |(_, words)| words);
        let mut words = words.strip_suffix('"').unwrap_or(words).split("\" \"");
        let mut set = Vec::new();
        while let Some(word) = words.next() {
            let setting = match word.strip_prefix("-c") {
                Some("") => words.next(),
                Some(rest) => Some(rest),
                None => word.strip_prefix("--"),
            };
            let pair = setting.and_then(|setting| setting.split_once('='));
            set.extend(pair.map(|(name, value)| (name.trim().replace('-', "_"), value.to_owned())));
        }
        StartWords(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn files(all: &[(&str, &str)]) -> StartFiles {
        let folder = tempfile::tempdir().unwrap();
        all.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        StartFiles::read(folder.path()).unwrap()
    }

    #[test]
    fn words_of_the_command_line_and_a_configuration_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (data, etc) = (folder.path().join("data"), folder.path().join("etc"));
        [&data, &etc, &etc.join("conf.d")].into_iter().for_each(|folder| fs::create_dir(folder).unwrap());
        fs::write(data.join("PG_VERSION"), "15\n").unwrap();
        fs::write(data.join("postgresql.conf"), "recovery_target_timeline = '7'\n").unwrap();
        fs::write(etc.join("postgresql.conf"), "include_dir = 'conf.d'\n").unwrap();
        fs::write(etc.join("conf.d/a.conf"), "recovery_target_timeline = 'current'\n").unwrap();
        let opts = |more: &str| {
            let conf = etc.join("postgresql.conf");
            let text = format!("/bin/postgres \"-D\" \"/data\" \"-c\" \"config_file={}\"{more}\n", conf.display());
            fs::write(data.join("postmaster.opts"), text).unwrap();
            StartFiles::of_server(&data).unwrap()
        };
        assert_eq!(StartFiles::of_server(&data).unwrap().target_timeline(), "7");
        assert_eq!((opts("").target_timeline(), opts("").has_target()), ("current", false));
        let words = " \"-c\" \"recovery_target_timeline=2\" \"--recovery-target-name=it's\"";
        assert_eq!((opts(words).target_timeline(), opts(words).has_target()), ("2", true));
        // Whoever only looks at a data directory has another machine's files elsewhere.
        assert_eq!(StartFiles::read(&data).unwrap().target_timeline(), "7");
    }

    #[test]
    fn what_a_server_starts_as() {
        let standby = files(&[("PG_VERSION", "15\n"), ("standby.signal", ""), ("recovery.signal", "")]);
        assert_eq!((standby.is_standby(), standby.has_target(), standby.target_timeline()), (true, false, "latest"));
        let conf = "recovery_target_time = '2026-11-20 14:00:00'\nrecovery_target_timeline = 'current'\n";
        let archive = files(&[("PG_VERSION", "15"), ("recovery.signal", ""), ("postgresql.auto.conf", conf)]);
        assert_eq!((archive.is_standby(), archive.has_target(), archive.target_timeline()), (false, true, "current"));
        let old = [("PG_VERSION", "11"), ("recovery.conf", "standby_mode = on\nrecovery_target_timeline = 2\n")];
        let old = files(&old);
        assert_eq!((old.is_standby(), old.has_target(), old.target_timeline()), (true, false, "2"));
        let nothing = files(&[("PG_VERSION", "11"), ("standby.signal", "")]);
        assert_eq!((nothing.is_standby(), nothing.target_timeline()), (false, "current"));
    }
}
