//! Timelines as lanes over the positions of WAL, oldest above.
//!
//! ```text
//!            0/09000000         0/0A000000          0/0B000000
//! timeline 1 ████████████▒▒██████████ ▲                ▲ a finding, ▒ no whole WAL
//!                  ◆─────────────────►                 ◆ a backup and how far replay reaches from it
//! timeline 2              ╰──████████████████
//! ```

use crate::figures::grouped;
use crate::outside::Escaped;
use crate::page::canvas::{CANVASES, Canvas};
use crate::verify::VerifyAnswer;
use pgwal_format::text::history::Switch;
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_verify::{Finding, KnownBackup, Severity, TimelineReport};
use std::collections::BTreeMap;
use std::fmt::Write;

const TOP: f64 = 34.0;
/// Lanes that are drawn; the table has all.
const LANES: usize = 60;
/// Backups drawn a lane, the newest.
const BACKUPS: usize = 6;
/// Stretches drawn a lane.
const STRETCHES: usize = 1000;

/// The picture and the table.
pub fn section(out: &mut String, told: &VerifyAnswer<'_>) {
    let outcome = told.outcome;
    let Some(layout) = &outcome.layout else { return };
    let all = &outcome.timelines;
    if all.is_empty() {
        return;
    }
    *out += "<h2>Timelines</h2>\n<div class=\"card\">\n";
    legend(out);
    let way: Vec<&TimelineReport> = all.iter().filter(|t| outcome.path.contains(&t.timeline)).collect();
    let rest = all.iter().rev().filter(|t| !outcome.path.contains(&t.timeline));
    let mut drawn: Vec<&TimelineReport> = way.into_iter().rev().chain(rest).take(LANES).collect();
    drawn.sort_by_key(|t| t.timeline);
    *out += "<svg class=\"defs\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><path class=\"hatchline\" d=\"M0 0v6\"/></pattern></defs></svg>\n";
    for canvas in &CANVASES {
        picture(out, told, layout, &drawn, canvas);
    }
    if drawn.len() < all.len() {
        let _ = writeln!(
            out,
            "<p class=\"note\">{} of {} timelines are drawn; the table has all.</p>",
            drawn.len(),
            all.len()
        );
    }
    table(out, told);
    *out += "</div>\n";
}

fn legend(out: &mut String) {
    *out += "<ul class=\"legend\">\n";
    for (shape, text) in [
        ("<rect class=\"whole way\" y=\"2\" width=\"14\" height=\"10\" rx=\"2\"/>", "whole WAL on the way of recovery"),
        (
            "<rect class=\"whole way beyond\" y=\"2\" width=\"14\" height=\"10\" rx=\"2\"/>",
            "whole, but behind the end of replay",
        ),
        ("<rect class=\"whole off\" y=\"2\" width=\"14\" height=\"10\" rx=\"2\"/>", "whole WAL elsewhere"),
        (
            "<rect class=\"track\" y=\"2\" width=\"14\" height=\"10\"/><rect class=\"hatch\" y=\"2\" width=\"14\" height=\"10\"/>",
            "missing or unreadable",
        ),
        ("<path class=\"mark error\" d=\"M7 12 1 2h12z\"/>", "error"),
        ("<path class=\"mark warning\" d=\"M7 12 1 2h12z\"/>", "warning"),
        ("<path class=\"backup\" d=\"M7 1l6 6-6 6-6-6z\"/>", "base backup, and how far replay from it reaches"),
        ("<path class=\"reach\" d=\"M7 0v14\"/>", "replay ends"),
    ] {
        let _ = writeln!(out, "<li><svg viewBox=\"0 0 14 14\" aria-hidden=\"true\">{shape}</svg>{text}</li>");
    }
    *out += "</ul>\n";
}

/// Positions as places from left to right.
struct Scale<'a> {
    canvas: &'a Canvas,
    layout: &'a Layout,
    from: Lsn,
    bytes: f64,
}

impl Scale<'_> {
    fn x(&self, lsn: Lsn) -> f64 {
        let there = self.layout.address().distance(lsn, self.from, self.layout.segment) as f64 / self.bytes;
        self.canvas.left + there.clamp(0.0, 1.0) * (self.canvas.right - self.canvas.left)
    }
}

