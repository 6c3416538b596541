//! What WAL consists of, for people:
//!
//! ```text
//! /srv/wal: 13,698 records, 4.5 MiB between 0/06300028 and 0/0665AC08; times UTC
//! IMAGES   2.7 MiB of 712 pages: first touch since a checkpoint 2.6 MiB, hint bits 96 KiB
//!
//! RELATIONS
//!       bytes       %      records  first touch      hints      other
//!     3.1 MiB   68.88        9,012      1.9 MiB    0 bytes    0 bytes  shop.public.orders (1663/16384/16393)
//! ```

use super::under;
use super::words::{groups, saved};
use super::{TopReport, TopSection};
use crate::figures::{bytes, counted, grouped};
use crate::history_head::{UNKNOWN, asides, left_out, unfinished};
use crate::outside::Lines;
use crate::time::Zone;
use pgwal_forensics::{FartherCheckpoints, ImageReason, VolumeSum};
use std::io;

/// Writes them.
pub fn write(out: &mut Lines<'_>, report: &TopReport<'_>, zone: &Zone) -> io::Result<()> {
    let answer = report.answer;
    let total = &answer.total;
    let range = match answer.range {
        Some((from, to)) => format!(" between {from} and {to}"),
        None => String::new(),
    };
    let size = bytes(total.bytes.into());
    writeln!(
        out,
        "{}: {}, {size}{range}; times {}",
        report.place,
        counted(total.records.into(), "record"),
        zone.told()
    )?;
    writeln!(out, "IMAGES   {}", images(total))?;
    for by in report.by {
        section(out, report, *by, zone)?;
    }
    what_if(out, report)?;
    for hole in &answer.holes {
        writeln!(out, "HOLE     nothing is known of what happened between {} and {}", hole.after, hole.before)?;
    }
    if let Some(what) = left_out(answer.left_out) {
        writeln!(out, "LEFT OUT {what}")?;
    }
    if let Some(what) = unfinished(&answer.gathered) {
        writeln!(out, "PARTIAL  {what}")?;
    }
    for what in asides(&answer.gathered, zone) {
        writeln!(out, "BESIDE   {what}")?;
    }
    let asks_xacts = report.by.contains(&TopSection::Xid);
    if asks_xacts { writeln!(out, "NOTE     {UNKNOWN}") } else { Ok(()) }
}

/// Images by their reasons, those of which there are any.
fn images(total: &VolumeSum) -> String {
    let words = |reason: ImageReason| match reason {
        ImageReason::FirstTouch => "first touch since a checkpoint",
        ImageReason::Hint => "hint bits",
        ImageReason::NewPage => "pages logged whole (index builds, rewrites)",
        ImageReason::Forced => "records that always have one",
        ImageReason::Check => "for wal_consistency_checking",
    };
    let told: Vec<String> = ImageReason::ALL
        .iter()
        .map(|reason| (*reason, total.of(*reason)))
        .filter(|(_, sum)| sum.images > 0)
        .map(|(reason, sum)| format!("{} {}", words(reason), bytes(sum.bytes.into())))
        .collect();
    if told.is_empty() {
        return "none".to_owned();
    }
    let pages: u64 = total.images.iter().map(|sum| sum.images).sum();
    let share = percent(total.image_bytes(), total.bytes);
    format!(
        "{} ({share:.2} %) of {}: {}",
        bytes(total.image_bytes().into()),
        counted(pages.into(), "page"),
        told.join(", ")
    )
}

