//! lzop (`.lzo`), as WAL-E writes it: a header, then blocks; numbers with their highest byte first.
//!
//! ```text
//! 89 "LZO" 00 0D 0A 1A 0A | version 2 | library 2 | [needed 2] | method 1 | [level 1] | flags 4 | [filter 4] | mode 4
//!   | time 4 | [time, high 4] | length of the name 1 | name | checksum of the header 4 | [extra: length 4, bytes,
//!     sum 4]
//! plain length 4 | packed length 4 | [Adler-32 of the plain bytes] [CRC-32] | [both of the packed ones] | bytes
//!   … until a plain length of 0. A block that does not pack is as long as its plain bytes, and stored.
//! ```

use super::blocks::{BlockParts, Next, big};
use crate::outcome::ReadFault;

const MAGIC: &[u8] = b"\x89LZO\0\r\n\x1a\n";
/// lzop writes blocks of 256 KiB, and could those of 64 MiB.
const MOST: u32 = 8 << 20;
const EXTRA: u32 = 0x40;
const FILTER: u32 = 0x800;
const HEADER_CRC: u32 = 0x1000;

/// Checksums that stand in front of a block, if the flags say so.
const PLAIN_ADLER: u32 = 1;
const PLAIN_CRC: u32 = 0x100;
const PACKED_ADLER: u32 = 2;
const PACKED_CRC: u32 = 0x200;

#[derive(Clone, Copy, PartialEq)]
enum LzopState {
    /// Up to the number of the version that is needed.
    Begin,
    Header,
    Name,
    ExtraLength,
    Extra,
    PlainLength,
    Lengths,
    Block,
}

pub(super) struct Lzop {
    state: LzopState,
    /// The header as far as it was read, for its checksum.
    header: Vec<u8>,
    flags: u32,
    plain: u32,
    packed: u32,
}

impl Lzop {
    pub(super) fn new() -> Lzop {
        Lzop { state: LzopState::Begin, header: Vec::new(), flags: 0, plain: 0, packed: 0 }
    }

    fn then(&mut self, state: LzopState, wanted: usize) -> Next {
        self.state = state;
        Next::Part(wanted)
    }

    /// From 0.94 on headers have three more fields.
    fn is_new(&self) -> bool {
        self.header.first_chunk::<2>().is_some_and(|version| u16::from_be_bytes(*version) >= 0x0940)
    }

    fn begin(&mut self, part: &[u8]) -> Next {
        let Some(version) = part.strip_prefix(MAGIC) else { return Next::Failed(ReadFault::Corrupt) };
        self.header = version.to_vec();
        // Up to the length of the name, and the filter is not among them yet.
        let wanted = if self.is_new() { 2 + 1 + 1 + 4 + 4 + 4 + 4 + 1 } else { 1 + 4 + 4 + 4 + 1 };
        self.then(LzopState::Header, wanted)
    }

    fn header(&mut self, part: &[u8]) -> Next {
        self.header.extend_from_slice(part);
        let (method, flags) =
            if self.is_new() { (part.get(2), part.get(4..8)) } else { (part.first(), part.get(1..5)) };
        self.flags = big(flags.unwrap_or(&[]));
        if !matches!(method, Some(1..=3)) || self.flags & FILTER > 0 {
            return Next::Failed(ReadFault::Unsupported);
        }
        let name = usize::from(part.last().copied().unwrap_or(0));
        self.then(LzopState::Name, name + 4)
    }

    fn name(&mut self, part: &[u8]) -> Next {
        let Some((name, sum)) = part.split_last_chunk::<4>() else { return Next::Failed(ReadFault::Corrupt) };
        self.header.extend_from_slice(name);
        let found = if self.flags & HEADER_CRC > 0 { crc(&self.header) } else { adler(&self.header) };
        if found != u32::from_be_bytes(*sum) {
            return Next::Failed(ReadFault::Checksum);
        }
        if self.flags & EXTRA > 0 {
            return self.then(LzopState::ExtraLength, 4);
        }
        self.then(LzopState::PlainLength, 4)
    }

