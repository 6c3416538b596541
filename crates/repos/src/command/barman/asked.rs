//! Whether `barman recover` asks the server for a recovery at all.
//!
//! ```text
//!                                     3.12 and earlier            3.13 and later
//!   --target-time, -xid, -lsn, …      recovery                    recovery
//!   --target-tli, that of the backup  none                        recovery
//!   --target-tli, another             recovery                    recovery
//!   no target                         none                        none
//! ```
//! Where it asks for none, WAL lies in DIR/pg_wal, and there is neither a `recovery.signal` nor a `restore_command`:
//! the server replays as after a crash, makes no timeline of its own, and reads no target from its settings.
//! (`_set_pitr_targets` in `barman/recovery_executor.py`.) No file of a server's folder says of which release it is;
//! from 3.13 on `backup.info` has a line on the checksums of data.

use super::super::ToolCall;
use super::timeline::has_line;
use crate::repository::Repository;

/// What Barman takes for a target, but for the timeline.
const TARGETS: [&str; 5] =
    ["recovery_target_time", "recovery_target_xid", "recovery_target_name", "recovery_target_lsn", "recovery_target"];

/// Whether some release asks for none, where it is told these settings.
pub(super) fn may_be_none(
    repository: &Repository,
    label: &str,
    told: &[(String, String)],
    call: &ToolCall<'_>,
) -> bool {
    if told.iter().any(|(name, _)| TARGETS.contains(&name.as_str()) || name == "standby_mode") {
        return false;
    }
    let is_told_a_timeline = !call.recovery_conf || told.iter().any(|(name, _)| name == super::TIMELINE);
    if !is_told_a_timeline {
        return true;
    }
    let backup = repository.backups.iter().find(|backup| backup.label == label);
    let own = backup.and_then(|backup| backup.start_file).map(|file| file.timeline);
    let is_another = matches!((own, call.timeline), (Some(own), Some(aim)) if own != aim);
    !is_another && !has_line(repository, b"data_checksums=")
}

/// Asks for it where Barman did not. Nothing is fetched then: all of it lies in the server's own folder.
pub(super) fn surely(bring: &str, call: &ToolCall<'_>) -> String {
    let (file, ask) = match call.recovery_conf {
        true => ("recovery.conf", ""),
        false => ("recovery.signal", "touch DIR/recovery.signal && "),
    };
    let settings = if call.recovery_conf { file } else { "postgresql.auto.conf" };
    let fetch = format!("printf '%s\\n' \"restore_command = 'false'\" >> DIR/{settings}");
    format!("{bring} &&\n{{ test -e DIR/{file} || {{ {ask}{fetch}; }}; }}")
}
