//! What the small files of a backup say.

use super::flaw::{BackupFlaw, FlawKind, Weight};
use super::parts::{BackupParts, whole_map};
use super::{Backup, BackupKind, Manifest, SettingsFile, Signal, WalInside, judge, manifest, settings};
use pgwal_format::recovery::settings::{RecoverySetting, SettingRules};
use pgwal_format::text::control::members::ControlField;
use pgwal_format::text::control::{ControlError, ControlFile, ControlImage};
use pgwal_format::text::settings::{Grammar, parse};
use pgwal_format::text::{backup_history, backup_label, history};
use pgwal_format::{FileName, Version};
use pgwal_source::{Entry, OpeningRule, Source};
use std::sync::Arc;

/// Reads what was gathered, and judges it.
pub(super) fn assemble(mut backup: Backup, parts: BackupParts) -> Backup {
    let file = |name: &str| parts.files.get(name);
    let control = file("global/pg_control").or_else(|| file("pg_control"));
    match control.map(|bytes| ControlFile::parse(bytes)) {
        Some(Ok(control)) => backup.control = Some(control),
        Some(Err(error)) => {
            // One of a version that is not known may be as good as any.
            let unknown = matches!(error, ControlError::UnknownVersion { .. });
            let kind = if unknown { FlawKind::ControlVersion(error) } else { FlawKind::Control(error) };
            backup.flaws.push(kind.of("global/pg_control"))
        }
        None => {}
    }
    backup.control_bytes = control.cloned();
    let written = file("PG_VERSION").and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok());
    backup.has_version_file = file("PG_VERSION").is_some();
    backup.version = written.or_else(|| backup.control.map(|control| control.dialect.version));
    if let Some(bytes) = file("backup_label") {
        let rules = backup.version.and_then(|version| version.dialect()).map(|dialect| &dialect.recovery);
        let compares = rules.is_none_or(|rules| rules.compares_label_timelines);
        let parse = if compares { backup_label::parse } else { backup_label::parse_uncompared };
        match parse(bytes) {
            Ok(label) => backup.label = Some(label),
            Err(fault) => backup.flaws.push(FlawKind::Label(fault).of("backup_label")),
        }
    }
    if let Some(bytes) = file("history") {
        match backup_history::parse(bytes) {
            Ok(history) => backup.history = Some(history),
            Err(fault) => {
                let name = backup.name.clone();
                backup.flaws.push(FlawKind::History(fault.to_string()).of(&name));
            }
        }
    }
    if let Some(bytes) = file("backup_manifest") {
        backup.manifest = of_manifest(bytes, &mut backup.flaws);
    }
    if file("tablespace_map").is_some() && whole_map(&parts).is_none() {
        backup.not_checked.push("tablespace_map behind its first 64 MiB");
    }
    backup.signal = signal(&parts, backup.version);
    let of_signal = backup.signal.and_then(Signal::file);
    backup.signal_folder = parts.signal_folders.iter().copied().find(|name| of_signal == Some(*name));
    let place = match (&parts.folder, backup.kind) {
        (Some(folder), _) => settings::IncludePlace::Folder(folder, parts.whole),
        (None, BackupKind::Tar) => settings::IncludePlace::Kept(&parts.files),
        _ => settings::IncludePlace::Nowhere,
    };
    backup.settings = parsed_settings(&parts, backup.version, &place);
    if let Some(Ok(image)) = control.filter(|_| backup.control.is_some()).map(|bytes| ControlImage::read(bytes)) {
        backup
            .relations
            .set_whole(image.number(ControlField::RelsegSize).saturating_mul(image.number(ControlField::Blcksz)));
    }
    backup.in_place.clone_from(&parts.in_place);
    for (path, size) in &parts.sizes {
        backup.relations.add(path, *size);
    }
    // An incremental backup has other files in the place of many.
    if parts.whole
        && parts.away.is_empty()
        && backup.label.as_ref().is_none_or(|label| label.incremental_from.is_none())
    {
        backup.relations.looked();
    }
    backup.flaws.extend(signal_text(&backup, &parts));
    let there = |name: &str| parts.sizes.iter().any(|(path, _)| path == name);
    backup.label_was_used = there("backup_label.old");
    backup.lived_in |= there("postmaster.pid");
    judge::judge(&mut backup, &parts);
    backup
}

/// Whether a server looks for a file of its `pg_wal` under this name: the bare one, in the folder itself.
pub(crate) fn is_servers_own(source: &dyn Source, entry: &Entry) -> bool {
    // Members of a tar are shown with their folder.
    // A tool that restores the backup puts it there under the server's name, unpacked.
    let is_put_there = entry.opening() != OpeningRule::ByContent;
    is_put_there || entry.has_bare_name() && (source.local().is_none() || !entry.shown().contains('/'))
}

