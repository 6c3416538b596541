//! Whether the user as whom a server runs may read a file.

use std::path::Path;

/// By its own rights and those of the folder in which it lies. `true` where that cannot be told, also for the sake of a
/// group; and for root.
#[cfg(unix)]
pub(crate) fn may_read(path: &Path, user: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    let allows = |path: &Path, own: u32| {
        let Ok(metadata) = path.metadata() else { return true };
        let others = own >> 3 | own >> 6;
        metadata.mode() & if metadata.uid() == user { own } else { others } != 0
    };
    user == 0 || allows(path, 0o400) && path.parent().is_none_or(|folder| allows(folder, 0o100))
}

/// Rights are of another kind.
#[cfg(not(unix))]
pub(crate) fn may_read(_: &Path, _: u32) -> bool {
    true
}
