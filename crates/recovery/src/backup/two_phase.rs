//! Prepared transactions whose state lies in a data directory (`pg_twophase`), as a server finds them when it starts
//! (`ProcessTwoPhaseBuffer` in `twophase.c`).

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// More than any server has.
const MOST: usize = 1 << 18;
/// Transactions in a segment of `pg_xact`: 32 pages of 8 KiB, four in a byte.
const IN_SEGMENT: u32 = 32 * 8192 * 4;

/// The numbers of those that did not end, in their order, and the names of their files.
pub(super) fn two_phase(data: &Path) -> Vec<(u32, String)> {
    let Ok(entries) = fs::read_dir(data.join("pg_twophase")) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut all: Vec<(u32, String)> = names.filter_map(|name| Some((xid(&name)?, name))).take(MOST).collect();
    all.sort_unstable();
    // What is left of those that ended is removed.
    all.retain(|(xid, _)| !has_ended(data, *xid));
    all
}

/// Up to 16 eight digits, from 17 on the epoch in front of them.
fn xid(name: &str) -> Option<u32> {
    let is_number = name.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let digits = name.get(name.len().checked_sub(8)?..).filter(|_| is_number && matches!(name.len(), 8 | 16))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Whether `pg_xact` says that a transaction was committed or rolled back.
fn has_ended(data: &Path, xid: u32) -> bool {
    let status = || {
        let path = data.join(format!("pg_xact/{:04X}", xid / IN_SEGMENT));
        let mut file = path.is_file().then(|| File::open(path).ok())??;
        file.seek(SeekFrom::Start(u64::from(xid % IN_SEGMENT / 4))).ok()?;
        let mut byte = [0];
        file.read_exact(&mut byte).ok()?;
        Some(byte[0] >> (xid % 4 * 2) & 3)
    };
    matches!(status(), Some(1 | 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_states() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["pg_twophase", "pg_xact"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["000002E1", "00000000000002E2", "000002E3", "000002e4", "000002E5.tmp", "2E6"] {
            fs::write(folder.path().join("pg_twophase").join(name), "").unwrap();
        }
        let found = || two_phase(folder.path()).into_iter().map(|(xid, _)| xid).collect::<Vec<u32>>();
        assert_eq!(found(), [0x2E1, 0x2E2, 0x2E3]);
        let mut states = vec![0; 8192];
        states[0x2E1 / 4] = (1 << 2) | (2 << 6);
        fs::write(folder.path().join("pg_xact/0000"), states).unwrap();
        assert_eq!(found(), [0x2E2]);
    }
}