fn of_manifest(bytes: &[u8], flaws: &mut Vec<BackupFlaw>) -> Option<Manifest> {
    match manifest::parse(bytes) {
        Ok(manifest) => {
            if !manifest.checksum {
                let what = "is not what its own checksum says".to_owned();
                flaws.push(FlawKind::Manifest(what).of("backup_manifest"));
            }
            Some(manifest)
        }
        Err(fault) => {
            flaws.push(FlawKind::Manifest(fault.to_string()).of("backup_manifest"));
            None
        }
    }
}

/// The files of settings, in order of precedence.
pub(super) fn parsed_settings(
    parts: &BackupParts,
    version: Option<Version>,
    place: &settings::IncludePlace<'_>,
) -> Vec<SettingsFile> {
    let names = ["postgresql.conf", "postgresql.auto.conf", "recovery.conf"];
    let read = |name: &&str| Some(settings::read(name, parts.files.get(*name)?, version, place));
    names.iter().filter_map(read).flatten().collect()
}

/// A version before 12 looks for `recovery.conf` alone, later ones stop when they see it.
pub(super) fn signal(parts: &BackupParts, version: Option<Version>) -> Option<Signal> {
    let there = |name: &str| parts.files.contains_key(name);
    let takes_conf = version.is_none_or(|version| SettingRules::of(version).recovery_conf.is_some());
    let in_order = [
        ("recovery.conf", Signal::RecoveryConf),
        ("standby.signal", Signal::Standby),
        ("recovery.signal", Signal::Recovery),
    ];
    let count = if takes_conf && version.is_some() { 1 } else { 3 };
    in_order.into_iter().take(count).find(|(name, _)| there(name)).map(|(_, signal)| signal)
}

/// Settings of a recovery that stand in the signal file alone. A target that nobody reads is not what is asked for.
fn signal_text(backup: &Backup, parts: &BackupParts) -> Option<BackupFlaw> {
    let file = backup.signal.and_then(Signal::file)?;
    let text = parse(parts.files.get(file)?, Grammar::Configuration);
    let elsewhere = |name: &str| backup.settings.iter().any(|file| file.text.get(name).is_some());
    let known = text.settings.iter().filter(|setting| RecoverySetting::named(&setting.name).is_some());
    let mut names: Vec<String> = known.map(|s| s.name.clone()).filter(|name| !elsewhere(name)).collect();
    names.dedup();
    let is_target = names.iter().any(|name| name.starts_with("recovery_target"));
    let weight = if is_target { Weight::Error } else { Weight::Warning };
    (!names.is_empty()).then(|| FlawKind::SignalText(names).weighed(file, weight))
}

impl Signal {
    /// The empty file that it is.
    fn file(self) -> Option<&'static str> {
        match self {
            Signal::Recovery => Some("recovery.signal"),
            Signal::Standby => Some("standby.signal"),
            Signal::RecoveryConf => None,
        }
    }
}

impl SettingsFile {
    /// Reads a file of settings as this version does; unknown, as later ones do.
    pub fn parse(name: &str, bytes: &[u8], version: Option<Version>) -> SettingsFile {
        let own = if name == "recovery.conf" {
            version.and_then(|version| SettingRules::of(version).recovery_conf)
        } else {
            None
        };
        SettingsFile {
            name: name.to_owned(),
            main: name.to_owned(),
            text: parse(bytes, own.unwrap_or(Grammar::Configuration)),
            not_opened: Vec::new(),
        }
    }
}

/// Takes in the WAL that lies inside, and its timelines' histories.
pub fn take_wal(backup: &mut Backup, source: Arc<dyn Source>) {
    let Ok(listing) = source.list() else {
        backup.not_checked.push("the WAL inside the backup, which cannot be listed");
        return;
    };
    let own = || listing.entries.iter().filter(|entry| is_servers_own(source.as_ref(), entry));
    let segments = own().filter(|entry| matches!(entry.name, Some(FileName::Segment(_)))).count() as u64;
    let history = |entry: &Entry| match entry.name {
        Some(FileName::History(timeline)) => {
            let bytes = source.small(entry, 64 << 10).ok();
            Some((timeline, bytes.and_then(|(bytes, _)| history::parse(&bytes, timeline).ok())))
        }
        _ => None,
    };
    backup.histories = own().filter_map(history).collect();
    if segments > 0 || !backup.histories.is_empty() {
        backup.wal = Some(WalInside { source, segments });
    }
}
