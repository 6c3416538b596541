//! The setting with which a server fetches WAL from an archive.

use crate::outside::is_harmful;
use pgwal_format::{FileName, SegmentName, SegmentSize};
use pgwal_source::{Codec, Entry, Extent, How, Scratch, Source};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf, absolute};

/// `restore_command = 'cp "/srv/wal/%f" "%p"'`, for the folder in which the segments lie. Where they are files and not
/// all of them plain ones there, or no files of this machine but an object store's, `walproof archive-get` unpacks them
/// (`serves`: it takes the archive for a place). Else which command fetches them is up to what archived them. `options`
/// as for [`of_places`].
pub fn setting(
    source: &dyn Source,
    archive: &Path,
    size: SegmentSize,
    (serves, options): (bool, &[(&'static str, String)]),
) -> String {
    let entries = source.list().map(|listing| listing.entries).unwrap_or_default();
    let local = source.local();
    let plain = entries.iter().filter(|entry| is_plain(source, entry, size));
    let folders = plain.filter_map(|entry| plain_folder(entry, &local?.path(entry)));
    let is_segment = |entry: &&Entry| matches!(entry.name, Some(FileName::Segment(_)));
    let segments = entries.iter().filter(is_segment).count();
    // A member of a tar is none.
    let is_file = |entry: &Entry| local.is_none_or(|local| local.path(entry).is_file());
    let mut folders: Vec<PathBuf> = folders.collect();
    let all_plain = folders.len() == segments;
    folders.dedup();
    match folders.as_slice() {
        [folder] if all_plain && !folder.display().to_string().contains(is_harmful) => {
            format!("restore_command = '{}'", cp(folder))
        }
        _ if serves && segments > 0 && entries.iter().filter(is_segment).all(is_file) => of_places(&[archive], options),
        _ => format!(
            "# restore_command: that of what archived the WAL; not every segment is a plain file in one folder of {}",
            absolute(archive).unwrap_or_else(|_| archive.into()).display()
        ),
    }
}

/// A file of a segment's size is taken for one; any other is looked into, for some tools pack without a suffix.
fn is_plain(source: &dyn Source, entry: &Entry, size: SegmentSize) -> bool {
    let how = How { map: None, limit: 64 << 10, window: 64 << 10, extent: Extent::Whole };
    let head = || source.read(entry, &how, &mut Scratch::default(), &mut |_| ControlFlow::Break(()));
    entry.size == Some(size.bytes()) || head().is_ok_and(|read| read.codec == Codec::Plain)
}

/// The folder of a segment that `cp` can restore.
fn plain_folder(entry: &Entry, path: &Path) -> Option<PathBuf> {
    let path = absolute(path).ok()?;
    let is_file = |name: SegmentName| path.file_name().is_some_and(|file| *file == *name.to_string());
    let plain = matches!(entry.name, Some(FileName::Segment(name)) if is_file(name));
    path.parent().filter(|_| plain).map(Path::to_path_buf)
}

/// How the setting begins that calls our own command.
pub(super) const OWN: &str = "restore_command = 'walproof archive-get ";

/// Where one of several places cannot be given to a server.
pub const NOT_SERVED: &str = "# restore_command: that of what archived the WAL; walproof archive-get serves several places that are folders or \
                              object stores";

/// The same for several places that are read as one archive: `walproof archive-get` takes each file from the first that
/// has a good copy of it, as it is read here. `options`: which archive there is meant, where keys are.
pub fn of_places(places: &[&Path], options: &[(&'static str, String)]) -> String {
    let from = places.iter().map(|place| ("--from", address(place)));
    let words: Vec<(&str, String)> = from.chain(options.iter().cloned()).collect();
    if words.iter().any(|(_, value)| value.contains(is_harmful)) {
        return NOT_SERVED.to_owned();
    }
    let words: String = words.iter().map(|(option, value)| format!(" {option} \"{}\"", in_shell(value))).collect();
    format!("restore_command = '{}'", in_settings(&format!("walproof archive-get %f \"%p\"{words}")))
}

/// A server's folder is another one than ours.
fn address(place: &Path) -> String {
    let shown = place.display().to_string();
    if shown.contains("://") { shown } else { absolute(place).map_or(shown, |path| path.display().to_string()) }
}

/// The command that copies plain files out of a folder, as it stands between the quotes of the setting.
pub fn cp(folder: &Path) -> String {
    in_settings(&format!("cp \"{}/%f\" \"%p\"", in_shell(&folder.display().to_string())))
}

/// Inside of double quotes for the shell, with `%` as servers read it.
fn in_shell(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '"' | '$' | '`' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted
}

/// Inside of the configuration's quotes.
fn in_settings(command: &str) -> String {
    command.replace('\\', "\\\\").replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_places_are_asked_by_our_own_command() {
        let places = [Path::new("/srv/a"), Path::new("s3://wal/it's")];
        let command = of_places(&places, &[("--stanza", "main".to_owned())]);
        let own = "walproof archive-get %f \"%p\" --from \"/srv/a\" --from \"s3://wal/it''s\" --stanza \"main\"";
        assert_eq!(command, format!("restore_command = '{own}'"));
        assert_eq!(of_places(&[Path::new("/srv/\u{1b}[2J")], &[]), NOT_SERVED);
    }

    #[test]
    fn every_name_of_a_folder() {
        assert_eq!(cp(Path::new("/srv/my wal")), "cp \"/srv/my wal/%f\" \"%p\"");
        assert_eq!(cp(Path::new("/it's/5%/$x")), "cp \"/it''s/5%%/\\\\$x/%f\" \"%p\"");
    }
}
