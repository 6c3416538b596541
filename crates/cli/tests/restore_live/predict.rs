//! What `walproof verify --backup` foretells.

use std::{env, path::Path, process::Command};

use serde_json::Value;

use crate::scenario::Scenario;

/// Whether this `walproof` can, and is wanted to.
pub fn is_possible() -> bool {
    let help = Command::new(env!("CARGO_BIN_EXE_walproof")).args(["verify", "--help"]).output().unwrap();
    let can = String::from_utf8_lossy(&help.stdout).contains("--backup");
    can && env::var_os("WALPROOF_OBSERVE").is_none_or(|v| v != "1")
}

/// What is foretold of a scenario.
pub fn of(scenario: &Scenario) -> Value {
    if scenario.is_restored {
        restored(&scenario.archive, &scenario.backup)
    } else {
        restore(&scenario.archive, &scenario.backup, &scenario.settings)
    }
}

/// Of a data directory with all that its server will read.
pub fn restored(archive: &Path, data: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.arg("verify").arg(archive).arg("--pgdata").arg(data);
    said_by(command)
}

/// The `restore` document; where there is none, `{"error": …}`.
pub fn restore(archive: &Path, backup: &Path, settings: &[(String, String)]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.arg("verify").arg(archive).arg("--backup").arg(backup);
    for (name, value) in settings {
        match option(name) {
            _ if name == "recovery_target" => command.arg("--target-immediate"),
            Some(option) => command.arg(option).arg(value),
            None => command.arg("--set").arg(format!("{name}={value}")),
        };
    }
    said_by(command)
}

fn said_by(mut command: Command) -> Value {
    let output = command.args(["--format", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match document.get("restore") {
        Some(restore) => restore.clone(),
        None => {
            let said = format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
            serde_json::json!({ "error": said })
        }
    }
}

fn option(setting: &str) -> Option<&'static str> {
    Some(match setting {
        "recovery_target_time" => "--target-time",
        "recovery_target_lsn" => "--target-lsn",
        "recovery_target_xid" => "--target-xid",
        "recovery_target_name" => "--target-name",
        "recovery_target_inclusive" => "--target-inclusive",
        "recovery_target_timeline" => "--target-timeline",
        "recovery_target_action" => "--target-action",
        _ => return None,
    })
}
