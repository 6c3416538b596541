//! `before` inside `walproof.events/1`.

use super::{BeforeAnswer, BeforeTarget, RestoreProof};
use crate::events::relation::relation;
use crate::outside::shown;
use crate::repository;
use crate::restore::json::{file, restore};
use crate::time::rfc3339;
use crate::verify::json::finding;
use crate::when::settings;
use pgwal_forensics::{CommittedXact, InFlightXact, RecoveryLoss, RelationSum, XactFate};
use pgwal_verify::Verdict;
use serde_json::{Map, Value, json};

/// The way back to before an event.
pub fn before(answer: &BeforeAnswer<'_>) -> Value {
    let undone = &answer.undone;
    json!({
        "xid": undone.xid,
        "outcome": undone.end.map(|end| end.name()),
        "end_lsn": undone.end_lsn,
        "time": undone.time.and_then(rfc3339),
        "prepared": undone.prepared.as_deref().map(shown),
        "needed": answer.target.is_some(),
        "why_not": answer.why_not(),
        "target": answer.target.as_ref().map(|own| target(own, undone)),
    })
}

fn target(target: &BeforeTarget, undone: &XactFate) -> Value {
    let settings_of = target.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into()));
    let mut document = json!({
        "lsn": target.lsn,
        "in_front_of": if target.is_at_end_of(undone) { "commit" } else { "record" },
        "last_kept": target.loss.kept.map(commit),
        "lost": loss(&target.loss),
        "settings_file": settings::file(&target.layout),
        "settings": settings_of.collect::<Map<String, Value>>(),
        "restore_command": target.restore_command,
    });
    if let Some(fields) = document.as_object_mut() {
        proof(&target.proof, fields);
    }
    document
}

fn commit(own: CommittedXact) -> Value {
    json!({"xid": own.xid, "time": rfc3339(own.time), "lsn": own.lsn})
}

fn loss(loss: &RecoveryLoss) -> Value {
    json!({
        "commits": loss.commits,
        "first": loss.first.map(commit),
        "last": loss.last.map(commit),
        "bytes": loss.bytes,
        "in_flight": loss.in_flight.iter().map(in_flight).collect::<Vec<_>>(),
        "more_in_flight": loss.more_in_flight,
        "complete": loss.complete,
    })
}

fn in_flight(one: &InFlightXact) -> Value {
    let own = |(own, sum): &(_, RelationSum)| {
        let mut document = relation(own);
        if let Some(fields) = document.as_object_mut() {
            for (name, rows) in [("inserted", sum.inserted), ("updated", sum.updated), ("deleted", sum.deleted)] {
                fields.insert(name.to_owned(), rows.into());
            }
        }
        document
    };
    json!({
        "xid": one.commit.xid,
        "time": rfc3339(one.commit.time),
        "lsn": one.commit.lsn,
        "begin_lsn": one.begin,
        "bytes": one.bytes,
        "rows": one.rows,
        "relations": one.relations.iter().map(own).collect::<Vec<_>>(),
        "more_relations": one.more_relations,
        "prepared": one.prepared.as_deref().map(shown),
    })
}

fn proof(proof: &RestoreProof, fields: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    let (word, why) = match proof {
        RestoreProof::NoBackup => (Verdict::Unproven, Some("no backup is known here".to_owned())),
        RestoreProof::Broken(why) => (Verdict::Refuted, Some(why.clone())),
        RestoreProof::NoTarget => (Verdict::Refuted, Some("no transaction commits before it".to_owned())),
        RestoreProof::Foretold(plan) => (plan.outcome.verdict, None),
    };
    put("verdict", word.name().into());
    put("why", json!(why));
    let RestoreProof::Foretold(plan) = proof else { return };
    let layout = plan.outcome.layout.as_ref();
    put("restore", restore(&plan.restore));
    put("beyond", plan.beyond.iter().map(file).collect());
    put("findings", plan.outcome.findings.iter().map(|own| finding(own, layout)).collect());
    put("repository", json!(plan.outcome.repository.as_ref().map(repository::json)));
}
