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
