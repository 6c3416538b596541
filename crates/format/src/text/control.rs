//! The control file, `global/pg_control` (`ControlFileData`, `src/include/catalog/pg_control.h`): whose it is, and the
//! last checkpoint in it.
//!
//! ```text
//!  0 u64 system identifier   8 u32 pg_control version   12 u32 catalog version   …   checkPoint   …
//!    checkPointCopy: redo, …, ThisTimeLineID   …   xlog_seg_size   …   crc (over all before it)   zeros to 8192
//! ```
//!
//! Where the fields stand is a column of the version's row: [`offsets`]. The number of the format names no version
//! (942 is that of 9.4 and of 9.5), but with the catalog's number it does. The order of bytes is the one in which the
//! two are a release's; the alignment is the one whose checksum is right.

pub mod offsets;

use crate::bytes::at;
use crate::dialect::{Checksum, DIALECTS};
use crate::{AddressScheme, Align, Dialect, Endian, Layout, Lsn, SegmentSize, TimelineId, Version};
use std::fmt;

/// What a control file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ControlFile {
    /// The version that wrote it.
    pub dialect: &'static Dialect,
    /// The alignment of the server that wrote it.
    pub align: Align,
    /// Its order of bytes.
    pub endian: Endian,
    /// The cluster.
    pub system_id: u64,
    /// Size of a segment.
    pub segment: SegmentSize,
    /// Where the record of the last checkpoint starts: "Latest checkpoint location".
    pub checkpoint: Lsn,
    /// Where recovery from it begins: "Latest checkpoint's REDO location".
    pub redo: Lsn,
    /// The timeline on which a server with this control file goes on.
    pub timeline: TimelineId,
}

/// Why a file does not say where its checkpoint is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ControlError {
    /// No control file.
    NotControl,
    /// The control file of a version that no release has.
    UnknownVersion {
        /// `pg_control_version`.
        control: u32,
        /// `catalog_version_no`.
        catalog: u32,
    },
    /// It ends before its checksum.
    TooShort(Version),
    /// Its checksum is wrong.
    WrongChecksum(Version),
    /// Its checksum is right, and a value in it is impossible.
    Impossible(Version),
}

impl ControlFile {
    /// Reads a control file, of which the first 512 bytes suffice.
    ///
    /// # Errors
    /// [`ControlError`]: bytes whose checksum is wrong say nothing.
    pub fn parse(bytes: &[u8]) -> Result<ControlFile, ControlError> {
        let (dialect, endian) = version(bytes)?;
        let aligned = [(Align::Eight, 0), (Align::Four, 1)];
        let Some((align, column)) = aligned.into_iter().find(|&(_, column)| is_whole(bytes, dialect, endian, column)) else {
            let needs = dialect.control.crc.into_iter().max().unwrap_or(0) + 4;
            return Err(if bytes.len() < needs { ControlError::TooShort(dialect.version) } else { ControlError::WrongChecksum(dialect.version) });
        };
        let of = |pair: [usize; 2]| pair.get(column).copied().unwrap_or(usize::MAX);
        let copy = of(dialect.control.checkpoint_copy);
        let timeline = TimelineId(endian.u32(at(bytes, copy + dialect.checkpoint_timeline)));
        let segment = SegmentSize::new(u64::from(endian.u32(at(bytes, of(dialect.control.segment_size)))));
        let segment = segment.filter(|_| timeline.0 > 0).ok_or(ControlError::Impossible(dialect.version))?;
        Ok(ControlFile {
            dialect,
            align,
            endian,
            system_id: endian.u64(at(bytes, 0)),
            segment,
            checkpoint: lsn(bytes, of(dialect.control.checkpoint), dialect, endian),
            redo: lsn(bytes, copy, dialect, endian),
            timeline,
        })
    }
}

/// The timeline on which a server with this control file goes on. `None` where the file is damaged, or not of this cluster.
pub fn checkpoint_timeline(bytes: &[u8], layout: &Layout, system_id: u64) -> Option<TimelineId> {
    let control = ControlFile::parse(bytes).ok()?;
    (control.system_id == system_id && control.dialect == layout.dialect && control.endian == layout.endian).then_some(control.timeline)
}

/// The release whose numbers the file bears, in whichever order of bytes.
fn version(bytes: &[u8]) -> Result<(&'static Dialect, Endian), ControlError> {
    if bytes.len() < 16 {
        return Err(ControlError::NotControl);
    }
    let numbers = |e: Endian| (e.u32(at(bytes, 8)), e.u32(at(bytes, 12)));
    let orders = [Endian::Little, Endian::Big];
    let row = |e: Endian| DIALECTS.iter().find(|d| (d.control_version, d.catalog_version) == numbers(e)).map(|d| (d, e));
    orders.into_iter().find_map(row).ok_or_else(|| {
        // A catalog's number is a date, and a digit for the changes of that day.
        let plausible = |&(control, catalog): &(u32, u32)| (800..10_000).contains(&control) && (200_000_000..210_000_000).contains(&catalog);
        let unknown = |(control, catalog)| ControlError::UnknownVersion { control, catalog };
        orders.into_iter().map(numbers).find(plausible).map_or(ControlError::NotControl, unknown)
    })
}

