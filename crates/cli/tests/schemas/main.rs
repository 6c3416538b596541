//! Every JSON document that the program writes is as its schema in `crates/cli/schema` says.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod outside;
#[path = "../run/mod.rs"]
mod run;
#[path = "../outputs/tools.rs"]
mod tools;
mod validator;

use run::{testdata, walproof};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use validator::Schema;
use walproof_testdata::{Case, Story};

/// Runs the program and checks what it writes: one document, or with `lines` one a line.
fn check(schema: &Schema, words: &[&str], lines: bool) -> usize {
    let ran = walproof(words);
    let documents: Vec<Value> = if lines {
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    } else {
        vec![serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {}", ran.err))]
    };
    for document in &documents {
        let problems = schema.problems(document);
        assert!(problems.is_empty(), "{words:?}: {problems:?} in {document}");
    }
    documents.len()
}

/// All stories, and archives with every kind of damage.
fn archives() -> Vec<(String, Option<tempfile::TempDir>)> {
    let mut out: Vec<(String, Option<tempfile::TempDir>)> =
        Story::all().unwrap().iter().map(|story| (story.folder().to_str().unwrap().to_owned(), None)).collect();
    for case in Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        out.push((folder.path().to_str().unwrap().to_owned(), Some(folder)));
    }
    out
}

/// Whoever validates with one file needs no other one; what several have is the same in each.
#[test]
fn a_schema_stands_by_itself() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let schema = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let verify = schema("verify.json");
    for file in std::fs::read_dir(&folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let own = schema(&name);
        let text = own.to_string();
        let mut refs = text.split("\"$ref\":\"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]);
        assert!(refs.all(|to| to.strip_prefix('#').is_some_and(|to| own.pointer(to).is_some())), "{name}");
        for shared in ["finding", "timeline"] {
            let at = format!("/$defs/{shared}");
            let called = |of: &Value| of.pointer(&at).and_then(|own| own["description"].as_str().map(str::to_owned));
            let is_shared = called(&own).is_some() && called(&own) == called(&verify);
            if is_shared {
                assert_eq!(own.pointer(&at), verify.pointer(&at), "{name}: {shared} is to be copied from verify.json");
            }
        }
    }
}

#[test]
fn verify_and_timelines() {
    let (verify, timelines) = (Schema::named("verify.json"), Schema::named("timelines.json"));
    for (folder, _kept) in archives() {
        check(&verify, &["verify", &folder, "--format", "json"], false);
        check(&timelines, &["timelines", &folder, "--format", "json"], false);
    }
    for depth in ["names", "pages"] {
        check(&verify, &["verify", &testdata("demo/good"), "--depth", depth, "--format", "json"], false);
        check(&timelines, &["timelines", &testdata("demo/good"), "--depth", depth, "--format", "json"], false);
    }
    check(&verify, &["verify", &testdata("README.md"), "--format", "json"], false);
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part");
    assert_eq!(walproof(&["summarize", &testdata("demo/good"), "-o", part.to_str().unwrap()]).code, 0);
    check(&verify, &["verify", "--summaries", part.to_str().unwrap(), "--format", "json"], false);
}

#[test]
fn plans() {
    let schema = Schema::named("plan.json");
    for folder in ["demo/good", "demo/damaged"] {
        for target in [&[][..], &["--target-time", "2026-11-22 03:17:02.5+00"], &["--target-timeline", "7"]] {
            check(
                &schema,
                &[&["plan", &testdata(folder), "--backup", "latest", "--format", "json"], target].concat(),
                false,
            );
        }
    }
}

/// Every way a restore can end, and backups that are none.
#[test]
fn restores() {
    let schema = Schema::named("verify.json");
    for case in Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild_for_server(folder.path()).unwrap();
        let (archive, backup) = (folder.path().to_str().unwrap(), case.backup());
        let words = ["verify", archive, "--backup", backup.to_str().unwrap(), "--format", "json"];
        for target in [
            &[][..],
            &["--target-lsn", "0/F00000", "--all"],
            &["--target-time", "2026-11-22 03:17:02.5+00", "--target-action", "shutdown"],
        ] {
            check(&schema, &[&words[..], target].concat(), false);
        }
    }
    let (good, backup) = (testdata("demo/good"), testdata("backup/15"));
    for target in [
        &["--target-immediate"][..],
        &["--target-xid", "700", "--target-inclusive", "off"],
        &["--target-name", "nobody's", "--target-action", "pause"],
        &["--target-inclusive", "perhaps"],
        &["--set", "standby_mode=on"],
        &["--target-timeline", "7"],
    ] {
        check(&schema, &[&["verify", &good, "--backup", &backup, "--format", "json"], target].concat(), false);
    }
    for backup in ["13", "19", "19_incremental"] {
        check(
            &schema,
            &["verify", &good, "--backup", &testdata(&format!("backup/{backup}")), "--format", "json"],
            false,
        );
    }
}