fn section(out: &mut Lines<'_>, report: &TopReport<'_>, by: TopSection, zone: &Zone) -> io::Result<()> {
    let answer = report.answer;
    let title = match by {
        TopSection::Relation => "RELATIONS",
        TopSection::Record => "RECORDS",
        TopSection::Minute => "MINUTES",
        TopSection::Checkpoint => "CHECKPOINTS",
        TopSection::Database => "DATABASES",
        TopSection::Xid => "TRANSACTIONS",
    };
    writeln!(out)?;
    if by == TopSection::Xid {
        writeln!(out, "{title}")?;
        for xact in &answer.xacts.0 {
            let time = xact.time.and_then(|time| zone.local(time)).unwrap_or_default();
            writeln!(
                out,
                "{:>12} {:>7.2}  {}  {} {time}{}",
                bytes(xact.bytes.into()),
                percent(xact.bytes, answer.total.bytes),
                xact.xid,
                xact.outcome(),
                if xact.begin_known { "" } else { ", may have begun before what was read" }
            )?;
        }
        return Ok(());
    }
    let (minutes, of_minutes) = answer.minutes_known;
    let each = of_minutes.checked_div(minutes).filter(|_| by == TopSection::Minute);
    let mean = each.map(|each| {
        let each = bytes(each.into());
        format!(": {} with a transaction that ended, {each} each", grouped(minutes.into()))
    });
    let mean = mean.unwrap_or_default();
    writeln!(out, "{title}{mean}")?;
    writeln!(
        out,
        "{:>12} {:>7} {:>12} {:>12} {:>12} {:>12}",
        "bytes", "%", "records", "first touch", "hints", "other images"
    )?;
    let (groups, more, rest) = groups(report, by);
    let order = if by == TopSection::Relation { under::under_tables(&answer.relations) } else { Vec::new() };
    let order = if order.is_empty() { (0..groups.len()).map(|at| (at, false)).collect() } else { order };
    for (at, is_under) in order {
        let Some(group) = groups.get(at) else { continue };
        let name = match by {
            TopSection::Relation => {
                answer.relations.groups.get(at).map(|(relation, _)| under::relation(relation, &group.key, is_under))
            }
            TopSection::Minute => answer.minutes.groups.get(at).map(|(minute, _)| {
                let began = minute.and_then(crate::stats::text::began).and_then(|time| zone.local(time));
                began.unwrap_or_else(|| "before the first time".to_owned())
            }),
            TopSection::Checkpoint => answer.checkpoints.groups.get(at).map(|(seen, _)| match seen {
                Some(seen) => {
                    let time = seen.time.and_then(|time| zone.local(time)).unwrap_or_default();
                    format!("{}{} {time}", seen.lsn, if seen.shutdown { " (shutdown)" } else { "" })
                }
                None => "before the first".to_owned(),
            }),
            _ => None,
        };
        let named = || match &group.name {
            Some(name) => format!("{name} ({})", group.key),
            None if group.key.is_empty() => "none".to_owned(),
            None => group.key.clone(),
        };
        row(out, &group.sum, &answer.total, &name.unwrap_or_else(named))?;
    }
    if more > 0 {
        row(out, &rest, &answer.total, &format!("{} more; --limit lists them", grouped(more.into())))?;
    }
    Ok(())
}

fn row(out: &mut Lines<'_>, sum: &VolumeSum, total: &VolumeSum, name: &str) -> io::Result<()> {
    let (first, hints) = (sum.of(ImageReason::FirstTouch).bytes, sum.of(ImageReason::Hint).bytes);
    writeln!(
        out,
        "{:>12} {:>7.2} {:>12} {:>12} {:>12} {:>12}  {name}",
        bytes(sum.bytes.into()),
        percent(sum.bytes, total.bytes),
        grouped(sum.records.into()),
        bytes(first.into()),
        bytes(hints.into()),
        bytes((sum.image_bytes() - first - hints).into()),
    )
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn what_if(out: &mut Lines<'_>, report: &TopReport<'_>) -> io::Result<()> {
    let answer = report.answer;
    if report.packing.is_some() || report.farther.is_some() {
        writeln!(out)?;
    }
    if let Some((packing, packed)) = report.packing.zip(answer.packed.as_ref()) {
        let all = answer.total.bytes;
        let then = (all + packed.packed_bytes).saturating_sub(packed.bytes);
        writeln!(
            out,
            "WHAT IF  wal_compression = {}: {} of images would be {}, all of this WAL {} instead of {} ({:.2} %)",
            packing.name(),
            bytes(packed.bytes.into()),
            bytes(packed.packed_bytes.into()),
            bytes(then.into()),
            bytes(all.into()),
            percent(then, all)
        )?;
        if packed.unreadable > 0 {
            let images = counted(packed.unreadable.into(), "image");
            writeln!(out, "         {images} could not be unpacked, and count as they are")?;
        }
    }
    let Some((farther, counted_)) = report.farther.zip(answer.cycle) else { return Ok(()) };
    let how = match farther {
        FartherCheckpoints::Times(times) => format!("every {times} checkpoints were one"),
        FartherCheckpoints::Micros(micros) => format!("checkpoints began {} s apart", micros / 1_000_000),
        FartherCheckpoints::Bytes(distance) => format!("checkpoints began {} apart", bytes(distance.into())),
    };
    let Some(from) = counted_.from else {
        return writeln!(out, "WHAT IF  {how}: no checkpoint is in this WAL, so that nothing can be said");
    };
    writeln!(
        out,
        "WHAT IF  {how}: of {} behind {from}, {} would be left; {} ({}) of {} would not be written, {} less WAL ({:.2} % of {})",
        counted(counted_.checkpoints.into(), "checkpoint"),
        grouped(counted_.checkpoints_left.into()),
        counted(counted_.saved.images.into(), "image"),
        bytes(counted_.saved.bytes.into()),
        grouped(counted_.now.images.into()),
        bytes(saved(&counted_).into()),
        percent(saved(&counted_), counted_.wal_bytes),
        bytes(counted_.wal_bytes.into())
    )?;
    if counted_.checkpoints == counted_.checkpoints_left {
        writeln!(out, "         the checkpoints of this WAL are no nearer than that: it would be as it is")?;
    }
    if counted_.left_out > 0 {
        let left_out = counted(counted_.left_out.into(), "block and image");
        writeln!(out, "         {left_out} had no room: less would be written than that")?;
    }
    Ok(())
}
