//! `verify` of an archive that is written, packed and expired at full speed: no false alarm, no hole in what is proven.
//!
//! `WALPROOF_BUSY_RUNS` says how often each way of writing is looked at (`cargo xtask long busy-archive`).
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod writer;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use writer::{Manner, TURNOVER, Writer};

fn runs() -> usize {
    std::env::var("WALPROOF_BUSY_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(4)
}

/// Looks while somebody writes, every other time with what earlier runs proved. Returns what was said.
fn verify(folder: &Path, index: &Path, run: usize) -> (i32, Value) {
    let threads = ["1", "2", "4"][run % 3];
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command
        .arg("verify")
        .arg(folder)
        .args(["--format", "json", "--fail-on", "warning", "-j", threads])
        .stdin(Stdio::null());
    if run % 2 == 1 {
        command.arg("--no-mmap");
    }
    if run % 4 >= 2 {
        command.arg("--index").arg(index);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let document = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().expect("ends by itself"), document)
}

fn position(lsn: &Value) -> u64 {
    let (high, low) = lsn.as_str().unwrap().split_once('/').unwrap();
    u64::from_str_radix(high, 16).unwrap() << 32 | u64::from_str_radix(low, 16).unwrap()
}

fn beside(manner: Manner) {
    let (folder, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let index = memory.path().join("index");
    let mut writer = Writer::new(folder.path(), manner);
    writer.fill();
    let stop = AtomicBool::new(false);
    // At full speed, but an archive that is wholly another one when it was read cannot be judged: a slow machine must
    // not see that.
    let allowed = AtomicU64::new(writer.archived());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                if writer.archived() < allowed.load(Ordering::Relaxed) {
                    writer.step()
                } else {
                    std::thread::sleep(Duration::from_millis(1))
                }
            }
        });
        let looked = std::panic::catch_unwind(|| {
            let mut before = 0;
            for run in 0..runs() {
                allowed.fetch_add(TURNOVER, Ordering::Relaxed);
                let (exit, document) = verify(folder.path(), &index, run);
                assert_eq!(
                    (exit, &document["verdict"]),
                    (0, &Value::from("proven")),
                    "{manner:?}, run {run}: {:#}",
                    document["findings"]
                );
                let alarms =
                    document["findings"].as_array().unwrap().iter().filter(|f| f["severity"] != "info").count();
                assert_eq!(alarms, 0, "{manner:?}, run {run}: {:#}", document["findings"]);
                // One stretch without a hole, that comes further with each run.
                assert_eq!(
                    document["timelines"][0]["islands"].as_array().unwrap().len(),
                    1,
                    "{manner:?}, run {run}: {document:#}"
                );
                let to = position(&document["replay"]["to"]);
                assert!(to >= before, "{manner:?}, run {run}: {to} after {before}");
                before = to;
            }
        });
        stop.store(true, Ordering::Relaxed);
        looked.unwrap();
    });
    eprintln!("{manner:?}: {} runs beside {} segments archived", runs(), writer.archived());
}

#[test]
fn copied_in_place() {
    beside(Manner::Copied);
}

#[test]
fn renamed_into_place() {
    beside(Manner::Renamed);
}

#[test]
fn packed_while_written() {
    beside(Manner::Packed);
}

#[test]
fn packed_later() {
    beside(Manner::PackedLater);
}

#[test]
fn what_is_missing_stays_missing() {
    let (folder, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let index = memory.path().join("index");
    let mut writer = Writer::new(folder.path(), Manner::Renamed);
    writer.fill();
    writer.lose_one();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // It is not to expire before the runs are over.
            while !stop.load(Ordering::Relaxed) {
                writer.grow();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let looked = std::panic::catch_unwind(|| {
            for run in 0..4 {
                let (exit, document) = verify(folder.path(), &index, run);
                assert_eq!((exit, &document["verdict"]), (1, &Value::from("refuted")), "{:#}", document["findings"]);
                assert_eq!(
                    (&document["findings"][0]["name"], &document["findings"][0]["severity"]),
                    (&"gap".into(), &"error".into())
                );
            }
        });
        stop.store(true, Ordering::Relaxed);
        looked.unwrap();
    });
}
