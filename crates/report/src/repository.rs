//! What was recognised at a place.

use crate::outside::Lines;
use pgwal_repos::Repository;
use pgwal_verify::repository::RepositoryFacts;
use serde_json::{Value, json};
use std::io;

/// Things that are told one by one.
const TOLD: usize = 20;

/// As a part of other documents.
pub fn json(facts: &RepositoryFacts) -> Value {
    json!({
        "tool": facts.layout.option(),
        "name": facts.name,
        "archive_id": facts.archive_id,
        "folder": facts.folder,
        "backups": facts.backups,
        "restorable_backups": facts.restorable,
        "restore_command": facts.restore_command,
        "restore_yaml": facts.restore_yaml,
        "no_command": facts.no_command,
        "left_out": facts.left_out,
    })
}

/// What was recognised, by what, and what was left out (`walproof.source/1`). `read`: what of configurations was read.
pub fn document(place: &str, repository: Option<&Repository>, read: &[String]) -> Value {
    let repository = repository.map(|own| {
        json!({
            "tool": own.layout.option(),
            "name": own.name,
            "archive_id": own.archive_id,
            "by": own.by,
            "wal": own.wal,
            "backups": own.backups.len(),
            "restorable_backups": own.backups.iter().filter(|backup| backup.restores()).count(),
            "labels": own.backups.iter().map(|backup| &backup.label).collect::<Vec<_>>(),
            "left_out": own.left_out,
            "wrong": own.defects.iter().map(|own| format!("{} {}", own.file, own.kind)).collect::<Vec<_>>(),
        })
    });
    json!({"schema": "walproof.source/1", "place": place, "repository": repository, "read": read})
}

/// Writes what was recognised, by what, and what was left out. `place`: as a user named it.
pub fn write(out: &mut Lines<'_>, place: &str, repository: Option<&Repository>) -> io::Result<()> {
    let Some(repository) = repository else {
        return writeln!(out, "PLACE    {place}: no repository of a backup tool; its WAL is read as it lies there");
    };
    writeln!(out, "PLACE    {place}: {}", named(repository))?;
    writeln!(out, "BY       {}", repository.by.join("; "))?;
    writeln!(out, "WAL      {}", repository.wal.join(", "))?;
    let (all, restorable) = (repository.backups.len(), repository.backups.iter().filter(|b| b.restores()).count());
    let labels: Vec<&str> = repository.backups.iter().rev().take(TOLD).map(|backup| backup.label.as_str()).collect();
    let newest = if labels.is_empty() { String::new() } else { format!(": {}", labels.join(", ")) };
    writeln!(out, "BACKUPS  {all}, of which {restorable} restore as far as was looked{newest}")?;
    let aside = repository.left_out.iter().map(String::as_str);
    many(out, "LEFT OUT", aside)?;
    let wrong: Vec<String> =
        repository.defects.iter().map(|defect| format!("{} {}", defect.file, defect.kind)).collect();
    many(out, "WRONG", wrong.iter().map(String::as_str))
}

/// `pgBackRest, stanza main, archive id 16-2`
pub fn named(repository: &Repository) -> String {
    let word = match repository.layout.chosen_by() {
        Some("--stanza") => "stanza",
        _ => "server",
    };
    let name = repository.name.as_ref().map(|name| format!(", {word} {name}")).unwrap_or_default();
    let id = repository.archive_id.as_ref().map(|id| format!(", archive id {id}")).unwrap_or_default();
    format!("{}{name}{id}", repository.layout)
}

fn many<'a>(out: &mut Lines<'_>, label: &str, texts: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    texts.take(TOLD).zip(labels).try_for_each(|(text, label)| writeln!(out, "{label:<8} {text}"))
}
