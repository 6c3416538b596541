//! `walproof.plan/1`: the files of a restore, in the order in which the server asks for them.
//!
//! ```text
//! {"schema":"walproof.plan/1","verdict":"proven|refuted|unproven","outcome":"promotes|…","oldest_needed_segment":NAME,"files":[{"name","status","needed","file","size"}],
//!  "beyond":[…],"bytes":N,"backup_chosen":{…},"findings":[…]}
//! ```

use crate::plan::RestorePlan;
use crate::restore::json::{chosen, file};
use crate::verify::json::finding;
use serde_json::{Value, json};

/// The document.
pub fn plan(plan: &RestorePlan) -> Value {
    let restore = &plan.restore;
    json!({
        "schema": "walproof.plan/1",
        "verdict": plan.outcome.verdict.name(),
        "outcome": restore.ending.name(),
        "server_says": restore.server_says,
        "target_timeline": restore.target_timeline,
        "oldest_needed_segment": plan.oldest_needed,
        "files": restore.files.iter().map(file).collect::<Vec<_>>(),
        "beyond": plan.beyond.iter().map(file).collect::<Vec<_>>(),
        "bytes": restore.files.iter().filter_map(|f| f.size).sum::<u64>(),
        "backup_chosen": restore.chosen.as_ref().map(chosen),
        "findings": plan.outcome.findings.iter().map(|f| finding(f, plan.outcome.layout.as_ref())).collect::<Vec<_>>(),
    })
}
