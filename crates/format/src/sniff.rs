//! What a file is when it is not WAL.

use crate::layout::NotWal;
use crate::{Dialect, Layout};

/// What the beginning of a plain file looks like.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Content {
    /// WAL of a version that is read.
    Wal(&'static Dialect),
    /// No bytes.
    Empty,
    /// Zeros: space allocated and never written.
    Zeros,
    /// WAL of a version that is not read, or of a beta.
    UnknownVersion(u16),
    /// A magic of WAL without believable sizes.
    DamagedWal,
    /// A program.
    Elf,
    /// Text.
    Text,
    /// As random as encrypted data.
    Random,
    /// None of these.
    Other,
}

/// Names what the first bytes look like; 4 KiB are enough.
pub fn content(start: &[u8]) -> Content {
    if start.is_empty() {
        return Content::Empty;
    }
    match Layout::detect(start) {
        Ok(layout) => return Content::Wal(layout.dialect),
        Err(NotWal::Unreleased { magic, .. }) if start.len() >= 40 => return Content::UnknownVersion(magic),
        Err(NotWal::NoSizes) => return Content::DamagedWal,
        Err(_) => {}
    }
    if start.iter().all(|&b| b == 0) {
        Content::Zeros
    } else if start.starts_with(b"\x7fELF") {
        Content::Elf
    } else if start.iter().all(|&b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7E)) {
        Content::Text
    } else if start.len() >= 1024 && entropy(start) > 7.5 {
        Content::Random
    } else {
        Content::Other
    }
}

/// Bits a byte (Shannon).
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &b in bytes {
        counts[usize::from(b)] += 1;
    }
    let total = bytes.len() as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_not_wal() {
        assert!(matches!(content(b""), Content::Empty));
        assert!(matches!(content(&[0; 512]), Content::Zeros));
        assert!(matches!(content(b"\x7fELF\x02\x01\x01"), Content::Elf));
        assert!(matches!(content(b"hello\n"), Content::Text));
        let random: Vec<u8> = (0..4096u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (i.wrapping_mul(40_503) >> 7) as u8)
            .collect();
        assert!(matches!(content(&random), Content::Random));
        let mut beta = [0u8; 64];
        beta[..2].copy_from_slice(&0xD121u16.to_le_bytes());
        assert!(matches!(content(&beta), Content::UnknownVersion(0xD121)));
    }
}
