//! What a tool's own files say decides what it restores, and what has to be typed for that.

use super::build::{self, FULL, Repo, SEGMENTS, named};
use super::misfiled::{ID, take_second};
use super::unpacked::packed;
use super::{codes, json, walproof};
use serde_json::Value;
use std::fs;

#[test]
fn wal_that_barman_does_not_list_is_told_and_its_list_is_written_anew_first() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    let typed = |repo: &Repo| {
        let (document, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
        assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{document}");
        let typed = document["repository"]["restore_command"].as_str().unwrap().to_owned();
        (typed, codes(&document))
    };
    let line = |segment: &str| format!("{segment}\t1048576\t1795881374.86\tNone\n");
    let recover = format!("barman recover --target-tli=latest prod {} DIR", build::BARMAN_ID);
    repo.put("prod/wals/prod-xlog.db", SEGMENTS.map(line).concat());
    assert_eq!(typed(&repo), (recover.clone(), Vec::new()));
    let anew = format!("barman rebuild-xlogdb prod &&\n{recover}");
    repo.put("prod/wals/prod-xlog.db", line(SEGMENTS[0]));
    assert_eq!(typed(&repo), (anew.clone(), vec!["WP126 warning".to_owned()]));
    // Each of these ends `barman recover` with an error, or leaves a server what it cannot read.
    let all = SEGMENTS.map(line).concat();
    for (what, list) in [
        ("lost", all.clone() + &line("00000001000000000000000C")),
        ("history", all.clone() + &line("00000002.history")),
        ("garbage", all.clone() + "garbage\n"),
        ("packed", all.replacen("\tNone", "\tzstd", 1)),
    ] {
        repo.put("prod/wals/prod-xlog.db", list);
        assert_eq!(typed(&repo), (anew.clone(), vec!["WP126 warning".to_owned()]), "{what}");
    }
    let said = walproof(&["verify", &repo.root()]).out;
    assert!(said.contains("is packed (zstd), and it is not packed"), "{said}");
    // What is left of WAL that expired, and the form of newer releases.
    let newer = all.replace("\tNone", "\tNone\tNone");
    repo.put("prod/wals/prod-xlog.db", line("000000010000000000000001") + &newer);
    assert_eq!(typed(&repo), (recover, Vec::new()));
    repo.remove("prod/wals/prod-xlog.db");
    assert_eq!(typed(&repo), (anew, Vec::new()));
}

#[test]
fn the_latest_is_what_the_tool_takes_for_it_whether_it_restores_or_not() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    let later = "20261123T031701";
    for (status, code, restores) in [("DONE", 1, false), ("FAILED", 0, true), ("EMPTY", 0, true)] {
        // Its data are gone.
        repo.put(&format!("prod/meta/{later}-backup.info"), build::barman_info(status));
        let ran = walproof(&["verify", &repo.root(), "--backup", "latest"]);
        assert_eq!(ran.code, code, "{status}: {}", ran.out);
        assert_eq!(ran.out.contains(&format!("recover --target-tli=latest prod {}", build::BARMAN_ID)), restores);
        assert_eq!(ran.out.contains(&format!("REFUTED: backup {later}")), !restores, "{}", ran.out);
        // One that is chosen tells those that were passed over.
        let (document, code) = json(&["verify", &repo.root(), "--backup", "auto"]);
        assert_eq!((code, codes(&document)), (0, vec!["WP440 warning".to_owned()]), "{status}");
    }
}

#[test]
fn what_a_tool_calls_a_backup_is_that_backup_wherever_one_looks_from() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.put("backup/main/latest/x", "");
    for name in ["latest", "auto", FULL] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.current_dir(repo.at("backup/main")).args(["verify", &repo.root(), "--backup", name]);
        let ran = command.output().unwrap();
        let out = String::from_utf8_lossy(&ran.stdout);
        assert!(
            ran.status.success() && out.contains("PROVEN"),
            "{name}: {out}{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}

#[test]
fn without_a_key_gaps_are_told_by_names() {
    for (tool, _, build) in super::EVERY {
        let repo = Repo::new();
        build(&repo);
        for path in super::walkdir(&repo.root()) {
            let is_segment = path.rsplit('/').next().unwrap().starts_with("000000010000000000000");
            if is_segment && !path.ends_with(".backup") && !path.ends_with(".metadata") {
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, super::encrypt::openssl(&bytes, "nobody's")).unwrap();
                if path.contains(SEGMENTS[1]) {
                    fs::remove_file(path).unwrap();
                }
            }
        }
        let (document, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, &document["verdict"]), (2, &"unproven".into()), "{tool}: {document}");
        assert!(codes(&document).contains(&"WP101 warning".to_owned()), "{tool}: {document}");
        let said = walproof(&["verify", &repo.root()]).out;
        assert!(said.contains(&format!("{} is missing", SEGMENTS[1])), "{tool}: {said}");
    }
}

