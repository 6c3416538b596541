//! `pg_probackup restore …`

use super::ToolCall;
use super::by_hand::with_settings;
use super::targets::{PROBACKUP, get, targets};
use crate::backup::ListedBackup;
use crate::shell::command as shell;

const TIMELINE: &str = "recovery_target_timeline";

/// Without a target of its own it asks for no recovery of a backup that carries its WAL, and without a timeline it
/// asks for the backup's own, where a server of 12 and later takes the latest.
pub(super) fn command(base: &str, instance: &str, backup: &ListedBackup, call: &ToolCall<'_>) -> String {
    let label = backup.label.as_str();
    let start = ["pg_probackup", "restore", "-B", base, "--instance", instance, "-i", label, "-D", "DIR"];
    let aims = ["time", "lsn", "xid", "name"].map(|kind| format!("recovery_target_{kind}"));
    let is_aim = |name: &str| name == "recovery_target" || aims.iter().any(|aim| aim == name);
    // It knows no fractions of a second: of those the server alone is told.
    let by_server = get(call.settings, "recovery_target_time").is_some_and(|time| time.contains('.'));
    let is_told = |name: &str| !by_server || name == TIMELINE || name == "standby_mode";
    let (told, left): (Vec<_>, Vec<_>) = call.settings.iter().cloned().partition(|(name, _)| is_told(name));
    let mut options = Vec::new();
    if !told.iter().any(|(name, _)| is_aim(name)) {
        options.push("--recovery-target=latest".to_owned());
    }
    options.extend(targets(&PROBACKUP, &told));
    if get(call.settings, TIMELINE).is_none() {
        let own = backup.timeline().map(|timeline| timeline.0.to_string()).filter(|_| call.recovery_conf);
        let timeline = if call.recovery_conf { own } else { Some("latest".to_owned()) };
        options.extend(timeline.map(|timeline| format!("{}={timeline}", PROBACKUP.timeline)));
    }
    let bring = shell(start.map(str::to_owned).into_iter().chain(options));
    with_settings(&bring, Vec::new(), &ToolCall { settings: &left, ..*call })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(settings: &[(&str, &str)], recovery_conf: bool) -> String {
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let start_file = pgwal_format::SegmentName::parse("000000020000000000000009");
        let backup = ListedBackup { label: "B".to_owned(), start_file, ..ListedBackup::default() };
        let call = ToolCall { settings: &settings, recovery_conf, ..ToolCall::default() };
        command("/c", "main", &backup, &call).replace("pg_probackup restore -B /c --instance main -i B -D DIR ", "")
    }

    #[test]
    fn it_is_always_told_to_recover_and_along_which_timeline() {
        let latest = "--recovery-target=latest --recovery-target-timeline=";
        assert_eq!(typed(&[], false), format!("{latest}latest"));
        assert_eq!(typed(&[], true), format!("{latest}2"));
        assert_eq!(typed(&[(TIMELINE, "current")], false), format!("{latest}current"));
        let lsn = typed(&[("recovery_target_lsn", "0/1B00000")], false);
        assert_eq!(lsn, "--recovery-target-lsn=0/1B00000 --recovery-target-timeline=latest");
        assert_eq!(
            typed(&[("recovery_target_name", "x")], true),
            "--recovery-target-name=x --recovery-target-timeline=2"
        );
    }

    #[test]
    fn a_fraction_of_a_second_is_told_to_the_server() {
        let whole = typed(&[("recovery_target_time", "2026-11-28 15:59:23+00")], false);
        assert!(whole.starts_with("'--recovery-target-time=2026-11-28 15:59:23+00'"), "{whole}");
        let part = [("recovery_target_time", "2026-11-28 15:59:23.2+00"), ("recovery_target_inclusive", "off")];
        assert_eq!(
            typed(&part, false),
            "--recovery-target=latest --recovery-target-timeline=latest &&\nprintf '%s\\n' \"recovery_target_time = \
             '2026-11-28 15:59:23.2+00'\" \"recovery_target_inclusive = 'off'\" >> DIR/postgresql.auto.conf"
        );
    }
}
