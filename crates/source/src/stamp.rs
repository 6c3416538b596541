//! What tells that a file is the one that was read before.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Size, times and number of a file. All of it stays the same as long as nobody writes to the file, renames it or puts
/// another in its place. Bits that a disk loses change nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Bytes on disk.
    pub size: u64,
    /// When its content was last written, in nanoseconds since 1970: `st_mtime`.
    pub modified: i64,
    /// When its content, name or rights last changed: `st_ctime`; 0 where the system has none. No program can set it
    /// back.
    pub changed: i64,
    /// Its number in the file system: `st_ino`; 0 where the system has none. In a store, a sum of its tag.
    pub inode: u64,
}

/// Coarsest step of a file system's times.
const COARSE: Duration = Duration::from_secs(2);
/// A kernel's clock for files goes in ticks.
const TICK: Duration = Duration::from_millis(50);

impl Stamp {
    /// That of the file at this path, links followed.
    pub fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        let modified = nanos(metadata.modified().ok()?);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let changed = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
            Some(Stamp { size: metadata.len(), modified, changed, inode: metadata.ino() })
        }
        #[cfg(not(unix))]
        Some(Stamp { size: metadata.len(), modified, changed: 0, inode: 0 })
    }

    /// That of an object in a store, whose tag or version changes with its content.
    pub fn tagged(size: u64, written: SystemTime, tag: &[u8]) -> Stamp {
        // FNV-1a.
        let sum = tag
            .iter()
            .fold(0xCBF2_9CE4_8422_2325, |sum: u64, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        Stamp { size, modified: nanos(written), changed: 0, inode: sum }
    }

    /// The file was written so shortly before `now` that another write might not change its times.
    pub fn is_young(&self, now: SystemTime) -> bool {
        let now = nanos(now);
        let within = |time: i64, step: Duration| now.saturating_sub(time) < step.as_nanos() as i64;
        within(self.modified, COARSE) || within(self.changed, TICK)
    }

    /// When its content was last written.
    pub fn written(&self) -> SystemTime {
        time(self.modified)
    }

    /// When it came to where it is: a copy may have kept the time at which its content was written.
    pub fn arrived(&self) -> SystemTime {
        time(self.modified.max(self.changed))
    }
}

fn time(nanos: i64) -> SystemTime {
    let span = Duration::from_nanos(nanos.unsigned_abs());
    let time = if nanos < 0 { UNIX_EPOCH.checked_sub(span) } else { UNIX_EPOCH.checked_add(span) };
    time.unwrap_or(UNIX_EPOCH)
}

fn nanos(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    }
}