#[test]
fn what_the_passphrase_of_a_stanza_does_not_open_is_damaged() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    build::encrypt(&repo, "secret");
    repo.put("pass", "secret");
    let pass = repo.at("pass");
    let key = ["--passphrase-file", pass.to_str().unwrap()];
    for copy in ["", ".copy"] {
        let file = repo.at(&format!("backup/main/backup.info{copy}"));
        let mut bytes = fs::read(&file).unwrap();
        let at = bytes.len() - 20;
        bytes[at] ^= 1;
        fs::write(file, bytes).unwrap();
    }
    for name in [FULL, "latest"] {
        let (document, code) = json(&[&["verify", &repo.root(), "--backup", name][..], &key].concat());
        assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{name}: {document}");
        assert_eq!(codes(&document)[0], "WP126 error", "{name}: {document}");
    }
    // Without the key nothing is said of it.
    for words in [&["--backup", "latest"][..], &["--target-lsn", "0/A00100"], &[]] {
        let (document, code) = json(&[&["verify", &repo.root()], words].concat());
        assert_eq!((code, &document["verdict"]), (2, &"unproven".into()), "{words:?}: {document}");
        let said = walproof(&[&["verify", &repo.root()], words].concat()).out;
        assert!(said.contains("of which nothing can be said without the key"), "{said}");
        assert!(said.contains("repo1-cipher-pass of pgbackrest.conf"), "{said}");
    }
}

#[test]
fn every_cluster_of_a_stanza_is_an_archive_of_its_own() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    for copy in ["", ".copy"] {
        repo.put(&format!("archive/main/archive.info{copy}"), build::archive_info(2));
    }
    repo.wal("archive/main/15-2/0000000100000000", named, false);
    take_second(&repo);
    // The current one is whole.
    assert_eq!(json(&["verify", &repo.root()]).1, 0);
    let ran = walproof(&["verify", &repo.root(), "--each"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("--archive-id 15-1") && ran.out.contains("--archive-id 15-2"), "{}", ran.out);
    let of_another = walproof(&["verify", &repo.root(), "--backup", FULL]);
    assert!(of_another.code == 2 && of_another.err.contains("--archive-id 15-1"), "{}", of_another.err);
    let backups = walproof(&["backups", &repo.root(), "--each", "--format", "json"]);
    let document: Value = serde_json::from_str(&backups.out).unwrap();
    assert_eq!(document["archives"].as_array().unwrap().len(), 2, "{document}");
}

#[test]
fn a_backup_of_wal_e_starts_where_its_label_and_its_history_file_say() {
    let repo = Repo::new();
    repo.wal("wal_005", |segment, _| segment.to_owned(), true);
    let label = format!("base_{}_00000040", SEGMENTS[0]);
    let sentinel = format!(
        "{{\"wal_segment_backup_stop\": \"{}\", \"wal_segment_offset_backup_stop\": \"00000256\", \
         \"expanded_size_bytes\": 9019123}}",
        SEGMENTS[0]
    );
    repo.put(&format!("basebackups_005/{label}_backup_stop_sentinel.json"), sentinel);
    repo.put(&format!("basebackups_005/{label}/tar_partitions/part_00000000.tar.lzo"), "some");
    let (document, code) = json(&["verify", &repo.root(), "--backup", &label]);
    assert_eq!((code, codes(&document), &document["verdict"]), (0, Vec::new(), &"proven".into()), "{document}");
    let typed = document["repository"]["restore_command"].as_str().unwrap();
    assert!(typed.contains("wal-e backup-fetch DIR") && typed.contains("wal-e wal-fetch %f %p"), "{typed}");
}

