//! The way back for people:
//!
//! ```text
//! BEFORE   transaction 749, committed at 5A/1F00CD08 (2026-11-22 14:02:11.123456+01:00)
//! TARGET   5A/1F00CD08, in front of its commit record
//! KEPT     2026-11-22 14:02:11.1+01:00  commit of transaction 748 at 5A/1F00C9D8
//! LOST     12 commits behind it, its own among them, …; 3.1 MiB of WAL
//! IN FLIGHT there, and committed later: 745 (12 rows, 3.1 KiB, begun at 5A/1F00B000; shop.public.items 12)
//! VERDICT  PROVEN: this restores to …
//! ```

use super::{BeforeAnswer, BeforeTarget, RestoreProof};
use crate::events::words::{quoted, relation};
use crate::figures::{bytes, counted};
use crate::outside::Lines;
use crate::plan::RestorePlan;
use crate::restore::text::{headline, impact, lines};
use crate::time::Zone;
use crate::verify::text::{place, typed};
use crate::when::settings;
use pgwal_forensics::{CommittedXact, EventEnd, EventRelation, InFlightXact, RecoveryLoss, WalEventKind};
use pgwal_verify::{Severity, Verdict};
use std::io;

/// Transactions, relations and files that are told one by one.
const TOLD: usize = 10;

/// Writes it.
pub fn write(out: &mut Lines<'_>, answer: &BeforeAnswer<'_>, zone: &Zone) -> io::Result<()> {
    let undone = &answer.undone;
    let what = undone.xid.map_or_else(|| "what has no transaction".to_owned(), |xid| format!("transaction {xid}"));
    let at = undone.end_lsn.map(|lsn| format!(" at {lsn}")).unwrap_or_default();
    let time = undone.time.and_then(|time| zone.local(time)).map(|time| format!(" ({time})")).unwrap_or_default();
    let ended = match undone.end {
        Some(EventEnd::Committed) => format!(", committed{at}{time}"),
        Some(EventEnd::Aborted) => format!(", rolled back{at}{time}"),
        Some(EventEnd::Crashed) => ", which never ended before the server stopped".to_owned(),
        Some(EventEnd::Open) => ", whose end is not in this WAL".to_owned(),
        None => time,
    };
    writeln!(out, "BEFORE   {what}{ended}")?;
    let prepared = undone.prepared.as_deref().map(quoted);
    let Some(target) = &answer.target else {
        let why = match (undone.end, &prepared) {
            _ if answer.is_unknown() => "WAL is missing inside of it: whether it was committed is not known".to_owned(),
            (Some(EventEnd::Open), Some(gid)) => {
                format!(
                    "nothing is to be restored: it is prepared, and not committed; ROLLBACK PREPARED {gid} undoes it"
                )
            }
            (Some(EventEnd::Open), None) => {
                "nothing is to be restored as far as this WAL goes: it is not committed".to_owned()
            }
            (Some(EventEnd::Crashed), _) => "nothing is to be restored on this way: it did not happen there".to_owned(),
            _ => "nothing is to be restored: it did not happen".to_owned(),
        };
        return writeln!(out, "TARGET   none; {why}");
    };
    writeln!(out, "TARGET   {}", whither(answer, target))?;
    let kept = target.loss.kept.map_or_else(|| "no commit that is in this WAL".to_owned(), |own| commit(own, zone));
    writeln!(out, "KEPT     {kept}")?;
    lost(out, &target.loss, undone.end == Some(EventEnd::Committed), zone)?;
    unlogged(out, answer)?;
    proof(out, &target.proof, zone)?;
    // What does not come there is nothing to be typed.
    if target.is_refuted() {
        return Ok(());
    }
    // The command of a backup tool sets all of it itself.
    if !is_typed(&target.proof) {
        let fetching = (target.restore_command.as_str(), target.set_by_system.as_slice());
        settings::block(out, &target.layout, fetching, None, &target.settings)?;
    }
    if target.settings.iter().any(|(_, value)| value == "pause") {
        let locks = |kind| matches!(kind, WalEventKind::Drop | WalEventKind::Truncate | WalEventKind::Rewrite);
        let is_locked = target.is_at_end_of(undone) && answer.events.iter().any(|event| locks(event.kind));
        let locked = if is_locked {
            " (the transaction has locked what it dropped, emptied or wrote anew, until then: a query of it waits)"
        } else {
            ""
        };
        writeln!(
            out,
            "THEN     look whether all is there{locked}; SELECT pg_wal_replay_resume() (9.6: pg_xlog_replay_resume) ends recovery"
        )?;
    }
    // While recovery goes on, nothing can be rolled back.
    if let Some(gid) = prepared.filter(|_| target.is_at_end_of(undone)) {
        writeln!(
            out,
            "THEN     behind the end of recovery the transaction is prepared again, with all its locks: ROLLBACK PREPARED {gid} in its \
             database"
        )?;
    }
    Ok(())
}

