//! `pg_waldump --stats` and `--stats=record` (`pg_xlogdump` up to 9.6; `XLogDumpDisplayStats`). Up to 9.4 the program
//! had no such option; the table is that of 9.5.
//!
//! ```text
//! WAL statistics between 0/6300028 and 0/695ACC0:                    15 and later
//! Type                                           N      (%)          Record size      (%)  …
//! Heap                                        6071 ( 44.32)               616183 ( 33.15)  …      all built-in ones, in the order of their ids
//! Heap/INSERT                                  …                                           …      =record: those that occur
//!                                         --------                      --------           …
//! Total                                      13698                       1859017 [39.82%]  …
//! ```

use crate::stats::StatsReport;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::{Rmgr, RmgrName, TRANSACTION};
use pgwal_format::{Dialect, Lsn};
use pgwal_query::count::{By, GroupKey, GroupSum};
use std::fmt::Write;

/// From 9.6 on the flag in records of "Transaction" that says that more follows is no part of their type.
pub fn folded(rmid: u8, half: u8, dialect: &Dialect) -> u8 {
    if rmid == TRANSACTION && dialect.statistics.folds_flag { half & 0x07 } else { half }
}

/// The table.
pub fn table(report: &StatsReport) -> String {
    let dialect = report.layout.dialect;
    let mut out = String::new();
    if dialect.statistics.says_range {
        let (Some(from), Some(to)) = (report.from, report.to) else { return out };
        let position = |lsn: Lsn| {
            if dialect.wording.padded { lsn.to_string() } else { format!("{:X}/{:X}", lsn.high(), lsn.low()) }
        };
        let _ = writeln!(out, "WAL statistics between {} and {}:", position(from), position(to));
    }
    for words in [
        ["Type", "N", "(%)", "Record size", "(%)", "FPI size", "(%)", "Combined size", "(%)"],
        ["----", "-", "---", "-----------", "---", "--------", "---", "-------------", "---"],
    ] {
        let [name, rest @ ..] = words;
        let _ = write!(out, "{name:<27}");
        for (word, width) in rest.iter().zip([20, 8].iter().cycle()) {
            let _ = write!(out, " {word:>width$}");
        }
        out.push('\n');
    }
    let mut groups: Vec<(GroupKey, GroupSum)> = report.groups.iter().map(|([key, _], cell)| (*key, *cell)).collect();
    groups.sort_by_key(|(key, _)| *key);
    if report.by.first == By::Rmgr {
        for id in 0..=dialect.rmgr_max {
            let cell =
                groups.iter().find(|(key, _)| *key == GroupKey::Code(id, 0)).map(|(_, cell)| *cell).unwrap_or_default();
            row(&mut out, &Rmgr(id).name(dialect).to_string(), cell, report.total);
        }
        groups.retain(|(key, _)| matches!(key, GroupKey::Code(id, _) if *id > dialect.rmgr_max));
    }
    for (key, cell) in groups {
        row(&mut out, &label(key, report.by.first, dialect), cell, report.total);
    }
    let _ = writeln!(
        out,
        "{:<27} {dash:>20} {:>8} {dash:>20} {:>8} {dash:>20} {:>8} {dash:>20}",
        "",
        "",
        "",
        "",
        dash = "--------"
    );
    let total = report.total;
    let share = |part: u64| format!("[{:.2}%]", percent(part, total.bytes()));
    let _ = writeln!(
        out,
        "{:<27} {:>20} {:<9}{:>20} {:<9}{:>20} {:<9}{:>20} {:<6}",
        "Total",
        total.records,
        "",
        total.record_bytes,
        share(total.record_bytes),
        total.image_bytes,
        share(total.image_bytes),
        total.bytes(),
        "[100%]"
    );
    out
}

fn row(out: &mut String, name: &str, cell: GroupSum, total: GroupSum) {
    let _ = write!(out, "{name:<27}");
    for (part, whole) in [
        (cell.records, total.records),
        (cell.record_bytes, total.record_bytes),
        (cell.image_bytes, total.image_bytes),
        (cell.bytes(), total.bytes()),
    ] {
        let _ = write!(out, " {part:>20} ({:>6.2})", percent(part, whole));
    }
    out.push('\n');
}

/// 0 of nothing is 0.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// `Heap`, `Heap/INSERT`, `Heap/UNKNOWN (80)`.
pub fn label(key: GroupKey, by: By, dialect: &'static Dialect) -> String {
    let GroupKey::Code(rmid, half) = key else { return String::new() };
    let name = match Rmgr(rmid).name(dialect) {
        RmgrName::BuiltIn(name) => name.to_owned(),
        other => other.to_string(),
    };
    if by == By::Rmgr { name } else { format!("{name}/{}", operation(rmid, half, dialect)) }
}

/// The name of an operation.
pub fn operation(rmid: u8, half: u8, dialect: &'static Dialect) -> String {
    Vocabulary::of(dialect).name(rmid, half << 4).map_or_else(|| format!("UNKNOWN ({:x})", half << 4), str::to_owned)
}
