//! Backups for people: a row each.

use super::{ArchiveBackups, BackupsAnswer, is_open, last_commit};
use crate::figures::bytes;
use crate::outside::Lines;
use crate::time::Zone;
use crate::verify::text::{called, on_others};
use crate::window::{ends_by, why};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_repos::shell::quoted;
use pgwal_verify::windows::{BackupWindow, holes};
use std::io;

/// Writes them.
pub fn write(out: &mut Lines<'_>, answer: &BackupsAnswer<'_>, zone: &Zone) -> io::Result<()> {
    for (i, archive) in answer.archives.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        one(out, archive, answer.now, zone)?;
    }
    let folders = &answer.base_backups;
    if let Some(first) = folders.first() {
        let more = if folders.len() > TOLD { format!(" and {} more", folders.len() - TOLD) } else { String::new() };
        let told = folders.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
        writeln!(out, "BESIDE   base backups, with no archive's word on them: {told}{more}")?;
        writeln!(out, "         how far one gets: walproof verify ARCHIVE --backup {}", quoted(first))?;
    }
    Ok(())
}

/// Folders that are told one by one.
const TOLD: usize = 20;

fn one(out: &mut Lines<'_>, archive: &ArchiveBackups<'_>, now: Timestamp, zone: &Zone) -> io::Result<()> {
    let windows = archive.windows(now);
    let times = match &archive.times {
        Ok(times) => times,
        Err(error) => {
            writeln!(out, "{}: {}", archive.place, archive.named())?;
            writeln!(out, "UNKNOWN  {error}")?;
            // Which there are, their names say.
            let listed = archive.repository.map_or(&[][..], |repository| &repository.backups);
            return listed.iter().rev().try_for_each(|backup| writeln!(out, "BACKUP   {}", backup.label));
        }
    };
    let restorable = windows.iter().filter(|window| window.reach.is_some()).count();
    let open = windows.iter().filter(|window| is_open(window)).count();
    let told = match windows.len() {
        0 if archive.repository.is_some() => "it lists no backup".to_owned(),
        0 => "no base backup is known here".to_owned(),
        1 if open == 1 => "from where its one backup restores is not known".to_owned(),
        1 => format!("its one backup {}", if restorable == 1 { "restores" } else { "does not restore" }),
        all if open > 0 => format!("{restorable} of {all} backups restore, and of {open} it is not known"),
        all => format!("{restorable} of {all} backups restore"),
    };
    let told = told + &combined(windows.iter().filter(|w| w.reach.is_some() && w.is_incremental()).count(), restorable);
    writeln!(out, "{}: {}: {told}", archive.place, archive.named())?;
    for window in windows.iter().rev() {
        row(out, window, zone)?;
    }
    for (from, to) in holes(&windows) {
        writeln!(out, "HOLE     nothing between {from} and {to} can be restored")?;
    }
    match last_commit(&windows, times) {
        Some(last) => {
            let age = (now.unix_micros() - last.unix_micros()) / 1_000_000;
            writeln!(out, "LAST     commit of {}, {}", zone.local(last).unwrap_or_default(), ago(age))?;
        }
        None => writeln!(out, "LAST     no commit is in reach")?,
    }
    for left_out in archive.left_out() {
        writeln!(out, "LEFT OUT {left_out}")?;
    }
    for defect in archive.repository.iter().flat_map(|repository| &repository.defects) {
        writeln!(out, "WRONG    {} {}", defect.file, defect.kind)?;
    }
    Ok(())
}

/// How many of those that restore do so only with others.
fn combined(parts: usize, restorable: usize) -> String {
    match parts {
        0 => String::new(),
        1 if restorable == 1 => ", once it is combined with those that it builds on".into(),
        parts => format!(", {parts} of them once combined with those that they build on"),
    }
}

fn row(out: &mut Lines<'_>, window: &BackupWindow<'_>, zone: &Zone) -> io::Result<()> {
    let listed = window.listed;
    let mode = listed.map(|listed| format!("  {}", listed.mode.name()));
    let mode = mode.or(window.is_incremental().then(|| "  incremental".to_owned())).unwrap_or_default();
    let size = listed.and_then(|listed| listed.size).map(|size| format!(", {}", bytes(size.into())));
    let parent = listed.and_then(|listed| listed.parent.as_ref()).map(|parent| format!(" on {parent}"));
    let ended =
        listed.and_then(|listed| listed.stopped).and_then(|seconds| zone.local(Timestamp::from_unix_seconds(seconds)));
    let ended = ended.map(|time| format!(", ended {time}"));
    // Without a tool that lists it, a server's own file says what it is called.
    let label = window.known.filter(|_| listed.is_none()).map(|known| called(known, zone)).unwrap_or_default();
    writeln!(
        out,
        "BACKUP   {}{label}{mode}{}{}{}",
        window.name(),
        parent.unwrap_or_default(),
        ended.unwrap_or_default(),
        size.unwrap_or_default()
    )?;
    if let Some((from, to)) = window.reach {
        let time = |end: Option<Timestamp>| end.and_then(|time| zone.local(time)).map(|time| format!(" ({time})"));
        let (first, last) = window.ends;
        writeln!(
            out,
            "         restores from {from}{} to {to}{}",
            time(first.map(|end| end.time)).unwrap_or_default(),
            time(last.map(|end| end.time)).unwrap_or_default()
        )?;
        if let Some(why) = ends_by(window) {
            writeln!(out, "         {why}")?;
        }
    }
    if let Some(part) = window.known.and_then(on_others) {
        writeln!(out, "         {part}")?;
    }
    if let Some(contents) = listed.and_then(|listed| listed.contents.as_ref()) {
        writeln!(out, "         {}", crate::contents::text(contents))?;
    }
    match why(window) {
        Some(why) => writeln!(out, "         {why}"),
        None => Ok(()),
    }
}

/// `3 h 12 min ago`
fn ago(seconds: i64) -> String {
    let (before, seconds) = if seconds < 0 { ("ahead of this clock", -seconds) } else { ("ago", seconds) };
    let text = match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    };
    format!("{text} {before}")
}
