//! The files of a backup whose archive is not here yet.

use crate::figures::{bytes, counted, grouped};
use crate::outside::Lines;
use pgwal_verify::recovery::{FetchOutline, OutlineEnd};
use serde_json::{Value, json};
use std::io;

/// Writes it for people.
pub fn write(out: &mut Lines<'_>, plan: &FetchOutline) -> io::Result<()> {
    let count = plan.files.len() as u128;
    let (files, from) = (counted(count, "file"), plan.from);
    match plan.to {
        OutlineEnd::Backup(lsn) => writeln!(
            out,
            "This backup asks for {files} from its start at {from} to its end at {lsn}, where the data are consistent."
        )?,
        OutlineEnd::Target(lsn) => {
            writeln!(out, "This backup asks for {files} from its start at {from} to the target {lsn}.")?
        }
        OutlineEnd::Unknown => writeln!(
            out,
            "This backup asks for {files} at least, from its start at {from} on: where it ends, its files do not say."
        )?,
    }
    for file in &plan.files {
        let note = if file.inside { "  (a copy lies in the backup)" } else { "" };
        writeln!(out, "{}{note}", file.name)?;
    }
    let segments = plan.files.iter().filter(|file| file.name.len() == 24).count() as u64;
    writeln!(
        out,
        "{}, {} bytes ({}) before they are packed",
        counted(segments.into(), "segment"),
        grouped(u128::from(total(plan))),
        bytes(total(plan).into())
    )?;
    let inside = plan.files.iter().filter(|file| file.inside).count();
    if inside > 0 {
        writeln!(out, "{} of that in the backup itself, which needs no archive", counted(inside as u128, "file"))?;
    }
    if !matches!(plan.to, OutlineEnd::Target(_)) {
        writeln!(
            out,
            "What recovery asks for behind that, only an archive can tell: walproof plan ARCHIVE --backup …, or name a position: --target-lsn"
        )?;
    }
    Ok(())
}

/// `walproof.plan/1` without a verdict.
pub fn json(plan: &FetchOutline) -> Value {
    let (kind, to) = match plan.to {
        OutlineEnd::Backup(lsn) => ("backup_end", Some(lsn)),
        OutlineEnd::Target(lsn) => ("target", Some(lsn)),
        OutlineEnd::Unknown => ("unknown", None),
    };
    json!({
        "schema": "walproof.plan/1",
        "verdict": "unproven",
        "outcome": null,
        "server_says": null,
        "target_timeline": plan.timeline,
        "oldest_needed_segment": plan.files.iter().map(|file| &file.name).find(|name| name.len() == 24),
        "from_lsn": plan.from,
        "to_lsn": to,
        "to": kind,
        "files": plan.files.iter().map(|file| json!({
            "name": file.name,
            "status": if file.inside { "present" } else { "missing" },
            "needed": true,
            "file": null,
            "size": null,
        })).collect::<Vec<_>>(),
        "beyond": [],
        "bytes": total(plan),
        "backup_chosen": null,
        "findings": [],
    })
}

fn total(plan: &FetchOutline) -> u64 {
    let segments = plan.files.iter().filter(|file| file.name.len() == 24).count() as u64;
    segments.saturating_mul(plan.segment.bytes())
}
