//! Repositories that the configuration of their tools names (`--stanza NAME` alone, `--pgbackrest-conf`,
//! `--barman-conf`).

use super::build::{self, BARMAN_ID, FULL, INCR, Repo, SEGMENTS};
use super::run::Ran;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Files of configuration in a folder of their own.
struct Etc(tempfile::TempDir);

impl Etc {
    fn new(files: &[(&str, &str)]) -> Etc {
        let etc = Etc(tempfile::tempdir().unwrap());
        for (name, text) in files {
            fs::create_dir_all(etc.at(name).parent().unwrap()).unwrap();
            fs::write(etc.at(name), text).unwrap();
        }
        etc
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn named(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }
}

fn walproof(words: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    let own = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("PGBACKREST_"));
    own.for_each(|name| {
        command.env_remove(name);
    });
    command.args(words).env("TZ", "UTC").envs(variables.iter().copied()).stdin(Stdio::null());
    let out = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { out: text(&out.stdout), err: text(&out.stderr), code: out.status.code().unwrap() }
}

fn json(words: &[&str], variables: &[(&str, &str)]) -> Value {
    let ran = walproof(&[words, &["--format", "json"]].concat(), variables);
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{words:?}: {}{}", ran.out, ran.err))
}

fn repository() -> Repo {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo
}

#[test]
fn a_stanza_alone_is_found_by_pgbackrests_own_configuration() {
    let (first, second) = (repository(), repository());
    second.remove(&format!("archive/main/15-1/0000000100000000/{}", stored(&second, SEGMENTS[1])));
    let etc = Etc::new(&[
        ("pgbackrest.conf", &format!("[global]\nrepo1-path={}\n[main]\npg1-path=/data\n", first.root())),
        ("conf.d/more.txt", "[global]\nrepo3-path=/nowhere\n"),
    ]);
    let folder = etc.named("");
    let found = [("PGBACKREST_CONFIG_PATH", folder.as_str())];
    let ran = walproof(&["verify", "--stanza", "main", "--backup", "latest"], &found);
    assert!(ran.code == 0 && ran.out.starts_with("VERDICT  PROVEN"), "{}{}", ran.out, ran.err);
    // The tool finds the rest where this program did.
    let typed = format!("TYPE     pgbackrest --stanza=main --set={INCR} --pg1-path=DIR --type=default restore\n");
    assert!(ran.out.contains(&typed), "{}", ran.out);
    // A second one, in the folder beside; which is meant has to be said.
    fs::write(etc.at("conf.d/b.conf"), format!("[global]\nrepo2-path={}\n", second.root())).unwrap();
    let ran = walproof(&["verify", "--stanza", "main"], &found);
    assert!(ran.code == 2 && ran.err.contains("--repo") && ran.err.contains(&second.root()), "{}", ran.err);
    assert_eq!(walproof(&["verify", "--stanza", "main", "--repo", "1"], &found).code, 0);
    let outcome = json(&["verify", "--stanza", "main", "--repo", "2"], &found);
    assert_eq!((&outcome["verdict"], &outcome["findings"][0]["code"]), (&"refuted".into(), &"WP101".into()));
    let typed = json(&["verify", "--stanza", "main", "--repo", "1", "--backup", FULL], &found);
    let command = typed["repository"]["restore_command"].as_str().unwrap();
    assert!(command.starts_with("pgbackrest --repo=1 --stanza=main"), "{command}");
    let all = json(&["backups", "--stanza", "main"], &found);
    assert_eq!(all["archives"].as_array().unwrap().len(), 2, "{all}");
    let none = walproof(&["verify", "--stanza", "main", "--repo", "7"], &found);
    assert!(none.code == 2 && none.out.is_empty(), "{}", none.err);
    // Variables go before files.
    let second = second.root();
    let moved = [found[0], ("PGBACKREST_REPO1_PATH", second.as_str())];
    assert_eq!(walproof(&["verify", "--stanza", "main", "--repo", "1"], &moved).code, 1);
    let ran = walproof(&["verify", "--stanza", "other", "--repo", "1"], &found);
    assert!(ran.code == 2 && ran.err.contains("other"), "{}", ran.err);
}

