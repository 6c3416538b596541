//! What both forms say in the same words.

use crate::dump::names::{manager, operation};
use crate::figures::{counted, grouped};
use pgwal_forensics::RelationSum;
use pgwal_forensics::diverge::{Divergence, PartedRecord, SidesMeeting};
use pgwal_format::Dialect;
use pgwal_format::rmgr::vocabulary::Vocabulary;

/// What is not looked at.
pub const NOT_CHECKED: [&str; 2] = ["data files", "whether either server has newer WAL"];

/// `Transaction/COMMIT`.
pub fn record_kind(record: &PartedRecord, dialect: &'static Dialect) -> String {
    let mut out = Vec::new();
    manager(&mut out, record.header.rmid, dialect);
    out.push(b'/');
    operation(&mut out, &record.header, Vocabulary::of(dialect));
    String::from_utf8_lossy(&out).into_owned()
}

/// Rows, and nothing of those that there are none of.
pub fn rows(sum: &RelationSum) -> String {
    let parts = [(sum.inserted, "inserted"), (sum.updated, "updated"), (sum.deleted, "deleted")];
    let mut told: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", grouped((*n).into()))).collect();
    if let Some(first) = told.first_mut() {
        let n = parts.iter().find(|(n, _)| *n > 0).map_or(0, |(n, _)| *n);
        let what = parts.iter().find(|(n, _)| *n > 0).map_or("", |(_, what)| *what);
        *first = format!("{} {what}", counted(n.into(), "row"));
    }
    told.join(", ")
}

/// Both go on with the same timeline number.
pub fn is_one_number(found: &Divergence) -> bool {
    let [a, b] = &found.ways;
    matches!(found.meeting, SidesMeeting::Apart { .. }) && a.last().is_some() && a.last() == b.last()
}

/// As documents name it.
pub fn meeting(meeting: &SidesMeeting) -> &'static str {
    match meeting {
        SidesMeeting::Foreign => "foreign",
        SidesMeeting::Nothing => "nothing_common",
        SidesMeeting::Told(_) => "apart_by_histories",
        SidesMeeting::Same(_) => "same",
        SidesMeeting::Ahead { side: 0, .. } => "a_ahead",
        SidesMeeting::Ahead { .. } => "b_ahead",
        SidesMeeting::Apart { .. } => "apart",
    }
}
