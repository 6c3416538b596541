//! What a right key brings to light: the beginnings of files that lie in archives. Noise is none of them, but once in
//! 2²⁴ files.

use crate::codec::{self, Codec, Container};

/// Whether these are the first bytes of a file as it may lie in an archive. `all`: there are no more.
pub(super) fn is_known(head: &[u8], all: bool) -> bool {
    match Codec::detect(head, "") {
        Codec::Plain => is_page(head) || is_zeros(head) || is_text(head, all),
        // Two bytes are no evidence; and nobody encrypts twice.
        Codec::Unknown(Container::Compress) | Codec::Encrypted(_) => false,
        _ => true,
    }
}

/// Whether there are 32 bytes of text anywhere.
pub(super) fn holds_text(bytes: &[u8]) -> bool {
    let printed = |bytes: &[u8]| bytes.iter().all(|&b| b.is_ascii_graphic() || matches!(b, b' ' | b'\t' | b'\n'));
    bytes.chunks_exact(32).any(printed)
}

/// A first page of WAL: not only its magic, but a timeline and an address that may be.
fn is_page(head: &[u8]) -> bool {
    let Some([_, _, _, _, t0, t1, t2, t3, a0, a1, _, _, b0, b1, b2, b3, ..]) = head.first_chunk::<16>() else {
        return false;
    };
    // An address is a multiple of 1 KiB, in either byte order, in one number or in two.
    let aligned = *a0 == 0 && a1 & 3 == 0 || *b0 == 0 && b1 & 3 == 0 || *b3 == 0 && b2 & 3 == 0;
    codec::is_wal(head) && (*t0 == 0 && *t1 == 0 || *t2 == 0 && *t3 == 0) && aligned
}

fn is_zeros(head: &[u8]) -> bool {
    head.len() >= 16 && head.iter().all(|&b| b == 0)
}

fn is_text(head: &[u8], all: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut in two.
        Err(error) if !all && error.error_len().is_none() => {
            head.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or("")
        }
        Err(_) => return false,
    };
    (all || text.len() >= 16) && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}
