//! A page of events: a picture with a lane for each kind of them over time, and a table.
//!
//! ```text
//!                     14:00          14:30          15:00
//! dropped               ●                 ○            ● it happened, ○ it was rolled back, or never ended
//! emptied, rewritten            ●●
//! deleted, updated    ●
//! created            ●●●●●●●●
//! server             ●                                 ●
//! ```

use super::EventsReport;
use super::before;
use super::sentence::{asides, ending, head, notes};
use crate::figures::{counted, grouped};
use crate::history_head::UNKNOWN;
use crate::outside::{Escaped, Lines};
use crate::page::canvas::{CANVASES, Canvas};
use crate::page::{cell, close, open, term};
use crate::time::Zone;
use pgwal_forensics::{EventEnd, WalEvent, WalEventKind};
use pgwal_format::rmgr::xact::Timestamp;
use std::collections::HashSet;
use std::fmt::Write;
use std::time::Duration;

/// Events that are seen at once, and in each fold behind them.
const SEEN: usize = 200;
const FOLDED: usize = 1000;
/// Marks that are drawn of a lane: two that would hide each other are one.
const MARKS: u32 = 400;
const TOP: f64 = 34.0;
const LANE: f64 = 30.0;

/// Lanes of the picture; what is in none of them is of the server.
const LANES: [(&str, &[WalEventKind]); 5] = [
    ("dropped", &[WalEventKind::Drop, WalEventKind::DropDatabase, WalEventKind::DropTablespace]),
    ("emptied", &[WalEventKind::Truncate, WalEventKind::Rewrite]),
    ("rows", &[WalEventKind::Delete, WalEventKind::Update]),
    ("created", &[WalEventKind::Create, WalEventKind::CreateDatabase, WalEventKind::CreateTablespace]),
    ("server", &[]),
];

/// The page; `made`: when, and how long that took.
pub fn page(report: &EventsReport<'_>, zone: &Zone, made: (Timestamp, Duration)) -> String {
    let mut out = open(&format!("events: {}", report.place));
    summary(&mut out, report, zone);
    picture(&mut out, report, zone);
    if let Some(answer) = report.before {
        out += "<h2>Before it</h2>\n<div class=\"card\"><pre class=\"mono\">";
        let mut text = Vec::new();
        // Memory takes all that is written.
        let _ = before::text::write(&mut Lines::new(&mut text), answer, zone);
        let _ = write!(out, "{}", Lined(&String::from_utf8_lossy(&text)));
        out += "</pre></div>\n";
    }
    table(&mut out, report, zone);
    let _ = writeln!(out, "<p class=\"note\">{}.</p>", Escaped(UNKNOWN));
    close(&mut out, made.0, made.1, zone);
    out
}

/// Text whose lines stay lines.
struct Lined<'t>(&'t str);

impl std::fmt::Display for Lined<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.lines().try_for_each(|line| writeln!(f, "{}", Escaped(line)))
    }
}

fn summary(out: &mut String, report: &EventsReport<'_>, zone: &Zone) {
    let answer = report.answer;
    let class = if answer.gathered.complete { "proven" } else { "unproven" };
    let number = answer.events.len() as u128 + u128::from(answer.more_events);
    let range = answer.range.map(|(from, to)| format!(" between {from} and {to}")).unwrap_or_default();
    let _ = write!(out, "<header class=\"{class}\">\n<div class=\"archive\">{}", Escaped(&report.place));
    if let Some(layout) = &answer.gathered.outcome.layout {
        let _ = write!(out, " · PostgreSQL {}", Escaped(layout.dialect.version));
    }
    if let Some(id) = answer.gathered.outcome.system_id {
        let _ = write!(out, " · cluster {id}");
    }
    let _ = write!(out, "</div>\n<h1>{}{range}</h1>\n<dl class=\"answer\">\n", counted(number, "event"));
    term(out, "TIMES", &[zone.told()]);
    if let Some(what) = report.asked.outside(answer.times, answer.range, zone) {
        term(out, "OUTSIDE", &[what]);
    }
    for (label, text) in notes(answer, zone) {
        term(out, label, &[text]);
    }
    *out += "</dl>\n</header>\n";
}

fn lane(kind: WalEventKind) -> usize {
    LANES.iter().position(|(_, kinds)| kinds.contains(&kind)).unwrap_or(LANES.len() - 1)
}

