//! A file in the index.

use super::wire::Seal;
use crate::read::{CountedFile, View};
use pgwal_format::Layout;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::wire::{Wire, bytes};
use pgwal_source::Stamp;

/// Whose archive an index is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    pub layout: Layout,
    pub system_id: u64,
}

/// What is remembered of a file.
#[derive(Clone, Debug)]
pub(super) struct RememberedFile {
    /// Relative to the archive, as a user would type it.
    pub file: String,
    /// What tells that it is still the same.
    pub stamp: Stamp,
    /// The hash of its plain bytes.
    pub sum: u128,
    /// Nothing kept a server from using it.
    pub good: bool,
    /// Number of the run in which it was read.
    pub run: u64,
    /// When.
    pub at: Timestamp,
    /// What of it was left out can only be had from the segment before, which has this hash.
    pub needs_left: Option<u128>,
    /// As what it was read.
    pub view: View,
    /// What it came to: a [`CountedFile`] in binary, hash left out.
    pub read: Vec<u8>,
}

impl RememberedFile {
    /// What it came to.
    pub fn read(&self) -> Option<CountedFile> {
        let mut input = self.read.as_slice();
        let mut read = CountedFile::take(&mut input).filter(|_| input.is_empty())?;
        read.sum = self.sum;
        Some(read)
    }

    /// What it came to, in binary.
    pub fn pack(read: &CountedFile) -> Vec<u8> {
        let mut out = Vec::new();
        // Their places are their own: one says it for all.
        CountedFile { sum: 0, ..read.clone() }.put(&mut out);
        out
    }

    pub fn put(&self, owner: &Owner, out: &mut Vec<u8>) {
        self.file.put(out);
        Seal(self.stamp).put(out);
        self.sum.put(out);
        (self.good, (self.run, (self.at, self.needs_left))).put(out);
        let View { layout, system_id, timeline, number } = self.view;
        let own = (layout, system_id) == (owner.layout, owner.system_id);
        (own, (timeline, number)).put(out);
        if !own {
            (layout, system_id).put(out);
        }
        self.read.len().put(out);
        out.extend_from_slice(&self.read);
    }

    pub fn take(owner: &Owner, input: &mut &[u8]) -> Option<RememberedFile> {
        let file = String::take(input)?;
        let stamp = Seal::take(input)?.0;
        let sum = u128::take(input)?;
        let (good, run): (bool, u64) = Wire::take(input)?;
        let (at, needs_left): (Timestamp, Option<u128>) = Wire::take(input)?;
        let own = bool::take(input)?;
        let (timeline, number) = Wire::take(input)?;
        let (layout, system_id) = if own { (owner.layout, owner.system_id) } else { Wire::take(input)? };
        let length = usize::take(input)?;
        let read = bytes(input, length)?.to_vec();
        Some(RememberedFile {
            file,
            stamp,
            sum,
            good,
            run,
            at,
            needs_left,
            view: View { layout, system_id, timeline, number },
            read,
        })
    }
}
