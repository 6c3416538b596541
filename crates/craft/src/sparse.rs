//! The bytes of a file of which most are zero.
//!
//! Held page by page, without the zeros that end a page: a segment of 1 GiB costs what is written in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes, of which only the pages that are not all zero are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sparse {
    page: usize,
    size: u64,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Sparse {
    /// `size` zeros, to be held in pieces of `page` bytes.
    pub fn zeros(size: u64, page: usize) -> Sparse {
        Sparse { page: page.max(1), size, pages: BTreeMap::new() }
    }

    /// These bytes.
    pub fn of(bytes: &[u8]) -> Sparse {
        let mut sparse = Sparse::zeros(bytes.len() as u64, 8192);
        sparse.put(0, bytes);
        sparse
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Cuts, or appends zeros.
    pub fn resize(&mut self, size: u64) {
        self.zero(size, self.size.saturating_sub(size));
        self.size = size;
    }

    /// Writes bytes; what lies beyond the end is dropped.
    pub fn put(&mut self, mut offset: u64, bytes: &[u8]) {
        let fits = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..fits];
        while !rest.is_empty() {
            let (index, at) = (offset / self.page as u64, (offset % self.page as u64) as usize);
            let (piece, after) = rest.split_at(rest.len().min(self.page - at));
            self.put_in_page(index, at, piece);
            offset += piece.len() as u64;
            rest = after;
        }
    }

    fn put_in_page(&mut self, index: u64, at: usize, piece: &[u8]) {
        let used = piece.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
        let page = match self.pages.get_mut(&index) {
            Some(page) => page,
            None if used == 0 => return,
            None => self.pages.entry(index).or_default(),
        };
        if page.len() < at + used {
            page.resize(at + used, 0);
        }
        let end = page.len().min(at + piece.len());
        if let Some(target) = page.get_mut(at..end) {
            target.copy_from_slice(&piece[..end - at]);
        }
    }

    /// Writes zeros.
    pub fn zero(&mut self, offset: u64, length: u64) {
        let end = offset.saturating_add(length).min(self.size);
        let size = self.page as u64;
        let touched: Vec<u64> =
            self.pages.range(offset / size..end.div_ceil(size).max(offset / size)).map(|(&index, _)| index).collect();
        for index in touched {
            let start = index * size;
            let from = offset.saturating_sub(start) as usize;
            let to = (end.saturating_sub(start)).min(size) as usize;
            if let Some(page) = self.pages.get_mut(&index) {
                let to = to.min(page.len());
                if let Some(target) = page.get_mut(from..to) {
                    target.fill(0);
                }
                if from == 0 && to == page.len() {
                    self.pages.remove(&index);
                }
            }
        }
    }

    /// Fills `target` with the bytes from `offset` on, zeros beyond the end.
    pub fn read(&self, offset: u64, target: &mut [u8]) {
        target.fill(0);
        let size = self.page as u64;
        let end = offset.saturating_add(target.len() as u64);
        for (&index, page) in self.pages.range(offset / size..end.div_ceil(size).max(offset / size)) {
            let start = index * size;
            let skip = offset.saturating_sub(start) as usize;
            let at = start.saturating_sub(offset) as usize;
            let Some(source) = page.get(skip..) else { continue };
            let length = source.len().min(target.len() - at);
            target[at..at + length].copy_from_slice(&source[..length]);
        }
    }

    /// `length` bytes from `offset` on.
    pub fn bytes(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.read(offset, &mut bytes);
        bytes
    }

    /// Writes the file, leaving holes where pages are zero.
    pub fn write_to(&self, path: &Path) -> io::Result<()> {
        const HOLE: u64 = 4096;
        let mut file = File::create(path)?;
        let (mut start, mut run) = (0u64, Vec::new());
        for (&index, page) in &self.pages {
            let offset = index * self.page as u64;
            let gap = offset - (start + run.len() as u64);
            if gap >= HOLE || run.len() > 1 << 20 {
                file.seek(SeekFrom::Start(start))?;
                file.write_all(&run)?;
                run.clear();
                start = offset;
            } else {
                run.resize(run.len() + gap as usize, 0);
            }
            run.extend_from_slice(page);
        }
        file.seek(SeekFrom::Start(start))?;
        file.write_all(&run)?;
        file.set_len(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_plain_bytes_whatever_is_written() {
        let mut sparse = Sparse::zeros(1000, 64);
        let mut plain = vec![0u8; 1000];
        let mut seed = 1u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
            (seed >> 8) % below
        };
        for _ in 0..500 {
            let at = next(1000) as usize;
            let length = (next(200) as usize).min(1000 - at);
            if next(3) == 0 {
                sparse.zero(at as u64, length as u64);
                plain[at..at + length].fill(0);
            } else {
                let bytes: Vec<u8> = (0..length).map(|_| if next(4) == 0 { 7 } else { 0 }).collect();
                sparse.put(at as u64, &bytes);
                plain[at..at + length].copy_from_slice(&bytes);
            }
            assert_eq!(sparse.bytes(0, 1000), plain);
            assert_eq!(sparse.bytes(at as u64, length), &plain[at..at + length]);
        }
        sparse.resize(300);
        sparse.resize(1000);
        plain[300..].fill(0);
        assert_eq!(sparse.bytes(0, 1000), plain);
    }
}
