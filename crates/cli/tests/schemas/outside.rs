//! A validator that is not ours, over the same schemas: Python's jsonschema.

use crate::run::{testdata, walproof};
use crate::tools::{python, run_python};
use std::fmt::Write;
use std::path::Path;

const SCRIPT: &str = "\
import json, pathlib, sys, jsonschema
schemas = {file.name: json.loads(file.read_text()) for file in pathlib.Path(sys.argv[1]).glob('*.json')}
for line in open(sys.argv[2]):
    name, document = line.rstrip('\\n').split('\\t', 1)
    schema = schemas[name]
    resolver = jsonschema.RefResolver('', schema, store=schemas)
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(json.loads(document))
    print(name)
";

/// A document for each schema but that of a file (`--known`), whole and damaged.
#[test]
fn another_validator_agrees() {
    let Some(python) = python("jsonschema") else { return };
    let (good, damaged, backup) = (testdata("demo/good"), testdata("demo/damaged"), testdata("backup/15"));
    let mut lines = String::new();
    for (schema, words) in [
        ("verify.json", vec!["verify", &good]),
        ("verify.json", vec!["verify", &damaged, "--backup", &backup]),
        ("timelines.json", vec!["timelines", &testdata("15/archive")]),
        ("stats.json", vec!["stats", &damaged]),
        ("plan.json", vec!["plan", &damaged, "--backup", "latest"]),
        ("when.json", vec!["when", &good, "0/00A00000"]),
        ("hex.json", vec!["hex", &good, "0/00A002C0"]),
        ("lag.json", vec!["lag", "0/A00000", "0/900000"]),
        ("locate.json", vec!["locate", "-p", &good, "0/00A00000"]),
        ("explain.json", vec!["explain", "WP201"]),
        ("control.json", vec!["control", &testdata("control/15/pg_control")]),
    ] {
        let document = walproof(&[words.as_slice(), &["--format", "json"]].concat()).out;
        assert!(document.starts_with('{'), "{words:?}: {document}");
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        writeln!(lines, "{schema}\t{document}").unwrap();
    }
    for line in walproof(&["dump", &damaged, "--format", "jsonl"]).out.lines().filter(|line| line.len() % 7 == 0) {
        writeln!(lines, "dump-line.json\t{line}").unwrap();
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &lines).unwrap();
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let output = run_python(&python, SCRIPT, &[schemas.to_str().unwrap(), file.path().to_str().unwrap()]);
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), lines.lines().count());
}
