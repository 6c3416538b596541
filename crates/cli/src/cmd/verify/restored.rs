//! The cluster that `--restored` names: its data directory, what pg_controldata printed, or its server.

use anyhow::{Context, bail};
use pgwal::source::Source;
use pgwal::verify::recovery::{RestoredCluster, SERVER_FACTS, SERVER_HISTORY, SERVER_LABEL};
use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// The cluster that was restored, with its history from wherever that is.
pub(super) fn restored_cluster(place: &Path, archive: &dyn Source) -> anyhow::Result<RestoredCluster> {
    let mut cluster = match (place.to_str(), place.to_str().filter(|text| is_conninfo(text))) {
        (Some("-"), _) => {
            let mut text = String::new();
            io::stdin().take(1 << 20).read_to_string(&mut text).context("standard input")?;
            RestoredCluster::of_controldata(&text)?
        }
        (_, Some(conninfo)) if !place.exists() => of_server(conninfo)?,
        _ => RestoredCluster::read(place)?,
    };
    cluster.add_history(archive)?;
    Ok(cluster)
}

/// As libpq tells it from the name of a database.
fn is_conninfo(text: &str) -> bool {
    text.contains('=') || is_url(text)
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

/// A word of the command line is seen by every user of this machine.
fn has_password(conninfo: &str) -> bool {
    let user = conninfo.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()?.rsplit_once('@'));
    conninfo.contains("password") || is_url(conninfo) && user.is_some_and(|(user, _)| user.contains(':'))
}

fn of_server(conninfo: &str) -> anyhow::Result<RestoredCluster> {
    if has_password(conninfo) {
        bail!("a password does not belong on the command line: ~/.pgpass, PGPASSFILE or PGPASSWORD has it");
    }
    let facts = ask(conninfo, SERVER_FACTS)?;
    // Not every role may read files of the server: the archive may have the history, too.
    let history = ask(conninfo, SERVER_HISTORY).unwrap_or_default();
    let label = ask(conninfo, SERVER_LABEL).unwrap_or_default();
    Ok(RestoredCluster::of_server(conninfo, &(facts + &history + &label))?)
}

/// The rows that a server answers, by psql.
fn ask(conninfo: &str, question: &str) -> anyhow::Result<String> {
    const ELSE: &str =
        "on the server's host: pg_controldata -D PGDATA | walproof verify ARCHIVE --restored - --backup BACKUP";
    let mut command = Command::new("psql");
    command.args(["-XAtqw", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", "-"]).env("PGCLIENTENCODING", "UTF8");
    if env::var_os("PGCONNECT_TIMEOUT").is_none() {
        command.env("PGCONNECT_TIMEOUT", "10");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("a server is asked with psql, and there is none in PATH; {ELSE}")
        }
        spawned => spawned.context("psql")?,
    };
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not read it has said why.
        let _ = stdin.write_all(question.as_bytes());
    }
    let output = child.wait_with_output().context("psql")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let line = said.lines().next().unwrap_or("it says nothing");
        bail!("the server did not answer: {line}; {ELSE}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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
        ] {
            assert!(is_conninfo(conninfo));
            assert_eq!(has_password(conninfo), has, "{conninfo}");
        }
    }
}
