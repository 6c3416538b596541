//! First touches recounted with checkpoints farther apart.
//!
//! Of every block the last change is kept; of an image, the change before it. Which checkpoint is in force at an image
//! is known only once its record comes, which lies behind the position where replay would begin: images wait for it.

use super::FartherCheckpoints;
use crate::checkpoint_seen::CheckpointSeen;
use crate::volume::{ImageReason, ImageSum};
use pgwal_format::record::{Block, BlockRef, Record};
use pgwal_format::rmgr::HEAP2;
use pgwal_format::{Layout, Lsn};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// So many blocks are kept: some 70 MiB.
const MOST_BLOCKS: usize = 3_500_000;
/// So many images wait: some 80 MiB.
const MOST_WAITING: usize = 2_000_000;
/// VISIBLE of "Heap2", whose second block is the page itself, on which nothing need change.
const VISIBLE: u8 = 0x40;
/// The fixed part of an image's header (`SizeOfXLogRecordBlockImageHeader`).
const IMAGE_HEADER: u64 = 5;

/// Resource manager and high half of `xl_info`.
type Operation = (u8, u8);

/// An image of a page that was touched for the first time since a checkpoint.
#[derive(Clone, Copy, Debug)]
struct TouchedImage {
    lsn: Lsn,
    block: u64,
    /// The last change of the block before it, where that lies in the same part.
    before: Option<Lsn>,
    length: u32,
    of: Operation,
    /// Without it, there is no record.
    alone: bool,
}

/// A step in the order of WAL.
#[derive(Clone, Copy, Debug)]
enum CycleStep {
    Image(TouchedImage),
    Checkpoint(CheckpointSeen),
}

/// What a stretch of WAL tells.
#[derive(Clone, Debug, Default)]
pub struct CyclePart {
    /// Of each block, the last change.
    touched: HashMap<u64, Lsn>,
    steps: Vec<CycleStep>,
    /// By operation: blocks without an image, and bytes of data that came with them.
    without: HashMap<Operation, (u64, u64)>,
    layout: Option<Layout>,
}

impl CyclePart {
    /// A checkpoint.
    pub fn checkpoint(&mut self, seen: CheckpointSeen) {
        self.steps.push(CycleStep::Checkpoint(seen));
    }

    /// Any record.
    pub fn record(&mut self, record: &Record<'_>, blocks: &[Block]) {
        self.layout = Some(*record.layout);
        let header = &record.header;
        let of = (header.rmid, header.info >> 4);
        for Block { reference, .. } in blocks {
            let is_page_of_map = header.rmid == HEAP2 && header.operation() & 0x70 == VISIBLE && reference.id == 1;
            let block = hashed(reference);
            if let Some(image) = &reference.image {
                let reason = ImageReason::of(record, image);
                if matches!(reason, ImageReason::FirstTouch | ImageReason::Hint) {
                    let before = self.touched.get(&block).copied();
                    let alone = reason == ImageReason::Hint;
                    let length = if alone { header.tot_len } else { image.length };
                    self.steps.push(CycleStep::Image(TouchedImage {
                        lsn: record.lsn,
                        block,
                        before,
                        length,
                        of,
                        alone,
                    }));
                }
            } else if is_page_of_map {
                continue;
            } else {
                let (blocks, bytes) = self.without.entry(of).or_default();
                *blocks += 1;
                *bytes += u64::from(reference.data_len);
            }
            self.touched.insert(block, record.lsn);
        }
    }
}

/// A block in few bytes: two of the same are one in as good as no archive.
fn hashed(reference: &BlockRef) -> u64 {
    let mut hasher = DefaultHasher::new();
    (reference.rel, reference.fork, reference.block).hash(&mut hasher);
    hasher.finish()
}

/// What was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecountedCycle {
    /// From where on: where replay from the first checkpoint in this WAL begins.
    pub from: Option<Lsn>,
    /// Bytes of WAL from there on.
    pub wal_bytes: u64,
    /// Checkpoints behind that.
    pub checkpoints: u64,
    /// Those that are left of them.
    pub checkpoints_left: u64,
    /// Images of pages that are touched first since a checkpoint, hints included.
    pub now: ImageSum,
    /// Those that would not be written.
    pub saved: ImageSum,
    /// Bytes of data that would be there in place of these, by what such records have without an image.
    pub instead: u64,
    /// Images and blocks for which there was no room: they count as written.
    pub left_out: u64,
}

