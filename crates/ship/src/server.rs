//! What the data directory says in which a file lies that is handed out.

use pgwal_archive::lineage::{history_name, switch_segment};
use pgwal_format::text::control::{ControlError, ControlFile, ControlState};
use pgwal_format::text::history::{self, Ancestor, Switch};
use pgwal_format::{FileName, Layout, Lsn, SegmentNo, TimelineId};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The data directory of a server that hands out WAL.
#[derive(Clone, Debug)]
pub struct ServerDirectory {
    wal: PathBuf,
    control: Result<ControlFile, ControlError>,
}

/// Where a timeline was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftAt {
    /// The first position that is not on it; up to 9.2 only its segment is known.
    pub lsn: Option<Lsn>,
    /// The segment.
    pub segment: SegmentNo,
}

/// More than any history file has.
const LIMIT: u64 = 1 << 20;
/// A server may be writing its control file: so often, so far apart.
const READINGS: usize = 5;
const APART: Duration = Duration::from_millis(10);

impl ServerDirectory {
    /// The data directory in whose `pg_wal` or `pg_xlog` a file lies. A server runs its commands in that directory, so
    /// that `pg_wal` may be a link to elsewhere.
    pub fn of(file: &Path) -> Option<ServerDirectory> {
        let wal = file.parent()?;
        let is_wal = |name: &str| wal.file_name().is_some_and(|own| own == name);
        let above = wal.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let here = ["pg_wal", "pg_xlog"].iter().any(|name| is_wal(name)).then_some(above);
        let linked = || {
            let real = std::fs::canonicalize(wal).ok()?;
            let leads = |name: &&str| std::fs::canonicalize(name).is_ok_and(|path| path == real);
            ["pg_wal", "pg_xlog"].iter().find(|name| leads(name)).map(|_| PathBuf::new())
        };
        let control = |root: PathBuf| Some(root.join("global/pg_control")).filter(|path| path.is_file());
        let path = here.and_then(control).or_else(|| linked().and_then(control))?;
        Some(ServerDirectory { wal: wal.to_path_buf(), control: read_control(&path)? })
    }

    /// Its control file, where that can be read.
    pub fn control(&self) -> Option<&ControlFile> {
        self.control.as_ref().ok()
    }

    /// It is of a version that is not known here.
    pub fn is_of_unknown_version(&self) -> bool {
        matches!(self.control, Err(ControlError::UnknownVersion { .. }))
    }

    /// The server replays WAL of others.
    pub fn is_in_recovery(&self) -> bool {
        let state = self.control().map(|control| control.state);
        matches!(state, Some(ControlState::InArchiveRecovery | ControlState::ShutDownInRecovery))
    }

    /// The ancestors of a timeline, where its history file is here and can be read.
    pub fn history(&self, timeline: TimelineId) -> Option<Vec<Ancestor>> {
        let bytes = small(&self.wal.join(history_name(timeline)))?;
        history::parse(&bytes, timeline).ok().filter(|ancestors| !ancestors.is_empty())
    }

    /// Where a timeline was left, by the history files of newer ones.
    pub fn left(&self, timeline: TimelineId, layout: &Layout) -> Vec<LeftAt> {
        let Ok(folder) = std::fs::read_dir(&self.wal) else { return Vec::new() };
        let newer = folder.flatten().filter_map(|entry| match FileName::parse(entry.file_name().to_str()?)? {
            FileName::History(newer) if newer > timeline => Some(newer),
            _ => None,
        });
        newer.filter_map(|newer| left_by(&self.history(newer)?, timeline, layout)).collect()
    }
}

/// Where a history file says that a timeline was left.
fn left_by(ancestors: &[Ancestor], timeline: TimelineId, layout: &Layout) -> Option<LeftAt> {
    let switch = history::passed(ancestors).iter().find(|ancestor| ancestor.timeline == timeline)?.switch;
    let lsn = if let Switch::At(lsn) = switch { Some(lsn) } else { None };
    Some(LeftAt { lsn, segment: switch_segment(&switch, layout)? })
}

/// A control file whose checksum is right, or why there is none; `None` where the file cannot be read at all.
fn read_control(path: &Path) -> Option<Result<ControlFile, ControlError>> {
    let mut read = Err(ControlError::NotControl);
    for again in 0..READINGS {
        if again > 0 {
            std::thread::sleep(APART);
        }
        read = ControlFile::parse(&small(path)?);
        if !matches!(read, Err(ControlError::WrongChecksum(_) | ControlError::TooShort(_))) {
            break;
        }
    }
    Some(read)
}

/// A small file, whole.
fn small(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    File::open(path).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
