//! Sums of what was read, beside its records.

use crate::whose::FirstPage;
use pgwal_source::{Codec, Entry, How, ReadState, Scratch, Source};
use sha1::{Digest, Sha1};
use std::ops::ControlFlow;
use twox_hash::xxhash3_128::Hasher;

/// The hash of the bytes that came, and what the first of them say.
pub(super) struct ContentSum(Option<(Hasher, Option<FirstPage>, bool)>);

impl ContentSum {
    pub fn new(wanted: bool) -> ContentSum {
        ContentSum(wanted.then(|| (Hasher::new(), None, false)))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        if let Some((sum, first, begun)) = &mut self.0 {
            sum.write(bytes);
            if !std::mem::replace(begun, true) {
                *first = FirstPage::of(bytes.get(..FirstPage::BYTES).unwrap_or(bytes)).ok();
            }
        }
    }

    pub fn finish(self) -> (u128, Option<FirstPage>) {
        self.0.map_or((0, None), |(sum, first, _)| (sum.finish_128(), first))
    }
}

/// What a file is packed in, and the SHA-1 of its plain content of at most so many bytes; `None` where it is not read
/// whole.
pub fn sha1_of(source: &dyn Source, entry: &Entry, limit: u64) -> Option<(Codec, [u8; 20])> {
    let (mut sum, how) = (Sha1::new(), How { limit, ..How::default() });
    let read = source.read(entry, &how, &mut Scratch::default(), &mut |window| {
        sum.update(window);
        ControlFlow::Continue(())
    });
    let read = read.ok().filter(|read| read.state == ReadState::Whole)?;
    Some((read.codec, sum.finalize().into()))
}

/// The checksum in a file's name, and that of the bytes that came; nothing is summed where the name has none.
pub(super) struct NamedSum(Option<([u8; 20], Sha1)>);

impl NamedSum {
    pub fn of(entry: &Entry) -> NamedSum {
        NamedSum(entry.archived_sha1().map(|sha1| (sha1, Sha1::new())))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        if let Some((_, sum)) = &mut self.0 {
            sum.update(bytes);
        }
    }

    /// The checksum found, where it is another.
    pub fn other(self) -> Option<[u8; 20]> {
        let (expected, sum) = self.0?;
        let found: [u8; 20] = sum.finalize().into();
        (found != expected).then_some(found)
    }
}
