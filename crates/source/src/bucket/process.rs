//! A program that a profile names to say its keys (`credential_process`), run as the aws tools run it, and for so long.

use super::given::GivenKeys;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// More than any program says of it.
const LIMIT: u64 = 64 << 10;
/// Somebody may have to touch a key, or to type a code.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn ask(command: &str) -> Result<GivenKeys, String> {
    let own = command.to_owned();
    let said = tokio::task::spawn_blocking(move || said_by(&own, PATIENCE)).await;
    let given = said.map_err(|error| error.to_string()).flatten().and_then(|text| GivenKeys::of_json(&text));
    given.map_err(|why| format!("the profile's credential_process {why}"))
}

fn said_by(command: &str, patience: Duration) -> Result<String, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let (tell, told) = mpsc::channel();
    let out = child.stdout.take();
    // What the program has started may hold its output open for longer than itself.
    thread::spawn(move || {
        let mut text = String::new();
        let read = out.map(|out| out.take(LIMIT).read_to_string(&mut text));
        let _ = tell.send(matches!(read, Some(Ok(_))).then_some(text));
    });
    let end = Instant::now() + patience;
    let text = told.recv_timeout(patience).ok();
    let ended = ended_by(&mut child, end).map_err(|error| format!("cannot be waited for: {error}"))?;
    let Some((ended, text)) = ended.zip(text) else {
        // Whether it can be ended or not, nothing more is expected of it.
        let _ = child.kill().and_then(|()| child.wait());
        return Err(format!("has not ended within {} s", patience.as_secs_f32()));
    };
    if !ended.success() {
        return Err(format!("failed ({ended})"));
    }
    text.ok_or_else(|| "says no text".to_owned())
}

/// How a program ended, where it has by then.
fn ended_by(child: &mut Child, end: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let ended = child.try_wait()?;
        if ended.is_some() || Instant::now() >= end {
            return Ok(ended);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_and_for_how_long() {
        let said = |command: &str| said_by(command, Duration::from_millis(300));
        assert_eq!(said_by("exit 3", PATIENCE), Err("failed (exit status: 3)".to_owned()));
        for endless in ["exec sleep 60", "exec sleep 60 >&-", "sleep 2 & echo keys"] {
            assert_eq!(said(endless), Err("has not ended within 0.3 s".to_owned()), "{endless}");
        }
        assert_eq!(said_by("echo keys", PATIENCE), Ok("keys\n".to_owned()));
    }
}