/// The name under which a segment is stored.
fn stored(repo: &Repo, segment: &str) -> String {
    let folder = repo.at("archive/main/15-1/0000000100000000");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().find(|name| name.starts_with(segment)).unwrap()
}

#[test]
fn the_passphrase_is_taken_from_the_configuration() {
    let repo = repository();
    build::encrypt(&repo, "of the file");
    let conf = |pass: &str| {
        format!("[global]\nrepo1-path={}\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass={pass}\n", repo.root())
    };
    let etc = Etc::new(&[("right.conf", &conf("of the file")), ("wrong.conf", &conf("another"))]);
    let told = |name: &str, more: &[&str]| {
        walproof(&[&["verify", "--stanza", "main", "--pgbackrest-conf", &etc.named(name)], more].concat(), &[])
    };
    let right = told("right.conf", &["--backup", "latest"]);
    assert!(right.code == 0 && right.out.starts_with("VERDICT  PROVEN"), "{}{}", right.out, right.err);
    assert!(right.out.contains("pgbackrest --config=") && !right.out.contains("of the file"), "{}", right.out);
    let wrong = told("wrong.conf", &[]);
    assert!(wrong.code == 2 && wrong.out.contains("UNPROVEN"), "{}{}", wrong.out, wrong.err);
    // Without a configuration, what is typed says how it is encrypted, and where its passphrase is.
    let pass = etc.at("pass");
    fs::write(&pass, "of the file\n").unwrap();
    let words = ["verify", &repo.root(), "--passphrase-file", pass.to_str().unwrap(), "--backup", FULL];
    let typed = json(&words, &[])["repository"]["restore_command"].as_str().unwrap().to_owned();
    assert!(typed.starts_with("PGBACKREST_REPO1_CIPHER_PASS=\"$(head -n 1 /"), "{typed}");
    assert!(typed.contains("--repo1-cipher-type=aes-256-cbc"), "{typed}");
    // What the server needs beside that to fetch WAL, which the tool does not hand on to it.
    let said = "start the server with PGBACKREST_REPO1_CIPHER_TYPE, PGBACKREST_REPO1_CIPHER_PASS in its environment";
    // (Tried with its 2.45 and a server of 15: with neither or one of them it gets no WAL, with both it recovers.)
    let by_variable = [("PGBACKREST_REPO1_CIPHER_PASS", "of the file")];
    for ran in [walproof(&words, &[]), walproof(&["verify", &repo.root(), "--backup", FULL], &by_variable)] {
        assert!(ran.code == 0 && ran.out.contains(said) && !ran.out.contains("of the file"), "{}{}", ran.out, ran.err);
    }
    assert!(!right.out.contains("in its environment"), "{}", right.out);
    let plain = walproof(&["verify", &repository().root(), "--backup", FULL], &[]);
    assert!(plain.code == 0 && !plain.out.contains("in its environment"), "{}", plain.out);
}

