//! Whether a program can be run on this machine.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where programs are looked for besides: a server has a PATH of its own.
const USUAL: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// The codes with which a shell ends.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Whether a program is on this machine, and somebody may run it. `true` also where that cannot be told.
pub fn is_runnable(program: &str) -> bool {
    code_without(program).is_none()
}

/// The code with which a shell ends that is to run a program; `None` where it is on this machine and somebody may run
/// it, and where that cannot be told.
pub(crate) fn code_without(program: &str) -> Option<u8> {
    if program.contains('/') {
        return if program.starts_with('/') { refusal(Path::new(program)) } else { None };
    }
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&own).chain(USUAL.map(PathBuf::from)).map(|folder| folder.join(program));
    all.all(|path| refusal(&path).is_some()).then_some(NOT_FOUND)
}

fn refusal(path: &Path) -> Option<u8> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() && may_run(&metadata) => None,
        Ok(_) => Some(NOT_EXECUTABLE),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(NOT_FOUND),
        Err(_) => None,
    }
}

#[cfg(unix)]
fn may_run(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &std::fs::Metadata) -> bool {
    true
}
