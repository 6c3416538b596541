//! The text format of Prometheus.

use crate::run::{testdata, walproof};
use crate::tools::{another_program, passed, python, run_python};
use crate::{HOSTILE, archives, hostile, inside};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};

/// Metric, labels and value of each line; every metric has its HELP and TYPE before it, and stands in one piece.
pub fn metrics(text: &str) -> Vec<(String, String, f64)> {
    let mut out: Vec<(String, String, f64)> = Vec::new();
    let (mut help, mut kind) = (String::new(), String::new());
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split(' ').next().unwrap().to_owned();
            assert!(seen.insert(help.clone()), "{help} twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            kind = rest.strip_suffix(" gauge").unwrap().to_owned();
        } else {
            let (metric, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = metric.split_once('{').unwrap();
            assert!(
                name == help && name == kind && labels.starts_with("archive=\"") && labels.ends_with("\"}"),
                "{line}"
            );
            assert!(!name.ends_with("_total") && name.starts_with("walproof_"), "{name}");
            out.push((name.to_owned(), labels.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}"))));
        }
    }
    assert!(text.ends_with('\n'));
    out
}

/// As what does harm in a name is told.
fn shown(name: &str) -> String {
    name.replace('\u{1b}', "\\x1B").replace('\u{202e}', "\\u{202E}")
}

#[test]
fn every_archive_has_its_metrics() {
    let hostile = hostile();
    let all = archives();
    let (mut words, mut kept) = (Vec::new(), Vec::new());
    let promtool = another_program("promtool");
    for archive in all.iter().map(|(folder, _)| folder).chain([&inside(&hostile)]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let ran = walproof(&["verify", archive, "--format", "prometheus", "-o", file.path().to_str().unwrap()]);
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(ran.out.is_empty());
        let told = metrics(&text);
        let value = |name: &str| told.iter().find(|(n, ..)| n == name).map(|(.., value)| *value);
        assert_eq!(value("walproof_exit_code"), Some(f64::from(ran.code)), "{archive}");
        assert_eq!(
            told.iter().filter(|(name, _, value)| name == "walproof_verdict" && *value == 1.0).count(),
            1,
            "{archive}"
        );
        assert_eq!(value("walproof_run_success"), Some(f64::from(u8::from(ran.code != 2))));
        words.extend([file.path().to_str().unwrap().to_owned(), shown(archive), told.len().to_string()]);
        if let Some(promtool) = &promtool {
            passed(
                Command::new(promtool)
                    .args(["check", "metrics"])
                    .stdin(Stdio::from(std::fs::File::open(file.path()).unwrap())),
            );
        }
        kept.push(file);
    }
    if let Some(python) = python("prometheus_client.parser") {
        let script = "import sys\nfrom prometheus_client.parser import text_string_to_metric_families as read\n\
                      for file, archive, count in zip(*[iter(sys.argv[1:])] * 3):\n \
                      samples = [s for f in read(open(file, newline='').read()) for s in f.samples]\n \
                      assert len(samples) == int(count) and all(s.labels['archive'] == archive for s in samples), file";
        run_python(&python, script, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let text = walproof(&["verify", &inside(&hostile), "--format", "prometheus"]).out;
    assert!(text.contains(&shown(HOSTILE).replace('\\', "\\\\").replace('"', "\\\"")));
}

#[test]
fn the_figures_are_those_of_the_verdict() {
    let text = walproof(&["verify", &testdata("demo/damaged"), "--format", "prometheus"]).out;
    for line in [
        "walproof_verdict{archive=\"ARCHIVE\",verdict=\"refuted\"} 1\n",
        "walproof_findings{archive=\"ARCHIVE\",code=\"WP201\",name=\"record-crc\",severity=\"error\"} 1\n",
        "walproof_records{archive=\"ARCHIVE\"} 6327\n",
        "walproof_timeline_records{archive=\"ARCHIVE\",timeline=\"1\"} 19323\n",
        "walproof_timeline_end_lsn_bytes{archive=\"ARCHIVE\",timeline=\"1\"} 12582104\n",
        "walproof_replay_end_lsn_bytes{archive=\"ARCHIVE\"} 11191952\n",
        "walproof_last_commit_timestamp_seconds{archive=\"ARCHIVE\"} 1795317422.474508\n",
        "walproof_timeline_last_commit_timestamp_seconds{archive=\"ARCHIVE\",timeline=\"1\"} 1795317422.513016\n",
    ] {
        assert!(text.contains(&line.replace("ARCHIVE", &testdata("demo/damaged"))), "{line} is not in\n{text}");
    }
}

/// An archive that is not mounted must not leave yesterday's verdict.
#[test]
fn a_restore_has_its_metrics() {
    let told = |archive: &str, options: &[&str]| {
        let words = ["verify", &testdata(archive), "--backup", "latest", "--format", "prometheus"];
        metrics(&walproof(&[&words, options].concat()).out)
    };
    let value = |told: &[(String, String, f64)], name: &str| {
        told.iter().find(|(n, ..)| n == name).map(|(_, labels, value)| (labels.clone(), *value))
    };
    let early = told("demo/good", &["--target-lsn", "0/00B00000"]);
    let (labels, _) = value(&early, "walproof_restore_info").unwrap();
    assert!(labels.contains("outcome=\"pauses\",target_kind=\"lsn\",target=\"0/00B00000\",timeline=\"1\""), "{labels}");
    assert_eq!(value(&early, "walproof_restore_target_reached").unwrap().1, 1.0);
    assert_eq!(value(&early, "walproof_restore_starts").unwrap().1, 1.0);
    assert_eq!(value(&early, "walproof_restore_files_wanting").unwrap().1, 0.0);
    let damaged = told("demo/damaged", &["--target-lsn", "0/00B00000"]);
    assert_eq!(value(&damaged, "walproof_restore_target_reached").unwrap().1, 0.0);
    let names =
        metrics(&walproof(&["verify", &testdata("demo/good"), "--depth", "names", "--format", "prometheus"]).out);
    // Where the last segment ends: 0/00C00000.
    assert_eq!(value(&names, "walproof_timeline_end_lsn_bytes").unwrap().1, f64::from(0x00C0_0000));
}

#[test]
fn a_run_that_could_not_look_replaces_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("walproof.prom");
    let path = file.to_str().unwrap();
    assert_eq!(walproof(&["verify", &testdata("demo/good"), "--format", "prometheus", "-o", path]).code, 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("walproof_verdict"));
    assert_eq!(walproof(&["verify", "/no/such/folder", "--format", "prometheus", "-o", path]).code, 2);
    let told = metrics(&std::fs::read_to_string(&file).unwrap());
    assert_eq!(
        told.iter().map(|(name, ..)| name.as_str()).filter(|name| !name.starts_with("walproof_run_")).count(),
        0
    );
    assert_eq!(told[0], ("walproof_run_success".into(), "archive=\"/no/such/folder\"}".into(), 0.0));
}
