//! Whether the user as whom a server runs may read a file, or write it.

use std::path::Path;

/// By its own rights and those of the folder in which it lies. `true` where that cannot be told, also for the sake of a
/// group; and for root.
#[cfg(unix)]
pub(crate) fn may_read(path: &Path, user: u32) -> bool {
    may(path, user, 0o400)
}

/// The same of writing into a file, or into a folder.
#[cfg(unix)]
pub(crate) fn may_write(path: &Path, user: u32) -> bool {
    may(path, user, 0o200)
}

#[cfg(unix)]
fn may(path: &Path, user: u32, right: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    let allows = |path: &Path, own: u32| {
        let Ok(metadata) = path.metadata() else { return true };
        // Of the groups of that user nothing is known, but that root's is none of them.
        let others = if metadata.gid() == 0 { own >> 6 } else { own >> 3 | own >> 6 };
        metadata.mode() & if metadata.uid() == user { own } else { others } != 0
    };
    user == 0 || allows(path, right) && path.parent().is_none_or(|folder| allows(folder, 0o100))
}

/// Rights are of another kind.
#[cfg(not(unix))]
pub(crate) fn may_read(_: &Path, _: u32) -> bool {
    true
}

/// The same.
#[cfg(not(unix))]
pub(crate) fn may_write(_: &Path, _: u32) -> bool {
    true
}