fn picture(out: &mut String, told: &VerifyAnswer<'_>, layout: &Layout, lanes: &[&TimelineReport], canvas: &Canvas) {
    let outcome = told.outcome;
    let Some(from) = lanes.iter().map(|t| t.from).min() else { return };
    let to = lanes.iter().map(|t| t.to).max().unwrap_or(from);
    let bytes = layout.address().distance(to, from, layout.segment);
    let scale = Scale { canvas, layout, from, bytes: bytes.max(1) as f64 };
    let backups = |t: TimelineId| outcome.backups.iter().rev().filter(move |b| b.timeline == t).take(BACKUPS);
    let mut y = TOP;
    let mut tops: BTreeMap<TimelineId, f64> = BTreeMap::new();
    for t in lanes {
        tops.insert(t.timeline, y);
        y += 52.0 + 16.0 * backups(t.timeline).count() as f64;
    }
    let height = y + 22.0;
    let _ = writeln!(
        out,
        "<svg{} class=\"{}\" viewBox=\"0 0 {} {height}\" role=\"img\" aria-label=\"WAL of each timeline\">",
        if canvas.is_wide() { " id=\"lanes\"" } else { "" },
        canvas.class,
        canvas.width
    );
    let ticks = canvas.ticks;
    for tick in 0..=ticks {
        let lsn = layout
            .address()
            .advance(from, (bytes.max(1) as u128 * u128::from(tick) / u128::from(ticks)) as u64, layout.segment)
            .unwrap_or(to);
        let lsn = if tick > 0 && tick < ticks && bytes >= 8 * i128::from(layout.segment.bytes()) {
            // The start of a segment is the easier to find.
            layout.address().segment_start(layout.address().segment(lsn, layout.segment), layout.segment)
        } else {
            lsn
        };
        let x = scale.x(lsn);
        let anchor = if tick == ticks {
            "end"
        } else if tick == 0 {
            "start"
        } else {
            "middle"
        };
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{x:.1} 22V{:.1}\"/><text class=\"lsn\" x=\"{x:.1}\" y=\"15\" text-anchor=\"{anchor}\">{lsn}</text>",
            y
        );
    }
    for t in lanes {
        let top = tops.get(&t.timeline).copied().unwrap_or(TOP);
        let parent = t.parent.and_then(|parent| tops.get(&parent).copied());
        lane(out, told, t, &scale, top, parent);
        for (row, backup) in backups(t.timeline).enumerate() {
            self::backup(out, backup, &scale, top + 50.0 + 16.0 * row as f64);
        }
    }
    if let Some((_, end)) = outcome.replay {
        let x = scale.x(end);
        let anchor = if x > (canvas.left + canvas.right) / 2.0 { "end" } else { "start" };
        let shift = if anchor == "end" { -6.0 } else { 6.0 };
        let _ = writeln!(
            out,
            "<path class=\"reach\" d=\"M{x:.1} 24V{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">replay ends at {end}</text>",
            x + shift,
            y + 12.0
        );
    }
    *out += "</svg>\n";
}

fn lane(
    out: &mut String,
    told: &VerifyAnswer<'_>,
    t: &TimelineReport,
    scale: &Scale<'_>,
    top: f64,
    parent: Option<f64>,
) {
    let way = if told.outcome.path.contains(&t.timeline) { "way" } else { "off" };
    let (left, right) = (scale.x(t.from), scale.x(t.to).max(scale.x(t.from) + 2.0));
    let bar = top + 16.0;
    let _ = writeln!(
        out,
        "<g class=\"{}\"><text x=\"0\" y=\"{:.1}\">timeline {}</text><text class=\"soft\" x=\"0\" y=\"{:.1}\">{} segments</text>",
        if scale.canvas.is_wide() { "lane" } else { "row" },
        bar + 9.0,
        t.timeline,
        bar + 24.0,
        grouped(t.segments.into())
    );
    if let Some(above) = parent {
        let at = match t.switch {
            Some(Switch::At(lsn)) => scale.x(lsn),
            _ => left,
        };
        let _ = writeln!(out, "<path class=\"branch\" d=\"M{at:.1} {:.1}V{:.1}\"/>", above + 34.0, bar);
    }
    let _ = writeln!(
        out,
        "<rect class=\"track\" x=\"{left:.1}\" y=\"{bar:.1}\" width=\"{:.1}\" height=\"18\" rx=\"3\"/><rect class=\"hatch\" x=\"{left:.1}\" y=\"{bar:.1}\" \
         width=\"{:.1}\" height=\"18\" rx=\"3\"/>",
        right - left,
        right - left
    );
    let mut stretches: Vec<(Lsn, Lsn)> = t.islands.iter().take(STRETCHES).copied().collect();
    // Below the depth of records nobody knows; what is drawn is what is there.
    if t.islands.is_empty() {
        stretches.push((t.from, t.to));
    }
    // What stands first in a segment belongs to a record before it.
    if let Some(first) = stretches.first_mut().filter(|first| scale.x(first.0) - left < 1.0) {
        first.0 = t.from;
    }
    let reach = told.outcome.replay.filter(|_| way == "way").map(|(_, end)| end);
    for &(from, to) in &stretches {
        // Two, where replay ends within.
        let within = reach.filter(|end| (from..to).contains(end));
        let beyond = if reach.is_some_and(|end| from >= end) { " beyond" } else { "" };
        for (from, to, beyond) in
            [(from, within.unwrap_or(to), beyond)].into_iter().chain(within.map(|end| (end, to, " beyond")))
        {
            let x = scale.x(from);
            // So narrow a hole that nobody would see it is still drawn: what stands before it ends earlier.
            let end = if to == t.to { right } else { (scale.x(to) - 1.0).max(x + 1.0) };
            let _ = writeln!(
                out,
                "<rect class=\"whole {way}{beyond}\" x=\"{x:.1}\" y=\"{bar:.1}\" width=\"{:.1}\" height=\"18\" rx=\"2\"><title>whole WAL, {from} to \
                 {to}</title></rect>",
                (end - x).max(1.0)
            );
        }
    }
    marks(out, told, t, scale, bar);
    *out += "</g>\n";
}

