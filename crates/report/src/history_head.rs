//! What every document about what happened begins with.

use crate::aside;
use crate::figures::counted;
use crate::time::Zone;
use pgwal_forensics::WalHole;
use pgwal_format::Lsn;
use pgwal_verify::records::Gathered;
use serde::Serialize;
use serde_json::{Value, json};

/// What WAL does not know.
pub const UNKNOWN: &str = "WAL knows no role, no client and no statement: the server's log does, where log_line_prefix has \
                           %x (the transaction) and %m (the time)";

/// Whose WAL was read, from where to where, and how much of it could be.
#[derive(Serialize)]
pub struct HistoryHead {
    system_identifier: Option<String>,
    version: Option<String>,
    from_lsn: Option<Lsn>,
    to_lsn: Option<Lsn>,
    complete: bool,
    findings: u64,
    holes: Vec<Value>,
    left_out: u64,
    /// The unfinished segment from which the last records came.
    unfinished_file: Option<String>,
    asides: Vec<Value>,
    not_known: &'static str,
}

impl HistoryHead {
    /// Of what was read.
    pub fn new(gathered: &Gathered, range: Option<(Lsn, Lsn)>, holes: &[WalHole], left_out: u64) -> HistoryHead {
        let outcome = &gathered.outcome;
        HistoryHead {
            system_identifier: outcome.system_id.map(|id| id.to_string()),
            version: outcome.layout.as_ref().map(|layout| layout.dialect.version.to_string()),
            from_lsn: range.map(|(from, _)| from),
            to_lsn: range.map(|(_, to)| to),
            complete: gathered.complete,
            findings: gathered.findings,
            holes: holes.iter().map(|hole| json!({"after": hole.after, "before": hole.before})).collect(),
            left_out,
            unfinished_file: gathered.unfinished.clone(),
            asides: aside::json(outcome),
            not_known: UNKNOWN,
        }
    }
}

/// That the last records came from an unfinished segment; `None` where none was read.
pub fn unfinished(gathered: &Gathered) -> Option<String> {
    let file = gathered.unfinished.as_ref()?;
    Some(format!(
        "the last records are those of {file}, which a server restores only where restore_command hands it out \
         (walproof archive-get --partial)"
    ))
}

/// How much was left out; `None`: nothing.
pub fn left_out(details: u64) -> Option<String> {
    let told = counted(details.into(), "detail");
    (details > 0).then(|| {
        format!("{told} of transactions and catalogs, for which there is no room: relations may lack their names")
    })
}

/// Timelines that have WAL beside what was read.
pub fn asides(gathered: &Gathered, zone: &Zone) -> Vec<String> {
    aside::sentences(&gathered.outcome, "-t", zone)
}

/// What never ended on the way that was read may have ended on a timeline that was left. `None` where only one was
/// read.
pub fn left_timelines(gathered: &Gathered) -> Option<String> {
    let path = &gathered.outcome.path;
    let (_, left) = path.split_last().filter(|(_, left)| !left.is_empty())?;
    let way: Vec<String> = path.iter().map(|timeline| timeline.to_string()).collect();
    let last = left.last().map_or_else(String::new, |timeline| timeline.to_string());
    Some(format!(
        "this was read along timelines {}: what never ended there may have ended on a timeline that was left, if a server \
         wrote on; -t {last} looks there",
        way.join(" > ")
    ))
}
