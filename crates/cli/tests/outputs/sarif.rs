//! SARIF 2.1.0.

use crate::run::{testdata, walproof};
use crate::tools::{file_of_others, python, run_python};
use crate::{archives, hostile, inside};
use serde_json::Value;

#[test]
fn results_point_at_rules_and_bytes() {
    let hostile = hostile();
    let all = archives();
    let (documents, mut files) = (tempfile::tempdir().unwrap(), Vec::<String>::new());
    for archive in all.iter().map(|(folder, _)| folder).chain([&inside(&hostile)]) {
        let ran = walproof(&["verify", archive, "--format", "sarif"]);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["version"], "2.1.0");
        let run = &document["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(rules.iter().all(|rule| rule["help"]["text"].as_str().unwrap().len() > 50));
        assert_eq!(run["invocations"][0]["exitCode"], ran.code);
        let verdict: Value = serde_json::from_str(&walproof(&["verify", archive, "--format", "json"]).out).unwrap();
        let (results, findings) = (run["results"].as_array().unwrap(), verdict["findings"].as_array().unwrap());
        assert_eq!(results.len(), findings.len(), "{archive}");
        let mut prints = std::collections::BTreeSet::new();
        for (result, finding) in results.iter().zip(findings) {
            assert_eq!(result["ruleId"], finding["code"]);
            assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], finding["code"]);
            let level = match finding["severity"].as_str().unwrap() {
                "info" => "note",
                other => other,
            };
            assert_eq!(result["level"], level);
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(
                !uri.is_empty() && uri.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)),
                "{uri}"
            );
            if finding["offset"].is_u64() {
                assert!(place["region"]["byteOffset"].is_u64(), "{result}");
            }
            prints.insert(result["partialFingerprints"]["finding/v1"].as_str().unwrap().to_owned());
        }
        assert_eq!(prints.len(), results.len(), "{archive}: fingerprints must tell findings apart");
        let file = documents.path().join(format!("{}.sarif", files.len()));
        std::fs::write(&file, &ran.out).unwrap();
        files.push(file.to_str().unwrap().to_owned());
    }
    if let Some((schema, python)) = file_of_others("WALPROOF_SARIF_SCHEMA").zip(python("jsonschema")) {
        let script = "import json, sys, jsonschema\ncheck = jsonschema.Draft7Validator(json.load(open(sys.argv[1]))).validate\n\
                      for file in sys.argv[2:]: check(json.load(open(file)))";
        let words: Vec<&str> = [schema.as_str()].into_iter().chain(files.iter().map(String::as_str)).collect();
        run_python(&python, script, &words);
    }
}

/// Where the archive lies and when it is looked at is no part of what a finding is.
#[test]
fn a_finding_keeps_its_fingerprint() {
    let copy = tempfile::tempdir().unwrap();
    crate::copy(std::path::Path::new(&testdata("demo/damaged")), copy.path());
    let prints = |archive: &str| {
        let document: Value = serde_json::from_str(&walproof(&["verify", archive, "--format", "sarif"]).out).unwrap();
        document["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(prints(&testdata("demo/damaged")), prints(copy.path().to_str().unwrap()));
    assert_eq!(prints(&testdata("demo/damaged"))["finding/v1"], "WP201:1:0/00AAC690:00000001000000000000000A:706192");
}
