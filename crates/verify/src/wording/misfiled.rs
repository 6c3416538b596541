//! WAL that lies where the tool that keeps the place does not look for it, and what to do.

use crate::finding::MisfiledAt;
use pgwal_repos::shell::quoted;

pub(super) fn message(file: &str, at: &MisfiledAt) -> String {
    if let Some(taken) = &at.taken {
        return format!("{file} lies beside {taken}, which the tool that keeps this archive gives out in its place");
    }
    let folder = shown(&at.look_in);
    format!(
        "{file} lies where the tool that keeps this archive does not look for it: it looks in {folder}, by a name of its own form"
    )
}

pub(super) fn advice(file: &str, at: &MisfiledAt) -> String {
    if let Some(taken) = &at.taken {
        return format!(
            "where {taken} is damaged, move it out of the archive: then the tool gives out {file}; then verify again"
        );
    }
    let folder_of = |file: &str| file.rfind('/').and_then(|slash| file.get(..slash)).unwrap_or("").to_owned();
    match (at.to.as_deref(), at.root.as_deref()) {
        (Some(to), _) if at.unpack => {
            format!("unpack {file} and put what comes out where the tool looks: {to}; then verify again")
        }
        (Some(to), Some(root)) => {
            let (from, to) = (format!("{root}{file}"), format!("{root}{to}"));
            let above = folder_of(&to);
            let is_new = !above.is_empty() && above != folder_of(&from);
            let made = if is_new { format!("mkdir -p {} && ", quoted(&above)) } else { String::new() };
            format!("move it to where the tool looks: {made}mv {} {}; then verify again", quoted(&from), quoted(&to))
        }
        (Some(to), None) => format!("move {file} to where the tool looks: {to}; then verify again"),
        (None, _) => format!(
            "bring {file} in by the tool that keeps this archive (pgbackrest archive-push, wal-g wal-push), unpacked and under the server's own name: it looks in {}",
            shown(&at.look_in)
        ),
    }
}

fn shown(folder: &str) -> &str {
    if folder.is_empty() { "the folder above" } else { folder.trim_end_matches('/') }
}
