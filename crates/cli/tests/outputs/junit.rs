//! Test results.

use crate::elements::elements;
use crate::run::walproof;
use crate::tools::{file_of_others, passed, program};
use crate::{archives, hostile, inside};
use std::process::Command;

#[test]
fn failures_are_there_where_the_run_fails() {
    let hostile = hostile();
    let all = archives();
    let (documents, mut files) = (tempfile::tempdir().unwrap(), Vec::new());
    for archive in all.iter().map(|(folder, _)| folder).chain([&inside(&hostile)]) {
        for options in [&[][..], &["--fail-on", "warning"]] {
            let words: Vec<&str> = ["verify", archive, "--format", "junit"].iter().chain(options).copied().collect();
            let ran = walproof(&words);
            let found = elements(&ran.out, &[]);
            let count = |name: &str| found.iter().filter(|e| e.name == name).count();
            let sum = |attribute: &str| {
                let suites = found.iter().filter(|e| e.name == "testsuite");
                suites.map(|e| e.get(attribute).unwrap().parse::<usize>().unwrap()).sum::<usize>()
            };
            assert_eq!((sum("tests"), sum("failures")), (count("testcase"), count("failure")), "{archive}");
            assert_eq!((sum("errors"), sum("skipped")), (count("error"), count("skipped")), "{archive}");
            match ran.code {
                0 => assert_eq!(count("failure") + count("error"), 0, "{archive}: {}", ran.out),
                1 => assert!(count("failure") > 0, "{archive}"),
                _ => assert!(count("error") > 0, "{archive}"),
            }
            let file = documents.path().join(format!("{}.xml", files.len()));
            std::fs::write(&file, &ran.out).unwrap();
            files.push(file);
        }
    }
    if let Some(xmllint) = program(&["xmllint"]) {
        let mut command = Command::new(xmllint);
        // The schema of Ant's JUnit task, or that of Jenkins: files of other projects.
        if let Some(schema) = file_of_others("WALPROOF_JUNIT_XSD") {
            command.arg("--schema").arg(schema);
        }
        passed(command.arg("--noout").args(&files));
    }
}