/// pgBackRest looks for it from `/`.
#[test]
fn a_relative_configuration_is_typed_by_its_whole_name() {
    let repo = repository();
    let etc = Etc::new(&[("own.conf", &format!("[global]\nrepo1-path={}\n[main]\npg1-path=/data\n", repo.root()))]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.args(["verify", "--stanza", "main", "--pgbackrest-conf", "own.conf", "--backup", "latest"]);
    let out = command.current_dir(&etc.0).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let whole = fs::canonicalize(etc.at("own.conf")).unwrap();
    assert!(text.contains(&format!("pgbackrest --config={} ", whole.display())), "{text}");
}

#[test]
fn what_is_on_another_machine_is_told_with_the_line_to_type_there() {
    for (text, line) in [
        ("[global]\nrepo1-host=vault\nrepo1-host-user=pg\n", "ssh pg@vault walproof verify --stanza main"),
        (
            "[global]\nrepo1-type=sftp\nrepo1-path=/r\nrepo1-sftp-host=h\nrepo1-sftp-host-user=u\n",
            "ssh u@h walproof verify /r --stanza main",
        ),
    ] {
        let etc = Etc::new(&[("x.conf", text)]);
        for command in ["verify", "backups"] {
            let ran = walproof(&[command, "--stanza", "main", "--pgbackrest-conf", &etc.named("x.conf")], &[]);
            assert!(ran.code == 2 && ran.out.is_empty() && ran.err.trim_end().ends_with(line), "{}", ran.err);
        }
    }
}

/// What of a configuration cannot be used is told by its file, and nothing hangs or grows.
#[test]
fn a_configuration_that_is_none_is_told_by_its_file() {
    let many = "[global]\n".to_owned() + &"x=y\n".repeat(200_000);
    let deep = format!("[barman]\nbarman_home=%(a)s\na=%(b)s{}\nb=%(a)s%(a)s\n[main]\n", "z".repeat(100));
    let etc = Etc::new(&[
        ("no-section.conf", "repo1-path=/x\n"),
        ("noise.conf", "[global]\n\0\u{1}\n"),
        ("many.conf", &many),
        ("deep.conf", &deep),
        ("empty.conf", ""),
    ]);
    fs::write(etc.at("latin.conf"), b"[global]\nrepo1-path=/\xe9\xff\n").unwrap();
    fs::write(etc.at("huge.conf"), vec![b'x'; 17 << 20]).unwrap();
    fs::create_dir(etc.at("folder.conf")).unwrap();
    let names = ["no-section", "noise", "many", "deep", "empty", "latin", "huge", "folder", "absent"];
    for name in names {
        let file = etc.named(&format!("{name}.conf"));
        let repo1 = [("PGBACKREST_REPO1_PATH", "/nowhere/at/all")];
        for words in
            [["verify", "--stanza", "main", "--pgbackrest-conf"], ["verify", "--server", "main", "--barman-conf"]]
        {
            let ran = walproof(&[&words[..], &[file.as_str()]].concat(), &repo1);
            assert!(ran.code == 2 && ran.out.is_empty() && !ran.err.contains("panicked"), "{name}: {}", ran.err);
            assert!(ran.err.len() < 10_000, "{name}: {} bytes", ran.err.len());
        }
    }
    for (name, line) in [("no-section", "line 1"), ("noise", "line 2"), ("huge", "larger"), ("folder", "folder.conf")] {
        let file = etc.named(&format!("{name}.conf"));
        let ran = walproof(&["verify", "--stanza", "main", "--pgbackrest-conf", &file], &[]);
        assert!(ran.err.contains(&file) && ran.err.contains(line), "{name}: {}", ran.err);
    }
    // A file that nobody may read is no file that is not there.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = etc.at("empty.conf");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read(&file).is_err() {
            let ran = walproof(&["verify", "--stanza", "main", "--pgbackrest-conf", file.to_str().unwrap()], &[]);
            assert!(ran.code == 2 && ran.err.contains("empty.conf"), "{}", ran.err);
        }
    }
}

/// What one file includes is read once, by that file alone.
#[test]
fn a_folder_that_includes_itself_ends() {
    let repo = Repo::new();
    build::barman(&repo, "main");
    let etc = Etc::new(&[]);
    let (file, folder) = (etc.named("d/a.conf"), etc.named("d"));
    fs::create_dir(etc.at("d")).unwrap();
    let text = format!("[barman]\nbarman_home={}\nconfiguration_files_directory={folder}\n[main]\n", repo.root());
    fs::write(&file, text).unwrap();
    std::os::unix::fs::symlink(Path::new(&folder), etc.at("d/loop.conf")).unwrap();
    let ran = walproof(&["verify", "--barman-conf", &file], &[]);
    assert!(ran.code == 2 && ran.err.contains("loop.conf"), "{}", ran.err);
    fs::remove_file(etc.at("d/loop.conf")).unwrap();
    assert_eq!(walproof(&["verify", "--barman-conf", &file], &[]).code, 0);
}

