//! A `SIGBUS` that is none of the guard's business ends the process as it would without the guard.
//!
//! The deed is done by a second run of this test program, told so by a variable.

use crate::changes;
use pgwal_source::guard;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};

const DEED: &str = "PGWAL_TEST_DEED";

fn ends_like(deed: &str) -> ExitStatus {
    let own = std::env::current_exe().unwrap();
    let mut child = Command::new(own);
    child.args(["--exact", "bus_error::the_deed"]).env(DEED, deed);
    child.output().unwrap().status
}

#[test]
fn the_deed() {
    let Ok(deed) = std::env::var(DEED) else { return };
    match deed.as_str() {
        "fault" => {
            guard::install().unwrap();
            fault();
        }
        "ignored" => {
            // SAFETY: to ignore a signal asks for nothing.
            unsafe { libc::signal(libc::SIGBUS, libc::SIG_IGN) };
        }
        "counted" => handle(count as *const () as usize, 0),
        "covered" => handle(cover as *const () as usize, libc::SA_SIGINFO),
        "once" => handle(count as *const () as usize, libc::SA_RESETHAND),
        "taken" | "plain" => {}
        other => panic!("{other}"),
    }
    guard::install().unwrap();
    match deed.as_str() {
        "covered" => assert_eq!(fault(), 0, "the handler before put a page there"),
        "taken" => {
            handle(count as *const () as usize, 0);
            assert_eq!(changes::windows_of_a_mapped_file(), 3, "without the guard, nothing is mapped");
            return;
        }
        _ => send(),
    }
    assert_eq!(COUNT.load(Ordering::Relaxed), usize::from(matches!(deed.as_str(), "counted" | "once" | "covered")));
    changes::shrink();
    assert_eq!(changes::windows_of_a_mapped_file(), 1);
    if deed == "once" {
        send();
    }
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    COUNT.fetch_add(1, Ordering::Relaxed);
}

/// Another guard: puts a page where the access went.
extern "C" fn cover(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    // SAFETY: `info` is the system's, and the page is one of the map of `fault`, which only it looks at.
    unsafe {
        let page = ((*info).si_addr().addr() & !4095) as *mut libc::c_void;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        libc::mmap(page, 4096, libc::PROT_READ, flags, -1, 0);
    }
}

fn handle(function: usize, flags: libc::c_int) {
    // SAFETY: all-zero bytes are a valid `sigaction`, and the function has the signature that the flags ask for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (action.sa_sigaction, action.sa_flags) = (function, flags);
        assert_eq!(libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()), 0);
    }
}

fn send() {
    // SAFETY: asks for nothing.
    unsafe { libc::raise(libc::SIGBUS) };
}

fn fault() -> u8 {
    let file = tempfile::tempfile().unwrap();
    file.set_len(8192).unwrap();
    // SAFETY: none is needed, to fault is what this process is for.
    let map = unsafe { memmap2::Mmap::map(&file).unwrap() };
    file.set_len(0).unwrap();
    std::hint::black_box(map[5000])
}

#[cfg(target_os = "linux")]
#[test]
fn a_foreign_signal_that_the_process_survives_leaves_the_guard_in_force() {
    for deed in ["ignored", "counted", "covered", "plain", "taken"] {
        assert!(ends_like(deed).success(), "{deed}");
    }
    // A handler that wanted one signal only has had it.
    assert_eq!(ends_like("once").signal(), Some(libc::SIGBUS));
}

#[cfg(target_os = "linux")]
#[test]
fn a_fault_in_a_map_of_someone_else_still_ends_the_process() {
    assert_eq!(ends_like("fault").signal(), Some(libc::SIGBUS));
}