#[test]
fn backups_of_a_folder() {
    let schema = Schema::named("backups.json");
    for folder in ["demo/good", "demo/damaged", "15/archive"] {
        check(&schema, &["backups", "--format", "json", &testdata(folder)], false);
    }
}

#[test]
fn when_and_verify_with_an_index() {
    let (verify, when) = (Schema::named("verify.json"), Schema::named("when.json"));
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("index").to_str().unwrap().to_owned();
    let good = testdata("demo/good");
    check(&verify, &["verify", &good, "--index", &index, "--format", "json"], false);
    for position in [&[][..], &["0/00A00000"], &["2026-11-22T03:17:02.5Z"], &["xid:1"], &["name:none"]] {
        check(&when, &[&["when", "--format", "json", "--index", &index, &good], position].concat(), false);
    }
    check(&when, &["when", "--format", "json", &testdata("demo/damaged")], false);
    check(&when, &["when", "--format", "json", &testdata("15/archive")], false);
}

#[test]
fn dump_lines() {
    let schema = Schema::named("dump-line.json");
    for (folder, _kept) in archives() {
        let wanted = check(&schema, &["dump", &folder, "-n", "500", "--format", "jsonl"], true);
        assert!(wanted > 1, "{folder}");
    }
    assert!(check(&schema, &["dump", &testdata("demo/damaged"), "--format", "jsonl"], true) > 19_000);
    check(&schema, &["dump", &testdata("demo/good"), "-R", "h", "-n", "9", "--format", "jsonl"], true);
}

#[test]
fn stats_and_fields() {
    let (stats, fields) = (Schema::named("stats.json"), Schema::named("fields.json"));
    for (folder, _kept) in archives() {
        check(&stats, &["stats", &folder, "--format", "json"], false);
    }
    check(&stats, &["stats", &testdata("demo/good"), "-R", "h", "--by", "relation", "--format", "json"], false);
    for by in ["rmgr", "record", "relation", "xid", "database", "minute", "checkpoint"] {
        for folder in ["demo/good", "demo/damaged"] {
            check(&stats, &["stats", &testdata(folder), "--by", by, "--format", "json"], false);
        }
    }
    check(&stats, &["stats", &testdata("demo/good"), "-x", "1", "--format", "json"], false);
    check(&fields, &["fields", "--format", "json"], false);
    check(&fields, &["fields", "-r", "storage", "--as", "9.5", "--format", "json"], false);
}

#[test]
fn events_and_transactions() {
    let (schema, txns, top) = (Schema::named("events.json"), Schema::named("txns.json"), Schema::named("top.json"));
    for (at, (folder, _kept)) in archives().into_iter().step_by(3).enumerate() {
        check(&schema, &["events", &folder, "--rows", "10", "--format", "json"], false);
        // They are made of the same history.
        if at % 3 == 0 {
            check(&txns, &["txns", &folder, "--format", "json"], false);
            check(&top, &["top", &folder, "-n", "50", "--format", "json"], false);
        }
    }
    let (good, backup) = (testdata("demo/good"), testdata("backup/15"));
    for more in [&[][..], &["--backup", &backup]] {
        let words = ["events", &good, "--rows", "10", "--format", "json", "--before", "last"];
        check(&schema, &[&words, more].concat(), false);
    }
    let asked = ["--by", "xid,database", "--what-if", "compression=pglz", "--what-if", "checkpoint=2x"];
    let good = testdata("demo/good");
    check(&top, &[&["top", &good, "--format", "json"], &asked[..]].concat(), false);
    let blame = Schema::named("blame-line.json");
    assert!(check(&blame, &["blame", &good, "h:2", "--format", "jsonl"], true) > 10);
    check(&blame, &["blame", &good, "h:2:1", "--versions", "--format", "jsonl"], true);
    check(&blame, &["blame", &testdata("9.4/promotion"), "1663/16384/17865:3", "--format", "jsonl"], true);
}

