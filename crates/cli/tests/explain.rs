//! `walproof explain`: codes, messages, and the evidence for them.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use pgwal::Code;
use run::{testdata, walproof};
use serde_json::Value;
use walproof_testdata::Case;

fn document(words: &[&str]) -> Value {
    let words: Vec<&str> = ["explain", "--format", "json"].iter().chain(words).copied().collect();
    let ran = walproof(&words);
    assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// What lies at the place of a message, and the sentence about it.
fn evidence(line: &str, folder: &str) -> (String, String) {
    let document = document(&[line, "-p", folder]);
    let evidence = &document["evidence"];
    (evidence["what"].as_str().unwrap().to_owned(), evidence["sentence"].as_str().unwrap().to_owned())
}

#[test]
fn every_code_is_explained_by_number_and_by_name() {
    for code in Code::ALL {
        for spelling in [code.id(), code.name()] {
            let ran = walproof(&["explain", spelling]);
            assert_eq!(ran.code, 0, "{spelling}");
            assert!(ran.out.starts_with(code.id()) && ran.out.contains(code.title()), "{spelling}: {}", ran.out);
        }
    }
}

#[test]
fn families_and_the_whole_list() {
    let all = document(&[]);
    assert_eq!(all["codes"].as_array().unwrap().len(), Code::ALL.len());
    let bytes = document(&["WP2xx"]);
    assert!(bytes["codes"].as_array().unwrap().iter().all(|c| c["code"].as_str().unwrap().starts_with("WP2")));
    assert_eq!(walproof(&["explain"]).out.lines().count(), Code::ALL.len() + 1);
}

#[test]
fn a_message_is_told_what_it_means_and_what_to_run() {
    let document =
        document(&["2026-11-22 03:17:02 UTC [4711] LOG:  invalid record length at 0/665ACA8: wanted 24, got 0"]);
    let message = &document["message"];
    assert_eq!(
        (&document["kind"], &message["nature"], &message["place"]),
        (&"message".into(), &"depends".into(), &"0/0665ACA8".into())
    );
    assert!(document["evidence"].is_null());
    let next: Vec<&str> = message["next"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert!(next.contains(&"walproof verify ARCHIVE"), "{next:?}");
}

/// What a server says of a data directory on which it does not start.
#[test]
fn messages_about_a_data_directory_are_known() {
    for (line, name) in [
        ("FATAL:  could not create directory \"pg_tblspc/16384\": File exists", "tablespace-place"),
        ("FATAL:  could not remove directory \"pg_tblspc/16384\": Directory not empty", "tablespace-place"),
        ("FATAL:  data directory \"/srv/data\" has invalid permissions", "data-rights"),
        ("FATAL:  data directory \"/srv/data\" has group or world access", "data-rights"),
        ("DETAIL:  Permissions should be u=rwx (0700) or u=rwx,g=rx (0750).", "data-rights"),
        ("postgres: could not find the database system", "data-directory"),
        ("FATAL:  \"/srv/data\" is not a valid data directory", "data-directory"),
    ] {
        let document = document(&[line]);
        assert_eq!(document["message"]["name"], name, "{line}: {document:#}");
    }
    // Another directory is no tablespace.
    let ran = walproof(&["explain", "FATAL:  could not create directory \"base/16384\": File exists"]);
    assert!(!ran.out.contains("tablespace_map"), "{}", ran.out);
}

/// What archive-get and archive-push write into a server's log; what they say of a file has its code.
#[test]
fn lines_of_our_own() {
    let hole = "walproof: 00000001000000000000001F is missing, and 000000010000000000000020 behind it is here: WAL does not end there (WP101)";
    let stopped = "FATAL:  could not restore file \"00000001000000000000001F\" from archive: command not executable";
    let document_of = |text: &str| document(&[text]);
    assert_eq!(document_of(hole)["message"]["name"], "get-hole");
    assert_eq!(document_of("exit code 126")["message"]["name"], "restore-exit");
    assert!(walproof(&["explain", &format!("{hole}\n{stopped}")]).out.contains("walproof archive-get"));
    let damaged = "walproof: /srv/wal: 00000001000000000000001F the header of the page cannot be used (WP202)";
    assert_eq!(document_of(damaged)["codes"][0]["code"], "WP202");
}

#[test]
fn only_commands_that_exist_are_named() {
    for line in [
        "LOG:  redo done at 0/6B00100",
        "unexpected pageaddr 0/A000000 in log file 0, segment 39, offset 8192",
        "FATAL:  recovery ended before configured recovery target was reached",
        "PANIC:  could not locate a valid checkpoint record",
        "FATAL:  requested timeline 3 is not a child of this server's history",
    ] {
        let document = document(&[line]);
        for command in document["message"]["next"].as_array().unwrap() {
            let name = command.as_str().unwrap().split(' ').nth(1).unwrap().to_owned();
            assert_eq!(walproof(&[&name, "--help"]).code, 0, "{command}");
        }
    }
}

#[test]
fn the_bytes_say_what_lies_there() {
    let (good, damaged) = (testdata("demo/good"), testdata("demo/damaged"));
    let checksum = "LOG:  incorrect resource manager data checksum in record at 0/AAC690";
    assert_eq!(evidence(checksum, &damaged).0, "damage");
    let (what, sentence) = evidence(checksum, &good);
    assert_eq!(what, "record", "{sentence}");
    assert!(sentence.contains("a whole record begins that ends at 0/00AAC760"), "{sentence}");
    for (line, what) in [
        ("invalid record length at 0/900200: wanted 24, got 0", "after_switch"),
        ("invalid record length at 0/AAC000: wanted 24, got 0", "record"),
        ("invalid record length at 0/900010: wanted 24, got 0", "between_records"),
        ("invalid record length at 0/D00028: wanted 24, got 0", "behind_last"),
        ("invalid record length at 0/800028: wanted 24, got 0", "before_first"),
        ("unexpected pageaddr 0/300000 in log segment 00000001000000000000000A, offset 706192", "record"),
    ] {
        assert_eq!(evidence(line, &good).0, what, "{line}");
    }
}

#[test]
fn the_ends_of_wal_are_told_apart() {
    let archive = testdata("15/archive");
    let (what, sentence) = evidence("invalid record length at 0/665ACA8: wanted 24, got 0", &archive);
    assert_eq!(what, "end_of_timeline", "{sentence}");
    assert!(sentence.contains("timeline 3 left timeline 2"), "{sentence}");
    let case = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        Case::named(name).unwrap().rebuild(folder.path()).unwrap();
        folder
    };
    let folder = case("recycled_last");
    let (what, sentence) = evidence(
        "unexpected pageaddr 0/900000 in log segment 000000010000000000000016, offset 0",
        folder.path().to_str().unwrap(),
    );
    assert_eq!(what, "recycled", "{sentence}");
    let folder = case("missing_segment");
    let (what, sentence) = evidence(
        "could not open file \"pg_wal/00000001000000000000000F\": No such file or directory",
        folder.path().to_str().unwrap(),
    );
    assert_eq!(what, "missing", "{sentence}");
    let folder = case("zero_page");
    let (what, sentence) = evidence(
        "invalid magic number 0000 in log segment 00000001000000000000000F, offset 524288",
        folder.path().to_str().unwrap(),
    );
    assert_eq!(what, "damage", "{sentence}");
    // A live directory: zeros behind the last record.
    let story = tempfile::tempdir().unwrap();
    walproof_testdata::Story::all()
        .unwrap()
        .iter()
        .find(|s| (s.version.as_str(), s.story.as_str()) == ("15", "pg_wal"))
        .unwrap()
        .unpack(story.path())
        .unwrap();
    let folder = story.path().to_str().unwrap();
    let listed = walproof(&["dump", folder, "--format", "jsonl"]).out;
    let last: Value = serde_json::from_str(listed.lines().last().unwrap()).unwrap();
    let (what, sentence) =
        evidence(&format!("invalid record length at {}: wanted 24, got 0", last["end_lsn"].as_str().unwrap()), folder);
    assert_eq!(what, "end_of_wal", "{sentence}");
}

#[test]
fn a_text_that_is_neither_is_2_with_a_hint() {
    for (text, hint) in [
        ("moon", "names no place in WAL; give one line of the server's log"),
        ("WP999", "walproof explain lists them all"),
    ] {
        let ran = walproof(&["explain", text]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
    assert_eq!(walproof(&["explain", "LOG:  redo done at 0/6B00100", "-p", "/no/such/folder"]).code, 2);
}

#[test]
fn of_several_lines_the_worst_answers_from_words_a_file_and_standard_input() {
    let block = [
        "2026-11-28 14:56:12.364 UTC [24371] LOG:  starting archive recovery",
        "2026-11-28 14:56:12.387 UTC [24371] LOG:  restored log file \"00000001000000000000000B\" from archive",
        "2026-11-28 14:56:12.387 UTC [24371] FATAL:  requested timeline 2 is not a child of this server's history",
        "2026-11-28 14:56:12.387 UTC [24371] DETAIL:  Latest checkpoint is at 0/B00060 on timeline 1, but in the history of the requested timeline, the server forked off from that timeline at 0/600100.",
    ];
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), block.join("\n")).unwrap();
    let name = file.path().to_str().unwrap();
    let piped = run::walproof_with_input(&["explain", "--format", "json", "-"], block.join("\n").as_bytes());
    let piped = serde_json::from_str(&piped.out).unwrap();
    for said in [document(&[&block.join("\n")]), document(&block), document(&[name]), piped] {
        let message = &said["message"];
        assert_eq!((&message["name"], &message["level"]), (&"not-a-child".into(), &"FATAL".into()));
        assert_eq!((&message["line"], &message["lines"]), (&3.into(), &4.into()));
        assert_eq!(message["place"], "0/00B00060");
        assert_eq!(message["also"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn lines_in_other_languages_and_inside_other_programs_are_known() {
    for line in [
        "FATAL:  Wiederherstellung endete bevor das konfigurierte Wiederherstellungsziel erreicht wurde",
        "FATAL:  la restauration s'est terminée avant d'avoir atteint la cible configurée pour la restauration",
        "ВАЖНО:  восстановление окончилось до достижения заданной цели восстановления",
        "FATAL:  指定したリカバリターゲットに到達する前にリカバリが終了しました",
        "致命错误:  尚未达到配置的恢复目标，恢复就已结束",
        r#"{"log":"FATAL:  recovery ended before configured recovery target was reached\n","stream":"stderr"}"#,
        r#"{"logger":"postgres","msg":"record","record":{"error_severity":"FATAL","message":"recovery ended before configured recovery target was reached"}}"#,
    ] {
        let message = &document(&[line])["message"];
        assert_eq!((&message["name"], &message["level"]), (&"target-not-reached".into(), &"FATAL".into()), "{line}");
    }
}

#[test]
fn places_are_told_of_lines_that_nobody_knows() {
    let line = "ERROR:  the moon is full at 0/AAC690";
    let said = document(&[line, "-p", &testdata("demo/damaged")]);
    assert_eq!((&said["kind"], &said["places"]["places"][0]), (&"places".into(), &"0/00AAC690".into()));
    assert_eq!(said["evidence"]["what"], "damage");
}

#[test]
fn a_packed_log_and_one_that_says_nothing_of_wal_are_2() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (bytes, hint) in [(&b"\x1f\x8b\x08\0"[..], "gzip -dc"), (b"LOG:  hello\nLOG:  moon\n", "none of the 2 lines")] {
        std::fs::write(file.path(), bytes).unwrap();
        let ran = walproof(&["explain", file.path().to_str().unwrap()]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
}

/// What is advised can be typed as it stands, once a place is put in: for a sample of every message.
#[test]
fn what_is_to_be_run_next_is_a_command_line() {
    let samples = include_str!("../../logs/src/samples.tsv");
    let mut kinds = std::collections::BTreeSet::new();
    let mut commands = std::collections::BTreeSet::new();
    for line in samples.lines() {
        let mut cells = line.splitn(3, '\t');
        let (kind, text) = (cells.next().unwrap(), cells.nth(1).unwrap_or_default());
        if !kinds.insert(kind) {
            continue;
        }
        let ran = walproof(&["explain", "--format", "json", "--", text]);
        let Ok(document) = serde_json::from_str::<Value>(&ran.out) else { continue };
        let next = document["message"]["next"].as_array().cloned().unwrap_or_default();
        commands.extend(next.into_iter().map(|command| command.as_str().unwrap().to_owned()));
    }
    assert!(kinds.len() > 50 && commands.len() > 30, "{} {}", kinds.len(), commands.len());
    let good = testdata("demo/good");
    for command in commands {
        let filled =
            command.replace("ARCHIVE", &good).replace("DATA_DIRECTORY", &good).replace("CONNINFO", "host=/none");
        let words: Vec<&str> = filled.split(' ').skip(1).collect();
        let ran = walproof(&words);
        let refused = ran.err.contains("Usage:") || ran.err.contains("a plan starts from");
        assert!(!refused, "{command}: {}", ran.err);
    }
}
