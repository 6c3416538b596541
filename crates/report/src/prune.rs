//! What an archive can do without.

use crate::figures::{bytes, counted};
use crate::outside::Lines;
use pgwal_ship::prune::{HeldLine, PrunePlan};
use pgwal_source::Entry;
use pgwal_verify::{KnownBackup, TimelineAside};
use serde_json::{Value, json};
use std::io;

/// Files that are named one by one; of more, the first and the last.
const NAMED: usize = 6;

/// Backups that are named one by one.
const BACKUPS: usize = 10;

/// `walproof.prune/1`. `removed`: it was done, and not only said.
pub fn json(place: &str, found: &PrunePlan, removed: bool) -> Value {
    let held = found.held_by.as_ref();
    json!({
        "schema": "walproof.prune/1",
        "place": place,
        "removed": removed,
        "keep_from": found.keep.to_string(),
        "first_kept": found.first.map(|first| first.to_string()),
        "held_for": found.held_for,
        "held_for_timelines": found.held_lines.iter().map(line).collect::<Vec<_>>(),
        "held_by": held.map(|backup| json!({"file": backup.file, "start": backup.start.to_string()})),
        "keeps_backups": found.keeps.iter().map(|backup| &backup.file).collect::<Vec<_>>(),
        "gives_up_backups": found.gives_up.iter().map(|backup| &backup.file).collect::<Vec<_>>(),
        "files": found.remove.iter().map(Entry::shown).collect::<Vec<_>>(),
        "bytes": found.bytes(),
        "kept_files": found.stay,
    })
}

fn line(held: &HeldLine) -> Value {
    let (aside, backup) = (&held.aside, &held.backup);
    json!({
        "timeline": aside.timeline,
        "from_lsn": aside.from,
        "to_lsn": aside.to,
        "backup": backup.file,
    })
}

/// A line for what goes, one for what stays, and why it stays.
pub fn write(out: &mut Lines<'_>, found: &PrunePlan, removed: bool) -> io::Result<()> {
    let count = found.remove.len();
    let verb = if removed { "removed" } else { "would be removed" };
    let names: Vec<String> = match found.remove.as_slice() {
        [first, .., last] if count > NAMED => vec![format!("{} to {}", first.shown(), last.shown())],
        few => few.iter().map(Entry::shown).collect(),
    };
    match count {
        0 => writeln!(out, "nothing to remove")?,
        count => {
            let (files, size) = (counted(count as u128, "file"), bytes(found.bytes().into()));
            writeln!(out, "{files}, {size}, {verb}: {}", names.join(", "))?;
        }
    }
    let kept = counted(found.stay as u128, "file");
    let from = match found.first {
        Some(first) if (first.log, first.seg) == (found.keep.log, found.keep.seg) => {
            format!("all from segment {first} on")
        }
        Some(first) => format!("all from segment {first} on, the first that is there,"),
        None => format!("what comes from segment {} on", found.keep),
    };
    writeln!(out, "kept: {kept}, {from} and every history file")?;
    let gone = if removed { "given up" } else { "would be given up" };
    for (which, all) in [("kept", &found.keeps), (gone, &found.gives_up)] {
        let cannot = if which == "kept" { "" } else { ", which cannot be restored after that" };
        for backup in all.iter().rev().take(BACKUPS) {
            writeln!(out, "{which}: the backup {}{cannot}", called(backup))?;
        }
        if all.len() > BACKUPS {
            writeln!(out, "{which}: {} older backups{cannot}", all.len() - BACKUPS)?;
        }
    }
    if let Some(asked) = found.too_few {
        let here = counted(found.keeps.len() as u128, "backup");
        let are = if found.keeps.len() == 1 { "is" } else { "are" };
        writeln!(out, "only {here} that can be restored {are} known here, and {asked} are to be kept")?;
    }
    for HeldLine { aside: TimelineAside { timeline, from, to, .. }, backup } in &found.held_lines {
        let goes = format!("timeline {timeline} goes on from {from} to {to}, which no newer backup reaches");
        let up = format!("if no server goes on with it, --give-up-timeline {timeline} gives it up");
        writeln!(out, "{goes}: what {} needs is kept for it; {up}", backup.file)?;
    }
    if let Some(place) = &found.held_for {
        writeln!(out, "{place} needs WAL from segment {} on: that is kept", found.keep)?;
    }
    if let Some(backup) = &found.held_by {
        let (file, start) = (&backup.file, backup.start);
        let needs = format!("can still be restored and needs WAL from {start} on");
        writeln!(out, "{file} {needs}: that is kept; --keep-backups N gives old backups up")?;
    }
    if !removed && count > 0 {
        writeln!(out, "nothing was removed yet: --yes does it")?;
    }
    Ok(())
}

/// Its file, and what else is known of it.
fn called(backup: &KnownBackup) -> String {
    let said: Vec<&str> = backup.label.iter().chain(&backup.start_time).map(String::as_str).collect();
    if said.is_empty() { backup.file.clone() } else { format!("{} ({})", backup.file, said.join(", ")) }
}
