//! A control file as bytes, and its members by name. A wrong checksum does not keep it from being read: what it says
//! then is for people to judge.

use super::ControlError;
use super::members::{Abi, ControlField, MemberKind, Places};
use super::state::{ControlState, WalLevel};
use crate::bytes::at;
use crate::dialect::{Checksum, DIALECTS};
use crate::{AddressScheme, Align, Dialect, Endian, Lsn, PageSize, SegmentName, SegmentSize, TimelineId};

/// `floatFormat` of every control file: a server refuses one that reads otherwise.
const FLOAT_FORMAT: f64 = 1_234_567.0;

/// What a member says.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum ControlValue<'a> {
    /// An unsigned number.
    Unsigned(u64),
    /// A signed number.
    Signed(i32),
    /// A floating-point number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A position.
    Lsn(Lsn),
    /// A timeline; 0 is none.
    Timeline(TimelineId),
    /// A transaction and its epoch.
    FullXid(FullTransactionId),
    /// Unix seconds.
    Seconds(i64),
    /// A state, or the number of none.
    State(Result<ControlState, u32>),
    /// A level, or the number of none.
    WalLevel(Result<WalLevel, u32>),
    /// Text, without the zero that ends it.
    Chars(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A transaction number and how many times the numbers had been used up before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FullTransactionId {
    /// The epoch.
    pub epoch: u32,
    /// The number.
    pub xid: u32,
}

/// The bytes of a control file.
#[derive(Clone, Copy, Debug)]
pub struct ControlImage<'a> {
    bytes: &'a [u8],
    places: Places,
    /// The version that wrote it.
    pub dialect: &'static Dialect,
    /// How the server was compiled that wrote it.
    pub abi: Abi,
    /// Its order of bytes.
    pub endian: Endian,
    /// Its checksum is right.
    pub crc_ok: bool,
}

impl<'a> ControlImage<'a> {
    /// Finds out how a control file is to be read, of which the first 512 bytes suffice.
    ///
    /// The release is the one whose numbers it bears. The alignment is the one whose checksum is right; if none is, the
    /// one by which more of the file looks as it should: the floating-point constant and the alignment stand at their
    /// places, sizes are powers of two.
    ///
    /// # Errors
    /// No control file of a release, or one that ends before its checksum.
    pub fn read(bytes: &'a [u8]) -> Result<ControlImage<'a>, ControlError> {
        let (dialect, endian) = version(bytes)?;
        let image =
            |abi| ControlImage { bytes, places: Places::new(dialect, abi), dialect, abi, endian, crc_ok: false };
        // Of equals the last is taken: the usual ones, then. Two of 8.2 differ in nothing but what the file says of its
        // alignment.
        let images = || Abi::ALL.into_iter().rev().map(image);
        // Zeros may follow the checksum to the end of the structure: a server reads them, too.
        let whole = images()
            .filter(|image| image.places.size() <= bytes.len() && image.is_whole())
            .max_by_key(ControlImage::looks);
        if let Some(whole) = whole {
            return Ok(ControlImage { crc_ok: true, ..whole });
        }
        let image = images().max_by_key(ControlImage::looks).ok_or(ControlError::NotControl)?;
        if bytes.len() < image.places.size() { Err(ControlError::TooShort(dialect.version)) } else { Ok(image) }
    }

    /// What a member says; `None` where the version has it not.
    pub fn value(&self, field: ControlField) -> Option<ControlValue<'a>> {
        let (offset, kind) = self.places.at(field)?;
        let (four, eight) = (|| self.endian.u32(at(self.bytes, offset)), || self.endian.u64(at(self.bytes, offset)));
        let run = |length: u8| self.bytes.get(offset..offset + usize::from(length)).unwrap_or_default();
        Some(match kind {
            MemberKind::U32 => ControlValue::Unsigned(four().into()),
            MemberKind::U64 => ControlValue::Unsigned(eight()),
            MemberKind::I32 => ControlValue::Signed(four() as i32),
            MemberKind::F64 => ControlValue::Float(f64::from_bits(eight())),
            MemberKind::Bool => ControlValue::Bool(at::<1>(self.bytes, offset) != [0]),
            MemberKind::WideBool => ControlValue::Bool(four() != 0),
            MemberKind::Lsn => ControlValue::Lsn(match self.dialect.address {
                AddressScheme::Split => Lsn::from_halves(four(), self.endian.u32(at(self.bytes, offset + 4))),
                AddressScheme::Linear => Lsn::new(eight()),
            }),
            MemberKind::Timeline => ControlValue::Timeline(TimelineId(four())),
            MemberKind::FullXid => {
                ControlValue::FullXid(FullTransactionId { epoch: (eight() >> 32) as u32, xid: eight() as u32 })
            }
            MemberKind::TimeT if self.abi.time_t == 4 => ControlValue::Seconds(i64::from(four() as i32)),
            MemberKind::TimeT | MemberKind::Seconds => ControlValue::Seconds(eight() as i64),
            MemberKind::OldState => ControlValue::State(ControlState::old(four()).ok_or(four())),
            MemberKind::State => ControlValue::State(ControlState::new(four()).ok_or(four())),
            MemberKind::WalLevel => ControlValue::WalLevel(WalLevel::new(four(), self.dialect).ok_or(four())),
            MemberKind::Chars(length) => {
                ControlValue::Chars(run(length).split(|&byte| byte == 0).next().unwrap_or_default())
            }
            MemberKind::Bytes(length) => ControlValue::Bytes(run(length)),
            MemberKind::Checkpoint => return None,
        })
    }

