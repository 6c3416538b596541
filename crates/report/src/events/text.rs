//! Events for people:
//!
//! ```text
//! 2026-11-22 14:02:11.123456+01:00  DROP  shop.public.orders (1663/16384/16393)
//!     at 5A/1F00C9D8, transaction 738, committed at 5A/1F00CD08
//!     with shop.public.orders_pkey (1663/16384/16397)
//! ```

use super::EventsReport;
use super::before;
use super::sentence::{asides, ending, head, notes};
use crate::figures::{counted, grouped};
use crate::history_head::UNKNOWN;
use crate::outside::Lines;
use crate::time::Zone;
use pgwal_forensics::WalEvent;
use std::io;

/// Writes them.
pub fn write(out: &mut Lines<'_>, report: &EventsReport<'_>, zone: &Zone) -> io::Result<()> {
    let answer = report.answer;
    let number = answer.events.len() as u128 + u128::from(answer.more_events);
    let range = match answer.range {
        Some((from, to)) => format!(" between {from} and {to}"),
        None => String::new(),
    };
    let number = match report.before {
        Some(before) => format!("{} of {}", grouped(before.events.len() as u128), counted(number, "event")),
        None => counted(number, "event"),
    };
    writeln!(out, "{}: {number}{range}; times {}", report.place, zone.told())?;
    match report.before {
        Some(before) => before.events.iter().try_for_each(|event| one(out, event, zone))?,
        None => answer.events.iter().try_for_each(|event| one(out, event, zone))?,
    }
    if let Some(what) = report.asked.outside(answer.times, answer.range, zone) {
        writeln!(out, "OUTSIDE  {what}")?;
    }
    for (label, text) in notes(answer, zone) {
        writeln!(out, "{label:<8} {text}")?;
    }
    if let Some(answer) = report.before {
        before::text::write(out, answer, zone)?;
    }
    writeln!(out, "NOTE     {UNKNOWN}")
}

fn one(out: &mut Lines<'_>, event: &WalEvent, zone: &Zone) -> io::Result<()> {
    writeln!(out, "{}", head(event, zone))?;
    writeln!(out, "    at {}{}", event.lsn, ending(event))?;
    asides(event).iter().try_for_each(|line| writeln!(out, "    {line}"))
}
