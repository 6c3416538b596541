//! Backup manifests, under a checksum of their own that is right.

use pgwal_recovery::backup::manifest::{ManifestFault, parse};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Reads `bytes` as a manifest, and once more with the last line that belongs to them.
pub fn run(bytes: &[u8]) {
    read(bytes);
    let mut whole = bytes.to_vec();
    whole.truncate(bytes.iter().rposition(|&b| b == b'\n').map_or(bytes.len(), |at| at + 1));
    let digest = Sha256::digest(&whole);
    let mut last = String::from("\"Manifest-Checksum\": \"");
    for byte in digest.iter() {
        let _ = write!(last, "{byte:02x}");
    }
    whole.extend_from_slice(last.as_bytes());
    whole.extend_from_slice(b"\"}\n");
    read(&whole);
}

fn read(bytes: &[u8]) {
    match parse(bytes) {
        Ok(manifest) => {
            assert!((1..=2).contains(&manifest.version));
            manifest.wal_ranges.iter().for_each(|range| assert!(!range.start.to_string().is_empty()));
        }
        Err(fault) => assert!(!fault.to_string().is_empty() && fault != ManifestFault::TooLong),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("manifest", super::run).unwrap() >= 3);
    }
}
