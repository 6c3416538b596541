//! What to type for the restore that was proven.

use super::{line, lines};
use crate::outside::Lines;
use anstyle::Style;
use pgwal_verify::Outcome;
use std::io;

/// Writes it, if there is anything.
pub(crate) fn typed(out: &mut Lines<'_>, outcome: &Outcome) -> io::Result<()> {
    let Some(facts) = &outcome.repository else { return Ok(()) };
    if let Some(command) = &facts.restore_command {
        lines(out, "TYPE", &command.lines().map(str::to_owned).collect::<Vec<_>>())?;
        let conf = if command.contains("--config CONF ") { "; CONF: its own configuration" } else { "" };
        line(out, "", &format!("(DIR: where the server shall lie{conf})"), Style::new())?;
        let secrets = secrets(command).join(", ");
        if !secrets.is_empty() {
            let what = format!(
                "(the restore_command that it leaves has no secrets: start the server with {secrets} in its environment, or put them into pgbackrest.conf)"
            );
            line(out, "", &what, Style::new())?;
        }
    }
    if let (Some(why), None) = (&facts.no_command, &facts.restore_yaml) {
        line(out, "TYPE", &format!("no command: {why}"), Style::new())?;
    }
    if let Some(yaml) = &facts.restore_yaml {
        line(out, "YAML", "for CloudNativePG, in the spec of a new Cluster:", Style::new())?;
        lines(out, "", &yaml.lines().map(str::to_owned).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// What the server has to know when it fetches WAL with pgBackRest, which hands on neither a secret nor how a
/// repository is encrypted.
fn secrets(command: &str) -> Vec<&'static str> {
    let is_told = |option: &str| command.split_whitespace().any(|word| word.starts_with(option));
    let asked = [
        ("--repo1-cipher-type=", "PGBACKREST_REPO1_CIPHER_TYPE"),
        ("--repo1-cipher-type=", "PGBACKREST_REPO1_CIPHER_PASS"),
        ("PGBACKREST_REPO1_S3_KEY=", "PGBACKREST_REPO1_S3_KEY"),
        ("PGBACKREST_REPO1_S3_KEY_SECRET=", "PGBACKREST_REPO1_S3_KEY_SECRET"),
    ];
    asked.into_iter().filter(|(option, _)| is_told(option)).map(|(_, variable)| variable).collect()
}
