//! A program that a profile names to say its keys (`credential_process`), run as the aws tools run it.

use super::given::GivenKeys;
use std::io::Read;
use std::process::{Command, Stdio};

/// More than any program says of it.
const LIMIT: u64 = 64 << 10;

pub(super) async fn ask(command: &str) -> Result<GivenKeys, String> {
    let own = command.to_owned();
    let said = tokio::task::spawn_blocking(move || said_by(&own)).await;
    let given = said.map_err(|error| error.to_string()).flatten().and_then(|text| GivenKeys::of_json(&text));
    given.map_err(|why| format!("the profile's credential_process {why}"))
}

fn said_by(command: &str) -> Result<String, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let mut text = String::new();
    let read = child.stdout.take().map(|out| out.take(LIMIT).read_to_string(&mut text));
    let ended = child.wait().map_err(|error| format!("cannot be waited for: {error}"))?;
    if !ended.success() {
        return Err(format!("failed ({ended})"));
    }
    matches!(read, Some(Ok(_))).then_some(text).ok_or_else(|| "says no text".to_owned())
}
