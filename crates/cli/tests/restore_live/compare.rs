//! Foretold against seen: what the server did not say is not compared.

use serde_json::Value;

use crate::position::position;

/// Every way in which the prediction (a `restore` document) is not what was seen (`keep::document`), a line each.
pub fn differences(foretold: &Value, seen: &Value, read_ahead: bool) -> Vec<String> {
    if let Some(error) = foretold["error"].as_str() {
        return vec![format!("nothing was foretold: {error}")];
    }
    let died = matches!(seen["outcome"].as_str(), Some("fatal" | "panic"));
    let mut found = Vec::new();
    let mut differ = |what: &str, foretold: String, seen: String| {
        if foretold != seen {
            found.push(format!("{what}: foretold {foretold}, seen {seen}"));
        }
    };
    differ("outcome", shown(&foretold["outcome"]), shown(&seen["outcome"]));
    differ("starts", shown(&foretold["starts"]), shown(&seen["starts"]));
    for name in ["consistent_at", "redo_end", "replay_end"] {
        if let Some(lsn) = seen[name].as_str() {
            differ(name, lsn_of(foretold[name].as_str()), lsn_of(Some(lsn)));
        }
    }
    // The new history names the timeline that was aimed at as the parent, whether or not recovery came to it.
    for (name, of) in [("target_timeline", "parent_timeline"), ("new_timeline", "new_timeline")] {
        if !seen[of].is_null() {
            differ(name, shown(&foretold[name]), shown(&seen[of]));
        }
    }
    if died {
        differ("server_says", class_of(&foretold["server_says"]), class_of(&seen["server_says"]));
    } else {
        differ("target reached", (foretold["target"]["reached"] == true).to_string(), shown(&seen["reached"]));
    }
    if seen["replay_end"].is_string() {
        differ("last_commit", commit_of(&foretold["last_commit"]), commit_of(&seen["last_commit"]));
    }
    // Behind a pause the server is promoted, and asks for more histories.
    let resumed = seen["outcome"] == "pauses";
    differ_in_files(&mut differ, &foretold["files"], &seen["asked"], read_ahead, resumed);
    found
}

/// A scenario's end, in a few words.
pub fn in_short(seen: &Value) -> String {
    let said = if seen["server_says"].is_null() { &seen["stopping"] } else { &seen["server_says"] };
    format!("{}, redo done at {}, {}", shown(&seen["outcome"]), shown(&seen["redo_end"]), shown(said))
}

/// The names in the order in which they were first asked for. A server that reads ahead (15 and later) may ask for some
/// beyond its end.
fn differ_in_files(
    differ: &mut impl FnMut(&str, String, String),
    files: &Value,
    asked: &Value,
    read_ahead: bool,
    resumed: bool,
) {
    let listed = || files.as_array().into_iter().flatten();
    let needed = listed().filter(|file| file["status"] != "unneeded");
    let foretold = in_order(needed.filter_map(|file| file["name"].as_str()));
    let seen = in_order(asked.as_array().into_iter().flatten().filter_map(Value::as_str));
    let beyond = |name: &str| foretold.iter().filter(|other| other.len() == 24).all(|other| *other < name);
    let is_listed = |name: &str| listed().any(|file| file["status"] == "unneeded" && file["name"] == name);
    let ahead = |name: &&str| read_ahead && name.len() == 24 && (beyond(name) || is_listed(name));
    let later = |name: &&str| resumed && name.ends_with(".history") && !foretold.contains(name);
    let seen: Vec<&str> = seen.into_iter().filter(|name| !ahead(name) && !later(name)).collect();
    let lacks = |these: &[&str], those: &[&str]| {
        these.iter().filter(|name| !those.contains(name)).copied().collect::<Vec<_>>().join(" ")
    };
    differ("files foretold and not asked for", lacks(&foretold, &seen), String::new());
    differ("files asked for and not foretold", String::new(), lacks(&seen, &foretold));
    if foretold.iter().all(|name| seen.contains(name)) && seen.iter().all(|name| foretold.contains(name)) {
        differ("order of files", foretold.join(" "), seen.join(" "));
    }
}

fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Zero padding is a matter of spelling.
fn lsn_of(text: Option<&str>) -> String {
    text.and_then(position)
        .map_or_else(|| "none".to_owned(), |lsn| format!("{:X}/{:08X}", lsn >> 32, lsn & 0xFFFF_FFFF))
}

/// A message without severity, names and numbers.
fn class_of(message: &Value) -> String {
    let text = message.as_str().unwrap_or("none");
    let text =
        ["FATAL:", "PANIC:"].iter().find_map(|severity| text.split_once(severity)).map_or(text, |(_, rest)| rest);
    let line = text.trim().lines().next().unwrap_or_default();
    let mut class = String::new();
    for (quoted, part) in line.split('"').enumerate().map(|(number, part)| (number % 2 == 1, part)) {
        let words = part.split(' ').map(|word| if word.contains(|c: char| c.is_ascii_digit()) { "#" } else { word });
        class += &if quoted { "#".to_owned() } else { words.collect::<Vec<_>>().join(" ") };
    }
    class
}

fn commit_of(commit: &Value) -> String {
    if commit.is_null() {
        return "none".to_owned();
    }
    format!("{} at {}", shown(&commit["xid"]), commit["time"].as_str().map_or_else(String::new, time_of))
}

/// `2026-11-25 01:33:04.9+00` and `2026-11-25T01:33:04.900000Z` are one.
fn time_of(text: &str) -> String {
    let text = text.replace('T', " ").replace("+00:00", "").replace("+00", "").replace('Z', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{fraction:0<6}")
}

#[test]
fn spelling_is_no_difference_and_substance_is() {
    let seen = serde_json::json!({
        "outcome": "promotes", "starts": true, "consistent_at": "0/900108", "redo_end": "0/F5E8D0", "replay_end": "0/1000000", "parent_timeline": 1,
        "new_timeline": 2, "reached": false, "server_says": null, "last_commit": { "xid": 1025, "time": "2026-11-25 01:33:04.9+00" },
        "asked": ["A", "B", "A", "00000002.history"],
    });
    let mut foretold = serde_json::json!({
        "outcome": "promotes", "starts": true, "consistent_at": "0/00900108", "redo_end": "0/00F5E8D0", "replay_end": "0/01000000", "target_timeline": 1,
        "new_timeline": 2, "target": null, "last_commit": { "xid": 1025, "time": "2026-11-25T01:33:04.900000Z", "lsn": "0/00F5E000" },
        "files": [{ "name": "A", "status": "present" }, { "name": "B", "status": "missing" }, { "name": "C", "status": "unneeded" },
                  { "name": "00000002.history", "status": "missing" }],
    });
    assert_eq!(differences(&foretold, &seen, false), Vec::<String>::new());
    foretold["replay_end"] = "0/01000008".into();
    foretold["last_commit"]["xid"] = 1024.into();
    foretold["files"][1]["name"] = "D".into();
    let found = differences(&foretold, &seen, false);
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn a_class_has_no_names_and_no_numbers() {
    let seen = "FATAL:  archive file \"00000001000000000000000F\" has wrong size: 1058783 instead of 1048576".into();
    let foretold = "FATAL:  archive file \"000000010000000000000002\" has wrong size: 5 instead of 1048576".into();
    assert_eq!(class_of(&seen), class_of(&foretold));
    assert_ne!(class_of(&seen), class_of(&"FATAL:  recovery target timeline 7 does not exist".into()));
}
