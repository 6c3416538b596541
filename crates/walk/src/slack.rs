//! Bytes that no record holds and that should be zero: replay does not read them, whole-file hashes do.

/// Why the bytes are no part of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum SlackKind {
    /// Padding inside a page header.
    PageHeader,
    /// Between the end of a record and the next aligned position, at the end of a page where no record fits, or behind
    /// the checksum in a record header of 9.3 and 9.4.
    Padding,
    /// Behind an `XLOG_SWITCH`.
    AfterSwitch,
    /// Behind the end of WAL: neither zeros nor the pages of a recycled segment.
    AfterEnd,
    /// Pages of an older segment, as recycled files hold them, behind an `XLOG_SWITCH` or the end of WAL.
    Recycled,
}

/// A place where bytes that should be zero are not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slack {
    /// Offset of the first such byte in the segment.
    pub offset: u64,
    /// Start of the segment.
    pub segment: pgwal_format::Lsn,
    /// Why no record holds it.
    pub kind: SlackKind,
}

/// Whether all bytes are zero.
pub fn is_zero(bytes: &[u8]) -> bool {
    first_non_zero(bytes).is_none()
}

/// The first byte that is not zero.
pub(crate) fn first_non_zero(bytes: &[u8]) -> Option<usize> {
    const STEP: usize = 256;
    let mut offset = 0;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<STEP>() {
        // No early exit inside a chunk: this compiles to a few wide instructions.
        if chunk.iter().fold(0, |any, &b| any | b) != 0 {
            break;
        }
        (rest, offset) = (after, offset + STEP);
    }
    rest.iter().position(|&b| b != 0).map(|i| offset + i)
}

#[cfg(test)]
mod tests {
    use super::first_non_zero;

    #[test]
    fn finds_every_single_byte() {
        let mut bytes = vec![0u8; 1000];
        assert_eq!(first_non_zero(&bytes), None);
        for i in 0..1000 {
            bytes[i] = 1;
            assert_eq!(first_non_zero(&bytes), Some(i));
            bytes[i] = 0;
        }
    }
}