#[test]
fn without_archive_info_no_backup_restores() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    for copy in ["", ".copy"] {
        repo.remove(&format!("archive/main/archive.info{copy}"));
    }
    let (document, code) = json(&["verify", &repo.root(), "--backup", FULL]);
    assert_eq!((code, codes(&document)[0].as_str()), (1, "WP126 error"), "{document}");
    assert!(codes(&document).contains(&"WP440 error".to_owned()), "{document}");
    let backups = walproof(&["backups", &repo.root()]);
    assert!(backups.code == 1 && backups.out.contains("0 of 2 backups restore"), "{}", backups.out);
}

/// libsodium's streams have no header, and what is not packed has no suffix: the size alone tells.
#[test]
fn segments_that_wal_g_encrypts_unpacked_are_no_damage() {
    let repo = Repo::new();
    let mut seed = 9u64;
    let mut noise = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 32) as u8
    };
    for segment in SEGMENTS {
        let bytes: Vec<u8> = (0..(1 << 20) + 24 + 17 * 128).map(|_| noise()).collect();
        repo.put(&format!("wal_005/{segment}"), bytes);
    }
    let (document, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, &document["verdict"]), (2, &"unproven".into()), "{document}");
    assert!(codes(&document).iter().all(|code| code == "WP501 error"), "{document}");
}

/// A volume that is not mounted here, and may be where the server is.
#[cfg(unix)]
#[test]
fn a_folder_of_segments_that_cannot_be_looked_into_leaves_a_restore_open() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.put(&format!("{ID}/00000002.history"), "1\t0/B00100\tno recovery target specified\n");
    let root = repo.root();
    std::os::unix::fs::symlink("nowhere", repo.at(&format!("{ID}/0000000200000000"))).unwrap();
    for words in [&[][..], &["--backup", FULL], &["--backup", FULL, "--target-lsn", "0/C00000"]] {
        let (document, code) = json(&[&["verify", root.as_str()], words].concat());
        assert_eq!((code, &document["verdict"]), (2, &"unproven".into()), "{words:?}: {document}");
        assert!(codes(&document).contains(&"WP504 error".to_owned()), "{words:?}: {document}");
    }
}

/// With archive-copy=y the backup has the WAL that it needs, packed as its other files are.
#[test]
fn wal_that_the_backup_carries_is_where_the_server_finds_it() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let folder = repo.at(&format!("{ID}/0000000100000000"));
    let is_first = |path: &std::path::PathBuf| path.to_str().unwrap().contains(&format!("{}-", SEGMENTS[0]));
    let first = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).find(is_first).unwrap();
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(first).unwrap();
    assert_eq!(json(&["verify", &repo.root(), "--backup", FULL]).1, 1);
    repo.put(&format!("backup/main/{FULL}/pg_data/pg_wal/{}.lz4", SEGMENTS[0]), packed("lz4", &bytes));
    let (document, code) = json(&["verify", &repo.root(), "--backup", FULL]);
    assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{document}");
}

#[test]
fn a_backup_in_which_pages_were_invalid_is_none_that_restores() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    for copy in ["", ".copy"] {
        let file = repo.at(&format!("backup/main/backup.info{copy}"));
        let text = fs::read_to_string(&file).unwrap();
        let (before, after) = text.split_once(&format!("\n{}=", build::INCR)).unwrap();
        let after = after.replacen("{\"backrest-format\"", "{\"backup-error\":true,\"backrest-format\"", 1);
        fs::write(&file, build::signed(&format!("{before}\n{}={after}", build::INCR))).unwrap();
    }
    let (document, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&document)), (0, vec!["WP440 warning".to_owned()]), "{document}");
    let (document, code) = json(&["verify", &repo.root(), "--backup", build::INCR]);
    assert_eq!((code, codes(&document)), (1, vec!["WP440 error".to_owned()]), "{document}");
}

