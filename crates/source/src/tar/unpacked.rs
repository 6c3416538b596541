//! Members of a packed tar, which can only be got at from its beginning.
//!
//! ```text
//! member   1  2  3  4  5  6  7 …      unpacked in the tar's order, a walk for each that reads at one time
//! walk A      ████ at 3               the bytes of the member that it reads stay with it, up to 16 MiB: damage is
//! walk B         ███████ at 5         looked at twice
//! ```
//! Whoever is done leaves the walk where it is. The next one takes the walk that is nearest in front of what it wants;
//! only where none is, the tar is unpacked from its beginning. Members that are read in the tar's order cost one
//! unpacking for each thread, and memory for each walk, however large they are.

use super::bytes::{TarBytes, TarReading};
use crate::codec::Codec;
use crate::decode::Unpacking;
use crate::input::BufferedInput;
use crate::{SourceError, Stored};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a member that stay with a walk.
const KEPT: usize = 16 << 20;

/// A packed tar, and where it is being unpacked.
pub(super) struct Unpacked {
    packed: TarBytes,
    codec: Codec,
    walks: Mutex<Walks>,
    /// Plain bytes that were unpacked, from the first reading on.
    bytes: AtomicU64,
}

#[derive(Default)]
struct Walks {
    idle: Vec<Walk>,
    busy: usize,
    /// As many as were ever busy at once are kept.
    most: usize,
}

/// An unpacking of the tar, up to where it was needed.
struct Walk {
    input: BufferedInput<TarReading>,
    unpacking: Unpacking,
    /// Where it is in the plain tar.
    at: u64,
    /// Plain bytes in front of that, from here on.
    from: u64,
    kept: Vec<u8>,
}

impl Unpacked {
    pub(super) fn new(packed: TarBytes, codec: Codec) -> Unpacked {
        Unpacked { packed, codec, walks: Mutex::default(), bytes: AtomicU64::new(0) }
    }

    /// A member: so many bytes from an offset in the plain tar on.
    pub(super) fn member(&self, offset: u64, size: u64) -> Result<MemberReader<'_>, SourceError> {
        Ok(MemberReader { tar: self, walk: Some(self.walk(offset)?), offset, size, at: 0 })
    }

    /// Plain bytes that were unpacked for members until now.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Walks> {
        self.walks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The walk that is nearest in front of this place.
    fn walk(&self, offset: u64) -> Result<Walk, SourceError> {
        let mut walks = self.lock();
        walks.busy += 1;
        walks.most = walks.most.max(walks.busy);
        let reaching = walks.idle.iter().enumerate().filter(|(_, walk)| walk.reaches(offset));
        let nearest = reaching.max_by_key(|(_, walk)| walk.from).map(|(i, _)| i);
        let nearest = nearest.map(|i| walks.idle.swap_remove(i));
        drop(walks);
        let walk = nearest.map_or_else(|| Walk::begin(&self.packed, self.codec), Ok);
        if walk.is_err() {
            self.lock().busy -= 1;
        }
        walk
    }

    fn leave(&self, walk: Walk) {
        let mut walks = self.lock();
        walks.busy -= 1;
        walks.idle.push(walk);
        // The one that is farthest is of a reading that is over.
        if walks.idle.len() + walks.busy > walks.most
            && let Some((farthest, _)) = walks.idle.iter().enumerate().max_by_key(|(_, walk)| walk.at)
        {
            walks.idle.swap_remove(farthest);
        }
    }

    fn read(&self, walk: &mut Walk, from: u64, out: &mut [u8]) -> io::Result<usize> {
        let before = walk.at;
        let result = walk.read(from, out);
        self.bytes.fetch_add(walk.at - before, Ordering::Relaxed);
        result.map_err(|error| self.packed.said(error))
    }
}

impl Walk {
    fn begin(packed: &TarBytes, codec: Codec) -> Result<Walk, SourceError> {
        let unpacking = Unpacking::new(codec).map_err(|error| SourceError::io(packed.path(), &error))?;
        let input = BufferedInput::new(packed.reading()?, Vec::new());
        Ok(Walk { input, unpacking, at: 0, from: 0, kept: Vec::new() })
    }

    /// Whether a place can be read without beginning anew.
    fn reaches(&self, place: u64) -> bool {
        place >= self.from
    }

    /// Bytes from a place on that is reached.
    fn read(&mut self, place: u64, out: &mut [u8]) -> io::Result<usize> {
        while self.at < place {
            let mut passed = [0; 16 << 10];
            let most = usize::try_from(place - self.at).unwrap_or(usize::MAX).min(passed.len());
            let count = self.unpacking.fill(&mut self.input, &mut passed[..most])?;
            self.forget(self.at + count as u64);
            if count == 0 {
                return Ok(0);
            }
        }
        if place < self.at {
            let kept = self.kept.get((place - self.from) as usize..).unwrap_or(&[]);
            let count = kept.len().min(out.len());
            out[..count].copy_from_slice(&kept[..count]);
            return Ok(count);
        }
        let count = self.unpacking.fill(&mut self.input, out)?;
        if self.kept.len() + count > KEPT {
            self.forget(self.at + count as u64);
        } else {
            self.kept.extend_from_slice(&out[..count]);
            self.at += count as u64;
        }
        Ok(count)
    }

    /// Goes on from another place, with nothing in front of it.
    fn forget(&mut self, at: u64) {
        self.kept.clear();
        (self.at, self.from) = (at, at);
    }
}

/// A member of a packed tar.
pub(super) struct MemberReader<'a> {
    tar: &'a Unpacked,
    /// There until the end.
    walk: Option<Walk>,
    offset: u64,
    size: u64,
    at: u64,
}

impl io::Read for MemberReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.size - self.at).unwrap_or(usize::MAX).min(out.len());
        let place = self.offset.saturating_add(self.at);
        let Some(walk) = self.walk.as_mut().filter(|walk| most > 0 && walk.reaches(place)) else { return Ok(0) };
        if self.at == 0 && walk.at <= place {
            // What was kept of the member before is done with.
            walk.forget(walk.at);
        }
        let count = self.tar.read(walk, place, &mut out[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Stored for MemberReader<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let place = self.offset.saturating_add(offset);
        let mut walk = self.tar.walk(place)?;
        let read = self.tar.read(&mut walk, place, &mut out[..most]);
        self.tar.leave(walk);
        read
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn has_changed(&self) -> io::Result<bool> {
        self.tar.packed.has_changed()
    }

    fn file(&self) -> Option<&File> {
        None
    }
}

impl Drop for MemberReader<'_> {
    fn drop(&mut self) {
        if let Some(walk) = self.walk.take() {
            self.tar.leave(walk);
        }
    }
}
