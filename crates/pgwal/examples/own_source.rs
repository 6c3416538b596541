//! A source of one's own: segments packed with gzip, in memory. It says what is there and gives stored bytes; that they
//! are gzip, and what is in it, is found out behind it.

use pgwal::source::{AsOf, Entry, Extent, Keys, Listing, Local, Refusal, SourceError, Stamp, Stored};
use pgwal::{Options, Source, Verdict, verify};
use std::io::{Cursor, Read};

/// Names and stored bytes.
struct Memory(Vec<(String, Vec<u8>)>);

#[rustfmt::skip]
impl Source for Memory {
    fn describe(&self) -> String { "memory".into() }
    fn list(&self) -> Result<Listing, SourceError> {
        Ok(Listing::of(self.0.iter().map(|(name, bytes)| Entry::named(name, Some(bytes.len() as u64))).collect()))
    }
    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        let gone = || SourceError::foreign(entry.shown(), Refusal::Gone, "no such segment");
        let (_, bytes) = self.0.iter().find(|(name, _)| *name == entry.id()).ok_or_else(gone)?;
        Ok(Box::new(Cursor::new(bytes.as_slice())))
    }
    fn keys(&self, _: &Entry) -> Option<&Keys> { None }
    fn stamp(&self, _: &Entry) -> Option<Stamp> { None }
    fn as_of(&self, _: &Entry) -> AsOf { AsOf::Now }
    fn is_live(&self) -> bool { false }
    fn local(&self) -> Option<&dyn Local> { None }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (folder, verdict) in [("good", Verdict::Proven), ("damaged", Verdict::Refuted)] {
        let mut files = Vec::new();
        for file in std::fs::read_dir(format!("{}/../../testdata/demo/{folder}", env!("CARGO_MANIFEST_DIR")))? {
            let (file, mut packed) = (file?, Vec::new());
            let bytes = std::fs::read(file.path())?;
            flate2::bufread::GzEncoder::new(bytes.as_slice(), flate2::Compression::fast()).read_to_end(&mut packed)?;
            files.push((format!("{}.gz", file.file_name().display()), packed));
        }
        let outcome = verify(&Memory(files), &Options::default())?;
        println!("{folder}: {:?}, {} findings", outcome.verdict, outcome.findings.len());
        assert_eq!(outcome.verdict, verdict);
    }
    Ok(())
}

#[test]
fn packed_segments_are_judged_like_plain_ones() {
    main().unwrap();
}