/// pgBackRest 2.45 says of each: "key/value found outside of section", "missing '=' in key/value".
#[test]
fn information_with_the_line_ends_of_windows_is_none() {
    let into_windows = |repo: &Repo, file: &str, only: Option<&str>| {
        for copy in ["", ".copy"] {
            let file = format!("{file}{copy}");
            let Ok(text) = fs::read_to_string(repo.at(&file)) else { continue };
            let line = |line: &str| match only.is_none_or(|only| line == only) {
                true => format!("{line}\r\n"),
                false => format!("{line}\n"),
            };
            repo.put(&file, text.lines().map(line).collect::<String>());
        }
    };
    for only in [None, Some(""), Some("[db]")] {
        for file in ["archive/main/archive.info", "backup/main/backup.info"] {
            let repo = Repo::new();
            build::pgbackrest(&repo);
            into_windows(&repo, file, only);
            let (document, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
            assert_eq!((code, codes(&document)[0].as_str()), (1, "WP126 error"), "{file} {only:?}: {document}");
            let said = walproof(&["verify", &repo.root()]).out;
            assert!(said.contains(&format!("{file} is not of the form that pgBackRest writes")), "{said}");
        }
    }
    let repo = Repo::new();
    build::pgbackrest(&repo);
    into_windows(&repo, &format!("backup/main/{FULL}/backup.manifest"), None);
    let (document, code) = json(&["verify", &repo.root(), "--backup", FULL]);
    assert_eq!((code, codes(&document)), (1, vec!["WP440 error".to_owned()]), "{document}");
}

/// `recover` of 3.4 and 3.20 takes what is whole into its archive first; a `.partial` only `get-wal` hands out.
#[test]
fn what_barman_has_not_taken_is_told_by_its_name() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    let [first, second, last] = SEGMENTS;
    for (folder, name, to) in [("streaming", last, format!("{last}.partial")), ("incoming", second, second.to_owned())]
    {
        fs::create_dir_all(repo.at(&format!("prod/{folder}"))).unwrap();
        let from = repo.at(&format!("prod/wals/0000000100000000/{name}"));
        fs::rename(from, repo.at(&format!("prod/{folder}/{to}"))).unwrap();
    }
    let (document, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{document}");
    assert_eq!(document["replay"]["to"], "0/00AFFFA0", "{document}");
    let told = document["repository"]["left_out"].to_string();
    assert!(told.contains(&format!("prod/incoming/{second}: which Barman has not taken into wals/")), "{told}");
    assert!(told.contains(&format!("prod/streaming/{last}.partial: which is still received")), "{told}");
    assert!(told.contains("get-wal --partial"), "{told}");
    repo.put(&format!("prod/incoming/{first}"), "");
    let said = walproof(&["verify", &repo.root()]).out;
    assert!(said.contains(&format!("LEFT OUT 2 files in prod/incoming/, {first} to {second}: ")), "{said}");
}

/// 3.4 and 3.20 copy what is there: a server does not start, or lets nobody in, or starts from where pg_control says.
#[test]
fn what_a_barman_backup_lacks_by_its_name() {
    let lacks = |gone: &str, tars: bool| {
        let repo = Repo::new();
        build::barman(&repo, "prod");
        let base = format!("prod/base/{}", build::BARMAN_ID);
        let more = "version=150004\ntablespaces=[('fast', 16384, '/srv/fast')]\n";
        repo.put(&format!("prod/meta/{}-backup.info", build::BARMAN_ID), build::barman_info("DONE") + more);
        let files: &[&str] = match tars {
            true => &["data/16384.tar.gz"],
            false => &[
                "data/PG_VERSION",
                "data/backup_label",
                "data/global/pg_control",
                "data/global/pg_filenode.map",
                "data/base/1/1259",
                "16384/PG_15_202209061/5/16390",
            ],
        };
        if !tars {
            repo.remove(&format!("{base}/data/base.tar.gz"));
        }
        files.iter().filter(|file| !file.starts_with(gone) || gone.is_empty()).for_each(|file| {
            repo.put(&format!("{base}/{file}"), "some");
        });
        let (outcome, code) = json(&["verify", &repo.root()]);
        (code, codes(&outcome).contains(&"WP440 error".to_owned()))
    };
    for (gone, tars) in [
        ("data/PG_VERSION", false),
        ("data/backup_label", false),
        ("data/global/pg_filenode.map", false),
        ("16384", false),
        ("data/16384", true),
    ] {
        assert_eq!((lacks("", tars), lacks(gone, tars)), ((0, false), (1, true)), "{gone}");
    }
}

/// Where its replay starts stands in its pg_control.
#[test]
fn an_offline_backup_is_not_said_to_be_broken() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let list = repo.at("backup/main/backup.info");
    let text = fs::read_to_string(&list).unwrap();
    let offline = |text: &str| {
        let null = format!("\"{}\"", SEGMENTS[0]);
        build::signed(
            &text
                .replace(&null, "null")
                .replace("\"backup-lsn-start\":\"0/900028\",\"backup-lsn-stop\":\"0/900100\",", ""),
        )
    };
    for copy in ["", ".copy"] {
        repo.put(&format!("backup/main/backup.info{copy}"), offline(&text));
    }
    repo.remove("archive/main/15-1/0000000100000000/000000010000000000000009.00000028.backup");
    let (document, code) = json(&["backups", &repo.root()]);
    let backup = &document["archives"][0]["backups"][0];
    assert_eq!((code, &backup["restores"], &backup["why"]), (2, &true.into(), &"unknown".into()), "{document}");
    let said = walproof(&["backups", &repo.root()]).out;
    assert!(said.contains("0 of 2 backups restore, and of 2 it is not known") && said.contains("pg_control"), "{said}");
    let (document, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&document)), (0, Vec::new()), "{document}");
}

