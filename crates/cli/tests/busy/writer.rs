//! An archive under load: a long valid chain of small segments, written in the manner of an `archive_command`.

use flate2::Compression;
use flate2::write::GzEncoder;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, CraftedFile};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// How segments come into the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// `cp`: the file grows in place.
    Copied,
    /// Under another name first.
    Renamed,
    /// `gzip -c > x.gz`.
    Packed,
    /// Plain, then packed one by one: for a moment both are there.
    PackedLater,
}

/// Segments that are kept before the oldest goes.
const KEPT: usize = 48;
/// Segments behind the newest that are packed.
const PLAIN: usize = 8;
/// How many may come and go while one run looks: half of the archive.
pub const TURNOVER: u64 = KEPT as u64 / 2;

/// The writer.
pub struct Writer {
    folder: PathBuf,
    manner: Manner,
    wal: Builder,
    xid: u32,
    /// Made and not yet archived, oldest first.
    made: Vec<CraftedFile>,
    /// In the archive, oldest first: names without suffix.
    here: Vec<String>,
    archived: u64,
}

impl Writer {
    pub fn new(folder: &Path, manner: Manner) -> Writer {
        let layout = Layout {
            dialect: Version::new(16, 0).dialect().unwrap(),
            align: Align::Eight,
            endian: Endian::Little,
            segment: SegmentSize::new(1 << 20).unwrap(),
            page: PageSize::DEFAULT,
        };
        let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(5));
        wal.checkpoint_shutdown();
        Writer { folder: folder.to_owned(), manner, wal, xid: 700, made: Vec::new(), here: Vec::new(), archived: 0 }
    }

    /// As many as are kept.
    pub fn fill(&mut self) {
        while self.here.len() < KEPT {
            self.grow();
        }
    }

    /// One more, and the oldest goes.
    pub fn step(&mut self) {
        self.grow();
        if self.here.len() > KEPT {
            let name = self.here.remove(0);
            for file in [name.clone(), format!("{name}.gz")] {
                let _ = fs::remove_file(self.folder.join(file));
            }
        }
    }

    /// One more.
    pub fn grow(&mut self) {
        if self.made.is_empty() {
            self.make();
        }
        let file = self.made.remove(0);
        let name = file.name.to_string();
        let bytes = file.content.bytes(0, file.content.size() as usize);
        self.put(&name, &bytes);
        self.here.push(name);
        self.archived += 1;
        if self.manner == Manner::PackedLater && self.here.len() > PLAIN {
            let name = self.here[self.here.len() - 1 - PLAIN].clone();
            let plain = self.folder.join(&name);
            self.pack(&name, &fs::read(&plain).unwrap());
            fs::remove_file(plain).unwrap();
        }
    }

    /// Takes one out of the middle.
    pub fn lose_one(&mut self) {
        let name = self.here.remove(KEPT / 2);
        fs::remove_file(self.folder.join(name)).unwrap();
    }

    pub fn archived(&self) -> u64 {
        self.archived
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        match self.manner {
            Manner::Copied | Manner::PackedLater => pieces(&mut File::create(self.folder.join(name)).unwrap(), bytes),
            Manner::Renamed => {
                let beside = self.folder.join(format!("{name}.tmp"));
                pieces(&mut File::create(&beside).unwrap(), bytes);
                fs::rename(beside, self.folder.join(name)).unwrap();
            }
            Manner::Packed => self.pack(name, bytes),
        }
    }

    fn pack(&self, name: &str, bytes: &[u8]) {
        let mut packed =
            GzEncoder::new(File::create(self.folder.join(format!("{name}.gz"))).unwrap(), Compression::fast());
        pieces(&mut packed, bytes);
        packed.finish().unwrap();
    }

    /// The next segments of the chain.
    fn make(&mut self) {
        while self.made.is_empty() {
            self.wal.filler(700);
            self.wal.zero_filler(120_000);
            self.xid += 1;
            self.wal.commit(self.xid, 800_000_000_000_000 + i64::from(self.xid));
            self.made = self.wal.hand_out();
        }
    }
}

/// As `cp` writes: piece by piece.
fn pieces(out: &mut dyn Write, bytes: &[u8]) {
    for piece in bytes.chunks(128 << 10) {
        out.write_all(piece).unwrap();
    }
}
