//! Bytes made right again after a change: a record's checksum, the time of a commit.
//!
//! ```text
//! xl_tot_len 4 | xl_xid 4 | xl_prev 8 | xl_info 1 | xl_rmid 1 | pad 2 | xl_crc 4 | body
//! ```
//! The checksum is of the body, then of the header in front of `xl_crc`. It is summed here bit by bit: what a test is
//! fed must not depend on the code under test.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const CRC: usize = 20;
const HEADER: usize = 24;
/// Bytes of a page.
pub const PAGE: usize = 8192;
/// Seconds from 1970 to 2000, when PostgreSQL's time begins.
const EPOCH: u64 = 946_684_800;

/// Makes the checksum of the record right that begins with these bytes.
pub fn sum(bytes: &mut [u8]) {
    let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
    assert!((HEADER..PAGE).contains(&length), "a record of {length} bytes");
    let crc = crc32c(bytes[HEADER..length].iter().chain(&bytes[..CRC]));
    bytes[CRC..HEADER].copy_from_slice(&crc.to_le_bytes());
}

/// Gives a commit (or an abort), which begins with these bytes, a time so long ago.
pub fn committed(bytes: &mut [u8], ago: Duration) {
    assert_eq!((bytes[17], bytes[HEADER]), (1, 255), "a record of the transaction manager without blocks");
    let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - Duration::from_secs(EPOCH) - ago;
    let micros = u64::try_from(then.as_micros()).unwrap();
    // Behind the fragment's id and its length.
    bytes[HEADER + 2..HEADER + 10].copy_from_slice(&micros.to_le_bytes());
    sum(bytes);
}

fn crc32c<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0x82F6_3B78 } else { 0 })
    })
}
