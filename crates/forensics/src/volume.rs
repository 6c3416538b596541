//! How much WAL there is: records, their bytes, page images by the reason for which they were written.

use pgwal_format::Generation;
use pgwal_format::record::{Image, Record};
use pgwal_format::rmgr::{GIN, XLOG, xlog};

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $name:literal;)*) => {
        /// Why an image of a page is in WAL.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum ImageReason { $($(#[$doc])* $reason,)* }

        impl ImageReason {
            /// All of them.
            pub const ALL: &'static [ImageReason] = &[$(ImageReason::$reason),*];

            /// As documents name it.
            pub const fn name(self) -> &'static str {
                match self { $(ImageReason::$reason => $name),* }
            }
        }
    };
}

reasons! {
    /// It is the first change of the page since a checkpoint (`full_page_writes`).
    FirstTouch = "first_touch";
    /// Hint bits alone were set, the first ones since a checkpoint (`wal_log_hints`, checksums).
    Hint = "hint";
    /// The page is logged as a whole: indexes that are built, relations that are written anew or copied.
    NewPage = "new_page";
    /// The record always has it (`REGBUF_FORCE_IMAGE`): a page of a GIN index that is split or cleaned.
    Forced = "forced";
    /// It is there to be compared at replay alone (`wal_consistency_checking`).
    Check = "check";
}

/// Operations of "Gin" whose images are always there (`ginPlaceToPage`, `xlogVacuumPage`): SPLIT, VACUUM_PAGE.
const FORCED_IN_GIN: [u8; 2] = [0x30, 0x40];

impl ImageReason {
    /// That of an image of a record.
    pub fn of(record: &Record<'_>, image: &Image) -> ImageReason {
        let header = &record.header;
        let modern = record.layout.dialect.generation == Generation::Modern;
        match (header.rmid, header.operation()) {
            _ if !image.apply => ImageReason::Check,
            // 9.3 and 9.4 have the number for hints, too.
            (XLOG, xlog::FPI_FOR_HINT) => ImageReason::Hint,
            (XLOG, xlog::FPI | xlog::FPI_MULTI) if modern => ImageReason::NewPage,
            (GIN, operation) if modern && FORCED_IN_GIN.contains(&operation) => ImageReason::Forced,
            _ => ImageReason::FirstTouch,
        }
    }
}

/// Images and their bytes, as they are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImageSum {
    /// How many.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl ImageSum {
    /// One more.
    pub fn one(&mut self, bytes: u32) {
        self.images += 1;
        self.bytes += u64::from(bytes);
    }
}

/// Records, and what is in them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VolumeSum {
    /// Records.
    pub records: u64,
    /// Their bytes, page images included.
    pub bytes: u64,
    /// Images, by their reasons in the order of [`ImageReason::ALL`].
    pub images: [ImageSum; ImageReason::ALL.len()],
}

impl VolumeSum {
    /// Adds another.
    pub fn add(&mut self, other: &VolumeSum) {
        self.records += other.records;
        self.bytes += other.bytes;
        for (own, other) in self.images.iter_mut().zip(other.images) {
            own.images += other.images;
            own.bytes += other.bytes;
        }
    }

    /// Images of a reason.
    pub fn of(&self, reason: ImageReason) -> ImageSum {
        self.images.get(reason as usize).copied().unwrap_or_default()
    }

    /// Bytes of all images.
    pub fn image_bytes(&self) -> u64 {
        self.images.iter().map(|sum| sum.bytes).sum()
    }

    /// Another image; its bytes are among those of the record, or are added by whoever divides that.
    pub(crate) fn image(&mut self, reason: ImageReason, bytes: u32) {
        if let Some(sum) = self.images.get_mut(reason as usize) {
            sum.one(bytes);
        }
    }
}
