//! The control file, `global/pg_control` (`ControlFileData`, `src/include/catalog/pg_control.h`): whose it is, and from
//! where and how far a server with it recovers.
//!
//! ```text
//!  0 u64 system identifier   8 u32 pg_control version   12 u32 catalog version   16 state   …   checkPoint   …
//!    checkPointCopy: redo, …, ThisTimeLineID   …   xlog_seg_size   …   crc (over all before it)   zeros to 8192
//! ```
//!
//! [`members`] has the structure of every version, [`printed`] the lines of its `pg_controldata`; [`ControlImage`]
//! reads a file, and [`ControlFile`] is what recovery needs of one that is right. The number of the format names no
//! version (942 is that of 9.4 and of 9.5), but with the catalog's number it does. The order of bytes is the one in
//! which the two are a release's; the alignment is the one whose checksum is right.

mod image;
pub mod members;
pub mod printed;
mod state;

pub use image::{ControlImage, ControlValue, FullTransactionId};
pub use state::{ControlState, WalLevel};

use crate::{Align, Dialect, Endian, Layout, Lsn, PageSize, SegmentSize, TimelineId, Version};
use members::ControlField;
use std::fmt;

/// What a control file says. What its version does not have is `None`.
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
    /// The state of the cluster.
    pub state: ControlState,
    /// When the file was written last, in Unix seconds.
    pub time: i64,
    /// Size of a segment.
    pub segment: SegmentSize,
    /// Size of a page of WAL.
    pub wal_page_size: PageSize,
    /// Size of a page of data.
    pub page_size: PageSize,
    /// Where the record of the last checkpoint starts: "Latest checkpoint location".
    pub checkpoint: Lsn,
    /// Where recovery from it begins: "Latest checkpoint's REDO location".
    pub redo: Lsn,
    /// The timeline on which a server with this control file goes on.
    pub timeline: TimelineId,
    /// The timeline before the checkpoint, [`ControlFile::timeline`] if it did not begin one (9.3 and later).
    pub prev_timeline: Option<TimelineId>,
    /// `full_page_writes` at the checkpoint (9.2 and later).
    pub full_page_writes: Option<bool>,
    /// `wal_level` at the checkpoint (17 and later).
    pub checkpoint_wal_level: Option<WalLevel>,
    /// The next transaction at the checkpoint.
    pub next_xid: FullTransactionId,
    /// When the checkpoint was made, in Unix seconds.
    pub checkpoint_time: i64,
    /// How far WAL must be replayed before data files agree with each other; `None` where that is not said (0/0), as
    /// after a crash.
    pub min_recovery_point: Option<Lsn>,
    /// The timeline of that position (9.3 and later).
    pub min_recovery_timeline: Option<TimelineId>,
    /// Where the backup began that is being restored and whose end was not seen yet (9.0 and later).
    pub backup_start: Option<Lsn>,
    /// Where a backup of a standby ended whose end was not seen yet (9.2 and later).
    pub backup_end: Option<Lsn>,
    /// A record of the backup's end has to come (9.2 and later).
    pub backup_end_required: Option<bool>,
    /// The settings that a standby compares with its own.
    pub parameters: ServerParameters,
    /// The version of checksums on data pages: 0 is none (9.3 and later).
    pub data_checksum_version: Option<u32>,
}

/// Settings of the server that wrote the WAL (9.0 and later).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ServerParameters {
    /// `wal_level`.
    pub wal_level: Option<WalLevel>,
    /// `wal_log_hints` (9.4 and later).
    pub wal_log_hints: Option<bool>,
    /// `max_connections`.
    pub max_connections: Option<i32>,
    /// `max_worker_processes` (9.4 and later).
    pub max_worker_processes: Option<i32>,
    /// `max_wal_senders` (12 and later).
    pub max_wal_senders: Option<i32>,
    /// `max_prepared_transactions`.
    pub max_prepared_xacts: Option<i32>,
    /// `max_locks_per_transaction`.
    pub max_locks_per_xact: Option<i32>,
    /// `track_commit_timestamp` (9.5 and later).
    pub track_commit_timestamp: Option<bool>,
}

