//! The state of a replication slot, `pg_replslot/NAME/state` (9.4 and later).
//!
//! ```text
//!  0  magic u32        0x01051CA1
//!  4  checksum u32     CRC-32C of all behind it
//!  8  version u32      of this form
//! 12  length u32       of what follows
//! 16  name[64]         as the server calls the slot, whatever its folder is called
//! 80  database u32     0 of a physical slot
//! 84  persistency u32  0: it stays when the server ends
//! 88  ...              differs by version
//! ```
//! `ReplicationSlotOnDisk` in `src/backend/replication/slot.c`.

use std::fmt;

/// What a server writes first.
const MAGIC: u32 = 0x0105_1CA1;
/// Where the length ends, and what it counts begins.
const HEADER: usize = 16;
/// More than any version of this form has.
const LAST_VERSION: u32 = 15;

/// What the state of a slot says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplicationSlot {
    /// Its name.
    pub name: String,
    /// It is of a database, for logical decoding.
    pub is_logical: bool,
    /// It outlives the server; others are removed when one starts.
    pub is_persistent: bool,
}

/// Why a server refuses the state of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotFault {
    /// It is not there.
    NoFile,
    /// It breaks off.
    Short,
    /// It begins with another number.
    Magic(u32),
    /// It is of a form that no server has.
    Version(u32),
    /// Its length is not that of its form.
    Length(u32),
    /// Its checksum is not that of its bytes.
    Checksum {
        /// That of the bytes.
        found: u32,
        /// The one that it holds.
        expected: u32,
    },
}

impl SlotFault {
    /// What a server says of the file.
    pub fn server_says(&self, file: &str) -> String {
        match self {
            SlotFault::NoFile => format!("could not open file \"{file}\": No such file or directory"),
            SlotFault::Short => format!("could not read file \"{file}\""),
            SlotFault::Magic(found) => {
                format!("replication slot file \"{file}\" has wrong magic number: {found} instead of {MAGIC}")
            }
            SlotFault::Version(found) => format!("replication slot file \"{file}\" has unsupported version {found}"),
            SlotFault::Length(found) => format!("replication slot file \"{file}\" has corrupted length {found}"),
            SlotFault::Checksum { found, expected } => {
                format!("checksum mismatch for replication slot file \"{file}\": is {found}, should be {expected}")
            }
        }
    }
}

/// Reads a state, of a server of either byte order.
///
/// # Errors
/// A server refuses it.
pub fn parse(bytes: &[u8]) -> Result<ReplicationSlot, SlotFault> {
    let big = bytes.first_chunk().is_some_and(|magic| u32::from_be_bytes(*magic) == MAGIC);
    let number = |at: usize| -> Result<u32, SlotFault> {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(SlotFault::Short)?;
        Ok(if big { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) })
    };
    let length = number(12)?;
    let (magic, expected, version) = (number(0)?, number(4)?, number(8)?);
    if magic != MAGIC {
        return Err(SlotFault::Magic(magic));
    }
    if version > LAST_VERSION {
        return Err(SlotFault::Version(version));
    }
    let there = bytes.len().saturating_sub(HEADER) as u64;
    if there < u64::from(length) {
        return Err(if length > 1024 { SlotFault::Length(length) } else { SlotFault::Short });
    }
    let covered = bytes.get(8..HEADER + length as usize).ok_or(SlotFault::Short)?;
    let found = pgwal_crc::castagnoli::append(0, covered);
    if found != expected {
        return Err(if there > u64::from(length) {
            SlotFault::Length(length)
        } else {
            SlotFault::Checksum { found, expected }
        });
    }
    let name = bytes.get(HEADER..80).unwrap_or_default().split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(ReplicationSlot {
        name: String::from_utf8_lossy(name).into_owned(),
        is_logical: number(80)? != 0,
        is_persistent: number(84)? == 0,
    })
}

impl fmt::Display for ReplicationSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} replication slot \"{}\"", if self.is_logical { "logical" } else { "physical" }, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state of so many bytes, by those that are not zero.
    fn state(length: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
        let mut out = vec![0; length];
        parts.iter().for_each(|(at, bytes)| out[*at..at + bytes.len()].copy_from_slice(bytes));
        out
    }

    /// What servers of 11 and 17 wrote, and what they said of it once it was damaged.
    #[test]
    fn states_of_servers() {
        let old_logical = state(
            176,
            &[
                (0, b"\xa1\x1c\x05\x01\x09j\x89\x01\x02\x00\x00\x00\xa0\x00\x00\x00lg"),
                (80, b"\x223"),
                (92, b"8\x02\x00\x00xSu"),
                (104, b"\xb0Su"),
                (112, b"test_decoding"),
            ],
        );
        let physical =
            state(200, &[(0, b"\xa1\x1c\x05\x01\x98W\x18;\x05\x00\x00\x00\xb8\x00\x00\x00ph"), (96, b"0\xa9W")]);
        for (bytes, name, is_logical) in [(&old_logical, "lg", true), (&physical, "ph", false)] {
            let slot = ReplicationSlot { name: name.into(), is_logical, is_persistent: true };
            assert_eq!(parse(bytes), Ok(slot));
        }
        let damaged = |at: usize| {
            let mut bytes = physical.clone();
            bytes[at] = b'x';
            parse(&bytes).unwrap_err()
        };
        assert_eq!(damaged(0), SlotFault::Magic(17_112_184));
        assert_eq!(damaged(8), SlotFault::Version(120));
        assert!(matches!(damaged(30), SlotFault::Checksum { .. }));
        let mut short = physical.clone();
        short[12] = b'x';
        assert_eq!(parse(&short), Err(SlotFault::Length(120)));
        for length in [0, 10, 100] {
            assert_eq!(parse(&physical[..length]), Err(SlotFault::Short));
        }
        let ephemeral = [&physical[..84], &[1], &physical[85..]].concat();
        let checksum = pgwal_crc::castagnoli::append(0, &ephemeral[8..]).to_le_bytes();
        let ephemeral = [&ephemeral[..4], &checksum, &ephemeral[8..]].concat();
        assert!(!parse(&ephemeral).unwrap().is_persistent);
    }
}
