//! How much WAL was written when: a bar for each stretch of time, in the colours of the resource managers that wrote
//! most.

use crate::figures::bytes;
use crate::outside::Escaped;
use crate::page::canvas::{CANVASES, Canvas};
use crate::verify::VerifyAnswer;
use pgwal_format::Layout;
use pgwal_format::rmgr::Rmgr;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::count::Volume;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Managers with a colour of their own; the last colour is everybody else's.
const COLORS: usize = 7;
/// Bars at most.
const BARS: i64 = 120;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 236.0;

/// The picture and its figures.
pub fn section(out: &mut String, told: &VerifyAnswer<'_>) {
    let (Some(volume), Some(layout)) = (&told.volume, &told.outcome.layout) else { return };
    let managers = volume.managers();
    let total: u64 = managers.iter().map(|(_, n)| n).sum();
    if total == 0 {
        return;
    }
    *out += "<h2>WAL volume over time</h2>\n<div class=\"card\">\n";
    let colors: BTreeMap<u8, usize> =
        managers.iter().take(COLORS).enumerate().map(|(color, (rmid, _))| (*rmid, color)).collect();
    legend(out, &managers, layout);
    for canvas in &CANVASES {
        bars(out, told, volume, &colors, canvas);
    }
    let untimed: u64 = volume.untimed.values().sum();
    let before = if untimed > 0 {
        format!(" {} before the first time are not in the picture.", bytes(untimed.into()))
    } else {
        String::new()
    };
    let _ = writeln!(
        out,
        "<p class=\"note\">{} in records on the way of recovery, page images included. A record belongs to the minute of the last commit before it.{before}</p>",
        bytes(total.into())
    );
    table(out, &managers, total, layout);
    *out += "</div>\n";
}

fn name(rmid: u8, layout: &Layout) -> String {
    Rmgr(rmid).name(layout.dialect).to_string()
}

fn legend(out: &mut String, managers: &[(u8, u64)], layout: &Layout) {
    *out += "<ul class=\"legend\">\n";
    let mut entry = |color: usize, text: &str| {
        let _ = writeln!(
            out,
            "<li><svg viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"c{color}\" y=\"1\" width=\"12\" height=\"12\" rx=\"2\"/></svg>{}</li>",
            Escaped(text)
        );
    };
    for (color, (rmid, _)) in managers.iter().take(COLORS).enumerate() {
        entry(color, &name(*rmid, layout));
    }
    if managers.len() > COLORS {
        entry(COLORS, &format!("{} others", managers.len() - COLORS));
    }
    *out += "</ul>\n";
}

fn bars(out: &mut String, told: &VerifyAnswer<'_>, volume: &Volume, colors: &BTreeMap<u8, usize>, canvas: &Canvas) {
    let (left, right) = (canvas.left, canvas.right);
    let (Some(((first, _), _)), Some(((last, _), _))) = (volume.slots.first_key_value(), volume.slots.last_key_value())
    else {
        return;
    };
    // So many slots a bar that there are not too many bars.
    let wide = (last.saturating_sub(*first) / BARS).saturating_add(1);
    let count = last.saturating_sub(*first) / wide + 1;
    let mut heights: BTreeMap<i64, [u64; COLORS + 1]> = BTreeMap::new();
    for ((slot, rmid), n) in &volume.slots {
        let color = colors.get(rmid).copied().unwrap_or(COLORS);
        if let Some(height) = heights.entry((slot - first) / wide).or_default().get_mut(color) {
            *height += n;
        }
    }
    let most = heights.values().map(|bar| bar.iter().sum::<u64>()).max().unwrap_or(1).max(1);
    let top = round_up(most);
    let step = (right - left) / count as f64;
    let width = (step * 0.86).clamp(1.0, 56.0);
    let _ = writeln!(
        out,
        "<svg{} class=\"{}\" viewBox=\"0 0 {} 268\" role=\"img\" aria-label=\"WAL volume over time by resource manager\">",
        if canvas.is_wide() { " id=\"volume\"" } else { "" },
        canvas.class,
        canvas.width
    );
    for quarter in [0_u64, 1, 2] {
        let y = BOTTOM - (BOTTOM - TOP) * quarter as f64 / 2.0;
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{left} {y:.1}H{right}\"/><text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y + 4.0,
            bytes((top * quarter / 2).into())
        );
    }
    let minute = |bar: i64| (first.saturating_add(bar.saturating_mul(wide))).saturating_mul(volume.width);
    let clock =
        |bar: i64| told.zone.local(Timestamp::from_unix_seconds(minute(bar).saturating_mul(60))).unwrap_or_default();
    for (bar, parts) in &heights {
        let x = left + step * *bar as f64 + (step - width) / 2.0;
        let sum: u64 = parts.iter().sum();
        let when: String = clock(*bar).chars().take(16).collect();
        let _ = writeln!(out, "<g class=\"bar\"><title>from {}: {}</title>", Escaped(when), bytes(sum.into()));
        let mut y = BOTTOM;
        for (color, n) in parts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let height = (BOTTOM - TOP) * *n as f64 / top as f64;
            y -= height;
            let _ = writeln!(
                out,
                "<rect class=\"c{color}\" x=\"{x:.1}\" y=\"{y:.2}\" width=\"{width:.1}\" height=\"{height:.2}\"/>"
            );
        }
        *out += "</g>\n";
    }
    let labels = count.min(if canvas.is_wide() { 5 } else { 2 });
    for label in 0..labels {
        let bar = if labels == 1 { 0 } else { (count - 1) * label / (labels - 1) };
        let x = left + step * (bar as f64 + 0.5);
        let anchor = if labels > 1 && label == labels - 1 && step < 100.0 {
            "end"
        } else if labels > 1 && label == 0 && step < 100.0 {
            "start"
        } else {
            "middle"
        };
        let text: String = clock(bar).chars().take(16).collect();
        let _ = writeln!(
            out,
            "<text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            BOTTOM + 20.0,
            Escaped(text)
        );
    }
    *out += "</svg>\n";
}

/// The next number that is 1, 2 or 5 × a power of two of 1,024 and ten, so that the axis has short labels.
fn round_up(n: u64) -> u64 {
    let mut unit = 1_u64;
    while unit < 1 << 60 && unit * 1024 <= n {
        unit *= 1024;
    }
    [2, 4, 10, 20, 40, 100, 200, 400, 1000]
        .into_iter()
        .map(|m| unit.saturating_mul(m))
        .find(|top| *top >= n)
        .unwrap_or(unit.saturating_mul(1024))
}

fn table(out: &mut String, managers: &[(u8, u64)], total: u64, layout: &Layout) {
    *out += "<details><summary>Table of resource managers</summary>\n<table>\n<thead><tr><th>Resource manager</th><th class=\"n\">Bytes</th><th class=\"n\">%</th></tr></thead>\n<tbody>\n";
    for (rmid, n) in managers {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.2}</td></tr>",
            Escaped(name(*rmid, layout)),
            crate::figures::grouped((*n).into()),
            *n as f64 * 100.0 / total as f64
        );
    }
    *out += "</tbody>\n</table>\n</details>\n";
}

#[cfg(test)]
mod tests {
    use super::round_up;

    #[test]
    fn the_axis_ends_at_a_short_number() {
        for (n, top) in [(1, 2), (700, 1000), (1023, 1024), (1024, 2048), (3 << 20, 4 << 20), (700 << 30, 1000 << 30)] {
            assert_eq!(round_up(n), top);
        }
        assert!(round_up(u64::MAX) >= u64::MAX / 2);
    }
}