/// WAL-G reads what WAL-E wrote; what nobody else wrote, WAL-E keeps.
#[test]
fn a_prefix_of_wal_e_is_told_from_one_of_wal_g() {
    let repo = Repo::new();
    let tool = |repo: &Repo, more: &[&str]| {
        let (document, _) = json(&[&["verify", &repo.root()], more].concat());
        document["repository"]["tool"].as_str().unwrap_or_else(|| panic!("{document}")).to_owned()
    };
    repo.wal("wal_005", |segment, _| format!("{segment}.lzo"), false);
    assert_eq!(tool(&repo, &[]), "wal-e");
    let label = format!("base_{}_00000040", SEGMENTS[0]);
    let sentinel = format!("basebackups_005/{label}_backup_stop_sentinel.json");
    repo.put(&sentinel, "{}");
    assert_eq!(tool(&repo, &[]), "wal-e");
    assert_eq!(
        (tool(&repo, &["--layout", "wal-e"]), tool(&repo, &["--layout", "wal-g"])),
        ("wal-e".into(), "wal-g".into())
    );
    let said = walproof(&["verify", &repo.root(), "--explain-source"]).out;
    assert!(said.contains(": WAL-E\n"), "{said}");
    // Its successor went on.
    repo.put("wal_005/00000001000000000000000C.lz4", "");
    assert_eq!(tool(&repo, &[]), "wal-g");
    repo.remove("wal_005/00000001000000000000000C.lz4");
    repo.put(&format!("basebackups_005/base_{}_backup_stop_sentinel.json", SEGMENTS[0]), "{}");
    assert_eq!(tool(&repo, &[]), "wal-g");
}

/// pg_probackup 2.5.16 reads such a backup again when it is told to restore it.
#[test]
fn a_status_that_probackup_looks_at_again_is_looked_at_with_the_contents() {
    let repo = Repo::new();
    build::probackup(&repo);
    let control = repo.at("backups/main/TP7Z2S/backup.control");
    let text = fs::read_to_string(&control).unwrap() + "program-version = 2.5.16\n";
    let line = "{\"path\":\"PG_VERSION\", \"size\":\"3\", \"external_dir_num\":\"0\", \"crc\":\"CRC\"}\n";
    for status in ["CORRUPT", "ORPHAN", "ERROR"] {
        fs::write(&control, text.replace("status = OK", &format!("status = {status}"))).unwrap();
        for (crc, right) in [("575108234", true), ("1", false)] {
            repo.put("backups/main/TP7Z2S/backup_content.control", line.replace("CRC", crc));
            let (document, code) = json(&["verify", &repo.root(), "--backup", "TP7Z2S"]);
            assert_eq!((code, codes(&document)), (1, vec!["WP440 error".to_owned()]), "{status}: {document}");
            let said = document["findings"][0]["message"].as_str().unwrap();
            assert_eq!(said.contains("--data"), status != "ERROR", "{status}: {said}");
            let (document, code) = json(&["verify", &repo.root(), "--backup", "TP7Z2S", "--data"]);
            let taken = right && status != "ERROR";
            assert_eq!(code, i32::from(!taken), "{status} {crc}: {document}");
        }
    }
}
