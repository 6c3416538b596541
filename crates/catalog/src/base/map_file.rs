//! `pg_filenode.map` (`RelMapFile`, `src/backend/utils/cache/relmapper.c`): in which files the relations lie that are
//! needed to find the others.
//!
//! ```text
//! 0 i32 magic 0x592717   4 i32 count   8 … [u32 OID, u32 file]… 62 places, from 16 on 64   u32 CRC-32C of all before
//! ```

use pgwal_crc::castagnoli;
use pgwal_format::Endian;

const MAGIC: u32 = 0x0059_2717;
/// Where the checksum stands, by the number of places; the newer one first.
const CRC: [usize; 2] = [8 + 64 * 8, 8 + 62 * 8];
/// More than any has.
pub(super) const LONGEST: usize = 4096;

/// OIDs and files. `None`: it is none, or its checksum is wrong.
pub(super) fn parse(endian: Endian, bytes: &[u8]) -> Option<Vec<(u32, u32)>> {
    let word = |at: usize| Some(endian.u32(*bytes.get(at..)?.first_chunk()?));
    let sum = |at: usize| bytes.get(..at).map(|summed| castagnoli::append(0, summed));
    let right = |at: &usize| word(*at).is_some_and(|crc| sum(*at) == Some(crc));
    let crc = CRC.into_iter().find(right)?;
    let count = usize::try_from(word(4)?).ok()?;
    if word(0)? != MAGIC || count > (crc - 8) / 8 {
        return None;
    }
    (0..count).map(|n| Some((word(8 + 8 * n)?, word(12 + 8 * n)?))).collect()
}

/// Whether these bytes are a map that a server of either byte order takes.
pub fn is_file_map(bytes: &[u8]) -> bool {
    file_map(bytes).is_some()
}

/// The OIDs of relations and the files in which they lie, of a map of either byte order. `None`: it is none, or its
/// checksum is wrong.
pub fn file_map(bytes: &[u8]) -> Option<Vec<(u32, u32)>> {
    [Endian::Little, Endian::Big].into_iter().find_map(|endian| parse(endian, bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::base) fn map(places: usize, entries: &[(u32, u32)]) -> Vec<u8> {
        let mut out: Vec<u8> = [MAGIC, entries.len() as u32].iter().flat_map(|n| n.to_le_bytes()).collect();
        entries.iter().for_each(|(oid, file)| out.extend([*oid, *file].iter().flat_map(|n| n.to_le_bytes())));
        out.resize(8 + places * 8, 0);
        let crc = castagnoli::append(0, &out);
        out.extend(crc.to_le_bytes());
        out.resize(out.len().next_multiple_of(512), 0);
        out
    }

    #[test]
    fn both_lengths_and_what_is_damaged() {
        for places in [62, 64] {
            let good = map(places, &[(1259, 16500), (1249, 1249)]);
            assert!(is_file_map(&good) && !is_file_map(&good[..100]) && !is_file_map(&[0; 512]));
            assert_eq!(parse(Endian::Little, &good), Some(vec![(1259, 16500), (1249, 1249)]), "{places}");
            assert_eq!(parse(Endian::Big, &good), None);
            assert_eq!(parse(Endian::Little, &good[..100]), None, "cut off");
            let mut wrong = good.clone();
            wrong[12] ^= 1;
            assert_eq!(parse(Endian::Little, &wrong), None, "another file");
        }
        let mut many = map(62, &[]);
        many[4] = 63;
        let crc = castagnoli::append(0, &many[..504]);
        many[504..508].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(parse(Endian::Little, &many), None, "more than there is room for");
    }
}
