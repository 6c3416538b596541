//! A cluster to whose data directory nobody gets but its server: what it answers.
//!
//! ```text
//! system_identifier=7000000000000000001     pg_control_system()
//! timeline=2, checkpoint=0/6000028          pg_control_checkpoint(): those of the last checkpoint
//! min_recovery_end=0/0                      pg_control_recovery(): 0/0 once a checkpoint was made behind the recovery
//! min_recovery_timeline=1
//! recovering=false, replayed=               pg_is_in_recovery(), pg_last_wal_replay_lsn()
//! set:recovery_target_time=hexadecimal      pg_settings, as UTF-8
//! history:00000002.history=hexadecimal      the newest in pg_wal, and when it was written (microseconds since 1970,
//! history_written=1764316800000000          rounded up): only for roles that may read files of the server
//! label=hexadecimal                         backup_label.old, the same
//! conf=hexadecimal                          up to 11 recovery.done and recovery.conf, the same: no setting says it
//! ```
//! The functions have these names since 10.

use super::{ClusterSeen, RestoredCluster, reached};
use crate::backup::{self, SettingsFile};
use pgwal_archive::Error;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ControlState;
use pgwal_format::text::history;
use pgwal_format::{FileName, Lsn, TimelineId, Version};
use pgwal_source::SourceError;

/// What any role may ask; the rows are to be printed as they are.
pub const SERVER_FACTS: &str = r"select 'version=' || current_setting('server_version_num')::int / 10000;
select 'system_identifier=' || system_identifier from pg_control_system();
select 'timeline=' || timeline_id || E'\ncheckpoint=' || checkpoint_lsn from pg_control_checkpoint();
select 'min_recovery_end=' || min_recovery_end_lsn || E'\nmin_recovery_timeline=' || min_recovery_end_timeline from pg_control_recovery();
select 'recovering=' || pg_is_in_recovery() || E'\nreplayed=' || coalesce(pg_last_wal_replay_lsn()::text, '');
select 'set:' || name || '=' || encode(convert_to(setting, 'UTF8'), 'hex') from pg_settings where (name like 'recovery\_target%' or name = 'restore_command') and source <> 'default';";

/// What a role may ask that may read files of the server (`pg_monitor` and `pg_read_server_files`, or a superuser).
pub const SERVER_HISTORY: &str = r"select 'history:' || name || '=' || encode(pg_read_binary_file('pg_wal/' || name), 'hex') || E'\nhistory_written=' || (floor(extract(epoch from modification)) + 1)::bigint * 1000000 from pg_ls_waldir() where name ~ '^[0-9A-F]{8}\.history$' order by name desc limit 1;";

/// The same of the backup with which it began.
pub const SERVER_LABEL: &str =
    r"select 'label=' || encode(pg_read_binary_file('backup_label.old', 0, 65536, true), 'hex');";

/// The same of the settings of its recovery, which up to 11 are none of the server's.
pub const SERVER_CONF: &str = r"select 'conf=' || encode(pg_read_binary_file(name, 0, 1048576, true), 'hex') from unnest('{recovery.done,recovery.conf}'::text[]) as name where current_setting('server_version_num')::int < 120000;";

impl RestoredCluster {
    /// Takes what a server answered to [`SERVER_FACTS`], and to [`SERVER_HISTORY`], [`SERVER_LABEL`] and
    /// [`SERVER_CONF`] where it did. `place`: the server, as the user named it.
    ///
    /// # Errors
    /// The answer does not say what is needed.
    pub fn of_server(place: &str, answer: &str) -> Result<RestoredCluster, Error> {
        let refused = |text: String| SourceError::Reported { text: format!("{place}: {text}") };
        let fact = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let says = |name: &str| fact(name).ok_or_else(|| refused(format!("the server does not say its {name}")));
        let number = |name: &str| -> Result<i64, SourceError> {
            let text = says(name)?;
            text.parse().map_err(|_| refused(format!("the server's {name} is {text}")))
        };
        let position = |name: &str| fact(name).and_then(|text| text.parse::<Lsn>().ok()).unwrap_or(Lsn::ZERO);
        let recovering = says("recovering")? == "true";
        let min_recovery_end = position("min_recovery_end");
        let timeline = TimelineId(u32::try_from(number("timeline")?).unwrap_or(0));
        let mut own = RestoredCluster {
            place: place.to_owned(),
            state: if recovering { ControlState::InArchiveRecovery } else { ControlState::InProduction },
            // A bigint there.
            system_id: number("system_identifier")?.cast_unsigned(),
            timeline,
            ancestors: None,
            ended: None,
            at_least: position("replayed").max(min_recovery_end).max(position("checkpoint")),
            reached: reached(
                (
                    number("min_recovery_timeline").ok().and_then(|n| u32::try_from(n).ok()).map(TimelineId),
                    Some(min_recovery_end),
                ),
                (timeline, position("checkpoint")),
            ),
            lacks_checkpoint: min_recovery_end > Lsn::ZERO && !recovering,
            is_unstarted: false,
            began: fact("label").and_then(bytes_of).and_then(|bytes| backup::of_label(place, bytes)),
            settings: settings(answer, fact("version").and_then(|version| version.parse().ok())),
            seen: ClusterSeen::Server,
            was_started: false,
            other_target: false,
        };
        if !recovering && let Some((timeline, bytes)) = newest_history(answer).filter(|(own, _)| *own >= timeline) {
            let written = fact("history_written").and_then(|text| text.parse().ok()).map(Timestamp::from_unix_micros);
            own.take_newest(timeline, &bytes, written);
        }
        Ok(own)
    }
}

