//! What was read of the contents of backups.

use crate::figures::{bytes, counted};
use pgwal_repos::{ContentFault, ContentsRead};
use pgwal_verify::contents::BackupContents;
use serde_json::{Value, json};

/// `20261128-151715F: 912 files, 24 MiB read; bundle/1 …`
pub fn line(contents: &BackupContents) -> String {
    format!("{}: {}", contents.backup, text(&contents.read))
}

/// `912 files, 24 MiB read, every checksum is right`
pub fn text(read: &ContentsRead) -> String {
    let mut text = match read.is_nothing() {
        true => "nothing was read".to_owned(),
        false => format!("{}, {} read", counted(read.files.into(), "file"), bytes(read.bytes.into())),
    };
    let mut add = |what: &str, fault: &Option<ContentFault>| {
        if let Some(fault) = fault {
            text += &format!("; {what}: {fault}");
        }
    };
    add("damaged", &read.damaged);
    add("may be damaged", &read.suspect);
    add("not read", &read.unread);
    if read.damaged.is_none() && read.suspect.is_none() && read.unread.is_none() && read.files > 0 {
        text += ", and nothing is wrong with them";
    }
    if !read.not_checked.is_empty() {
        text += &format!("; not checked: {}", read.not_checked.join(", "));
    }
    text
}

/// As a part of other documents.
pub fn json(read: &ContentsRead) -> Value {
    let fault = |fault: &Option<ContentFault>| {
        fault.as_ref().map(|fault| json!({"file": fault.file, "message": fault.why, "count": fault.count}))
    };
    json!({
        "files": read.files,
        "bytes": read.bytes,
        "damaged": fault(&read.damaged),
        "suspect": fault(&read.suspect),
        "unread": fault(&read.unread),
        "not_checked": read.not_checked,
    })
}

/// The same, with the backup's name.
pub fn named(contents: &BackupContents) -> Value {
    let mut value = json(&contents.read);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("backup".into(), contents.backup.clone().into());
    }
    value
}
