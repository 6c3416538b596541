//! A backup of WAL-E: its sentinel says where it ends, its label and the backup history file among the WAL where it
//! starts.
//!
//! ```text
//! basebackups_005/base_00000001000000000000000A_00000040_backup_stop_sentinel.json      the offset in decimal digits
//!     {"wal_segment_backup_stop": "00000001000000000000000A", "wal_segment_offset_backup_stop": "00000256", …}
//! wal_005/00000001000000000000000A.00000028.backup.lzo
//! ```

use super::Reading;
use crate::backup::ListedBackup;
use crate::store::{Items, Store, join, plain};
use pgwal_format::text::backup_history::{self, BackupHistory};
use pgwal_format::{AddressScheme, Lsn, SegmentName, SegmentSize};
use pgwal_source::SourceError;
use serde_json::Value;

/// With what the name of a sentinel ends, WAL-G's as well.
pub(super) const SENTINEL: &str = "_backup_stop_sentinel.json";

/// The segment and the offset in a label of WAL-E; `None`: it is not one.
pub(crate) fn start_in(label: &str) -> Option<(SegmentName, u64)> {
    let (segment, offset) = label.strip_prefix("base_")?.split_once('_')?;
    let is_offset = offset.len() == 8 && offset.bytes().all(|byte| byte.is_ascii_digit());
    Some((SegmentName::parse(segment)?, offset.parse().ok().filter(|_| is_offset)?))
}

/// Whether nothing under a prefix is of WAL-G, which reads what WAL-E wrote: all backups have labels of WAL-E, and all
/// segments are packed as it alone packs them.
pub(super) fn is_its_own(store: &dyn Store, base: &str) -> Result<bool, SourceError> {
    let backups = Items::of(store, &join(base, "basebackups_005"))?;
    let names = || backups.0.iter().map(|item| item.name.as_str()).filter(|name| name.starts_with("base_"));
    let label = |name: &str| name.strip_suffix(SENTINEL).unwrap_or(name).to_owned();
    if names().any(|name| start_in(&label(name)).is_none()) {
        return Ok(false);
    }
    let wal = Items::of(store, &join(base, "wal_005"))?;
    let segments = || wal.files().filter(|(name, _)| name.get(..24).and_then(SegmentName::parse).is_some());
    let all = segments().all(|(name, _)| name.ends_with(".lzo"));
    Ok(all && (names().next().is_some() || segments().next().is_some()))
}

/// Takes what the sentinel and the history file say.
pub(super) fn take(
    reading: &Reading<'_>,
    base: &str,
    backup: &mut ListedBackup,
    value: &Value,
) -> Result<(), SourceError> {
    let Some((first, offset)) = start_in(&backup.label) else { return Ok(()) };
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    backup.size = value.get("expanded_size_bytes").and_then(Value::as_u64);
    backup.start_file = Some(first);
    if let Some(history) = history(reading, base, first, offset)? {
        (backup.start, backup.stop) = (Some(history.start), Some(history.stop));
        return Ok(());
    }
    // No file says how large a segment is: then it is what nearly all are.
    let at = |file: SegmentName, offset: u64| {
        let (scheme, size) = (AddressScheme::Linear, SegmentSize::DEFAULT);
        let number = file.number(scheme, size).filter(|_| offset < size.bytes())?;
        Some(scheme.segment_start(number, size).plus_within(offset))
    };
    backup.start = at(first, offset);
    let stop_offset = text("wal_segment_offset_backup_stop").and_then(|text| text.parse().ok());
    backup.stop =
        text("wal_segment_backup_stop").and_then(SegmentName::parse).zip(stop_offset).and_then(|(f, o)| at(f, o));
    // Of another size the two do not fit.
    backup.stop = backup.stop.filter(|stop: &Lsn| backup.start.is_some_and(|start| *stop >= start));
    Ok(())
}

/// The backup history file that the server wrote.
fn history(
    reading: &Reading<'_>,
    base: &str,
    first: SegmentName,
    offset: u64,
) -> Result<Option<BackupHistory>, SourceError> {
    let folder = join(base, "wal_005");
    let start = format!("{first}.{offset:08X}.backup");
    let items = Items::of(reading.store, &folder)?;
    let Some((file, _)) = items.files().find(|(name, _)| name.starts_with(&start)) else { return Ok(None) };
    let bytes = plain(reading.store, reading.keys, &join(&folder, file), 64 << 10)?;
    Ok(bytes.and_then(|bytes| backup_history::parse(&bytes).ok()))
}

#[cfg(test)]
mod tests {
    use super::start_in;

    #[test]
    fn a_label_of_wal_e_has_an_offset() {
        let (segment, offset) = start_in("base_00000001000000000000000A_00000040").unwrap();
        assert_eq!((segment.to_string().as_str(), offset), ("00000001000000000000000A", 40));
        for other in ["base_00000001000000000000000A", "base_00000001000000000000000C_D_00000001000000000000000A", "x"]
        {
            assert_eq!(start_in(other), None, "{other}");
        }
    }
}