/// Counts.
pub struct CycleRecount {
    farther: FartherCheckpoints,
    layout: Option<Layout>,
    touched: HashMap<u64, Lsn>,
    waiting: Vec<TouchedImage>,
    /// The checkpoint that was left last.
    kept: Option<CheckpointSeen>,
    /// Checkpoints since that one.
    since: u32,
    without: HashMap<Operation, (u64, u64)>,
    saved: HashMap<Operation, u64>,
    last: Option<Lsn>,
    counted: RecountedCycle,
}

impl CycleRecount {
    /// Nothing yet.
    pub fn new(farther: FartherCheckpoints) -> CycleRecount {
        CycleRecount {
            farther,
            layout: None,
            touched: HashMap::new(),
            waiting: Vec::new(),
            kept: None,
            since: 0,
            without: HashMap::new(),
            saved: HashMap::new(),
            last: None,
            counted: RecountedCycle::default(),
        }
    }

    /// Goes on with what follows.
    pub fn add(&mut self, part: CyclePart) {
        self.layout = self.layout.or(part.layout);
        for step in part.steps {
            match step {
                CycleStep::Image(mut image) => {
                    image.before = image.before.or_else(|| self.touched.get(&image.block).copied());
                    self.last = self.last.max(Some(image.lsn));
                    if self.waiting.len() < MOST_WAITING {
                        self.waiting.push(image);
                    } else {
                        self.counted.left_out += 1;
                    }
                }
                CycleStep::Checkpoint(seen) => self.checkpoint(seen),
            }
        }
        for (block, lsn) in part.touched {
            self.last = self.last.max(Some(lsn));
            if self.touched.len() >= MOST_BLOCKS && !self.touched.contains_key(&block) {
                self.counted.left_out += 1;
            } else {
                self.touched.insert(block, lsn);
            }
        }
        for (operation, (blocks, bytes)) in part.without {
            let own = self.without.entry(operation).or_default();
            (own.0, own.1) = (own.0 + blocks, own.1 + bytes);
        }
    }

    fn checkpoint(&mut self, seen: CheckpointSeen) {
        self.last = self.last.max(Some(seen.lsn));
        let Some(kept) = self.kept else {
            // What lies before the first is not counted: of its blocks nobody knows whether they were touched.
            self.waiting.retain(|image| image.lsn >= seen.redo);
            self.touched.retain(|_, last| *last >= seen.redo);
            (self.kept, self.counted.from) = (Some(seen), Some(seen.redo));
            return;
        };
        self.since += 1;
        self.counted.checkpoints += 1;
        let is_left = seen.shutdown
            || match self.farther {
                FartherCheckpoints::Times(times) => self.since >= times,
                FartherCheckpoints::Micros(least) => {
                    kept.time.zip(seen.time).is_none_or(|(a, b)| b.0.saturating_sub(a.0) >= least)
                }
                FartherCheckpoints::Bytes(least) => self.distance(kept.redo, seen.redo) >= least,
            };
        self.settle(kept.redo, is_left.then_some(seen.redo));
        if is_left {
            self.counted.checkpoints_left += 1;
            (self.kept, self.since) = (Some(seen), 0);
            // What was touched before is touched anew.
            self.touched.retain(|_, last| *last >= seen.redo);
        }
    }

    fn distance(&self, from: Lsn, to: Lsn) -> u64 {
        let of = |layout: &Layout| layout.address().distance(to, from, layout.segment);
        self.layout.as_ref().map_or(0, |layout| u64::try_from(of(layout)).unwrap_or(0))
    }

    /// Says of images that wait whether they would be written: behind `next`, where there is one, that checkpoint is in
    /// force.
    fn settle(&mut self, kept: Lsn, next: Option<Lsn>) {
        for image in std::mem::take(&mut self.waiting) {
            let force = next.filter(|next| image.lsn >= *next).unwrap_or(kept);
            self.counted.now.one(image.length);
            if image.before.is_some_and(|before| before >= force) {
                self.counted.saved.one(image.length);
                if !image.alone {
                    *self.saved.entry(image.of).or_default() += 1;
                }
            }
        }
    }

    /// What it came to.
    pub fn finish(mut self) -> RecountedCycle {
        if let Some(kept) = self.kept {
            self.settle(kept.redo, None);
            self.counted.wal_bytes = self.last.map_or(0, |last| self.distance(kept_from(&self.counted), last));
        }
        for (operation, images) in &self.saved {
            let (blocks, bytes) = self.without.get(operation).copied().unwrap_or_default();
            let data = images.saturating_mul(bytes).checked_div(blocks).unwrap_or(0);
            self.counted.instead += data.saturating_sub(images * IMAGE_HEADER);
        }
        self.counted
    }
}

fn kept_from(counted: &RecountedCycle) -> Lsn {
    counted.from.unwrap_or(Lsn::ZERO)
}
