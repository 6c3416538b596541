//! A prediction against what a server did.

use serde_json::Value;
use walproof_testdata::RecoveryStory;

/// What differs; empty where nothing does.
pub fn differences(predicted: &Value, server: &RecoveryStory) -> Vec<String> {
    let mut out = Vec::new();
    let mut same = |what: &str, ours: Value, theirs: Option<Value>| {
        if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
            out.push(format!("{what}: {ours}, server {theirs}"));
        }
    };
    let lsn = |text: &Option<String>| text.as_deref().map(|text| Value::from(padded(text)));
    same("starts", predicted["starts"].clone(), server.started.map(Value::from));
    same("redo_end", predicted["redo_end"].clone(), lsn(&server.redo_done_at));
    same("replay_end", predicted["replay_end"].clone(), lsn(&server.last_replay_lsn));
    let outcome = predicted["outcome"].as_str().unwrap();
    // Clients that come too early are told so, in the same log.
    let fatal = server.fatal.as_deref().filter(|text| !text.contains("starting up") && !text.contains("recovery mode"));
    match fatal.map(|text| text.split_once(":  ").unwrap()) {
        Some((level, says)) => {
            same("outcome", outcome.into(), Some(level.to_lowercase().into()));
            same("server_says", predicted["server_says"].clone(), Some(says.into()));
        }
        None => {
            same("promotes", (outcome == "promotes").into(), server.promoted.map(Value::from));
            same(
                "new_timeline",
                predicted["new_timeline"].to_string().into(),
                server.timeline_after.clone().map(Value::from),
            );
            let reached = predicted["target"]["reached"].as_bool().unwrap_or(false);
            same("reached", reached.into(), server.reached.map(Value::from));
        }
    }
    out
}

/// `0/AAC690` as JSON has it: `0/00AAC690`.
pub fn padded(lsn: &str) -> String {
    let (high, low) = lsn.split_once('/').unwrap();
    format!("{high}/{low:0>8}")
}

/// The options that give a recovery its settings.
pub fn options(server: &RecoveryStory) -> Vec<String> {
    let all = RecoveryStory::SERVER.iter().map(|(name, value)| (*name, *value));
    let own = server.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    all.chain(own).flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]).collect()
}