#[test]
fn diverged() {
    let (schema, good) = (Schema::named("diverge.json"), testdata("demo/good"));
    for words in [
        &[&*good, &testdata("demo/damaged")][..],
        &[&good, &testdata("13/archive")],
        &[&good, &testdata("README.md")],
        &[&testdata("15/archive"), "--timelines", "1,3"],
    ] {
        check(&schema, &[&["diverge"], words, &["--format", "json"]].concat(), false);
    }
}

#[test]
fn records_as_bytes() {
    let schema = Schema::named("hex.json");
    for (folder, lsn) in [
        ("demo/good", "0/00AAC690"),
        ("demo/good", "0/00A17FFE"),
        ("demo/damaged", "0/00AAC690"),
        ("demo/good", "0/00900200"),
    ] {
        check(&schema, &["hex", &testdata(folder), lsn, "--format", "json"], false);
    }
}

#[test]
fn positions() {
    let (locate, lag) = (Schema::named("locate.json"), Schema::named("lag.json"));
    let control = format!("file:{}", testdata("control/9.2/pg_control"));
    for words in [
        &["locate", "0/1000000", "000000010000000000000001+42", "moon", "--format", "json"][..],
        &[
            "locate",
            "0/1000000",
            "000000010000000000000001",
            "log file 0, segment 39, offset 8192",
            "--as",
            "9.2",
            "--format",
            "json",
        ],
        &["locate", "000000010000000000000001", "0/FF000028", "nonsense", "--as", "16", "--format", "json"],
        &[
            "locate",
            "0/605ABE0",
            "0/1000000",
            "000000010000000000000060",
            "-p",
            &testdata("15/archive"),
            "--format",
            "json",
        ],
        &["locate", &control, &control, "0/6C00028", "--format", "json"],
    ] {
        assert_eq!(check(&locate, words, true), 3);
    }
    for words in [
        &["lag", "0/2000000", "0/1000000", "--format", "json"][..],
        &["lag", "0/1000000", "0/FF000028", "--as", "9.2", "--format", "json"],
        &["lag", "moon", "0/1000000", "--as", "15", "--format", "json"],
        &["lag", "0/BFFCD8", "0/AAC690", "-p", &testdata("demo/damaged"), "--format", "json"],
    ] {
        check(&lag, words, false);
    }
}

