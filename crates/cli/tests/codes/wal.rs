//! Bytes made right again after a change: a record's checksum, the time of a commit; and a tar.
//!
//! ```text
//! xl_tot_len 4 | xl_xid 4 | xl_prev 8 | xl_info 1 | xl_rmid 1 | pad 2 | xl_crc 4 | body
//! ```
//! The checksum is of the body, then of the header in front of `xl_crc`. It is summed here bit by bit: what a test is
//! fed must not depend on the code under test.

use std::fs;
use std::io;
use std::path::Path;
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

/// A tar of a folder's files, as `pg_basebackup` writes it.
pub fn tar(folder: &Path) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    members(folder, "", &mut out)?;
    out.resize(out.len() + 1024, 0);
    Ok(out)
}

fn members(folder: &Path, under: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let name = format!("{under}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            members(&path, &format!("{name}/"), out)?;
            continue;
        }
        let content = fs::read(&path)?;
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        block[156] = b'0';
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(block);
        out.extend(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    Ok(())
}
