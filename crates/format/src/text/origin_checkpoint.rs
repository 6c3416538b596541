//! How far replication came from each origin (`pg_logical/replorigin_checkpoint`,
//! `src/backend/replication/logical/origin.c`; 9.5 and later).
//!
//! ```text
//! 0 u32 magic, 0x1257DADE   4 u16 origin   12 u64 its position   20 u16 origin …   u32 CRC-32C of all before
//! ```

const MAGIC: u32 = 0x1257_DADE;
const HEADER: usize = 4;
/// `ReplicationStateOnDisk`: the origin, and from an alignment of eight on the position.
const STATE: usize = 16;
const CHECKSUM: usize = 4;

/// The origins, in their order, of a server of either byte order; `None` for a file that a server refuses.
///
/// ```
/// assert_eq!(pgwal_format::text::origin_checkpoint::parse(b"no"), None);
/// ```
pub fn parse(bytes: &[u8]) -> Option<Vec<u16>> {
    let big = u32::from_be_bytes(*bytes.first_chunk()?) == MAGIC;
    let number = |bytes: &[u8; 4]| if big { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) };
    let (covered, sum) = bytes.split_last_chunk::<CHECKSUM>()?;
    let is_whole = number(covered.first_chunk()?) == MAGIC && pgwal_crc::castagnoli::append(0, covered) == number(sum);
    let states = covered.get(HEADER..).filter(|_| is_whole)?;
    let origin = |state: &[u8]| {
        let bytes = *state.first_chunk()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    states.chunks_exact(STATE).map(origin).collect()
}