/// The settings of its recovery, as files of them would say them.
fn settings(answer: &str, version: Option<Version>) -> Vec<SettingsFile> {
    let set = answer.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("set:")?.split_once('=')?;
        let value = String::from_utf8(bytes_of(value)?).ok()?;
        Some(format!("{name} = '{}'\n", value.replace('\\', "\\\\").replace('\'', "''")))
    });
    let text: String = set.collect();
    let of_server = (!text.is_empty()).then(|| SettingsFile::parse("postgresql.conf", text.as_bytes(), version));
    let own = answer.lines().filter_map(|line| bytes_of(line.strip_prefix("conf=")?));
    of_server.into_iter().chain(own.map(|bytes| SettingsFile::parse("recovery.conf", &bytes, version))).collect()
}

fn newest_history(answer: &str) -> Option<(TimelineId, Vec<u8>)> {
    let (name, value) = answer.lines().find_map(|line| line.strip_prefix("history:")?.split_once('='))?;
    let FileName::History(timeline) = FileName::parse(name)? else { return None };
    history::parse(&bytes_of(value)?, timeline).ok()?;
    Some((timeline, bytes_of(value)?))
}

/// Hexadecimal digits.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMOTED: &str = "version=15\nsystem_identifier=-7\ntimeline=1\ncheckpoint=0/6000028\nmin_recovery_end=0/5000000\nrecovering=false\nreplayed=0/5000000\n";

    #[test]
    fn what_a_promoted_server_answers() {
        let own = RestoredCluster::of_server("host=a", PROMOTED).unwrap();
        assert_eq!((own.timeline, own.system_id, own.lacks_checkpoint), (TimelineId(1), u64::MAX - 6, true));
        assert!(!own.is_in_recovery() && own.ancestors.is_none());
        // Its newest history says more than its last checkpoint.
        let answer = format!("{PROMOTED}history:00000002.history=3109302f3530303030303009780a\n");
        let own = RestoredCluster::of_server("host=a", &answer).unwrap();
        assert_eq!((own.timeline, own.lacks_checkpoint), (TimelineId(2), false));
        assert_eq!(own.way(), Some(vec![(TimelineId(1), Lsn::new(0x500_0000))]));
    }

    #[test]
    fn settings_come_as_they_are() {
        let answer = format!("{PROMOTED}set:recovery_target_name=6974277320\n");
        let own = RestoredCluster::of_server("host=a", &answer).unwrap();
        assert_eq!(own.settings[0].text.get("recovery_target_name"), Some("it's "));
    }

    #[test]
    fn settings_of_a_recovery_up_to_11_come_from_its_file() {
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (done, conf) = (hex("recovery_target_lsn = '0/1'\n"), hex("recovery_target_lsn = '0/2'\n"));
        let answer = format!("{}conf={done}\n\nconf={conf}\n", PROMOTED.replace("=15", "=11"));
        let own = RestoredCluster::of_server("host=a", &answer).unwrap();
        assert_eq!(own.aim().as_deref(), Some("recovery_target_lsn = '0/2'"));
    }

    #[test]
    fn what_is_no_answer() {
        for answer in ["", "recovering=true\n", "system_identifier=x\nrecovering=false\ntimeline=1\n"] {
            assert!(RestoredCluster::of_server("host=a", answer).is_err(), "{answer:?}");
        }
        for text in ["3", "3g", "ü"] {
            assert_eq!(bytes_of(text), None, "{text}");
        }
    }
}
