//! What is to be typed for a restore that is proven.

use super::build::{self, BARMAN_ID, FULL, INCR, Repo, SEGMENTS};
use super::run::{testdata, walproof};
use super::{EVERY, json};
use std::fs;
use std::path::Path;
use std::process::Command;

const LSN: &str = "0/00AAC690";
/// In the record at 0/00AFFFA0, which goes on in the next segment, and in front of it.
const INSIDE_OVER: &str = "0/00AFFFC0";
const BEFORE_OVER: &str = "0/00AF0000";

fn command(words: &[&str]) -> Option<String> {
    let (outcome, code) = json(&[&["verify"], words].concat());
    assert_eq!((code, &outcome["verdict"]), (0, &"proven".into()), "{words:?}: {outcome}");
    outcome["repository"]["restore_command"].as_str().map(str::to_owned)
}

/// A shell takes it; `DIR` is a folder to be made.
fn run(typed: &str, path: &Path, folder: &Path) -> String {
    let typed = typed.replace("DIR", folder.to_str().unwrap());
    let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
    let out = Command::new("sh").args(["-ec", &typed]).env("PATH", path).output().unwrap();
    assert!(out.status.success(), "{typed}\n{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Programs that print their words, each in a line of its own behind its name, and make the folder among them.
fn recorded(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let file = folder.path().join(name);
        let text =
            "#!/bin/sh\nfor word in \"$@\"; do case $word in */made) mkdir -p \"$word\";; esac; echo \"$word\"; done\n";
        fs::write(&file, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn every_tool_is_told_the_backup_that_is_taken_and_the_target() {
    for (tool, label, build) in EVERY.into_iter().filter(|(tool, ..)| *tool != "pghoard") {
        let repo = Repo::new();
        build(&repo);
        let root = repo.root();
        let aimed = format!("--target-lsn={LSN}");
        if tool == "barman-cloud" {
            put_data(&repo);
        }
        for words in
            [&[root.as_str(), "--backup", "auto"][..], &[&root, &aimed], &[&root, "--backup", "latest", &aimed]]
        {
            let typed = command(words).unwrap_or_else(|| panic!("{tool} {words:?}"));
            assert!(typed.contains(label), "{tool}: {typed}");
            let has_target = typed.contains("0/AAC690");
            assert_eq!(has_target, words.contains(&aimed.as_str()), "{tool}: {typed}");
            let text = walproof(&[&["verify"], words].concat()).out;
            assert!(text.contains(&format!("TYPE     {}\n", typed.lines().next().unwrap())), "{tool}: {text}");
        }
        // Of the archive alone no restore is proven.
        assert_eq!(command(&[&root]), None, "{tool}");
    }
}

#[test]
fn what_the_tool_leaves_to_be_done_is_typed_as_well() {
    let tools = recorded(&["wal-g"]);
    let into = tempfile::tempdir().unwrap();
    let made = into.path().join("made");
    let repo = Repo::new();
    build::walg(&repo);
    let typed = command(&[&repo.root(), "--target-time", "2026-11-22 04:17:02.48+01:00"]).unwrap();
    let words = run(&typed, tools.path(), &made);
    assert_eq!(
        words.lines().collect::<Vec<_>>(),
        ["backup-fetch", made.to_str().unwrap(), &format!("base_{}", SEGMENTS[0])]
    );
    assert!(made.join("recovery.signal").is_file());
    let fetch = format!("WALG_FILE_PREFIX={} wal-g wal-fetch %f %p", repo.root());
    let settings = fs::read_to_string(made.join("postgresql.auto.conf")).unwrap();
    assert_eq!(settings, format!("restore_command = '{fetch}'\nrecovery_target_time = '2026-11-22 03:17:02.48+00'\n"));
}

/// The data of barman-cloud's backup, as it packs them.
fn put_data(repo: &Repo) {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("backup_label"), "START WAL LOCATION: 0/900028\n").unwrap();
    let tar = repo.at(&format!("prod/base/{BARMAN_ID}/data.tar.gz"));
    let made = Command::new("tar").arg("-C").arg(data.path()).arg("-czf").arg(tar).arg(".").status().unwrap();
    assert!(made.success());
}

/// barman-cloud itself asks buckets alone: what it keeps in a folder is brought by tar and by this program, and the
/// command that fetches WAL works on these very files.
#[test]
fn of_a_folder_of_barman_cloud_wal_is_fetched_where_it_lies() {
    let repo = Repo::new();
    build::barman_cloud(&repo);
    put_data(&repo);
    let into = tempfile::tempdir().unwrap();
    let made = into.path().join("made");
    let typed = command(&[&repo.root(), "--backup", BARMAN_ID, "--target-lsn", LSN]).unwrap();
    run(&typed, Path::new("/bin"), &made);
    assert!(made.join("backup_label").is_file() && made.join("recovery.signal").is_file());
    let settings = fs::read_to_string(made.join("postgresql.auto.conf")).unwrap();
    let fetch = settings.lines().next().unwrap().strip_prefix("restore_command = '").unwrap().trim_end_matches('\'');
    let segment = made.join("segment");
    let typed = fetch.replace("%f", SEGMENTS[1]).replace("%p", segment.to_str().unwrap());
    run(&typed, Path::new(env!("CARGO_BIN_EXE_walproof")).parent().unwrap(), &made);
    let own = Path::new(&testdata("demo/good")).join(SEGMENTS[1]);
    assert_eq!(fs::read(segment).unwrap(), fs::read(own).unwrap());
    // A tablespace lies where its configuration says.
    repo.put(&format!("prod/base/{BARMAN_ID}/16400.tar.gz"), super::tars::gz(&[0; 1024]));
    assert_eq!(command(&[&repo.root(), "--backup", BARMAN_ID]), None);
}

#[test]
fn where_nothing_is_proven_or_no_tool_reads_it_nothing_is_to_be_typed() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let (root, folder) = (repo.root(), tempfile::tempdir().unwrap());
    let tar = folder.path().join("repo.tar");
    fs::write(&tar, super::tar::tar_of(Path::new(&root)).unwrap()).unwrap();
    assert_eq!(command(&[tar.to_str().unwrap(), "--backup", FULL]), None);
    let far = walproof(&["verify", &root, "--target-lsn", "1/0"]);
    assert!(far.code == 1 && !far.out.contains("TYPE "), "{}", far.out);
    // Of two places no tool takes its files.
    let good = testdata("demo/good");
    assert_eq!(command(&[&root, "--backup", INCR, "--from", &good]), None);
}

/// The tool's own command says all of it, and the settings of a recovery beside it would be typed in vain.
#[test]
fn a_way_back_is_typed_once() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let typed = walproof(&["events", &repo.root(), "--before", "738"]).out;
    assert!(typed.contains("TYPE     pgbackrest ") && typed.contains("--type=lsn"), "{typed}");
    assert!(!typed.contains("SETTINGS"), "{typed}");
    // In a plain folder they are what there is.
    let typed = walproof(&["events", &testdata("demo/good"), "--before", "738"]).out;
    assert!(typed.contains("\nSETTINGS for postgresql.conf:\n") && !typed.contains("TYPE "), "{typed}");
}

#[test]
fn a_backup_that_does_not_restore_is_the_first_that_is_told() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let root = repo.root();
    for label in [INCR, FULL] {
        repo.remove(&format!("backup/main/{label}/backup.manifest"));
        // Of the one that is left, a restore is foretold.
        let left = walproof(&["verify", &root, "--backup", "auto"]).code;
        assert_eq!(left, i32::from(label == FULL), "{label}");
    }
    // WAL is damaged as well.
    let all = super::walkdir(&repo.root());
    let lost = all.iter().find(|path| path.contains(SEGMENTS[1])).unwrap();
    fs::remove_file(lost).unwrap();
    for name in [FULL, "latest", "auto"] {
        let ran = walproof(&["verify", &root, "--backup", name]);
        assert!(
            ran.code == 1 && ran.out.starts_with("VERDICT  REFUTED: backup 2026"),
            "{name}: {}{}",
            ran.out,
            ran.err
        );
        let plan = walproof(&["plan", &root, "--backup", name]);
        assert!(plan.code == 1 && plan.err.contains("does not restore"), "{name}: {}{}", plan.out, plan.err);
    }
    let aimed = walproof(&["verify", &root, "--target-lsn", LSN]);
    assert!(aimed.code == 1 && aimed.out.contains("WP440"), "{}", aimed.out);
    let none = walproof(&["verify", &root, "--backup", "20200101-000000F"]);
    assert_eq!(none.code, 2, "{}", none.err);
}

