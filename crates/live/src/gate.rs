//! What a test cannot try here, for want of a program or of data.
//!
//! A reader's run goes on without it, and says at its end what was left out: `cargo xtask test` names a file in
//! `WALPROOF_LEFT_OUT`, and each test adds its lines. `.ci/run` sets `WALPROOF_GATE=1`: what cannot be tried fails
//! there.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
};

/// The environment variable under which nothing may be left out.
pub const GATE: &str = "WALPROOF_GATE";

/// The environment variable that names the file of what was left out.
pub const LEFT_OUT: &str = "WALPROOF_LEFT_OUT";

/// Something that every place can have is not here: pass on without it, but at the gate.
///
/// # Panics
/// Where `WALPROOF_GATE` is 1.
pub fn lacks(what: &str) {
    goes_without(what);
    assert!(!is_gate(), "{what}; and {GATE}=1 leaves nothing out");
}

/// Something is not here that the gate does without as well: data that is not ours to hand out.
pub fn goes_without(what: &str) {
    eprintln!("LEFT OUT: {what}");
    if let Some(file) = env::var_os(LEFT_OUT) {
        // One write a line: tests run beside each other.
        let added = OpenOptions::new().append(true).create(true).open(&file).and_then(|file| add(file, what));
        added.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn add(mut file: impl Write, what: &str) -> io::Result<()> {
    file.write_all(format!("{what}\n").as_bytes())
}

/// Whether nothing may be left out.
pub fn is_gate() -> bool {
    env::var_os(GATE).is_some_and(|value| value == "1")
}
