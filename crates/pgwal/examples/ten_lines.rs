//! Verifies an archive in ten lines.

use pgwal::{Options, Verdict, open, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/demo");
    for (folder, verdict) in [("good", Verdict::Proven), ("damaged", Verdict::Refuted)] {
        let archive = open(&[format!("{root}/{folder}").into()])?;
        let outcome = verify(archive.as_ref(), &Options::default())?;
        for finding in &outcome.findings {
            println!("{folder}: {} {}", finding.code, finding.message(outcome.layout.as_ref()));
        }
        assert_eq!(outcome.verdict, verdict);
    }
    Ok(())
}

#[test]
fn an_archive_is_verified_in_ten_lines() {
    main().unwrap();
}
