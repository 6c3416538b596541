//! A table for people:
//!
//! ```text
//! 13,698 records of 4.5 MiB between 0/06300028 and 0/0665AC08, by rmgr:
//!
//! rmgr            records       %   record bytes       %    image bytes       %      all bytes       %
//! XLOG                326    2.38         16,219    0.87      2,387,616   84.98      2,403,835   51.49
//! …
//! total            13,698  100.00      1,859,017   39.82      2,809,472   60.18      4,668,489  100.00
//! ```
//! The percentages of a row are of the column's total; those of the last row say how the bytes divide.

use crate::dump::names::relation;
use crate::figures::{bytes, grouped, plural};
use crate::outside::shown;
use crate::relation_name::with_file;
use crate::stats::StatsReport;
use crate::stats::waldump;
use crate::time::rfc3339;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::count::{By, GroupKey, GroupPlace, GroupSum};
use std::fmt::Write;

/// The table.
pub fn table(report: &StatsReport) -> String {
    let total = report.total;
    let mut out = format!(
        "{} {} of {}",
        grouped(total.records.into()),
        plural(total.records.into(), "record"),
        bytes(total.bytes().into())
    );
    if let (Some(from), Some(to)) = (report.from, report.to) {
        let _ = write!(out, " between {from} and {to}");
    }
    let tells_times = report.by.each().any(|by| matches!(by, By::Minute | By::Checkpoint));
    let times = if tells_times { format!("; times {}", report.zone.told()) } else { String::new() };
    let of: String = report.by.each().map(By::name).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        ", by {}{}{times}:\n",
        of.replace(", ", " and "),
        if report.partial { ", PARTIAL: not every record could be read" } else { "" }
    );
    let one = |place: &GroupPlace| -> String {
        report.by.each().zip(*place).map(|(by, key)| name(by, key, report)).collect::<Vec<_>>().join(", ")
    };
    let names: Vec<String> = report.groups.iter().map(|(place, _)| one(place)).collect();
    let last = if report.partial { "total (partial)" } else { "total" };
    let width = names.iter().map(String::len).chain([last.len(), of.len()]).max().unwrap_or(0);
    let _ = write!(out, "{of:<width$}");
    for column in ["records", "record bytes", "image bytes", "all bytes"] {
        let _ = write!(out, " {column:>15} {:>7}", "%");
    }
    out.push('\n');
    let wholes = parts(total);
    for (name, (_, cell)) in names.iter().zip(&report.groups) {
        row(&mut out, name, width, *cell, wholes);
    }
    if report.left_out.0 > 0 {
        let more = format!("{} more", grouped(report.left_out.0.into()));
        row(&mut out, &more, width, report.left_out.1, wholes);
    }
    row(&mut out, last, width, total, [total.records, total.bytes(), total.bytes(), total.bytes()]);
    out
}

fn parts(cell: GroupSum) -> [u64; 4] {
    [cell.records, cell.record_bytes, cell.image_bytes, cell.bytes()]
}

fn row(out: &mut String, name: &str, width: usize, cell: GroupSum, wholes: [u64; 4]) {
    let _ = write!(out, "{name:<width$}");
    for (part, whole) in parts(cell).into_iter().zip(wholes) {
        let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
        let _ = write!(out, " {:>15} {share:>7.2}", grouped(part.into()));
    }
    out.push('\n');
}

fn name(by: By, key: GroupKey, report: &StatsReport) -> String {
    match key {
        GroupKey::Code(..) => waldump::label(key, by, report.layout.dialect),
        GroupKey::Xid(xid) => xid.to_string(),
        GroupKey::Relation(rel, fork) => {
            let name = report.names.as_ref().and_then(|names| names.last_relation(rel));
            with_file(name.as_ref(), relation(&rel, fork))
        }
        GroupKey::Database(0) => "0 (shared)".to_owned(),
        GroupKey::Database(db) => match report.names.as_ref().and_then(|names| names.database(db)) {
            Some(name) => format!("{} ({db})", shown(name)),
            None => db.to_string(),
        },
        GroupKey::Minute(minute) => {
            let local = began(minute).and_then(|time| report.zone.local(time));
            local.unwrap_or_else(|| "no date".to_owned())
        }
        GroupKey::Checkpoint(lsn) => match report.times.get(&lsn).and_then(|&time| report.zone.local(time)) {
            Some(time) => format!("{lsn} ({time})"),
            None => lsn.to_string(),
        },
        GroupKey::Nothing | GroupKey::Before => match by {
            By::Minute => "before the first time",
            By::Checkpoint => "before the first",
            _ => "none",
        }
        .to_owned(),
    }
}

/// The beginning of a minute.
pub fn minute(minute: i64) -> Option<String> {
    began(minute).and_then(rfc3339)
}

/// The same, as a time.
pub fn began(minute: i64) -> Option<Timestamp> {
    minute.checked_mul(60_000_000)?.checked_sub(Timestamp(0).unix_micros()).map(Timestamp)
}