/// No restore brings back what an unlogged relation had: a recovery empties it.
fn unlogged(out: &mut Lines<'_>, answer: &BeforeAnswer<'_>) -> io::Result<()> {
    let is_own = |relation: &&EventRelation| {
        relation.is_unlogged && relation.name.as_ref().is_none_or(|name| !matches!(name.kind, b'i' | b't'))
    };
    // What was created is not to come back.
    let events = answer.events.iter().filter(|event| event.kind != WalEventKind::Create);
    let all: Vec<&EventRelation> = events.flat_map(|event| &event.relations).filter(is_own).collect();
    if all.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = all.iter().take(TOLD).map(|own| relation(own)).collect();
    let more = if all.len() > named.len() { format!(" and {} more", all.len() - named.len()) } else { String::new() };
    writeln!(
        out,
        "UNLOGGED {}{more}: comes back empty, whatever restores it, for WAL has none of its rows; a dump may have them, or, where it \
         was logged once, a restore to before the event that made it unlogged (--kind rewrite)",
        named.join(", ")
    )
}

fn whither(answer: &BeforeAnswer<'_>, target: &BeforeTarget) -> String {
    let lsn = target.lsn;
    match answer.undone.end_lsn {
        Some(end) if end == lsn => format!("{lsn}, in front of its commit record"),
        Some(_) => format!(
            "{lsn}, in front of the record with which it begins to remove files: in front of its end they are gone already"
        ),
        None if answer.undone.end.is_some() => {
            format!(
                "{lsn}, in front of the record with which it begins to remove files: they are gone, though it did not commit"
            )
        }
        None => format!("{lsn}, in front of the record that begins there"),
    }
}

fn commit(own: CommittedXact, zone: &Zone) -> String {
    let time = zone.local(own.time).unwrap_or_else(|| "a time that no calendar has".into());
    format!("{time}  commit of transaction {} at {}", own.xid, own.lsn)
}

fn lost(out: &mut Lines<'_>, loss: &RecoveryLoss, is_own: bool, zone: &Zone) -> io::Result<()> {
    let more = if loss.complete { "" } else { "; not all WAL could be read, it may be more" };
    let (Some(first), Some(last)) = (loss.first, loss.last) else {
        return writeln!(out, "LOST     no commit that is in this WAL{more}");
    };
    let count = counted(loss.commits.into(), "commit");
    let own = if is_own { ", its own among them" } else { "" };
    writeln!(
        out,
        "LOST     {count} behind it{own}, those of autovacuum too; {} of WAL{more}; walproof txns lists them",
        bytes(loss.bytes.into())
    )?;
    writeln!(out, "  first  {}", commit(first, zone))?;
    writeln!(out, "  last   {}", commit(last, zone))?;
    for one in loss.in_flight.iter().take(TOLD) {
        writeln!(out, "  begun  {}", in_flight(one))?;
    }
    let rest = loss.in_flight.len().saturating_sub(TOLD) as u64 + loss.more_in_flight;
    if rest > 0 {
        writeln!(out, "         and {} more that had begun before the target", counted(rest.into(), "transaction"))?;
    }
    Ok(())
}

