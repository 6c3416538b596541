//! Whether a program can be run on this machine.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Where programs are looked for besides: a server has a PATH of its own.
const USUAL: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// The codes with which a shell ends.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;
/// A kernel reads no more of a script to find what runs it (`BINPRM_BUF_SIZE`).
const LONGEST_FIRST_LINE: u64 = 256;

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
    // Where whoever looks may not look, a shell of theirs finds nothing either.
    let is_closed = |path: &Path| path.metadata().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    all.all(|path| is_closed(&path) || refusal(&path).is_some()).then_some(NOT_FOUND)
}

fn refusal(path: &Path) -> Option<u8> {
    own_refusal(path).or_else(|| own_refusal(&interpreter(path)?))
}

fn own_refusal(path: &Path) -> Option<u8> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() && may_run(&metadata) => None,
        Ok(_) => Some(NOT_EXECUTABLE),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(NOT_FOUND),
        Err(_) => None,
    }
}

/// What runs a script (`#!/usr/bin/python3`); with a line's end of another system it is a program that nobody has.
fn interpreter(path: &Path) -> Option<PathBuf> {
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(LONGEST_FIRST_LINE).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let name = std::str::from_utf8(line).ok()?.trim_start().split([' ', '\t']).next()?;
    Some(PathBuf::from(name)).filter(|own| own.is_absolute())
}

#[cfg(unix)]
fn may_run(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_script_needs_what_runs_it() {
        let folder = tempfile::tempdir().unwrap();
        for (head, lacks) in [
            ("#!/bin/sh\n", false),
            ("#! /bin/sh -e\n", false),
            ("#!/usr/bin/env python3\n", false),
            ("#!/bin/sh\r\n", true),
            ("#!/opt/walproof-nowhere/python\n", true),
            ("cp $1 $2\n", false),
        ] {
            let script = folder.path().join("get.sh");
            std::fs::write(&script, head).unwrap();
            std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(!is_runnable(script.to_str().unwrap()), lacks, "{head:?}");
        }
    }
}
