//! The control file of any version, with a value of its own in every member.

use pgwal_format::dialect::Checksum;
use pgwal_format::text::control::members::{Abi, CHECKPOINT, CONTROL, ControlField, MemberKind, Places, of};
use pgwal_format::{AddressScheme, Align, Dialect, Endian};

/// Bytes of a control file, of every version.
pub const SIZE: usize = 8192;

/// A control file: `set` says what members hold, the others have values that a server could have written, no two of
/// them the same.
pub fn control_file(dialect: &Dialect, abi: Abi, endian: Endian, set: &[(ControlField, u64)]) -> Vec<u8> {
    let places = Places::new(dialect, abi);
    let mut bytes = vec![0; SIZE];
    for (nth, member) in of(CONTROL, dialect).chain(of(CHECKPOINT, dialect)).enumerate() {
        let Some((offset, kind)) = places.at(member.field) else { continue };
        let told = set.iter().find(|(field, _)| *field == member.field);
        let value = told.map_or_else(|| usual(member.field, kind, nth as u64, dialect, abi), |(_, value)| *value);
        write(&mut bytes[offset..], kind, value, dialect, abi, endian);
    }
    let (end, _) = places.at(ControlField::Crc).expect("every version has one");
    let crc = match dialect.checksum {
        Checksum::Castagnoli => pgwal_crc::castagnoli::append(0, &bytes[..end]),
        Checksum::Legacy => pgwal_crc::legacy::append(0, &bytes[..end]),
    };
    bytes[end..end + 4].copy_from_slice(&endian.put_u32(crc));
    bytes
}

fn usual(field: ControlField, kind: MemberKind, nth: u64, dialect: &Dialect, abi: Abi) -> u64 {
    match (field, kind) {
        (ControlField::SystemIdentifier, _) => 7_000_000_000_000_000_001,
        (ControlField::ControlVersion, _) => dialect.control_version.into(),
        (ControlField::CatalogVersion, _) => dialect.catalog_version.into(),
        (ControlField::FloatFormat, _) => 1_234_567f64.to_bits(),
        (ControlField::MaxAlign, _) => {
            if abi.align == Align::Four {
                4
            } else {
                8
            }
        }
        (ControlField::Blcksz, _) => 16_384,
        (ControlField::XlogBlcksz, _) => 4096,
        // Servers up to 10 are built for one size.
        (ControlField::XlogSegSize, _) => 1 << 24,
        (_, MemberKind::State) => 5,
        (_, MemberKind::OldState) => 4,
        (_, MemberKind::WalLevel) => 1,
        (_, MemberKind::Bool | MemberKind::WideBool) => nth % 2,
        (_, MemberKind::Lsn) => (7 + nth) << 32 | (0x0123_4000 + (nth << 20) + 8),
        (_, MemberKind::TimeT | MemberKind::Seconds) => 1_700_000_000 + nth * 100_003,
        (_, MemberKind::FullXid) => 3 << 32 | (4_000_000_000 + nth),
        (_, MemberKind::U64) => 5 << 32 | nth,
        _ => 100 + nth,
    }
}

fn write(out: &mut [u8], kind: MemberKind, value: u64, dialect: &Dialect, abi: Abi, endian: Endian) {
    let mut put = |field: &[u8]| out[..field.len()].copy_from_slice(field);
    match kind {
        MemberKind::Checkpoint => {}
        MemberKind::Bool => put(&[value as u8]),
        MemberKind::Chars(_) => put(b"de_DE.UTF-8\0"),
        MemberKind::Bytes(length) => put(&(0..length).map(|i| i.wrapping_mul(37)).collect::<Vec<u8>>()),
        MemberKind::Lsn if dialect.address == AddressScheme::Split => {
            put(&[endian.put_u32((value >> 32) as u32), endian.put_u32(value as u32)].concat());
        }
        MemberKind::TimeT if abi.time_t == 4 => put(&endian.put_u32(value as u32)),
        MemberKind::U64
        | MemberKind::F64
        | MemberKind::Lsn
        | MemberKind::FullXid
        | MemberKind::TimeT
        | MemberKind::Seconds => put(&endian.put_u64(value)),
        _ => put(&endian.put_u32(value as u32)),
    }
}