impl ServerParameters {
    /// One of those that a standby needs at least as high, by its name here.
    pub fn number(&self, field: &str) -> Option<i32> {
        match field {
            "max_connections" => self.max_connections,
            "max_worker_processes" => self.max_worker_processes,
            "max_wal_senders" => self.max_wal_senders,
            "max_prepared_xacts" => self.max_prepared_xacts,
            "max_locks_per_xact" => self.max_locks_per_xact,
            _ => None,
        }
    }
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
        ControlFile::of(&ControlImage::read(bytes)?)
    }

    /// What a control file says that is right.
    ///
    /// # Errors
    /// Its checksum is wrong, or a server could not have written its values.
    pub fn of(image: &ControlImage<'_>) -> Result<ControlFile, ControlError> {
        let version = image.dialect.version;
        if !image.crc_ok {
            return Err(ControlError::WrongChecksum(version));
        }
        ControlFile::said(image).ok_or(ControlError::Impossible(version))
    }

    fn said(image: &ControlImage<'_>) -> Option<ControlFile> {
        let page = |field| PageSize::new(image.number(field));
        let said = |field| image.lsn(field).filter(|&lsn| lsn != Lsn::ZERO);
        Some(ControlFile {
            dialect: image.dialect,
            align: image.abi.align,
            endian: image.endian,
            system_id: image.number(ControlField::SystemIdentifier),
            state: if let ControlValue::State(Ok(state)) = image.value(ControlField::State)? {
                state
            } else {
                return None;
            },
            time: image.seconds(ControlField::Time)?,
            segment: SegmentSize::new(image.number(ControlField::XlogSegSize))?,
            wal_page_size: page(ControlField::XlogBlcksz)?,
            page_size: page(ControlField::Blcksz)?,
            checkpoint: image.lsn(ControlField::Checkpoint)?,
            redo: image.lsn(ControlField::Redo)?,
            timeline: image.timeline(ControlField::ThisTimeline).filter(|&timeline| timeline != TimelineId(0))?,
            prev_timeline: image.timeline(ControlField::PrevTimeline),
            full_page_writes: image.switch(ControlField::FullPageWrites),
            checkpoint_wal_level: level(image, ControlField::CheckpointWalLevel),
            next_xid: image.next_xid(),
            checkpoint_time: image.seconds(ControlField::CheckpointTime)?,
            min_recovery_point: said(ControlField::MinRecoveryPoint),
            min_recovery_timeline: image
                .timeline(ControlField::MinRecoveryPointTli)
                .filter(|&timeline| timeline != TimelineId(0)),
            backup_start: said(ControlField::BackupStartPoint),
            backup_end: said(ControlField::BackupEndPoint),
            backup_end_required: image.switch(ControlField::BackupEndRequired),
            parameters: ServerParameters {
                wal_level: level(image, ControlField::WalLevel),
                wal_log_hints: image.switch(ControlField::WalLogHints),
                max_connections: image.signed(ControlField::MaxConnections),
                max_worker_processes: image.signed(ControlField::MaxWorkerProcesses),
                max_wal_senders: image.signed(ControlField::MaxWalSenders),
                max_prepared_xacts: image.signed(ControlField::MaxPreparedXacts),
                max_locks_per_xact: image.signed(ControlField::MaxLocksPerXact),
                track_commit_timestamp: image.switch(ControlField::TrackCommitTimestamp),
            },
            data_checksum_version: image
                .value(ControlField::DataChecksumVersion)
                .map(|_| image.number(ControlField::DataChecksumVersion) as u32),
        })
    }
}

/// A level. One whose number has no name says as little as none.
fn level(image: &ControlImage<'_>, field: ControlField) -> Option<WalLevel> {
    if let Some(ControlValue::WalLevel(Ok(level))) = image.value(field) { Some(level) } else { None }
}

/// The timeline on which a server with this control file goes on. `None` where the file is damaged, or not of this
/// cluster.
pub fn checkpoint_timeline(bytes: &[u8], layout: &Layout, system_id: u64) -> Option<TimelineId> {
    let control = ControlFile::parse(bytes).ok()?;
    (control.system_id == system_id && control.dialect == layout.dialect && control.endian == layout.endian)
        .then_some(control.timeline)
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ControlError::NotControl => f.write_str("no control file"),
            ControlError::UnknownVersion { control, catalog } => {
                write!(
                    f,
                    "the control file of a version that no release has (pg_control version {control}, catalog version {catalog})"
                )
            }
            ControlError::TooShort(version) => write!(f, "a control file of {version} that is cut off"),
            ControlError::WrongChecksum(version) => {
                write!(f, "a control file of {version} whose checksum is wrong: nothing in it can be relied on")
            }
            ControlError::Impossible(version) => {
                write!(f, "a control file of {version} with values that no server writes")
            }
        }
    }
}

