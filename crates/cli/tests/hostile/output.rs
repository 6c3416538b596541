//! Where the answer goes, and signals.

use crate::run::{damaged, ended, good, run, walproof};
use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A pipe whose reader is gone before anything is written. The exit code is still the verdict's: 0 and 1.
#[test]
fn a_closed_pipe() {
    for (folder, code) in [(good(), 0), (damaged(), 1)] {
        for format in ["text", "json"] {
            let mut child = walproof()
                .args(["verify", "--format", format])
                .arg(folder.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            drop(child.stdout.take());
            let mut stderr = child.stderr.take().unwrap();
            let status = ended(child);
            let mut complained = String::new();
            stderr.read_to_string(&mut complained).unwrap();
            assert_eq!((status.code(), complained.as_str()), (Some(code), ""), "{format}: {status}");
        }
    }
}

/// `lag -p` proves something, too: damage between the positions is 1, whoever reads it.
#[test]
fn a_closed_pipe_behind_lag() {
    for (folder, code) in [(good(), 0), (damaged(), 1)] {
        for format in ["text", "json"] {
            let mut command = walproof();
            command.args(["lag", "0/BFFCD8", "0/AAC690", "--format", format, "-p"]).arg(folder.path());
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop(child.stdout.take());
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(code), &b""[..]), "{format}");
        }
    }
}

/// As `head` leaves it. Quiet, by no signal, and exit code 0.
#[test]
fn a_pipe_that_is_closed_in_the_middle() {
    let folder = good();
    let mut child =
        walproof().arg("dump").arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let status = ended(child);
    let mut complained = String::new();
    stderr.read_to_string(&mut complained).unwrap();
    assert_eq!((status.code(), complained.as_str()), (Some(0), ""), "{status}");
}

/// No output, no closed pipe: standard output does not exist at all. The exit code is still the verdict's.
#[test]
fn no_standard_output() {
    let folder = damaged();
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" verify \"$1\" >&-", env!("CARGO_BIN_EXE_walproof")]).arg(folder.path());
    run(&mut shell).exits(1);
}

/// What cannot be said was not told: exit code 2; but damage outranks it: exit code 1.
#[test]
fn a_full_disk() {
    for (folder, code) in [(good(), 2), (damaged(), 1)] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let child = walproof().arg("verify").arg(folder.path()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{complained}");
        assert!(complained.contains("No space left"), "{complained}");
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = ended(walproof().arg("dump").arg(good().path()).stdout(full).stderr(Stdio::null()).spawn().unwrap());
    assert_eq!(status.code(), Some(2));
}

/// Ctrl-C ends it as it ends everything else: the shell sees a process that died of SIGINT, and no exit code.
#[test]
fn an_interrupt() {
    // What a shell starts in the background ignores SIGINT, and so do its children. One that is handled here, if only
    // as usual, is back at its default in a child.
    signal_hook::flag::register_conditional_default(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(true)))
        .unwrap();
    let mut child = walproof()
        .args(["verify", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It waits for WAL that does not come.
    let stdin = child.stdin.take();
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let status = ended(child);
    assert_eq!((status.code(), status.signal()), (None, Some(2)));
    drop(stdin);
}

/// Standard error cannot be written either. Damage that nobody can be told of is damage still.
#[test]
fn nobody_to_complain_to() {
    let folder = damaged();
    for words in [
        &["dump", "-q"][..],
        &["dump"],
        &["dump", "--format", "csv"],
        &["stats"],
        &["stats", "--format", "csv"],
        &["verify"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = walproof();
        command.args(words).arg(folder.path()).stdout(Stdio::null());
        assert_eq!(command.stderr(full).status().unwrap().code(), Some(1), "{words:?}");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(ended(child).code(), Some(1), "{words:?}: closed");
    }
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let status = walproof().args(["dump", "no such place"]).stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
