//! What a record says that is worth a place in a list: when a transaction ended, what it drops, which relation or
//! database is made or dropped.
//!
//! ```text
//! 0/00BF04A0  Transaction  COMMIT   xid  768  len  46/  46  prev 0/00BF0460  2026-11-22 03:17:02.513016+00:00  drops 1663/5/16384
//! 0/00A00480  Storage      CREATE   xid  731  len  42/  42  prev 0/00A00450  1663/5/16384
//! ```

use crate::dump::line::LineBuffer;
use crate::dump::names::relation;
use crate::relation_name::with_file;
use crate::time::Zone;
use pgwal_catalog::Names;
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::filter::{RecordFacts, time_of};
use std::cell::RefCell;
use std::io::Write;

/// Resource managers, of every version: their numbers never changed.
const XLOG: u8 = 0;
const TRANSACTION: u8 = 1;
const STORAGE: u8 = 2;
const DATABASE: u8 = 4;
const TABLESPACE: u8 = 5;

/// Relations that are told of one record.
const TOLD: usize = 8;

/// A second's text.
struct SecondText {
    unix: i64,
    /// Date and time.
    before: String,
    /// The zone's distance.
    behind: String,
}

thread_local! {
    /// The last second that was told: commits come many to a second.
    static LAST: RefCell<SecondText> =
        const { RefCell::new(SecondText { unix: i64::MIN, before: String::new(), behind: String::new() }) };
}

/// Appends what the record says.
pub fn write(record: &Record<'_>, blocks: &[Block], names: Option<&Names>, zone: &Zone, line: &mut LineBuffer<'_>) {
    let rmid = record.header.rmid;
    // Page images belong to XLOG, too, and are many: what has a block has no time.
    if !matches!(rmid, XLOG | TRANSACTION | STORAGE | DATABASE | TABLESPACE) || rmid == XLOG && !blocks.is_empty() {
        return;
    }
    if let Some(time) = time_of(record, blocks) {
        line.all(b"  ");
        moment(time, zone, line);
    }
    if rmid == XLOG || rmid == TRANSACTION && pgwal_format::rmgr::xact::plain_commit(record).is_some() {
        return;
    }
    line.with(|out| facts(record, blocks, names, out));
}

/// Relations and databases.
fn facts(record: &Record<'_>, blocks: &[Block], names: Option<&Names>, out: &mut Vec<u8>) {
    let (rmid, facts) = (record.header.rmid, RecordFacts::of(record, blocks));
    let mut verb = if rmid == TRANSACTION && facts.listed { "  drops " } else { "  " };
    for (rel, fork) in facts.relations.iter().take(TOLD) {
        let name = names.and_then(|names| names.relation_at(*rel, record.lsn));
        let _ = write!(out, "{verb}{}", with_file(name.as_ref(), relation(rel, *fork)));
        verb = ", ";
    }
    if let Some(more) = facts.relations.len().checked_sub(TOLD + 1) {
        let _ = write!(out, " and {} more", more + 1);
    }
    if rmid == DATABASE {
        let mut word = "  database ";
        for database in facts.databases.iter().take(TOLD) {
            let _ = write!(out, "{word}{database}");
            word = " from ";
        }
    }
}

/// A time in the zone: `2026-11-22 03:17:02.513016+00:00`.
fn moment(time: Timestamp, zone: &Zone, line: &mut LineBuffer<'_>) {
    let unix = time.unix_micros().div_euclid(1_000_000);
    let micros = time.unix_micros().rem_euclid(1_000_000);
    LAST.with_borrow_mut(|last| {
        if last.unix != unix || last.before.is_empty() {
            let whole = Timestamp(time.0.saturating_sub(micros));
            let text = zone.local(whole).unwrap_or_default();
            // `2026-11-22 03:17:02` has no fraction here.
            let (before, behind) =
                text.rfind(['+', '-']).and_then(|at| text.split_at_checked(at)).unwrap_or((&text, ""));
            (last.unix, last.before, last.behind) = (unix, before.to_owned(), behind.to_owned());
        }
        line.words(last.before.as_bytes());
        if micros != 0 {
            line.byte(b'.');
            line.fraction(micros as u32);
        }
        line.words(last.behind.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_zone() {
        let shown = |micros: i64, zone: &str| {
            let mut out = Vec::new();
            moment(Timestamp(micros), &zone.parse().unwrap(), &mut LineBuffer::new(&mut out));
            LAST.with_borrow_mut(|last| last.before.clear());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(0, "UTC"), "2000-01-01 00:00:00+00:00");
        assert_eq!(shown(1_500_000, "+01:30"), "2000-01-01 01:30:01.5+01:30");
        assert_eq!(shown(-1, "-03:00"), "1999-12-31 20:59:59.999999-03:00");
        // No calendar has them.
        let far = [i64::MIN, i64::MAX].map(|micros| shown(micros, "UTC"));
        assert!(far.iter().all(|shown| !shown.contains('+')), "{far:?}");
    }
}
