//! Whose WAL it is say the beginnings of files, which of bzip2 cost a block of 900 kB each: where every file is read
//! anyway, a few are enough, as long as they agree.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use bzip2::write::BzEncoder;
use pgwal_craft::Builder;
use pgwal_format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_source::{AsOf, Entry, Extent, Keys, Listing, Local, Source, SourceError, Stamp, Stored};
use pgwal_verify::{Depth, Options, Outcome, Verdict, verify};
use std::io::{Cursor, Write};
use std::sync::Mutex;

/// Files in memory, and how they were opened.
struct Files {
    all: Vec<(String, Vec<u8>)>,
    heads: Mutex<Vec<String>>,
}

impl Files {
    fn new(all: Vec<(String, Vec<u8>)>) -> Files {
        Files { all, heads: Mutex::default() }
    }

    /// What comes of them, and of how many the beginning alone was asked for.
    fn look(&self, depth: Depth) -> (Outcome, usize) {
        let mut options = Options::default();
        options.depth = depth;
        let outcome = verify(self, &options).unwrap();
        (outcome, std::mem::take(&mut *self.heads.lock().unwrap()).len())
    }
}

impl Source for Files {
    fn describe(&self) -> String {
        "files".into()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        Ok(Listing::of(self.all.iter().map(|(name, bytes)| Entry::named(name, Some(bytes.len() as u64))).collect()))
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        if extent == Extent::Head {
            self.heads.lock().unwrap().push(entry.shown());
        }
        let (_, bytes) = self.all.iter().find(|(name, _)| *name == entry.shown()).unwrap();
        Ok(Box::new(Cursor::new(bytes.as_slice())))
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, _: &Entry) -> Option<Stamp> {
        None
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn is_live(&self) -> bool {
        false
    }

    fn local(&self) -> Option<&dyn Local> {
        None
    }
}

const OWN: u64 = 7_000_000_000_000_000_001;

/// So many segments of a cluster.
fn wal(count: usize, system_id: u64) -> Vec<(String, Vec<u8>)> {
    let layout = Layout {
        dialect: Version::new(15, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), system_id, SegmentNo(1));
    wal.checkpoint_shutdown();
    for _ in 0..count {
        wal.filler(20_000);
        wal.switch();
    }
    let files = wal.finish().files.into_iter().map(|file| {
        let bytes = file.content.bytes(0, file.content.size() as usize);
        (file.name.to_string(), bytes)
    });
    files.take(count).collect()
}

fn bz2(files: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let packed = |(name, bytes): (String, Vec<u8>)| {
        let mut packer = BzEncoder::new(Vec::new(), bzip2::Compression::best());
        packer.write_all(&bytes).unwrap();
        (format!("{name}.bz2"), packer.finish().unwrap())
    };
    files.into_iter().map(packed).collect()
}

#[test]
fn of_bzip2_a_few_beginnings_are_enough() {
    let files = Files::new(bz2(wal(20, OWN)));
    let (outcome, heads) = files.look(Depth::Records);
    // The first, the ninth, the seventeenth and the last.
    assert_eq!((outcome.verdict, heads), (Verdict::Proven, 4));
    // Of names alone nothing else is known, and what is not packed so costs nothing.
    assert_eq!(files.look(Depth::Names).1, 20);
    assert_eq!(Files::new(wal(20, OWN)).look(Depth::Records).1, 20);
}

#[test]
fn where_they_do_not_agree_the_others_are_asked() {
    let (mut all, others) = (wal(20, OWN), wal(20, OWN + 1));
    for (own, other) in all.iter_mut().zip(others).skip(12) {
        own.1 = other.1;
    }
    let (plain, _) = Files::new(all.clone()).look(Depth::Records);
    let (packed, heads) = Files::new(bz2(all.clone())).look(Depth::Records);
    assert!(heads >= 20, "{heads}");
    let said = |outcome: &Outcome| outcome.findings.iter().map(|f| (f.code, f.severity, f.lsn)).collect::<Vec<_>>();
    assert_eq!((packed.verdict, said(&packed)), (plain.verdict, said(&plain)));
    // One among those that are not asked is found when it is read.
    let mut all = wal(20, OWN);
    all[3].1 = wal(20, OWN + 1).swap_remove(3).1;
    let (plain, _) = Files::new(all.clone()).look(Depth::Records);
    let (packed, heads) = Files::new(bz2(all)).look(Depth::Records);
    assert_eq!((packed.verdict, said(&packed)), (Verdict::Refuted, said(&plain)));
    assert!(heads < 20, "{heads}");
}
