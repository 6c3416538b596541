//! The damaged archives of testdata: everything that is found in each, beside its recipe.
//!
//! `NAME.codes` begins with the verdict and the exit code; then a line for each finding, in the order in which they are
//! told: code, severity, where replay stops, the place, the file. An archive is added by adding its recipe;
//! `WALPROOF_BLESS=1` writes what is missing, and a reader judges it by what the recipe expects and the server did.

use crate::pair::started;
use serde_json::Value;
use std::fs;
use std::path::Path;
use walproof_testdata::{Case, root};

#[test]
fn every_damaged_archive_has_the_codes_that_lie_beside_it() {
    let folder = root().join("damaged-15/cases");
    let mut wrong = Vec::new();
    for case in Case::all().unwrap() {
        let (golden, told) = (folder.join(format!("{}.codes", case.case)), told(&case));
        if std::env::var_os("WALPROOF_BLESS").is_some() {
            fs::write(&golden, &told).unwrap();
        }
        let wanted = fs::read_to_string(&golden).unwrap_or_else(|_| panic!("{} is missing", golden.display()));
        if told != wanted {
            wrong.push(format!("{}:\n{told}instead of\n{wanted}", case.case));
        }
        agrees(&case, &wanted);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        assert!(path.with_extension("json").is_file(), "{} has no recipe", path.display());
    }
}

/// What is blessed must not contradict the recipe.
fn agrees(case: &Case, golden: &str) {
    let first = golden.lines().next().unwrap();
    assert!(first.ends_with(&format!(" exit {}", case.expect.exit)), "{}: {first}", case.case);
    let errors = golden.lines().filter(|line| line.split(' ').nth(1) == Some("error")).count();
    assert_eq!(errors > 0, case.expect.exit == 1, "{}: {golden}", case.case);
    if let Some(lsn) = case.expect.lsn.as_ref() {
        assert!(golden.lines().nth(1).unwrap().contains(lsn), "{}: {golden}", case.case);
    }
}

fn told(case: &Case) -> String {
    let place = tempfile::tempdir().unwrap();
    case.rebuild(place.path()).unwrap();
    crate::step::settle(place.path(), &[]);
    let (exit, document) = verify(place.path());
    let field = |finding: &Value, name: &str| finding[name].as_str().unwrap_or("-").to_owned();
    let mut out = format!("{} exit {exit}\n", document["verdict"].as_str().unwrap());
    for finding in document["findings"].as_array().unwrap() {
        let fields = ["code", "severity", "lsn", "at", "file"].map(|name| field(finding, name));
        out += &(fields.join(" ") + "\n");
    }
    out
}

fn verify(place: &Path) -> (i32, Value) {
    let output = started(place, &["verify", ".", "--format", "json"]).wait_with_output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}
