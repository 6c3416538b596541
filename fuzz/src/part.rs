//! Summaries of parts of an archive, as any process may have written them.

use pgwal_verify::index::Parts;
use pgwal_verify::{Options, verify_parts};
use twox_hash::XxHash3_128;

/// What stands in front of a summary's content, its version included.
const HEAD: &[u8] = b"walproof part\n\x04";

/// Joins a summary whose content is `bytes`, under a checksum that is right.
pub fn run(bytes: &[u8]) {
    let mut parts = Parts::new();
    if parts.add(&file(bytes)).is_ok() {
        match verify_parts(parts, &Options::default()) {
            Ok(outcome) => {
                outcome.findings.iter().for_each(|f| assert!(!f.message(outcome.layout.as_ref()).is_empty()))
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn file(content: &[u8]) -> Vec<u8> {
    let mut file = [HEAD, content].concat();
    file.extend_from_slice(&XxHash3_128::oneshot(&file).to_le_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of another version of summaries every one would be refused, and nothing be tried.
    #[test]
    fn seeds_are_summaries() {
        for seed in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/part")).unwrap() {
            let path = seed.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(
                name.starts_with("found-") || Parts::new().add(&file(&std::fs::read(&path).unwrap())).is_ok(),
                "{name}"
            );
        }
    }

    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("part", super::run).unwrap() >= 8);
    }
}
