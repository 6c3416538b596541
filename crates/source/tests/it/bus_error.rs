//! A `SIGBUS` that is none of the guard's business ends the process as it would without the guard.
//!
//! The deed is done by a second run of this test program, told so by a variable.

use pgwal_source::guard;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

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
    guard::install().unwrap();
    match deed.as_str() {
        "fault" => {
            let file = tempfile::tempfile().unwrap();
            file.set_len(8192).unwrap();
            // SAFETY: none is needed, to fault is what this process is for.
            let map = unsafe { memmap2::Mmap::map(&file).unwrap() };
            file.set_len(0).unwrap();
            std::hint::black_box(map[5000]);
        }
        other => panic!("{other}"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_fault_in_a_map_of_someone_else_still_ends_the_process() {
    assert_eq!(ends_like("fault").signal(), Some(libc::SIGBUS));
}
