//! Repositories that real tools made, and what was done to them: a folder of them in `WALPROOF_REPOS`, each with a
//! `manifest.json`, `good/`, and `damaged/CASE/` beside `damaged/CASE.json`.

use super::run::walproof;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Cases of which the manifest names another record than the first that is lost, which is here: its own is what
/// pg_waldump did not print of the last timeline alone.
const FIRST_LOST: [(&str, &str, &str); 3] = [
    // The file that was removed holds the end of timeline 1 as well: the restore logged "redo done at 0/1858A58", which
    // is the record in front of this one.
    ("02-pgbackrest-zst-multi", "gap-on-old-timeline", "0/01900028"),
    // pg_waldump gave up on the empty file before it read anything: the restore came to that file, and died
    // of its size.
    ("05-barman-gzip", "zero-length", "0/01800028"),
    // A record goes on from timeline 1 into the file that was removed, and a server asks for no .partial.
    ("06-barman-zstd-two-timelines", "gap-first-of-timeline-2", "0/01AFFF28"),
];

#[test]
fn every_case_comes_out_as_its_manifest_says() {
    let Some(folder) = std::env::var_os("WALPROOF_REPOS") else {
        return walproof_live::gate::goes_without("repositories of real tools (WALPROOF_REPOS)");
    };
    let mut wrong = Vec::new();
    let mut repositories: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect();
    repositories.sort();
    for repository in repositories {
        let Ok(manifest) = fs::read(repository.join("manifest.json")) else { continue };
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        wrong.extend(verdict(&repository.join("good"), &manifest, &manifest));
        for entry in fs::read_dir(repository.join("damaged")).unwrap().flatten() {
            if entry.path().is_dir() {
                let case = fs::read(entry.path().with_extension("json")).unwrap();
                wrong.extend(verdict(&entry.path(), &manifest, &serde_json::from_slice(&case).unwrap()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as the manifest says: of the root, or where that holds several archives, of each.
fn verdict(root: &Path, manifest: &Value, case: &Value) -> Option<String> {
    let expected = case["expect"]["verdict"].as_str()?;
    let place = root.to_str()?;
    let secret = tempfile::NamedTempFile::new().ok()?;
    let given = case["expect"]["passphrase_given"].as_str().or_else(|| manifest["passphrase"].as_str());
    let mut words = vec!["verify", place, "--each", "--format", "json"];
    if let Some(passphrase) = given {
        fs::write(secret.path(), passphrase).ok()?;
        words.extend(["--passphrase-file", secret.path().to_str()?]);
    }
    let ran = walproof(&words);
    let all: Vec<Value> = ran.out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said: Vec<String> = all.iter().filter_map(|one| Some(one["verdict"].as_str()?.to_uppercase())).collect();
    // Where no backup restores, that goes before what is said of the WAL.
    let no_backup = |one: &Value| {
        let codes = one["findings"].as_array().into_iter().flatten();
        codes.filter(|f| f["severity"] == "error").all(|f| matches!(f["code"].as_str(), Some("WP440" | "WP126")))
    };
    let right = all.iter().zip(&said).any(|(one, said)| {
        expected.split(" or ").any(|expected| expected == said) || said == "REFUTED" && no_backup(one)
    });
    if !right {
        return Some(format!("{place}: {expected} expected, {said:?} {}", ran.err));
    }
    let lost = first_lost(root, case)?;
    let found: Vec<&str> = all.iter().filter_map(first_not_replayed).collect();
    // Where the backups' own files refute it, WAL is not told first.
    let of_backups = all.iter().all(|one| one["verdict"] == "refuted" && no_backup(one));
    (!of_backups && !found.contains(&lost.as_str())).then(|| format!("{place}: {lost} is lost first, not {found:?}"))
}

/// The first record that a restore of the newest backup does without, where the case says one.
fn first_lost(root: &Path, case: &Value) -> Option<String> {
    let said = case["loss_on_path"]["first_lost_record"].as_str()?;
    let is = |(repository, name, _): &&(&str, &str, &str)| root.ends_with(format!("{repository}/damaged/{name}"));
    Some(FIRST_LOST.iter().find(is).map_or(said, |(_, _, right)| right).to_owned())
}

/// Where the first error is, or where replay ends without one.
fn first_not_replayed(outcome: &Value) -> Option<&str> {
    let mut errors = outcome["findings"].as_array()?.iter().filter(|f| f["severity"] == "error");
    errors.next().map_or(&outcome["replay"]["to"], |f| &f["lsn"]).as_str()
}