#[test]
fn windows_of_backups_are_told_by_when_and_their_absence_by_backups() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.remove(&format!("backup/main/{INCR}/backup.manifest"));
    let (document, code) = json(&["when", &repo.root()]);
    let all = document["backups"].as_array().unwrap();
    let told: Vec<(&str, bool, Option<&str>)> = all
        .iter()
        .map(|one| (one["label"].as_str().unwrap(), one["window"].is_object(), one["why"].as_str()))
        .collect();
    assert_eq!((code, told), (0, vec![(FULL, true, None), (INCR, false, Some("broken"))]), "{document}");
    assert!(all[0]["window"]["last"]["time"].is_string());
    let text = walproof(&["when", &repo.root()]).out;
    assert!(text.contains(&format!("BACKUP   {FULL}")) && text.contains(": any point from 0/00900100 ("), "{text}");
    assert!(text.contains(&format!("BACKUP   {INCR}")) && text.contains("backup.manifest is missing"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    for segment in SEGMENTS {
        fs::copy(Path::new(&testdata("demo/good")).join(segment), folder.path().join(segment)).unwrap();
    }
    let none = walproof(&["backups", folder.path().to_str().unwrap()]);
    assert!(none.code == 1 && none.out.contains(": no base backup is known here\n"), "{}", none.out);
    // A folder of base backups is no archive of them; they are named.
    let (full, packed) = (folder.path().join("of/full"), folder.path().join("of/packed"));
    [&full.join("pg_wal"), &packed].into_iter().for_each(|new| fs::create_dir_all(new).unwrap());
    fs::write(full.join("PG_VERSION"), "15\n").unwrap();
    fs::write(full.join("backup_label"), "START WAL LOCATION: 0/900028\n").unwrap();
    fs::write(packed.join("base.tar.gz"), "").unwrap();
    fs::rename(folder.path().join(SEGMENTS[0]), full.join("pg_wal").join(SEGMENTS[0])).unwrap();
    let of = folder.path().join("of");
    let none = walproof(&["backups", of.to_str().unwrap()]);
    let told =
        format!("BESIDE   base backups, with no archive's word on them: {}, {}\n", full.display(), packed.display());
    let typed = format!("walproof verify ARCHIVE --backup {}\n", full.display());
    assert!(none.out.contains(&told) && none.out.contains(&typed), "{}{}", none.out, none.err);
}

/// Of a backup without the server's own word on it, where its checkpoint is only WAL says.
#[test]
fn without_a_backup_history_file_the_checkpoint_is_found_in_wal() {
    let repo = Repo::new();
    build::walg(&repo);
    repo.remove(&format!("wal_005/{}.00000028.backup", SEGMENTS[0]));
    let typed = command(&[&repo.root(), "--target-lsn", LSN]).unwrap();
    assert!(typed.contains("backup-fetch"), "{typed}");
    let (outcome, _) = json(&["verify", &repo.root(), "--backup", "latest"]);
    assert_eq!(
        (&outcome["restore"]["starts"], &outcome["restore"]["redo_start"]),
        (&true.into(), &"0/00900028".into())
    );
}

/// Told a target, Barman copies WAL up to the segment in which a position lies, and up to the first one that was
/// archived after a time; the server may need more.
#[test]
fn barman_is_not_told_a_target_for_which_it_copies_too_little() {
    let repo = Repo::new();
    build::barman(&repo, "main");
    let list = |seconds: f64| {
        let line = |segment: &&str| format!("{segment}\t1048576\t{seconds}\tNone\n");
        repo.put("main/wals/xlog.db", SEGMENTS.iter().map(line).collect::<String>());
    };
    let root = repo.root();
    // Of 2026-11-22 03:17:02.5: archived after that; before it, it lies too near to the end of the backup.
    for (seconds, aim, is_told) in [
        (1_795_317_421.5, ["--target-time", "2026-11-22 03:17:02.5+00"], false),
        (1_795_320_000.5, ["--target-time", "2026-11-22 03:17:02.5+00"], false),
        (1_795_320_000.5, ["--target-lsn", LSN], true),
        // In the middle of the record that goes on in the next segment, and in front of it.
        (1_795_317_421.5, ["--target-lsn", INSIDE_OVER], false),
        (1_795_317_421.5, ["--target-lsn", BEFORE_OVER], true),
    ] {
        list(seconds);
        let typed = command(&[&root, "--backup", BARMAN_ID, aim[0], aim[1]]).unwrap();
        let option = format!("{}=", aim[0]);
        assert_eq!(typed.contains(&option), is_told, "{aim:?} {seconds}: {typed}");
        // By the settings of the server, or by the first transaction that is left out, for which all is copied.
        let setting = format!("recovery_{} = ", aim[0].trim_start_matches("--").replace('-', "_"));
        let by_setting = typed.contains(&setting) && typed.contains("postgresql.auto.conf");
        let by_transaction = typed.contains("--target-xid=") && typed.contains("--exclusive");
        assert_eq!(by_setting || by_transaction, !is_told, "{aim:?}: {typed}");
        assert!(typed.contains("--target-tli=latest"), "{typed}");
    }
}

/// Up to 2.18 Barman takes a number alone for a timeline; what 3.0 and later write into backup.info tells of them.
#[test]
fn an_old_barman_is_told_a_number() {
    let repo = Repo::new();
    build::barman(&repo, "main");
    let root = repo.root();
    let timeline = |more: &[&str]| {
        let typed = command(&[&[root.as_str(), "--backup", BARMAN_ID], more].concat()).unwrap();
        let word = typed.split(' ').find(|word| word.starts_with("--target-tli=")).unwrap();
        word.to_owned()
    };
    let asked = [&[][..], &["--target-timeline=latest"], &["--target-timeline=current"], &["--target-timeline=0x1"]];
    assert_eq!(asked.map(timeline), ["latest", "latest", "current", "1"].map(|word| format!("--target-tli={word}")));
    let info = format!("main/meta/{BARMAN_ID}-backup.info");
    let text = fs::read_to_string(repo.at(&info)).unwrap();
    repo.put(&info, text.replace("compression=None\n", ""));
    assert_eq!(asked.map(timeline), [(); 4].map(|()| "--target-tli=1".to_owned()));
}

/// Up to 3.12 Barman asks for no recovery where it is told the backup's own timeline alone.
#[test]
fn a_barman_that_asks_for_no_recovery_is_helped() {
    let repo = Repo::new();
    build::barman(&repo, "main");
    let root = repo.root();
    let typed = |more: &[&str]| command(&[&[root.as_str(), "--backup", BARMAN_ID], more].concat()).unwrap();
    let info = format!("main/meta/{BARMAN_ID}-backup.info");
    let text = fs::read_to_string(repo.at(&info)).unwrap();
    repo.put(&info, text.replace("data_checksums=None\n", ""));
    let ask = " DIR &&\n{ test -e DIR/recovery.signal || { touch DIR/recovery.signal && \
               printf '%s\\n' \"restore_command = 'false'\" >> DIR/postgresql.auto.conf; }; }";
    for more in [&[][..], &["--target-timeline=latest"], &["--target-timeline=1"], &["--target-timeline=current"]] {
        assert!(typed(more).ends_with(ask), "{more:?}: {}", typed(more));
    }
    // Told another target, it asks for a recovery itself.
    let line = |segment: &&str| format!("{segment}\t1048576\t1795317421.5\tNone\n");
    repo.put("main/wals/xlog.db", SEGMENTS.iter().map(line).collect::<String>());
    for aim in [INSIDE_OVER, BEFORE_OVER] {
        let by_barman = typed(&["--target-lsn", aim]);
        assert!(!by_barman.contains("recovery.signal"), "{by_barman}");
    }
    // 3.13 and later.
    repo.put(&info, text);
    assert!(!typed(&[]).contains("recovery.signal"), "{}", typed(&[]));
}
