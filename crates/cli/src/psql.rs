//! A server, asked by `psql`: the one way to ask one. It knows passwords, services, certificates and whatever a user
//! has set up for it; none of that passes the command line.
//!
//! ```text
//! question ──► stdin ─┐                 ┌─► a thread reads lines ──► answer, up to the mark
//!                     psql ── server ──►┤
//!  at most ANSWER ────┘                 └── what is wrong, by "psql:" in front
//! ```
//! One process is kept for all questions of a session: that spares a server that is asked every few seconds.

use anyhow::{Context, bail};
use std::env;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How long an answer may take: a host may be there whose server says nothing more.
const ANSWER: Duration = Duration::from_secs(30);
/// More than any answer has.
const LONGEST: u64 = 16 << 20;
/// Lines that wait for whoever asked.
const WAITING: usize = 1024;
/// What the last row of an answer says.
const MARK: &str = "walproof-end-of-answer";

/// A session with a server.
pub struct PsqlSession {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

/// What a server answered.
#[derive(Default)]
pub struct PsqlAnswer {
    /// Rows, a line each.
    pub rows: String,
    /// The first thing that was wrong, in the server's words.
    pub error: Option<String>,
}

/// As libpq tells it from the name of a database.
pub fn is_conninfo(text: &str) -> bool {
    text.contains('=') || is_url(text)
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

/// A word of the command line is seen by every user of this machine.
fn has_password(conninfo: &str) -> bool {
    if !is_url(conninfo) {
        return conninfo.contains("password");
    }
    // To libpq a '?' in front of the '@' is one of the password.
    let user = conninfo.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.split_once('@'));
    decoded(conninfo).contains("password") || user.is_some_and(|(user, _)| user.contains(':'))
}

/// As libpq reads a word of a URL: `%70` is `p`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'%', [high, low, after @ ..]) => hex(*high, *low).map_or((byte, &rest[1..]), |decoded| (decoded, after)),
            _ => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Refuses to hand on a password that stands on the command line.
pub fn refuse_password(conninfo: &str) -> anyhow::Result<()> {
    if has_password(conninfo) {
        bail!("a password does not belong on the command line: ~/.pgpass, PGPASSFILE or PGPASSWORD has it");
    }
    Ok(())
}

impl PsqlSession {
    /// Begins one. That nobody is there is told with the first answer.
    pub fn open(conninfo: &str) -> anyhow::Result<PsqlSession> {
        refuse_password(conninfo)?;
        let (reader, writer) = io::pipe().context("psql")?;
        let mut command = Command::new("psql");
        command.args(["-XAtqw", "-v", "VERBOSITY=terse", "-d", conninfo, "-f", "-"]).env("PGCLIENTENCODING", "UTF8");
        for (name, value) in [("PGCONNECT_TIMEOUT", "10"), ("PGAPPNAME", "walproof")] {
            if env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        // In one pipe, so that what is wrong comes at its place.
        command.stdin(Stdio::piped()).stdout(writer.try_clone().context("psql")?).stderr(writer);
        let mut child = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("a server is asked with psql, and there is none in PATH")
            }
            spawned => spawned.context("psql")?,
        };
        // The command holds the other end of the pipe.
        drop(command);
        let stdin = child.stdin.take().context("psql")?;
        let (sender, lines) = sync_channel(WAITING);
        std::thread::Builder::new().name("psql".into()).spawn(move || {
            let mut reader = BufReader::new(reader);
            loop {
                let mut line = Vec::new();
                let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line);
                let line = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
                if !matches!(read, Ok(1..)) || sender.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(PsqlSession { child, stdin, lines })
    }

    /// Asks. What the server refuses is in the answer; that it does not answer is an error, and the end of the session.
    pub fn ask(&mut self, question: &str) -> anyhow::Result<PsqlAnswer> {
        let asked = format!("{question}\nselect '{MARK}';\n");
        let written = self.stdin.write_all(asked.as_bytes()).and_then(|()| self.stdin.flush());
        let begun = Instant::now();
        let mut answer = PsqlAnswer::default();
        loop {
            match self.lines.recv_timeout(ANSWER.saturating_sub(begun.elapsed())) {
                Ok(line) if line == MARK => return Ok(answer),
                Ok(line) if line.starts_with("psql:") => {
                    answer.error.get_or_insert(in_server_words(&line).to_owned());
                }
                Ok(line) => {
                    answer.rows += &line;
                    answer.rows.push('\n');
                    if answer.rows.len() as u64 > LONGEST {
                        bail!("the server's answer is longer than {LONGEST} bytes");
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("the server has not answered within {} s", ANSWER.as_secs())
                }
                // It has ended, and said why; who does not read the question has, too.
                Err(RecvTimeoutError::Disconnected) => {
                    let why = answer.error.or_else(|| answer.rows.lines().next().map(str::to_owned));
                    let why = why.or_else(|| Some(written.err()?.to_string()));
                    bail!("the server did not answer: {}", why.as_deref().unwrap_or("psql says nothing"));
                }
            }
        }
    }
}

impl Drop for PsqlSession {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `psql:<stdin>:3: ERROR:  permission denied` without what psql puts in front.
fn in_server_words(line: &str) -> &str {
    let line = line.strip_prefix("psql:").unwrap_or(line);
    let line = line.strip_prefix("<stdin>:").and_then(|rest| rest.split_once(": ")).map_or(line, |(_, said)| said);
    line.trim_start().trim_start_matches("error: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_seen() {
        for (conninfo, has) in [
            ("host=/tmp user=postgres", false),
            ("host=a password=x", true),
            ("postgresql://me@a:5433/db", false),
            ("postgresql://me:x@a/db", true),
            ("postgres://a:5433/db?user=b", false),
            ("postgresql://h/?p%61ssword=secret", true),
            ("postgresql://h/?%70%61%73%73%77%6F%72%64=x", true),
            ("postgresql://h/?sslp%61ssword=x", true),
            ("postgresql://me:x?y@h/db", true),
            ("postgresql://a%3Ab@h/50%25%", false),
            ("postgresql://h/db?application_name=%zz%C3%A9", false),
            ("host=a user=p%61ss", false),
        ] {
            assert!(is_conninfo(conninfo));
            assert_eq!(has_password(conninfo), has, "{conninfo}");
            assert_eq!(refuse_password(conninfo).is_err(), has);
        }
    }

    #[test]
    fn what_the_server_said() {
        for (line, said) in [
            ("psql:<stdin>:3: ERROR:  permission denied for function f", "ERROR:  permission denied for function f"),
            ("psql: error: connection to server failed: no", "connection to server failed: no"),
            ("psql: could not connect: no", "could not connect: no"),
        ] {
            assert_eq!(in_server_words(line), said);
        }
    }
}
