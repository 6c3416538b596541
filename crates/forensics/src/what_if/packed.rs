//! Images packed in another way.

use pgwal_format::image::without_hole;
use pgwal_format::record::{Block, Record};
use pgwal_source::{ImagePacking, Images};

/// Bytes that the header of a packed image has more where the page has a hole: its length
/// (`SizeOfXLogRecordBlockCompressHeader`).
const HOLE_LENGTH: usize = 2;

/// What images come to.
#[derive(Clone, Debug, Default)]
pub struct PackedImages {
    /// How many.
    pub images: u64,
    /// Their bytes as they are in WAL, those lengths of holes included.
    pub bytes: u64,
    /// Their bytes unpacked, without holes.
    pub plain_bytes: u64,
    /// Their bytes as they would be.
    pub packed_bytes: u64,
    /// Images that could not be unpacked, which count as they are.
    pub unreadable: u64,
    page: Vec<u8>,
}

impl PackedImages {
    /// Adds others.
    pub fn add(&mut self, other: &PackedImages) {
        self.images += other.images;
        self.bytes += other.bytes;
        self.plain_bytes += other.plain_bytes;
        self.packed_bytes += other.packed_bytes;
        self.unreadable += other.unreadable;
    }

    /// The images of a record.
    pub fn record(&mut self, record: &Record<'_>, blocks: &[Block], packing: ImagePacking) {
        for block in blocks {
            let Some(image) = block.reference.image else { continue };
            let has_hole = image.hole_length != Some(0);
            let stored = image.length as usize + if image.compressed && has_hole { HOLE_LENGTH } else { 0 };
            self.images += 1;
            self.bytes += stored as u64;
            if without_hole(record.layout, &image, block.image(record), &Images, &mut self.page).is_err() {
                self.unreadable += 1;
                self.plain_bytes += stored as u64;
                self.packed_bytes += stored as u64;
                continue;
            }
            let plain = self.page.len();
            let more = if has_hole { HOLE_LENGTH } else { 0 };
            let packed = packing.packed(&self.page).map(|packed| packed + more).filter(|packed| *packed < plain);
            self.plain_bytes += plain as u64;
            self.packed_bytes += packed.unwrap_or(plain) as u64;
        }
    }
}
