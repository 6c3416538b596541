//! A part of a repository was named: which repository, and which part.

use crate::choice::RepoChoice;
use crate::layout::is_archive_id;
use std::path::{Path, PathBuf};

/// The folder of the whole repository, and what the part says of the choice.
pub(crate) fn whole(path: &Path) -> Option<(PathBuf, RepoChoice)> {
    let real = path.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    let above = real.parent()?;
    let named = |folder: &Path| folder.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let has_info = |folder: &Path, info: &str| {
        folder.join(format!("{info}.info")).is_file() || folder.join(format!("{info}.info.copy")).is_file()
    };
    // REPO/archive/STANZA/15-1
    if is_archive_id(name) && has_info(above, "archive") && named(above.parent()?).as_deref() == Some("archive") {
        let choice = RepoChoice { stanza: named(above), archive_id: Some(name.to_owned()), ..RepoChoice::default() };
        return Some((above.parent()?.parent()?.to_path_buf(), choice));
    }
    // REPO/archive/STANZA, REPO/backup/STANZA
    for part in ["archive", "backup"] {
        if has_info(&real, part) && named(above).as_deref() == Some(part) {
            let choice = RepoChoice { stanza: Some(name.to_owned()), ..RepoChoice::default() };
            return Some((above.parent()?.to_path_buf(), choice));
        }
    }
    // REPO/archive, SERVER/wals, PREFIX/wal_005, SITE/xlog
    let beside = |names: &[&str]| names.iter().any(|name| above.join(name).exists());
    let is_part = match name {
        "archive" => {
            beside(&["backup"])
                && std::fs::read_dir(&real).ok()?.flatten().take(100).any(|entry| has_info(&entry.path(), "archive"))
        }
        "wals" => beside(&["base", "identity.json", "incoming"]),
        "wal_005" => beside(&["basebackups_005"]),
        "xlog" => beside(&["basebackup"]),
        _ => false,
    };
    is_part.then(|| (above.to_path_buf(), RepoChoice::default()))
}
