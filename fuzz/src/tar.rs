//! Tar archives, packed or not, and base backups in them.

use pgwal_recovery::backup;
use pgwal_source::tar::{TarEvent, scan};
use std::io::Write;
use std::ops::ControlFlow;

/// Plain bytes that are looked at of one tar: a few packed bytes can unpack to gigabytes.
const MOST: u64 = 8 << 20;

/// Reads `bytes` as a tar, and as a backup.
pub fn run(bytes: &[u8]) {
    let mut file = tempfile::Builder::new().suffix(".tar").tempfile().expect("the folder of temporary files");
    file.write_all(bytes).expect("room for a few bytes");
    let (mut told, mut open, mut given) = (0u64, 0u64, 0u64);
    let read = scan(file.path(), &mut |event| {
        match event {
            TarEvent::Member(member) => (open, given) = (member.size, 0),
            TarEvent::Content(content) => {
                given += content.len() as u64;
                told += content.len() as u64;
                assert!(given <= open, "a member has no more than it says");
            }
        }
        if told > MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if told <= MOST
        && read.is_ok()
        && let Ok(backup) = backup::open(file.path())
    {
        let _ = (backup.start(), backup.timeline(), backup.stop(), backup.system_id());
        let _ = (backup.flaws.len(), backup.settings.len());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("tar", super::run).unwrap() >= 4);
    }
}
