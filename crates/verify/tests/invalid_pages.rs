//! What becomes of a backup from which files are taken away or cut: the same as with a real server.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_format::Lsn;
use pgwal_verify::backup::{self, Backup};
use pgwal_verify::recovery::outcome::Ending;
use pgwal_verify::recovery::{Given, RestoreFiles, ServerZone, Settings, Site, SiteOptions, verify_restore};
use pgwal_verify::{Code, Detail, NotChecked, Options, Outcome, Severity, Verdict};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::PathBuf;
use tempfile::TempDir;

/// What a server made of a copy of the backup.
#[derive(Deserialize)]
struct Case {
    what: String,
    /// Files, with so many blocks, or gone.
    changes: BTreeMap<String, Option<u64>>,
    settings: BTreeMap<String, String>,
    panic: Option<String>,
    promotes: bool,
    consistent_at: Option<String>,
    /// The record at which it died; `None` where that was no record's doing.
    record: Option<String>,
    /// Block, file, and whether it was there and zeros.
    pages: Vec<(u32, String, bool)>,
}

fn story() -> PathBuf {
    walproof_testdata::root().join("invalid_pages")
}

fn cases() -> Vec<Case> {
    serde_json::from_str(&fs::read_to_string(story().join("cases.json")).unwrap()).unwrap()
}

/// The backup, its files all holes.
struct Copy {
    folder: TempDir,
    sizes: BTreeMap<String, u64>,
}

impl Copy {
    fn new() -> Copy {
        let copy = Copy { folder: tempfile::tempdir().unwrap(), sizes: BTreeMap::new() };
        let listed = fs::read_to_string(story().join("files.txt")).unwrap();
        let sizes: BTreeMap<String, u64> = listed
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(size, path)| (path.to_owned(), size.parse().unwrap()))
            .collect();
        let folders: BTreeSet<&str> = sizes.keys().map(|path| path.rsplit_once('/').unwrap().0).collect();
        folders.iter().for_each(|folder| fs::create_dir_all(copy.folder.path().join(folder)).unwrap());
        sizes.iter().for_each(|(path, size)| copy.make(path, *size));
        for file in ["backup_label", "PG_VERSION", "global/pg_control"] {
            fs::copy(story().join("base").join(file), copy.folder.path().join(file)).unwrap();
        }
        Copy { sizes, ..copy }
    }

    fn make(&self, path: &str, size: u64) {
        File::create(self.folder.path().join(path)).unwrap().set_len(size).unwrap();
    }

    /// Opens it with these changes, which are undone behind it.
    fn with(&self, changes: &BTreeMap<String, Option<u64>>) -> Backup {
        for (path, blocks) in changes {
            match blocks {
                Some(blocks) => self.make(path, blocks * 8192),
                None => fs::remove_file(self.folder.path().join(path)).unwrap(),
            }
        }
        let backup = backup::open(self.folder.path()).unwrap();
        changes.keys().for_each(|path| self.make(path, self.sizes[path]));
        backup
    }
}

fn restored(backup: &Backup, settings: &BTreeMap<String, String>) -> Outcome {
    let archive = pgwal_source::open(&[story().join("archive")]).unwrap();
    let mut site =
        Site::new(archive.as_ref(), backup, SiteOptions { jobs: 2, ..SiteOptions::default() }).unwrap().unwrap();
    let mut set: Vec<(String, String)> = settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    set.push(("recovery_target_action".into(), "promote".into()));
    let given = Given { planned: true, set, ..Given::default() };
    let settings = Settings::read(site.layout().dialect.version, &given, &ServerZone::system()).unwrap();
    verify_restore(&mut site, Ok(&settings), RestoreFiles::Asked, &Options::default()).unwrap()
}

fn is_blind(outcome: &Outcome) -> bool {
    outcome.not_checked.iter().any(|what| matches!(what, NotChecked::Blocks(_)))
}

#[test]
fn a_server_dies_where_it_is_foretold_and_nowhere_else() {
    let lsn = |text: &String| text.parse::<Lsn>().unwrap();
    let copy = Copy::new();
    for case in cases() {
        let what = &case.what;
        let outcome = restored(&copy.with(&case.changes), &case.settings);
        let restore = outcome.restore.as_ref().unwrap();
        assert_eq!(
            (restore.ending == Ending::Panic, restore.ending == Ending::Promotes),
            (case.panic.is_some(), case.promotes),
            "{what}"
        );
        assert_eq!(restore.consistent_at, case.consistent_at.as_ref().map(lsn), "{what}");
        assert_eq!(restore.server_says, case.panic, "{what}");
        let findings: Vec<_> = outcome.findings.iter().filter(|f| f.code == Code::InvalidPages).collect();
        assert_eq!((findings.len(), is_blind(&outcome)), (usize::from(!case.pages.is_empty()), false), "{what}");
        let Some(finding) = findings.first() else { continue };
        let Detail::InvalidPages(pages) = finding.detail else { panic!("{what}: {:?}", finding.detail) };
        let first = pages.first;
        let named = (first.block, format!("base/{}/{}", first.rel.db, first.rel.rel), first.zeros);
        assert!(case.pages.contains(&named), "{what}: {named:?}");
        assert_eq!((pages.count, finding.more + 1), (case.pages.len() as u64, case.pages.len() as u64), "{what}");
        let (severity, verdict) = if case.panic.is_some() {
            (Severity::Error, Verdict::Refuted)
        } else {
            (Severity::Warning, Verdict::Proven)
        };
        assert_eq!((finding.severity, outcome.verdict), (severity, verdict), "{what}");
        if case.record.is_some() {
            assert_eq!(finding.lsn, case.record.as_ref().map(lsn), "{what}");
            assert_eq!(restore.redo_end, finding.lsn, "{what}");
        }
    }
}

#[test]
fn without_the_files_it_is_said_that_nothing_can_be_said() {
    let backup = backup::open(&story().join("base")).unwrap();
    let outcome = restored(&backup, &BTreeMap::new());
    assert!(is_blind(&outcome) && outcome.verdict == Verdict::Proven);
    assert!(outcome.restore.unwrap().invalid_pages.is_none());
}