    /// A number; 0 where the version has none.
    pub fn number(&self, field: ControlField) -> u64 {
        if let Some(ControlValue::Unsigned(number)) = self.value(field) { number } else { 0 }
    }

    /// A signed number.
    pub fn signed(&self, field: ControlField) -> Option<i32> {
        if let Some(ControlValue::Signed(number)) = self.value(field) { Some(number) } else { None }
    }

    /// A switch.
    pub fn switch(&self, field: ControlField) -> Option<bool> {
        if let Some(ControlValue::Bool(on)) = self.value(field) { Some(on) } else { None }
    }

    /// A position.
    pub fn lsn(&self, field: ControlField) -> Option<Lsn> {
        if let Some(ControlValue::Lsn(lsn)) = self.value(field) { Some(lsn) } else { None }
    }

    /// A timeline.
    pub fn timeline(&self, field: ControlField) -> Option<TimelineId> {
        if let Some(ControlValue::Timeline(timeline)) = self.value(field) { Some(timeline) } else { None }
    }

    /// Unix seconds.
    pub fn seconds(&self, field: ControlField) -> Option<i64> {
        if let Some(ControlValue::Seconds(seconds)) = self.value(field) { Some(seconds) } else { None }
    }

    /// The next transaction.
    pub fn next_xid(&self) -> FullTransactionId {
        match self.value(ControlField::NextXid) {
            Some(ControlValue::FullXid(full)) => full,
            _ => FullTransactionId {
                epoch: self.number(ControlField::NextXidEpoch) as u32,
                xid: self.number(ControlField::NextXid) as u32,
            },
        }
    }

    /// The segment in which redo of the checkpoint begins: the oldest one that recovery with this file still asks for,
    /// which `restore_command` gets as `%r`. An impossible size is reckoned with as `pg_controldata` does; `None` where
    /// it cannot be.
    pub fn redo_segment(&self) -> Option<SegmentName> {
        let (redo, timeline) = (self.lsn(ControlField::Redo)?, self.timeline(ControlField::ThisTimeline)?);
        let (size, scheme) = (self.number(ControlField::XlogSegSize), self.dialect.address);
        if let Some(size) = SegmentSize::new(size) {
            return Some(SegmentName::new(timeline, scheme.segment(redo, size), scheme, size));
        }
        let size = i32::try_from(size).ok().filter(|&size| size > 0)? as u64;
        let (number, per) = (redo.get() / size, 0x1_0000_0000 / size);
        Some(SegmentName { timeline, log: (number / per) as u32, seg: (number % per) as u32 })
    }

    /// How much of the file looks as it should.
    fn looks(&self) -> usize {
        let page = |field| PageSize::new(self.number(field)).is_some();
        let segment = SegmentSize::new(self.number(ControlField::XlogSegSize)).is_some();
        let float = self.value(ControlField::FloatFormat) == Some(ControlValue::Float(FLOAT_FORMAT));
        let align = self.number(ControlField::MaxAlign) == if self.abi.align == Align::Four { 4 } else { 8 };
        [float, align, segment, page(ControlField::Blcksz), page(ControlField::XlogBlcksz)]
            .into_iter()
            .filter(|&looks| looks)
            .count()
    }

    fn is_whole(&self) -> bool {
        let Some((end, _)) = self.places.at(ControlField::Crc) else { return false };
        let Some((covered, rest)) = self.bytes.split_at_checked(end) else { return false };
        rest.first_chunk().is_some_and(|found| self.endian.u32(*found) == checksum(covered, self.dialect))
    }
}

fn checksum(covered: &[u8], dialect: &Dialect) -> u32 {
    match dialect.checksum {
        Checksum::Castagnoli => pgwal_crc::castagnoli::append(0, covered),
        Checksum::Legacy => pgwal_crc::legacy::append(0, covered),
    }
}

/// The release whose numbers the file bears, in whichever order of bytes.
fn version(bytes: &[u8]) -> Result<(&'static Dialect, Endian), ControlError> {
    if bytes.len() < 16 {
        return Err(ControlError::NotControl);
    }
    let numbers = |e: Endian| (e.u32(at(bytes, 8)), e.u32(at(bytes, 12)));
    let orders = [Endian::Little, Endian::Big];
    let row =
        |e: Endian| DIALECTS.iter().find(|d| (d.control_version, d.catalog_version) == numbers(e)).map(|d| (d, e));
    orders.into_iter().find_map(row).ok_or_else(|| {
        // A catalog's number is a date, and a digit for the changes of that day.
        let plausible = |&(control, catalog): &(u32, u32)| {
            (800..10_000).contains(&control) && (200_000_000..210_000_000).contains(&catalog)
        };
        let unknown = |(control, catalog)| ControlError::UnknownVersion { control, catalog };
        orders.into_iter().map(numbers).find(plausible).map_or(ControlError::NotControl, unknown)
    })
}
