//! Servers that run on this machine, as far as whoever looks may see them: a postmaster works in its data directory.

use pgwal_format::Version;
use std::fs;
use std::path::{Path, PathBuf};

/// One of them.
pub(crate) struct RunningServer {
    /// Its data directory.
    pub data: PathBuf,
    /// Where its WAL and its tablespaces really lie.
    places: Vec<PathBuf>,
    /// Its major version; each has a folder of its own in a tablespace.
    version: Option<Version>,
}

impl RunningServer {
    /// Whether it keeps WAL, or a tablespace, in a folder.
    pub fn works_in(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|real| self.places.contains(&real))
    }

    /// Whether it has a tablespace there in the folder of this version, too.
    pub fn has_tablespace(&self, place: &Path, version: Version) -> bool {
        self.version.is_none_or(|own| own == version) && self.works_in(place)
    }
}

/// Those that work in another directory than this one.
pub(crate) fn beside(own: &Path) -> Vec<RunningServer> {
    let own = own.canonicalize().unwrap_or_else(|_| own.to_path_buf());
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let is_process = |name: &str| name.bytes().all(|b| b.is_ascii_digit());
    let pids = processes.flatten().filter_map(|entry| entry.file_name().into_string().ok()).filter(|n| is_process(n));
    let data = pids.filter_map(|pid| {
        let data = fs::read_link(format!("/proc/{pid}/cwd")).ok().filter(|data| *data != own)?;
        is_postmaster(&pid, &data).then_some(data)
    });
    data.map(|data| RunningServer { places: places(&data), version: version(&data), data }).collect()
}

/// Its lock file names the process.
fn is_postmaster(pid: &str, data: &Path) -> bool {
    let lock = data.join("postmaster.pid");
    lock.is_file() && fs::read_to_string(lock).is_ok_and(|text| text.lines().next() == Some(pid))
}

fn version(data: &Path) -> Option<Version> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Where the folders of a data directory really lie that may lie elsewhere.
fn places(data: &Path) -> Vec<PathBuf> {
    let spaces = fs::read_dir(data.join("pg_tblspc")).into_iter().flatten().flatten().map(|entry| entry.path());
    let all = ["pg_wal", "pg_xlog"].map(|name| data.join(name)).into_iter().chain(spaces);
    all.filter_map(|path| path.canonicalize().ok()).collect()
}
