//! An archive that was made, a data directory beside it, and the command that a server would run there.

use pgwal::format::text::control::members::{Abi, ControlField};
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, Opening, control};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

pub const CLUSTER: u64 = 7_000_000_000_000_000_001;

/// Five segments of 1 MiB on timeline 1, in the fourth of which timeline 2 begins, which has two more.
pub struct Made {
    folder: TempDir,
    version: Version,
}

pub struct Ran {
    pub code: Option<i32>,
    pub said: String,
    /// What lies under the path that was asked for.
    pub got: Option<Vec<u8>>,
}

pub fn segment(timeline: u32, number: u32) -> String {
    format!("{timeline:08X}00000000{number:08X}")
}

impl Made {
    pub fn new() -> Made {
        Made::of(Version::new(15, 0))
    }

    pub fn of(version: Version) -> Made {
        let layout = Layout {
            dialect: version.dialect().unwrap(),
            align: Align::Eight,
            endian: Endian::Little,
            segment: SegmentSize::new(1 << 20).unwrap(),
            page: PageSize::DEFAULT,
        };
        let mut wal = Builder::new(layout, TimelineId(1), CLUSTER, SegmentNo(1));
        wal.checkpoint_shutdown();
        // Each goes over the end of a segment.
        (0..3).for_each(|_| _ = wal.filler(1_100_000));
        wal.commit(700, 800_000_000_000_000);
        // Timeline 1 goes on for a while behind the fork.
        let mut left = wal.clone();
        (0..2).for_each(|_| _ = left.filler(1_000_000));
        wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
        (0..2).for_each(|_| _ = wal.filler(1_000_000));
        wal.commit(701, 800_000_001_000_000);
        wal.switch();
        left.switch();
        let folder = tempfile::tempdir().unwrap();
        let made = Made { folder, version };
        for place in ["archive", "data/pg_wal", "data/global"] {
            fs::create_dir_all(made.at(place)).unwrap();
        }
        left.finish().write_to(&made.at("archive")).unwrap();
        wal.finish().write_to(&made.at("archive")).unwrap();
        made.serve(1, "recovery.signal", "");
        made
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The server that asks: the timeline of its control file, its signal file, its settings.
    pub fn serve(&self, timeline: u64, signal: &str, settings: &str) {
        self.control(CLUSTER, timeline, 0);
        fs::write(self.at("data/PG_VERSION"), format!("{}\n", self.version)).unwrap();
        for name in ["recovery.signal", "standby.signal"] {
            let _ = fs::remove_file(self.at("data").join(name));
        }
        fs::write(self.at("data").join(signal), "").unwrap();
        fs::write(self.at("data/postgresql.auto.conf"), settings).unwrap();
    }

    /// Its control file: the cluster, the timeline, and where replay would begin, in megabytes.
    pub fn control(&self, cluster: u64, timeline: u64, redo: u64) {
        let set = [
            (ControlField::SystemIdentifier, cluster),
            (ControlField::ThisTimeline, timeline),
            (ControlField::Redo, (redo << 20) + 40),
            (ControlField::XlogBlcksz, 8192),
            (ControlField::XlogSegSize, 1 << 20),
        ];
        let abi = Abi { align: Align::Eight, time_t: 8 };
        let bytes = control::control_file(self.version.dialect().unwrap(), abi, Endian::Little, &set);
        fs::write(self.at("data/global/pg_control"), bytes).unwrap();
    }

    pub fn take_away(&self, name: &str) -> Vec<u8> {
        let path = self.at("archive").join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        bytes
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.at("archive").join(name)).unwrap()
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.at("archive").join(name), bytes).unwrap();
    }

    pub fn command(&self, name: &str, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.args(["archive-get", name, "pg_wal/RECOVERYXLOG", "--from"]).arg(self.at("archive")).args(options);
        command.current_dir(self.at("data")).stdin(Stdio::null());
        command
    }

    /// Asks for a file, as the server does in its data directory.
    pub fn ask(&self, name: &str, options: &[&str]) -> Ran {
        self.came_to(self.command(name, options).output().unwrap())
    }

    pub fn came_to(&self, output: Output) -> Ran {
        let path = self.at("data/pg_wal/RECOVERYXLOG");
        let got = fs::read(&path).ok();
        let _ = fs::remove_file(path);
        // Whatever happened, nothing else is left there.
        let left: Vec<_> = fs::read_dir(self.at("data/pg_wal")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name.len() == 24), "{left:?}");
        Ran { code: output.status.code(), said: String::from_utf8_lossy(&output.stderr).into_owned(), got }
    }

    /// A recovery stops, and the log says why; nothing is delivered.
    pub fn stops(&self, name: &str, options: &[&str], why: &str) {
        let ran = self.ask(name, options);
        assert_eq!((ran.code, ran.got.as_deref()), (Some(126), None), "{name} {options:?}: {}", ran.said);
        assert!(ran.said.contains(why), "{name}: {} says nothing of: {why}", ran.said);
    }

    pub fn is_absent(&self, name: &str, options: &[&str]) {
        let ran = self.ask(name, options);
        assert_eq!((ran.code, ran.got.as_deref(), ran.said.as_str()), (Some(1), None, ""), "{name} {options:?}");
    }

    pub fn is_delivered(&self, name: &str, options: &[&str]) -> Vec<u8> {
        let ran = self.ask(name, options);
        assert_eq!(ran.code, Some(0), "{name} {options:?}: {}", ran.said);
        ran.got.unwrap()
    }
}