#[test]
fn servers_of_barman_are_found_by_its_configuration() {
    let repo = Repo::new();
    build::barman(&repo, "one");
    build::barman(&repo, "two");
    repo.remove(&format!("two/wals/0000000100000000/{}", SEGMENTS[1]));
    let etc = Etc::new(&[("d/one.conf", "[one]\ndescription = a\n"), ("d/two.conf", "[two]\n")]);
    let head = "[barman]\nbarman_home = HOME\nconfiguration_files_directory = MORE\n";
    let conf = etc.named("barman.conf");
    fs::write(&conf, head.replace("HOME", &repo.root()).replace("MORE", &etc.named("d"))).unwrap();
    let several = walproof(&["verify", "--barman-conf", &conf], &[]);
    assert!(several.code == 2 && several.err.contains("--server") && several.err.contains("/two"), "{}", several.err);
    let one = walproof(&["verify", "--barman-conf", &conf, "--server", "one", "--backup", "auto"], &[]);
    // Its list of WAL is not there.
    let typed = format!(
        "TYPE     barman -c {conf} rebuild-xlogdb one &&\n         barman -c {conf} recover --target-tli=latest one \
         {BARMAN_ID} DIR\n"
    );
    assert!(one.code == 0 && one.out.contains(&typed), "{}{}", one.out, one.err);
    assert_eq!(walproof(&["verify", "--barman-conf", &conf, "--server", "two"], &[]).code, 1);
    let none = walproof(&["verify", "--barman-conf", &conf, "--server", "three"], &[]);
    assert!(none.code == 2 && none.err.contains("no server three") && none.err.contains("one, two"), "{}", none.err);
    let each = walproof(&["verify", "--barman-conf", &conf, "--each"], &[]);
    assert!(each.code == 1 && each.out.contains("PROVEN") && each.out.contains("REFUTED"), "{}", each.out);
    let all = json(&["backups", "--barman-conf", &conf], &[]);
    assert_eq!(all["archives"].as_array().unwrap().len(), 2, "{all}");
}

/// What a section names is told with it, and of several servers the others are looked at all the same.
#[test]
fn a_folder_that_is_not_there_is_told_with_its_section() {
    let repo = Repo::new();
    build::barman(&repo, "one");
    let etc = Etc::new(&[]);
    let conf = etc.named("barman.conf");
    let text = format!("[barman]\nbarman_home={}\n[one]\n[gone]\n[not yet]\n", repo.root());
    fs::write(&conf, text).unwrap();
    fs::create_dir(repo.at("not yet")).unwrap();
    for (server, what) in [("gone", "no such file or folder"), ("not yet", "no repository of a backup tool lies there")]
    {
        for command in ["verify", "backups"] {
            let ran = walproof(&[command, "--barman-conf", &conf, "--server", server], &[]);
            let told = format!("section [{server}] of {conf}: {}: {what}", repo.at(server).display());
            assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains(&told), "{}{}", ran.out, ran.err);
        }
    }
    let several = walproof(&["verify", "--barman-conf", &conf], &[]);
    assert!(several.code == 2 && several.err.contains("choose one: --server one ("), "{}", several.err);
    assert!(several.err.contains("--server 'not yet' ("), "{}", several.err);
    let each = walproof(&["verify", "--barman-conf", &conf, "--each"], &[]);
    assert!(each.code == 2 && each.out.contains("PROVEN: WAL replays"), "{}{}", each.out, each.err);
    assert!(each.out.contains("section [gone] of") && each.out.contains("section [not yet] of"), "{}", each.out);
    let all = json(&["backups", "--barman-conf", &conf], &[]);
    let errors: Vec<bool> =
        all["archives"].as_array().unwrap().iter().map(|archive| archive["error"].is_string()).collect();
    assert_eq!(errors, [false, true, true], "{all}");
}

/// Barman knows a server by its section, wherever its folder lies.
#[test]
fn a_server_is_typed_by_its_section() {
    let repo = Repo::new();
    build::barman(&repo, "folder");
    let etc = Etc::new(&[]);
    let conf = etc.named("barman.conf");
    fs::write(&conf, format!("[main one]\nbackup_directory={}\n", repo.at("folder").display())).unwrap();
    let ran = walproof(&["verify", "--barman-conf", &conf, "--backup", BARMAN_ID], &[]);
    let typed = format!("recover --target-tli=latest 'main one' {BARMAN_ID} DIR");
    assert!(ran.code == 0 && ran.out.contains(&typed), "{}{}", ran.out, ran.err);
}
