//! Events for people: a line each.

use super::{WatchNews, age};
use crate::outside::Lines;
use crate::time::Zone;
use crate::verify::text::place;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::reach::span;
use pgwal_verify::watch::{ToldFinding, WatchEvent, WatchedWal};
use std::io;
use std::time::Duration;

/// The line that comes first.
pub fn started(
    out: &mut Lines<'_>,
    archives: &[String],
    listen: Option<&str>,
    interval: u64,
    at: Timestamp,
    zone: &Zone,
) -> io::Result<()> {
    let metrics = listen.map(|address| format!("; metrics at http://{address}/metrics")).unwrap_or_default();
    let time = zone.local(at).unwrap_or_default();
    writeln!(out, "{time}  WATCH    {}, every {interval} s{metrics}", archives.join(" "))
}

/// Something new.
pub fn news(out: &mut Lines<'_>, news: &WatchNews<'_>, zone: &Zone) -> io::Result<()> {
    let finding =
        |told: &ToldFinding| format!("{}: {}", told.finding.severity, place(&told.finding, Some(&told.layout), zone));
    let (word, text) = match news.event {
        WatchEvent::Appeared(told) => ("FOUND", finding(told)),
        WatchEvent::Gone(told) => ("GONE", finding(told)),
        WatchEvent::OutOfReach(unreachable) => ("AWAY", unreachable.why.clone()),
        WatchEvent::InReach(unreachable) => {
            let lasted = span(Duration::from_micros(age(unreachable.since, news.at)));
            ("BACK", format!("after {lasted}: {}", unreachable.why))
        }
        WatchEvent::State => match &news.place.state.wal {
            Some(wal) => ("STATE", state(wal, news.at, zone)),
            None => return Ok(()),
        },
    };
    let time = zone.local(news.at).unwrap_or_default();
    writeln!(out, "{time}  {word:8} {}: {text}", news.place.archive)
}

fn state(wal: &WatchedWal, now: Timestamp, zone: &Zone) -> String {
    let mut text = wal.verdict.name().to_owned();
    if let Some(to) = wal.verified {
        text += &format!(" to {to} on timeline {}", wal.timeline);
    }
    let told = |time: Timestamp| zone.local(time).unwrap_or_default();
    match wal.recovery_point {
        Some(last) => {
            text += &format!(", recovery point {} ({} ago)", told(last), span(Duration::from_micros(age(last, now))));
        }
        None => text += ", no commit is in reach",
    }
    match wal.oldest_restorable {
        Some((_, Some(time))) => text += &format!(", restores from {} on", told(time)),
        Some((lsn, None)) => text += &format!(", restores from {lsn} on"),
        None => text += ", no backup is known here",
    }
    if wal.gaps > 0 {
        text += &format!(", {}", crate::figures::counted(wal.gaps.into(), "gap"));
    }
    text
}