/// One mark a place, for the worst that is there.
fn marks(out: &mut String, told: &VerifyAnswer<'_>, t: &TimelineReport, scale: &Scale<'_>, bar: f64) {
    let mut places: BTreeMap<i64, (u64, &Finding)> = BTreeMap::new();
    for f in told.outcome.findings.iter().filter(|f| f.timeline == Some(t.timeline) && f.severity >= Severity::Warning)
    {
        if let Some(lsn) = f.at.or(f.lsn) {
            let place = places.entry((scale.x(lsn) / 4.0) as i64).or_insert((0, f));
            place.0 += 1 + f.more;
            if f.severity > place.1.severity {
                place.1 = f;
            }
        }
    }
    for (count, f) in places.values() {
        let Some(lsn) = f.at.or(f.lsn) else { continue };
        let (x, y) = (scale.x(lsn), bar - 2.0);
        let more = if *count > 1 { format!(" and {} more here", count - 1) } else { String::new() };
        let _ = writeln!(
            out,
            "<path class=\"mark {}\" d=\"M{x:.1} {y:.1}l-6 -11h12z\"><title>{} {}{}</title></path>",
            f.severity,
            f.code,
            Escaped(told.zone.message(f, told.outcome.layout.as_ref())),
            more
        );
    }
}

fn backup(out: &mut String, b: &KnownBackup, scale: &Scale<'_>, y: f64) {
    let (x, stop) = (scale.x(b.start), scale.x(b.stop));
    let class = match b.complete {
        Some(true) => "",
        Some(false) => " lacks",
        None => " unknown",
    };
    let end = match b.reaches {
        Some(to) => {
            let end = scale.x(to);
            let _ = writeln!(out, "<path class=\"runs\" d=\"M{x:.1} {y:.1}H{end:.1}m-6 -4l6 4-6 4\" fill=\"none\"/>");
            format!("; replay reaches {to}")
        }
        None => String::new(),
    };
    let label = b.label.as_deref().map(|label| format!(" ({label})")).unwrap_or_default();
    let _ = writeln!(
        out,
        "<g><rect class=\"backup{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"4\"/><path class=\"backup{class}\" d=\"M{x:.1} {:.1}l6 6-6 6-6-6z\"/>\
         <title>base backup {}{}, {} to {}{end}</title></g>",
        y - 2.0,
        (stop - x).max(1.0),
        y - 6.0,
        Escaped(&b.file),
        Escaped(label),
        b.start,
        b.stop
    );
}

fn table(out: &mut String, told: &VerifyAnswer<'_>) {
    let open = if told.outcome.timelines.len() <= 8 { " open" } else { "" };
    let _ = write!(
        out,
        "<details{open}><summary>Table of timelines</summary>\n<table>\n<thead><tr><th>Timeline</th><th>From</th><th>To</th><th class=\"n\">Segments</th>\
         <th class=\"n\">Records</th><th class=\"n\">Commits</th><th>Last commit</th><th>Ends with</th></tr></thead>\n<tbody>\n"
    );
    for t in &told.outcome.timelines {
        let parent = t.parent.map(|parent| format!("<small>from timeline {parent}</small>")).unwrap_or_default();
        let off =
            if told.outcome.path.contains(&t.timeline) { "" } else { "<small>not on the way of recovery</small>" };
        let last = t.tally.last_commit.map(|time| crate::page::moment(time, &told.zone)).unwrap_or_default();
        let ends = t.end.name().replace('_', " ");
        *out += "<tr>";
        for (label, class, text) in [
            ("Timeline", "", format!("{}{parent}{off}", t.timeline)),
            ("From", "lsn", t.from.to_string()),
            ("To", "lsn", t.to.to_string()),
            ("Segments", "n", grouped(t.segments.into())),
            ("Records", "n", grouped(t.tally.records.into())),
            ("Commits", "n", grouped(t.tally.commits.into())),
            ("Last commit", "", last),
            ("Ends with", "", Escaped(ends).to_string()),
        ] {
            crate::page::cell(out, label, class, &text);
        }
        *out += "</tr>\n";
    }
    *out += "</tbody>\n</table>\n</details>\n";
}
