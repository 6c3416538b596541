//! Backup history files, `<segment>.<offset>.backup` (`do_pg_backup_stop`; `pg_stop_backup` in old versions).
//!
//! ```text
//! START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
//! STOP WAL LOCATION: 0/20000F0 (file 000000010000000000000002)
//! CHECKPOINT LOCATION: 0/2000060
//! START TIME: 2026-11-22 03:46:51 UTC
//! LABEL: nightly
//! STOP TIME: 2026-11-22 03:46:52 UTC
//! INCREMENTAL FROM LSN: 0/1000028                                  since 17, of an incremental one
//! INCREMENTAL FROM TLI: 1
//! ```

use super::backup_label::IncrementalFrom;
use crate::{Lsn, SegmentName, TimelineId};
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::{map_opt, map_res};
use nom::sequence::delimited;
use nom::{IResult, Parser};

/// What a backup history file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupHistory {
    /// Where replay of this backup starts.
    pub start: Lsn,
    /// The segment of it; its first part is the timeline.
    pub start_file: SegmentName,
    /// The end of the WAL that this backup needs.
    pub stop: Lsn,
    /// The checkpoint from which it was taken.
    pub checkpoint: Option<Lsn>,
    /// Its label.
    pub label: Option<String>,
    /// When it began, as written: local time of the server and the zone's name.
    pub start_time: Option<String>,
    /// When it ended, likewise.
    pub stop_time: Option<String>,
    /// The start of the backup on which this incremental one builds.
    pub incremental_from: Option<IncrementalFrom>,
}

/// What is wrong with a backup history file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BackupHistoryFault {
    /// No start location.
    NoStart,
    /// No stop location.
    NoStop,
    /// The stop lies before the start.
    StopBeforeStart,
    /// The file is no text.
    NotText,
}

impl std::fmt::Display for BackupHistoryFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BackupHistoryFault::NoStart => "it has no START WAL LOCATION",
            BackupHistoryFault::NoStop => "it has no STOP WAL LOCATION",
            BackupHistoryFault::StopBeforeStart => "its STOP WAL LOCATION lies before its START WAL LOCATION",
            BackupHistoryFault::NotText => "it is no text",
        })
    }
}

/// Reads a backup history file.
pub fn parse(bytes: &[u8]) -> Result<BackupHistory, BackupHistoryFault> {
    // Labels may be in any encoding.
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\0') {
        return Err(BackupHistoryFault::NotText);
    }
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    let located = |key: &str| value(key).and_then(|v| location(v).ok()).map(|(_, found)| found);
    let (start, start_file) = located("START WAL LOCATION: ").ok_or(BackupHistoryFault::NoStart)?;
    let (stop, _) = located("STOP WAL LOCATION: ").ok_or(BackupHistoryFault::NoStop)?;
    if stop < start {
        return Err(BackupHistoryFault::StopBeforeStart);
    }
    let owned = |key: &str| value(key).map(str::to_string);
    Ok(BackupHistory {
        start,
        start_file,
        stop,
        checkpoint: value("CHECKPOINT LOCATION: ").and_then(|v| v.parse().ok()),
        label: owned("LABEL: "),
        start_time: owned("START TIME: "),
        stop_time: owned("STOP TIME: "),
        incremental_from: value("INCREMENTAL FROM LSN: ").and_then(|v| v.parse().ok()).map(|start| {
            let timeline = value("INCREMENTAL FROM TLI: ").and_then(|v| v.parse().ok()).map(TimelineId);
            IncrementalFrom { start, timeline }
        }),
    })
}

/// `0/2000028 (file 000000010000000000000002)`
fn location(text: &str) -> IResult<&str, (Lsn, SegmentName)> {
    let lsn = map_res(take_while1(|c: char| c.is_ascii_hexdigit() || c == '/'), str::parse::<Lsn>);
    let file = map_opt(take_while1(|c: char| c.is_ascii_hexdigit()), SegmentName::parse);
    (lsn, delimited(tag(" (file "), file, tag(")"))).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_write() {
        let text = "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nSTOP WAL LOCATION: 0/20000F0 (file 000000010000000000000002)\nCHECKPOINT LOCATION: 0/2000060\nBACKUP METHOD: pg_start_backup\nSTART TIME: 2026-11-22 03:46:51 UTC\nLABEL: lab1\nSTOP TIME: 2026-11-22 03:46:52 UTC\n";
        let backup = parse(text.as_bytes()).unwrap();
        assert_eq!((backup.start, backup.stop), ("0/2000028".parse().unwrap(), "0/20000F0".parse().unwrap()));
        assert_eq!(backup.label.as_deref(), Some("lab1"));
        assert_eq!(backup.incremental_from, None);
        let part =
            parse((text.to_owned() + "INCREMENTAL FROM LSN: 0/1000028\nINCREMENTAL FROM TLI: 1\n").as_bytes()).unwrap();
        let from = part.incremental_from.unwrap();
        assert_eq!((from.start, from.timeline), ("0/1000028".parse().unwrap(), Some(TimelineId(1))));
        assert_eq!(parse(b""), Err(BackupHistoryFault::NoStart));
        assert_eq!(parse(text.replace("20000F0", "1").as_bytes()), Err(BackupHistoryFault::StopBeforeStart));
    }
}
