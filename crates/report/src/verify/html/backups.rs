//! Backups and what each reaches, the newest first.

use crate::outside::Escaped;
use crate::verify::VerifyAnswer;
use std::fmt::Write;

/// Backups that are seen at once.
const SEEN: usize = 20;

/// The table.
pub fn section(out: &mut String, told: &VerifyAnswer<'_>) {
    let all = &told.outcome.backups;
    *out += "<h2>Backups</h2>\n<div class=\"card\">\n";
    if all.is_empty() {
        *out += "<p class=\"note\">No base backup is known here: backups are known from .backup files in the archive.</p>\n</div>\n";
        return;
    }
    let newest: Vec<_> = all.iter().rev().collect();
    for (i, some) in newest.chunks(SEEN).enumerate() {
        if i > 0 {
            let _ = writeln!(out, "<details class=\"more\"><summary>{} older</summary>", some.len());
        }
        *out += "<table>\n<thead><tr><th>Backup</th><th>Timeline</th><th>WAL from</th><th>to</th><th>Its WAL</th><th>Replay reaches</th></tr></thead>\n<tbody>\n";
        for b in some {
            let (class, word) = match b.complete {
                Some(true) => ("ok", "complete"),
                Some(false) => ("error", "incomplete"),
                None => ("off", "not looked at"),
            };
            let label =
                b.label.as_deref().map(|label| format!("<small>{}</small>", Escaped(label))).unwrap_or_default();
            let reaches = match b.beside {
                Some(beside) => format!("beside the way: --target-timeline {}", beside.ask),
                None => b.reaches.map(|lsn| lsn.to_string()).unwrap_or_default(),
            };
            *out += "<tr>";
            for (label, style, text) in [
                ("Backup", "", format!("{}{label}", Escaped(&b.file))),
                ("Timeline", "", b.timeline.to_string()),
                ("WAL from", "lsn", b.start.to_string()),
                ("to", "lsn", b.stop.to_string()),
                ("Its WAL", "", format!("<span class=\"badge {class}\">{word}</span>")),
                ("Replay reaches", "lsn", reaches),
            ] {
                crate::page::cell(out, label, style, &text);
            }
            *out += "</tr>\n";
        }
        *out += "</tbody>\n</table>\n";
        if i > 0 {
            *out += "</details>\n";
        }
    }
    *out += "</div>\n";
}
