//! Replication slots: what a server keeps for whom, and what it has given up.
//!
//! Columns of `pg_replication_slots` (9.4 and later) by version: `wal_status` and `safe_wal_size` from 13 on,
//! `invalidation_reason` and `inactive_since` from 17 on. A row is asked for as JSON, in which what a version lacks is
//! null.

use super::answer::{micros, timestamp, unhex};
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;

/// A row of `pg_replication_slots`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SlotFacts {
    /// Its name.
    pub name: String,
    /// `physical` or `logical`.
    pub kind: String,
    /// Somebody uses it.
    pub active: bool,
    /// From where on WAL is kept for it; `None` where none is: it was never used, or was given up.
    pub restart: Option<Lsn>,
    /// `reserved`, `extended`, `unreserved`, `lost`; `None` where no WAL was ever kept, and up to 12.
    pub status: Option<String>,
    /// Bytes that may be written before it may be given up; `None` without `max_slot_wal_keep_size`.
    pub safe_bytes: Option<i64>,
    /// Why it was given up, as the server has it.
    pub reason: Option<String>,
    /// Since when nobody uses it.
    pub inactive_since: Option<Timestamp>,
}

/// What is asked of a server that has the view.
pub(super) fn question() -> String {
    let text = |column: &str| format!("coalesce(r ->> '{column}', '')");
    let columns = ["slot_type", "active", "restart_lsn", "wal_status", "safe_wal_size", "invalidation_reason"];
    let columns: String = columns.iter().map(|column| format!(" || '|' || {}", text(column))).collect();
    let since = micros("(r ->> 'inactive_since')::timestamptz");
    format!(
        "select 'slots=' || count(*) from pg_replication_slots;\n\
         select 'slot=' || encode(convert_to(r ->> 'slot_name', 'UTF8'), 'hex'){columns} || '|' || coalesce({since}, '') \
         from (select row_to_json(s) as r from pg_replication_slots as s order by slot_name) as rows;\n"
    )
}

/// The rows of the answer; `None` where the server did not say.
pub(super) fn of(answer: &str) -> Option<Vec<SlotFacts>> {
    answer.lines().find(|line| line.starts_with("slots="))?;
    Some(answer.lines().filter_map(|line| slot(line.strip_prefix("slot=")?)).collect())
}

fn slot(row: &str) -> Option<SlotFacts> {
    let parts: Vec<&str> = row.split('|').collect();
    let [name, kind, active, restart, status, safe, reason, since] = parts[..] else { return None };
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(SlotFacts {
        name: unhex(name)?,
        kind: kind.to_owned(),
        active: active == "true",
        restart: restart.parse().ok(),
        status: word(status),
        safe_bytes: safe.parse().ok(),
        reason: word(reason),
        inactive_since: timestamp(since),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_slots() {
        let answer = "slots=3\nslot=6f6e65|physical|true|0/3000000|reserved|1024||\n\
                      slot=74776f|logical|false||lost||wal_removed|1700000000000000\n\
                      slot=3131|physical|false|0/2000000||||\nslot=7z|a|b|c|d|e|f|g\nslot=00\n";
        let slots = of(answer).unwrap();
        assert_eq!(slots.len(), 3);
        assert_eq!((slots[0].name.as_str(), slots[0].active, slots[0].safe_bytes), ("one", true, Some(1024)));
        assert_eq!((slots[0].restart, slots[1].restart), (Some(Lsn::new(0x300_0000)), None));
        assert_eq!((slots[1].status.as_deref(), slots[1].reason.as_deref()), (Some("lost"), Some("wal_removed")));
        assert_eq!((slots[2].status.as_deref(), slots[2].inactive_since), (None, None));
        assert_eq!((of("slots=0\n"), of("ERROR")), (Some(Vec::new()), None));
    }
}