fn is_whole(bytes: &[u8], dialect: &Dialect, endian: Endian, column: usize) -> bool {
    let Some(&end) = dialect.control.crc.get(column) else { return false };
    let Some((covered, rest)) = bytes.split_at_checked(end) else { return false };
    let crc = match dialect.checksum {
        Checksum::Castagnoli => pgwal_crc::castagnoli::append(0, covered),
        Checksum::Legacy => pgwal_crc::legacy::append(0, covered),
    };
    rest.first_chunk().is_some_and(|found| endian.u32(*found) == crc)
}

fn lsn(bytes: &[u8], offset: usize, dialect: &Dialect, endian: Endian) -> Lsn {
    match dialect.address {
        AddressScheme::Split => Lsn::from_halves(endian.u32(at(bytes, offset)), endian.u32(at(bytes, offset + 4))),
        AddressScheme::Linear => Lsn::new(endian.u64(at(bytes, offset))),
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ControlError::NotControl => f.write_str("no control file"),
            ControlError::UnknownVersion { control, catalog } => {
                write!(f, "the control file of a version that no release has (pg_control version {control}, catalog version {catalog})")
            }
            ControlError::TooShort(version) => write!(f, "a control file of {version} that is cut off"),
            ControlError::WrongChecksum(version) => write!(f, "a control file of {version} whose checksum is wrong: nothing in it can be relied on"),
            ControlError::Impossible(version) => write!(f, "a control file of {version} with values that no server writes"),
        }
    }
}

impl std::error::Error for ControlError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn crafted(dialect: &Dialect, endian: Endian, column: usize) -> Vec<u8> {
        let mut bytes = vec![0; 8192];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        let split = dialect.address == AddressScheme::Split;
        let lsn = |high: u32, low: u32| match split {
            true => [endian.put_u32(high), endian.put_u32(low)].concat(),
            false => endian.put_u64(u64::from(high) << 32 | u64::from(low)).to_vec(),
        };
        put(0, &endian.put_u64(7_000_000_000_000_000_001));
        put(8, &endian.put_u32(dialect.control_version));
        put(12, &endian.put_u32(dialect.catalog_version));
        put(dialect.control.checkpoint[column], &lsn(7, 0x0123_4560));
        put(dialect.control.checkpoint_copy[column], &lsn(7, 0x0123_4528));
        put(dialect.control.checkpoint_copy[column] + dialect.checkpoint_timeline, &endian.put_u32(5));
        put(dialect.control.segment_size[column], &endian.put_u32(1 << 20));
        let end = dialect.control.crc[column];
        let crc = match dialect.checksum {
            Checksum::Castagnoli => pgwal_crc::castagnoli::append(0, &bytes[..end]),
            Checksum::Legacy => pgwal_crc::legacy::append(0, &bytes[..end]),
        };
        bytes[end..end + 4].copy_from_slice(&endian.put_u32(crc));
        bytes
    }

    #[test]
    fn every_version_alignment_and_order_of_bytes() {
        for dialect in &DIALECTS {
            for (endian, (align, column)) in
                [Endian::Little, Endian::Big].into_iter().flat_map(|e| [(Align::Eight, 0), (Align::Four, 1)].map(|a| (e, a)))
            {
                let mut bytes = crafted(dialect, endian, column);
                let read = ControlFile::parse(&bytes).unwrap();
                assert_eq!((read.dialect, read.align, read.endian), (dialect, align, endian));
                assert_eq!((read.checkpoint.to_string(), read.redo.to_string()), ("7/01234560".into(), "7/01234528".into()));
                assert_eq!((read.timeline, read.segment.bytes(), read.system_id), (TimelineId(5), 1 << 20, 7_000_000_000_000_000_001));
                assert_eq!(ControlFile::parse(&bytes[..512]), Ok(read));
                assert_eq!(ControlFile::parse(&bytes[..200.min(dialect.control.crc[1])]), Err(ControlError::TooShort(dialect.version)));
                bytes[20] ^= 1;
                assert_eq!(ControlFile::parse(&bytes), Err(ControlError::WrongChecksum(dialect.version)));
            }
        }
    }

    #[test]
    fn what_is_none_is_named() {
        assert_eq!(ControlFile::parse(b""), Err(ControlError::NotControl));
        assert_eq!(ControlFile::parse(&[0; 8192]), Err(ControlError::NotControl));
        let mut beta = crafted(&DIALECTS[19], Endian::Little, 0);
        beta[8..16].copy_from_slice(&[1902u32.to_le_bytes(), 202_607_272u32.to_le_bytes()].concat());
        assert_eq!(ControlFile::parse(&beta), Err(ControlError::UnknownVersion { control: 1902, catalog: 202_607_272 }));
    }
}
