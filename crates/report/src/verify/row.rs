//! A verdict in a row, where several archives are told of.

use super::next::next;
use super::text::{headline, why};
use crate::outside::Lines;
use crate::time::Zone;
use pgwal_verify::{Outcome, Verdict};
use std::io;

/// Writes the verdict; where something is wrong, why and what to do.
pub fn write(out: &mut Lines<'_>, name: &str, outcome: &Outcome, zone: &Zone) -> io::Result<()> {
    let worst = outcome.worst();
    writeln!(out, "{name}")?;
    writeln!(out, "  {}", headline(outcome, worst, zone))?;
    if outcome.verdict != Verdict::Proven {
        writeln!(out, "  WHY  {}", why(outcome, worst, zone))?;
        writeln!(out, "  NEXT {}", next(outcome, worst, zone))?;
    }
    Ok(())
}
