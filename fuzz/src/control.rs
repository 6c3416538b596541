//! Control files of every version, behind a checksum that is right.
//!
//! ```text
//! 0   version, kind (bits 0-1 alignment and time_t, bit 2 big-endian)
//! 2 … changes: offset u16, byte
//! ```

use pgwal_craft::control::control_file;
use pgwal_format::Endian;
use pgwal_format::dialect::{Checksum, DIALECTS};
use pgwal_format::text::control::members::{Abi, ControlField, Places};
use pgwal_format::text::control::{ControlFile, ControlImage};
use pgwal_report::control::{json, text};
use pgwal_report::time::Zone;

/// Changes a control file, sums it anew, and reads and prints it.
pub fn run(input: &[u8]) {
    let Some((&[version, kind], changes)) = input.split_first_chunk::<2>() else { return };
    let dialect = &DIALECTS[usize::from(version) % DIALECTS.len()];
    let abi = Abi::ALL[usize::from(kind & 3)];
    let endian = if kind & 4 == 0 { Endian::Little } else { Endian::Big };
    let mut bytes = control_file(dialect, abi, endian, &[]);
    for change in changes.as_chunks::<3>().0 {
        let [low, high, byte] = *change;
        if let Some(place) = bytes.get_mut(usize::from(low) | usize::from(high) << 8) {
            *place = byte;
        }
    }
    let Some((end, _)) = Places::new(dialect, abi).at(ControlField::Crc) else { return };
    let crc = match dialect.checksum {
        Checksum::Castagnoli => pgwal_crc::castagnoli::append(0, &bytes[..end]),
        Checksum::Legacy => pgwal_crc::legacy::append(0, &bytes[..end]),
    };
    bytes[end..end + 4].copy_from_slice(&endian.put_u32(crc));
    let error = ControlFile::parse(&bytes).err();
    match ControlImage::read(&bytes) {
        Ok(image) => {
            assert!(!text::print(&image, Zone::default().server()).out.is_empty());
            assert!(json::document("pg_control", &image, error)["schema"].is_string());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("control", super::run).unwrap() >= 4);
    }
}