fn picture(out: &mut String, report: &EventsReport<'_>, zone: &Zone) {
    let times = || report.answer.events.iter().filter_map(|event| event.time);
    let (Some(from), Some(to)) = (times().min(), times().max()) else { return };
    *out += "<h2>When</h2>\n<div class=\"card\">\n<ul class=\"legend\">\n";
    for (class, text) in [("mark error", "it happened"), ("mark undone", "rolled back, or never ended")] {
        let _ = writeln!(
            out,
            "<li><svg viewBox=\"0 0 14 14\" aria-hidden=\"true\"><path class=\"{class}\" d=\"M7 2l5 5-5 5-5-5z\"/></svg>{text}</li>"
        );
    }
    *out += "</ul>\n";
    for canvas in &CANVASES {
        lanes(out, report, zone, canvas, (from, to));
    }
    let without = report.answer.events.iter().filter(|event| event.time.is_none()).count() as u128;
    if without > 0 {
        let _ =
            writeln!(out, "<p class=\"note\">{} without a time: the table has them.</p>", counted(without, "event"));
    }
    *out += "</div>\n";
}

fn lanes(
    out: &mut String,
    report: &EventsReport<'_>,
    zone: &Zone,
    canvas: &Canvas,
    (from, to): (Timestamp, Timestamp),
) {
    let (left, right) = (canvas.left, canvas.right - 12.0);
    let height = TOP + LANE * LANES.len() as f64;
    let span = to.0.saturating_sub(from.0).max(1) as f64;
    let x = |time: Timestamp| left + (right - left) * (time.0.saturating_sub(from.0) as f64 / span);
    let _ = writeln!(
        out,
        "<svg class=\"{}\" viewBox=\"0 0 {} {height}\" role=\"img\" aria-label=\"events over time\">",
        canvas.class, canvas.width
    );
    for tick in 0..=canvas.ticks {
        let at = Timestamp(from.0.saturating_add((span / f64::from(canvas.ticks) * f64::from(tick)) as i64));
        let text: String = zone.local(at).unwrap_or_default().chars().take(19).collect();
        let (short, place) = (if canvas.is_wide() { text.as_str() } else { text.get(11..).unwrap_or("") }, x(at));
        let anchor = match tick {
            0 => "start",
            tick if tick == canvas.ticks => "end",
            _ => "middle",
        };
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{place:.1} 24V{height}\"/><text class=\"soft\" x=\"{place:.1}\" y=\"16\" text-anchor=\"{anchor}\">{}</text>",
            Escaped(short)
        );
    }
    for (number, (name, _)) in LANES.iter().enumerate() {
        let y = TOP + LANE * number as f64 + LANE / 2.0;
        let _ = writeln!(out, "<text x=\"0\" y=\"{:.1}\">{name}</text>", y + 5.0);
        let mut drawn: HashSet<(u32, bool)> = HashSet::new();
        let own = report.answer.events.iter().filter(|event| lane(event.kind) == number);
        for (event, time) in own.filter_map(|event| Some((event, event.time?))) {
            let place = x(time);
            let happened = matches!(event.end, None | Some(EventEnd::Committed));
            // A mark hides another that is nearer than this.
            let near = ((place - left) / (right - left) * f64::from(MARKS)) as u32;
            if !drawn.insert((near, happened)) {
                continue;
            }
            let class = match (happened, number) {
                (false, _) => "undone",
                (true, 0) => "error",
                (true, 1 | 2) => "warning",
                (true, _) => "info",
            };
            let _ = writeln!(
                out,
                "<path class=\"mark {class}\" d=\"M{place:.1} {:.1}l6 6-6 6-6-6z\"><title>{}</title></path>",
                y - 6.0,
                Escaped(head(event, zone))
            );
        }
    }
    *out += "</svg>\n";
}

fn table(out: &mut String, report: &EventsReport<'_>, zone: &Zone) {
    let events = &report.answer.events;
    *out += "<h2>What</h2>\n<div class=\"card\">\n";
    if events.is_empty() {
        *out += "<p class=\"note\">Nothing that was asked for happened.</p>\n";
    } else {
        let (seen, rest) = events.split_at(events.len().min(SEEN));
        rows(out, seen, zone);
        for (number, fold) in rest.chunks(FOLDED).enumerate() {
            let from = SEEN + number * FOLDED + 1;
            let (first, last) = (grouped(from as u128), grouped((from + fold.len() - 1) as u128));
            let _ = writeln!(out, "<details class=\"more\"><summary>{first} to {last}</summary>");
            rows(out, fold, zone);
            *out += "</details>\n";
        }
    }
    *out += "</div>\n";
}

fn rows(out: &mut String, events: &[WalEvent], zone: &Zone) {
    *out += "<table>\n<thead><tr><th>Position</th><th>Event</th></tr></thead>\n<tbody>\n";
    for event in events {
        *out += "<tr>";
        cell(out, "Position", "lsn", &event.lsn.to_string());
        let mut text = Escaped(head(event, zone)).to_string();
        let ending = ending(event);
        let ending = ending.trim_start_matches([',', ';', ' ']);
        for line in [ending.to_owned()].into_iter().filter(|line| !line.is_empty()).chain(asides(event)) {
            let _ = write!(text, "<small>{}</small>", Escaped(line));
        }
        cell(out, "Event", "", &text);
        *out += "</tr>\n";
    }
    *out += "</tbody>\n</table>\n";
}