    fn plain_length(&mut self, part: &[u8]) -> Next {
        self.plain = big(part);
        match self.plain {
            0 => Next::Complete,
            1..=MOST => self.then(LzopState::Lengths, 4),
            _ => Next::Failed(ReadFault::Unsupported),
        }
    }

    fn lengths(&mut self, part: &[u8]) -> Next {
        self.packed = big(part);
        if self.packed == 0 || self.packed > self.plain {
            return Next::Failed(ReadFault::Corrupt);
        }
        let sums = self.sums().iter().filter(|&&(flag, _)| self.flags & flag > 0).count();
        let wanted = self.packed as usize + 4 * sums;
        self.then(LzopState::Block, wanted)
    }

    /// The checksums that a block may have, and whether they are of its plain bytes.
    fn sums(&self) -> &'static [(u32, bool)] {
        const ALL: [(u32, bool); 4] =
            [(PLAIN_ADLER, true), (PLAIN_CRC, true), (PACKED_ADLER, false), (PACKED_CRC, false)];
        // A stored block has its plain bytes only.
        if self.packed < self.plain { &ALL } else { &ALL[..2] }
    }

    fn block(&mut self, part: &[u8], plain: &mut Vec<u8>) -> Next {
        let Some((sums, bytes)) = part.len().checked_sub(self.packed as usize).and_then(|at| part.split_at_checked(at))
        else {
            return Next::Failed(ReadFault::Corrupt);
        };
        if self.packed < self.plain {
            plain.resize(self.plain as usize, 0);
            if lzokay::decompress::decompress(bytes, plain) != Ok(plain.len()) {
                plain.clear();
                return Next::Failed(ReadFault::Corrupt);
            }
        } else {
            plain.extend_from_slice(bytes);
        }
        let present = self.sums().iter().filter(|&&(flag, _)| self.flags & flag > 0);
        for (&(flag, of_plain), sum) in present.zip(sums.chunks_exact(4)) {
            let of = if of_plain { plain.as_slice() } else { bytes };
            let found = if matches!(flag, PLAIN_ADLER | PACKED_ADLER) { adler(of) } else { crc(of) };
            if found != big(sum) {
                return Next::Failed(ReadFault::Checksum);
            }
        }
        self.then(LzopState::PlainLength, 4)
    }
}

impl BlockParts for Lzop {
    const FIRST: usize = MAGIC.len() + 4;

    fn part(&mut self, part: &[u8], plain: &mut Vec<u8>) -> Next {
        match self.state {
            LzopState::Begin => self.begin(part),
            LzopState::Header => self.header(part),
            LzopState::Name => self.name(part),
            LzopState::ExtraLength => {
                self.state = LzopState::Extra;
                Next::Behind(big(part), 4)
            }
            LzopState::Extra => self.then(LzopState::PlainLength, 4),
            LzopState::PlainLength => self.plain_length(part),
            LzopState::Lengths => self.lengths(part),
            LzopState::Block => self.block(part, plain),
        }
    }

    fn begins(&self, next: &[u8]) -> bool {
        MAGIC.starts_with(next) || next.starts_with(MAGIC.get(..4).unwrap_or(MAGIC))
    }

    fn restart(&mut self) {
        *self = Lzop::new();
    }
}

/// Adler-32 (RFC 1950).
fn adler(bytes: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    let (mut a, mut b) = (1u32, 0u32);
    // So many that no sum runs over.
    for run in bytes.chunks(5_552) {
        for &byte in run {
            a += u32::from(byte);
            b += a;
        }
        (a, b) = (a % BASE, b % BASE);
    }
    b << 16 | a
}

/// CRC-32 as gzip has it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!((adler(b"Wikipedia"), crc(b"123456789")), (0x11E6_0398, 0xCBF4_3926));
    }
}