#[test]
fn control_files() {
    let schema = Schema::named("control.json");
    let all: Vec<String> = std::fs::read_dir(testdata("control"))
        .unwrap()
        .map(|e| e.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    let (readme, paths) = (testdata("README.md"), all.iter().map(String::as_str));
    let words: Vec<&str> = ["control", "--format", "json", "no such place", &readme].into_iter().chain(paths).collect();
    assert_eq!(check(&schema, &words, true), all.len() + 2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg_control");
    let good = std::fs::read(testdata("control/8.2/pg_control")).unwrap();
    for bytes in [good[..40].to_vec(), [&good[..16], &[0xFF; 400], &good[416..]].concat()] {
        std::fs::write(&file, bytes).unwrap();
        check(&schema, &["control", file.to_str().unwrap(), "--format", "json"], false);
    }
}

#[test]
fn explanations() {
    let schema = Schema::named("explain.json");
    let good = testdata("demo/good");
    for words in [
        &["explain", "--format", "json"][..],
        &["explain", "WP201", "--format", "json"],
        &["explain", "WP3xx", "--format", "json"],
        &[
            "explain",
            "pg_waldump: error: error in WAL record at 0/665AC78: invalid record length at 0/665ACA8: wanted 24, got 0",
            "--format",
            "json",
        ],
        &[
            "explain",
            "incorrect resource manager data checksum in record at 0/AAC690",
            "--format",
            "json",
            "-p",
            &testdata("demo/damaged"),
        ],
        &["explain", "invalid record length at 0/665ACA8: wanted 24, got 0", "--format", "json", "-p", &good],
        &["explain", "restored log file \"00000002.history\" from archive", "--format", "json", "-p", &good],
        &[
            "explain",
            "FATAL:  recovery ended before configured recovery target was reached",
            "--format",
            "json",
            "-p",
            &good,
        ],
    ] {
        check(&schema, words, false);
    }
}

/// What it tells of servers and faults, its own tests hold against the same schema.
#[test]
fn watch() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(["watch", &testdata("demo/good"), &testdata("demo/damaged"), "--format", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let schema = Schema::named("watch-line.json");
    for line in BufReader::new(child.stdout.take().unwrap()).lines().take(2) {
        let document: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(schema.problems(&document), Vec::<String>::new(), "{document}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What it tells of servers, its own tests hold against the same schema.
#[test]
fn shipped() {
    let schema = Schema::named("ship-line.json");
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| {
        let to = folder.path().join(name);
        std::fs::create_dir(&to).unwrap();
        to.to_str().unwrap().to_owned()
    };
    let ship = |story: &str, to: &str| {
        let words = ["ship", &testdata(story), "--to", to, "--end", "0/B00000", "--no-retry", "--format", "jsonl"];
        assert!(check(&schema, &words, true) >= 2);
        let ran = walproof(&words);
        let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (ran, lines)
    };
    let good = to("good");
    let (ran, lines) = ship("demo/good", &good);
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    // The second time all is there.
    assert_eq!((ran.code, events, ran.err.as_str()), (0, vec!["begins", "end"], ""));
    let (ran, lines) = ship("demo/damaged", &to("damaged"));
    let end = lines.last().unwrap();
    assert_eq!((ran.code, &end["exit_code"], &end["finding"]["code"]), (1, &1.into(), &"WP201".into()), "{end}");
}

/// A command that learns to write JSON needs a schema, and a test above.
#[test]
fn every_command_that_writes_json_has_a_schema() {
    let help = walproof(&["--help"]).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let own = include_str!("main.rs");
    let mut written = 0;
    for command in commands
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
    {
        let help = walproof(&[command, "--help"]).out;
        let own_option = help.lines().skip_while(|line| !line.trim_start().starts_with("--format"));
        let mut values: String = own_option.clone().take(1).collect();
        values.extend(
            own_option
                .skip(1)
                .take_while(|line| !line.trim_start().starts_with('-') || line.trim_start().starts_with("- ")),
        );
        // What writes a file for the program itself says nothing else, and what a server runs speaks to its log.
        let quiet = ["summarize", "generate", "check", "archive-push", "archive-get"];
        assert!(!values.is_empty() || quiet.contains(&command), "{command} has no --format");
        for (value, name) in [("json", command.to_owned()), ("jsonl", format!("{command}-line"))] {
            let offered = values.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == value);
            if offered {
                written += 1;
                let file = format!("{name}.json");
                Schema::named(&file);
                assert!(own.contains(&format!("\"{file}\"")), "{file} is not tested");
            }
        }
    }
    assert!(written >= 9, "{written}");
}

#[test]
fn compare() {
    let schema = Schema::named("compare.json");
    let good = testdata("demo/good");
    assert_eq!(check(&schema, &["compare", &good, &good, "--format", "json"], false), 1);
    let folder = tempfile::tempdir().unwrap();
    let mended = folder.path().join("mended");
    let words = ["compare", &testdata("demo/damaged"), &good, "--write", mended.to_str().unwrap(), "--format", "json"];
    assert_eq!(check(&schema, &words, false), 1);
    let places = ["verify", &testdata("demo/damaged"), "--from", &good, "--format", "json"];
    assert_eq!(check(&Schema::named("verify.json"), &places, false), 1);
}

#[test]
fn prune() {
    let schema = Schema::named("archive-prune.json");
    let folder = tempfile::tempdir().unwrap();
    for name in ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"] {
        std::fs::copy(testdata(&format!("demo/good/{name}")), folder.path().join(name)).unwrap();
    }
    let archive = folder.path().to_str().unwrap();
    for more in [[].as_slice(), &["--yes"]] {
        let words = ["archive-prune", archive, "--keep-from", "0/B00000", "--format", "json"];
        assert_eq!(check(&schema, &[words.as_slice(), more].concat(), false), 1);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn estimate() {
    let words = ["verify", &testdata("demo/good"), "--estimate", "--format", "json"];
    assert_eq!(check(&Schema::named("estimate.json"), &words, false), 1);
}

#[test]
fn explained_sources() {
    for place in [testdata("demo/good"), testdata("15/archive")] {
        let words = ["verify", &place, "--explain-source", "--format", "json"];
        assert_eq!(check(&Schema::named("source.json"), &words, true), 1);
    }
}
