//! A data directory with WAL in it, made byte by byte, and commands run in it as a server runs them.

use crate::run::Ran;
use pgwal::format::text::control::members::{Abi, ControlField};
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::control::control_file;
use pgwal_craft::{Builder, CraftedArchive, Opening};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The cluster of every site that is not said to be another.
pub const CLUSTER: u64 = 7_000_000_000_000_000_001;

/// `DB_IN_ARCHIVE_RECOVERY` and `DB_IN_PRODUCTION`, from 9.0 on.
pub const IN_RECOVERY: u64 = 5;
pub const IN_PRODUCTION: u64 = 6;

/// A data directory.
pub struct Site {
    folder: TempDir,
    pub wal: &'static str,
}

/// How the WAL of a version is laid out, with small segments.
pub fn layout(version: Version) -> Layout {
    Layout {
        dialect: version.dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    }
}

/// Segments 1 to 5, the last ended by a switch; `seed` makes others with other records.
pub fn plain(version: Version, cluster: u64, seed: u64) -> CraftedArchive {
    let mut wal = Builder::new(layout(version), TimelineId(1), cluster, SegmentNo(1));
    wal.checkpoint_shutdown();
    for n in 0..550 {
        wal.filler(7_777 + seed + n % 100);
        wal.commit(700 + n as u32, 800_000_000_000_000 + n as i64 * 1_000_000);
    }
    wal.switch();
    wal.finish()
}

/// Segments 1 and 2 on timeline 1, which is left in 2, then 2 and 3 on timeline 2.
pub fn promoted(version: Version) -> CraftedArchive {
    let mut wal = Builder::new(layout(version), TimelineId(1), CLUSTER, SegmentNo(1));
    wal.checkpoint_shutdown();
    (0..150).for_each(|n| {
        wal.filler(9_000 + n);
    });
    wal.timeline_switch_leaving(TimelineId(2), Opening::EndOfRecovery, &[500, 600]);
    (0..100).for_each(|n| {
        wal.filler(9_000 + n);
    });
    wal.switch();
    wal.finish()
}

impl Site {
    /// A data directory in production, of this version, with these files.
    pub fn of(version: Version, archive: &CraftedArchive) -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap(), wal: "pg_wal" };
        fs::create_dir_all(site.path("pg_wal/archive_status")).unwrap();
        fs::create_dir(site.path("global")).unwrap();
        site.state(version, IN_PRODUCTION, CLUSTER);
        archive.write_to(&site.path("pg_wal")).unwrap();
        site
    }

    /// Writes the control file anew.
    pub fn state(&self, version: Version, state: u64, cluster: u64) {
        let dialect = version.dialect().unwrap();
        let old = version < Version::new(9, 0);
        let state = if old && state > 2 { state - 1 } else { state };
        let set = [
            (ControlField::State, state),
            (ControlField::SystemIdentifier, cluster),
            (ControlField::XlogSegSize, 1 << 20),
            (ControlField::XlogBlcksz, 8192),
            (ControlField::ThisTimeline, 1),
        ];
        let bytes = control_file(dialect, Abi::usual(Align::Eight), Endian::Little, &set);
        fs::write(self.path("global/pg_control"), bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path of a file of WAL as a server names it.
    pub fn p(&self, file: &str) -> String {
        format!("{}/{file}", self.wal)
    }

    /// Makes a folder in the site, and says where it is.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Runs the program in the data directory.
    pub fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The program, to be run in the data directory.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Every file of WAL there, in the order of names: history files first.
    pub fn files(&self) -> Vec<String> {
        names(&self.path(self.wal))
    }

    /// Changes the bytes of a file of WAL.
    pub fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.path(self.wal).join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }
}

/// So many rounds in the suite, and as many as `WALPROOF_SHIP_ROUNDS` says in a long run.
pub fn rounds(few: usize) -> usize {
    std::env::var("WALPROOF_SHIP_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(few)
}

/// Every file under its last name is what the server has under it.
#[track_caller]
pub fn is_whole(site: &Site, to: &Path) {
    for name in names(to).iter().filter(|name| !name.starts_with('.')) {
        assert!(fs::read(to.join(name)).unwrap() == fs::read(site.path(&site.p(name))).unwrap(), "{name}");
    }
}

/// Names of files in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = all.filter(|entry| entry.file_type().unwrap().is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

impl Ran {
    #[track_caller]
    pub fn passes(self) -> Ran {
        assert_eq!((self.code, self.err.as_str()), (0, ""));
        self
    }

    #[track_caller]
    pub fn fails(self, says: &str) -> Ran {
        assert_eq!(self.code, 1, "{}{}", self.out, self.err);
        assert!(self.err.contains(says), "not said: {says}\n{}", self.err);
        self
    }

    #[track_caller]
    pub fn warns(self, says: &str) -> Ran {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        assert!(self.err.contains(says), "not said: {says}\n{}", self.err);
        self
    }
}
