//! The contents of a backup of pg_probackup, held against the checksums in its list of files.

use super::Reading;
use crate::backup::{ListedBackup, asked};
use crate::contents::{ContentsRead, ContentsReading};
use crate::pieces::{DataPiece, PieceRead, PieceSum, read, share};
use crate::store::join;
use pgwal_source::{Keys, SourceError};
use serde_json::Value;

/// Looks at the contents of the backups that are asked for. `limit`: of the list of files.
pub(super) fn look(
    reading: &Reading<'_>,
    backups: &mut [ListedBackup],
    limit: u64,
    how: &ContentsReading,
) -> Result<(), SourceError> {
    for index in asked(backups, how) {
        let Some(backup) = backups.get_mut(index) else { continue };
        let control = reading.store.read(&join(&backup.file, "backup.control"), 1 << 20)?.unwrap_or_default();
        let list = reading.store.read(&join(&backup.file, "backup_content.control"), limit)?.unwrap_or_default();
        if list.is_empty() || backup.is_unfinished() {
            continue;
        }
        let mut contents = ContentsRead::default();
        if sums_are_known(&String::from_utf8_lossy(&control)) {
            contents = files(reading, &backup.file, &list, how.jobs);
        } else {
            contents.leave("contents: checksums of this version of pg_probackup are not known");
        }
        backup.take_contents(contents);
    }
    Ok(())
}

/// Since 2.0.25 they are CRC-32C of what is stored, but for the control file.
fn sums_are_known(control: &str) -> bool {
    let line = control.lines().find_map(|line| line.strip_prefix("program-version")?.trim_start().strip_prefix('='));
    let mut numbers = line.unwrap_or_default().trim().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = [numbers.next(), numbers.next(), numbers.next()].map(Option::unwrap_or_default);
    ([2, 0, 25]..[3, 0, 0]).contains(&version)
}

fn files(reading: &Reading<'_>, own: &str, list: &[u8], jobs: usize) -> ContentsRead {
    let lines: Vec<&[u8]> = list.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
    let none = Keys::default();
    let mut all = share(lines.len(), jobs, &|at, scratch, out| {
        let value = lines.get(at).and_then(|line| serde_json::from_slice::<Value>(line).ok()).unwrap_or_default();
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let number = |key: &str| text(key).and_then(|text| text.parse::<i64>().ok());
        let (Some(path), Some(size)) = (text("path"), number("size")) else { return };
        if size <= 0 {
            return;
        }
        if number("external_dir_num").unwrap_or(0) != 0 {
            out.leave("folders beside the data directory");
            return;
        }
        let sum = match text("crc").and_then(|crc| crc.parse().ok()) {
            _ if path == "global/pg_control" => PieceSum::Control,
            Some(crc) => PieceSum::Crc32c(crc),
            None => return out.leave("files without a checksum"),
        };
        if number("hdr_size").unwrap_or(0) > 0 {
            out.leave("page_header_map");
        }
        let piece = DataPiece { file: join(own, &format!("database/{path}")), part: None, sum };
        match read(reading.store, &none, &piece, scratch) {
            PieceRead::Absent => return,
            PieceRead::Unread(why) => return out.unread(at, path.to_owned(), why),
            PieceRead::Right(bytes) => out.bytes += bytes,
            PieceRead::Wrong(bytes, why) => {
                out.bytes += bytes;
                out.damaged(at, path.to_owned(), why);
            }
        }
        out.files += 1;
    });
    all.not_checked.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::sums_are_known;

    #[test]
    fn versions_whose_sums_are_known() {
        let known = |version: &str| sums_are_known(&format!("x = 1\nprogram-version = {version}\n"));
        assert!(known("2.5.16") && known("2.0.25"));
        assert!(!known("2.0.24") && !known("3.0.0") && !known("x") && !sums_are_known(""));
    }
}