impl std::error::Error for ControlError {}

#[cfg(test)]
mod tests {
    use super::members::{Abi, Places};
    use super::*;
    use crate::AddressScheme;
    use crate::dialect::{Checksum, DIALECTS};
    use crate::version::V9_0;

    fn crafted(dialect: &Dialect, endian: Endian, abi: Abi) -> Vec<u8> {
        let places = Places::new(dialect, abi);
        let mut bytes = vec![0; 8192];
        let mut put = |field: ControlField, value: &[u8]| {
            if let Some((at, _)) = places.at(field) {
                bytes[at..at + value.len()].copy_from_slice(value);
            }
        };
        let lsn = |high: u32, low: u32| match dialect.address {
            AddressScheme::Split => [endian.put_u32(high), endian.put_u32(low)].concat(),
            AddressScheme::Linear => endian.put_u64(u64::from(high) << 32 | u64::from(low)).to_vec(),
        };
        put(ControlField::SystemIdentifier, &endian.put_u64(7_000_000_000_000_000_001));
        for (field, number) in [
            (ControlField::ControlVersion, dialect.control_version),
            (ControlField::CatalogVersion, dialect.catalog_version),
            (ControlField::State, if dialect.version < V9_0 { 4 } else { 5 }),
            (ControlField::ThisTimeline, 5),
            (ControlField::PrevTimeline, 4),
            (ControlField::XlogSegSize, 1 << 20),
            (ControlField::XlogBlcksz, 8192),
            (ControlField::Blcksz, 16384),
            (ControlField::MaxAlign, if abi.align == Align::Four { 4 } else { 8 }),
            (ControlField::WalLevel, 1),
            (ControlField::MaxConnections, 120),
            (ControlField::MaxLocksPerXact, 80),
        ] {
            put(field, &endian.put_u32(number));
        }
        put(ControlField::Checkpoint, &lsn(7, 0x0123_4560));
        put(ControlField::Redo, &lsn(7, 0x0123_4528));
        put(ControlField::MinRecoveryPoint, &lsn(8, 0x10));
        let end = places.at(ControlField::Crc).unwrap().0;
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
            for (endian, abi) in [Endian::Little, Endian::Big].into_iter().flat_map(|e| Abi::ALL.map(|abi| (e, abi))) {
                let mut bytes = crafted(dialect, endian, abi);
                let read = ControlFile::parse(&bytes).unwrap();
                assert_eq!((read.dialect, read.align, read.endian), (dialect, abi.align, endian));
                assert_eq!(
                    (read.checkpoint.to_string(), read.redo.to_string()),
                    ("7/01234560".into(), "7/01234528".into())
                );
                assert_eq!(
                    (read.timeline, read.segment.bytes(), read.system_id),
                    (TimelineId(5), 1 << 20, 7_000_000_000_000_000_001)
                );
                assert_eq!(
                    (read.state, read.min_recovery_point),
                    (ControlState::InArchiveRecovery, Some(Lsn::from_halves(8, 0x10)))
                );
                assert_eq!((read.page_size.bytes(), read.backup_start, read.backup_end), (16384, None, None));
                let nine = dialect.version >= V9_0;
                assert_eq!(
                    (read.parameters.max_connections, read.parameters.max_locks_per_xact),
                    (nine.then_some(120), nine.then_some(80))
                );
                assert_eq!(read.parameters.wal_level.map(WalLevel::name), nine.then(|| dialect.wal_level(1)));
                assert_eq!(ControlFile::parse(&bytes[..512]), Ok(read));
                assert_eq!(ControlFile::parse(&bytes[..130]), Err(ControlError::TooShort(dialect.version)));
                bytes[20] ^= 1;
                assert_eq!(ControlFile::parse(&bytes), Err(ControlError::WrongChecksum(dialect.version)));
            }
        }
    }

    #[test]
    fn what_is_none_is_named() {
        assert_eq!(ControlFile::parse(b""), Err(ControlError::NotControl));
        assert_eq!(ControlFile::parse(&[0; 8192]), Err(ControlError::NotControl));
        let mut beta = crafted(&DIALECTS[19], Endian::Little, Abi::usual(Align::Eight));
        beta[8..16].copy_from_slice(&[1902u32.to_le_bytes(), 202_607_272u32.to_le_bytes()].concat());
        assert_eq!(
            ControlFile::parse(&beta),
            Err(ControlError::UnknownVersion { control: 1902, catalog: 202_607_272 })
        );
    }
}
