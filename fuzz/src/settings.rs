//! Files of settings and other texts of a backup, and what a server makes of them.

use pgwal_format::dialect::DIALECTS;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::text::{backup_label, settings};
use pgwal_recovery::backup::{SettingsFile, Signal};
use pgwal_recovery::{Given, ServerZone, Settings};

/// Reads `bytes` as the settings of every version, in each of the files that may hold them.
pub fn run(bytes: &[u8]) {
    let _ = (backup_label::parse(bytes), backup_label::parse_uncompared(bytes));
    let zone = ServerZone::named("UTC").expect("it is always known");
    for dialect in &DIALECTS {
        for (name, signal) in [
            ("recovery.conf", Signal::RecoveryConf),
            ("postgresql.auto.conf", Signal::Recovery),
            ("postgresql.conf", Signal::Standby),
        ] {
            let recovery = name == "recovery.conf";
            let own = SettingRules::of(dialect.version).recovery_conf.filter(|_| recovery);
            let grammar = own.unwrap_or(settings::Grammar::Configuration);
            let text = settings::parse(bytes, grammar);
            assert!(text.faults.iter().all(|fault| fault.line > 0));
            let files = [SettingsFile { name: name.into(), main: name.into(), text, not_opened: Vec::new() }];
            let given =
                Given { files: &files, signal: Some(signal), planned: true, ..Given::default() };
            match Settings::read(dialect.version, &given, &zone) {
                Ok(settings) => assert_eq!(settings.version, dialect.version),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("settings", super::run).unwrap() >= 4);
    }
}
