//! Runs the program on a terminal.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

/// What a run wrote, and how it ended.
pub struct Seen {
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    pub code: i32,
}

/// Which of the two streams goes to a terminal; the other one goes to a pipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    Output,
    Error,
}

/// Runs it to its end.
pub fn run(mut command: Command, on: On) -> Seen {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(OsStr::from_bytes(name.as_bytes())).unwrap();
    command.stdin(Stdio::null()).env("TERM", "xterm-256color").env_remove("NO_COLOR");
    match on {
        On::Output => command.stdout(terminal).stderr(Stdio::piped()),
        On::Error => command.stderr(terminal).stdout(Stdio::piped()),
    };
    let mut child = command.spawn().unwrap();
    // The terminal is closed when its last user is gone.
    drop(command);
    let piped: Box<dyn Read + Send> = match on {
        On::Output => Box::new(child.stderr.take().unwrap()),
        On::Error => Box::new(child.stdout.take().unwrap()),
    };
    let reader = std::thread::spawn(move || read(piped));
    let shown = returned(read(File::from(master)));
    let (piped, code) = (reader.join().unwrap(), child.wait().unwrap().code().expect("no signal ends it"));
    match on {
        On::Output => Seen { out: shown, err: piped, code },
        On::Error => Seen { out: piped, err: shown, code },
    }
}

/// A terminal that nobody writes to any more is read with an error.
fn read(mut from: impl Read) -> Vec<u8> {
    let (mut all, mut some) = (Vec::new(), [0; 4096]);
    loop {
        match from.read(&mut some) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&some[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return all,
        }
    }
}

/// Without the carriage return that a terminal puts before every line break.
fn returned(text: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if byte == b'\n' && out.last() == Some(&b'\r') {
            out.pop();
        }
        out.push(byte);
    }
    out
}