/// One that had begun before the target.
fn in_flight(one: &InFlightXact) -> String {
    let told = one.relations.iter().take(TOLD).map(|(own, sum)| {
        let rows = sum.inserted + sum.updated + sum.deleted;
        format!("{} of {}", counted(rows.into(), "row"), relation(own))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let rest = one.relations.len().saturating_sub(TOLD) as u64 + one.more_relations;
    let rest = if rest > 0 { format!(" and {}", counted(rest.into(), "relation more")) } else { String::new() };
    let what = if told.is_empty() { String::new() } else { format!(": {told}{rest}") };
    let prepared = one
        .prepared
        .as_deref()
        .map(|gid| format!("; it comes back prepared, COMMIT PREPARED {} keeps it", quoted(gid)));
    format!(
        "transaction {}, before the target at {}, committed behind it at {}, {} of WAL{what}{}",
        one.commit.xid,
        one.begin,
        one.commit.lsn,
        bytes(one.bytes.into()),
        prepared.unwrap_or_default()
    )
}

fn proof(out: &mut Lines<'_>, proof: &RestoreProof, zone: &Zone) -> io::Result<()> {
    match proof {
        RestoreProof::NoBackup => {
            writeln!(out, "VERDICT  UNPROVEN: no backup is known here")?;
            writeln!(out, "NEXT     name one that ends before the target: --backup BACKUP")
        }
        RestoreProof::Broken(why) => writeln!(out, "VERDICT  REFUTED: no backup restores: {why}"),
        RestoreProof::NoTarget => {
            writeln!(out, "VERDICT  REFUTED: no transaction commits before it that could be the target")
        }
        RestoreProof::Foretold(plan) => foretold(out, plan, zone),
    }
}

/// A tool's own command for this restore was told.
fn is_typed(proof: &RestoreProof) -> bool {
    let RestoreProof::Foretold(plan) = proof else { return false };
    plan.outcome.repository.as_ref().is_some_and(|facts| facts.restore_command.is_some())
}

fn foretold(out: &mut Lines<'_>, plan: &RestorePlan, zone: &Zone) -> io::Result<()> {
    let RestorePlan { outcome, restore, .. } = plan;
    writeln!(out, "VERDICT  {}", headline(outcome, restore, zone))?;
    if outcome.verdict != Verdict::Proven
        && let Some(worst) = outcome.worst()
    {
        writeln!(out, "WHY      {}", place(worst, outcome.layout.as_ref(), zone))?;
        writeln!(out, "NEXT     {}", worst.advice())?;
    }
    writeln!(out, "IMPACT   {}", impact(restore))?;
    for (label, text) in lines(restore, zone) {
        writeln!(out, "{label:<8} {text}")?;
    }
    if outcome.verdict == Verdict::Refuted {
        return findings(out, plan, zone);
    }
    let names: Vec<&str> = plan.needed().map(|file| file.name.as_str()).collect();
    let rest = names.len().saturating_sub(TOLD);
    let rest = if rest > 0 { format!(" and {rest} more: walproof plan lists them") } else { String::new() };
    writeln!(out, "FETCH    {}{rest}", names.iter().take(TOLD).copied().collect::<Vec<_>>().join(", "))?;
    findings(out, plan, zone)?;
    typed(out, outcome)
}

fn findings(out: &mut Lines<'_>, plan: &RestorePlan, zone: &Zone) -> io::Result<()> {
    for finding in plan.outcome.counted().filter(|finding| finding.severity >= Severity::Warning) {
        let message = zone.message(finding, plan.outcome.layout.as_ref());
        writeln!(out, "{:<8} {} {message}", finding.severity.to_string(), finding.code)?;
    }
    Ok(())
}
