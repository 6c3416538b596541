//! What on this machine keeps a server from starting on a data directory as it lies. Servers of 11, 15 and 18 were
//! started on each.

use crate::answer::{Answer, FOLDERS, copy, first_files};
use crate::run::walproof;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use tempfile::TempDir;
use walproof_testdata::root;

/// An archive of 15 in `wal`, and a data directory in `data`: with most folders, or a sample of two files.
struct Place(TempDir);

/// As high as on the primary, so that nothing else is wrong.
const CONF: &str = "port = 5499\nmax_prepared_transactions = 20\n";

impl Place {
    fn whole() -> Place {
        let place = Place::sample();
        FOLDERS.iter().for_each(|folder| fs::create_dir_all(place.at("data").join(folder)).unwrap());
        first_files(&place.at("data"));
        place.write("data/pg_hba.conf", "local all all trust\n");
        place
    }

    fn sample() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        copy(&root().join("demo/good"), &place.at("wal"));
        copy(&root().join("backup/15"), &place.at("data"));
        for (file, text) in [
            ("data/PG_VERSION", "15\n"),
            ("data/recovery.signal", ""),
            ("data/postgresql.conf", CONF),
            ("data/postgresql.auto.conf", "restore_command = 'sh fetch %f %p'\n"),
        ] {
            place.write(file, text);
        }
        fs::set_permissions(place.at("data"), fs::Permissions::from_mode(0o700)).unwrap();
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    /// With these lines in `postgresql.conf`.
    fn set(self, lines: &str) -> Place {
        self.write("data/postgresql.conf", &format!("{CONF}{lines}\n"));
        self
    }

    fn run(&self, option: &str, words: &[&str]) -> crate::run::Ran {
        let (wal, data) = (self.at("wal"), self.at("data"));
        let own = ["verify", wal.to_str().unwrap(), option, data.to_str().unwrap()];
        walproof(&[&own, words].concat())
    }

    fn text(&self) -> String {
        self.run("--pgdata", &[]).out
    }

    fn ask(&self, words: &[&str]) -> Answer {
        let ran = self.run("--pgdata", &[words, &["--format", "json"]].concat());
        let document = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        Answer { exit: ran.code, document }
    }
}

/// A process that ends with the test.
struct Alive(Child);

impl Alive {
    fn new(folder: &Path) -> Alive {
        Alive(Command::new("sleep").arg("600").current_dir(folder).spawn().unwrap())
    }

    fn lock(&self, place: &Place) {
        place.write("data/postmaster.pid", &format!("{}\n/somewhere\n1\n5432\n\n\n", self.0.id()));
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_directory_and_a_sample_of_one_are_proven() {
    Place::whole().ask(&[]).starts("whole");
    Place::sample().ask(&[]).starts("a sample");
}

/// 11, 15, 18: whatever process it is, as long as it is of the server's user. One of another user is passed over.
#[test]
#[cfg(target_os = "linux")]
fn a_postmaster_pid_whose_process_lives() {
    let place = Place::whole();
    let other = Alive::new(Path::new("/"));
    other.lock(&place);
    place.ask(&[]).ends("lock file \"postmaster.pid\" already exists");
    assert!(place.ask(&[]).first("advice").contains("rm "), "{}", place.ask(&[]).first("advice"));
    // A copy that is looked at is not yet one that is started.
    assert_eq!(place.run("--backup", &["--fail-on", "warning"]).code, 0);
    let sample = Place::sample();
    other.lock(&sample);
    sample.ask(&[]).starts("of a sample, copied from another machine, it says nothing");
    drop(other);
    place.ask(&[]).starts("the process is gone");
    for (text, says) in
        [("", "lock file \"postmaster.pid\" is empty"), ("x\n", "bogus data in lock file \"postmaster.pid\": \"x\n\"")]
    {
        place.write("data/postmaster.pid", text);
        place.ask(&[]).ends(says);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_in_which_a_server_runs() {
    for place in [Place::whole(), Place::sample()] {
        let server = Alive::new(&place.at("data"));
        server.lock(&place);
        let answer = place.ask(&[]);
        answer.ends("lock file \"postmaster.pid\" already exists");
        assert!(answer.first("message").contains("a server runs in this directory"), "{}", answer.first("message"));
        assert!(answer.first("advice").contains("pg_ctl stop"), "{}", answer.first("advice"));
    }
}

/// 11, 15, 18: a server reads the configuration where `-D` says, and works where that says. In postgresql.auto.conf the
/// setting does not count.
#[test]
fn data_directory_elsewhere() {
    let elsewhere = tempfile::tempdir().unwrap();
    let line = format!("data_directory = '{}'", elsewhere.path().display());
    for place in [Place::whole(), Place::sample()] {
        let place = place.set(&line);
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.codes()), (1, vec!["WP434"]), "{:#}", answer.document["findings"]);
        let message = answer.first("message");
        assert!(message.starts_with("postgresql.conf line 3 sets data_directory"), "{message}");
        assert!(answer.first("advice").contains("out of postgresql.conf line 3"), "{}", answer.first("advice"));
        let text = place.text();
        assert!(text.starts_with("VERDICT  REFUTED: a server works in another directory"), "{text}");
        assert!(text.contains("works in another directory (WP434); in this one"), "{text}");
    }
    let gone = "data_directory = '/nowhere/data'";
    Place::whole().set(gone).ask(&[]).ends("data directory \"/nowhere/data\" does not exist");
    let sample = Place::sample().set(gone).ask(&[]);
    assert_eq!((sample.exit, sample.first("severity"), sample.codes()), (0, "warning", vec!["WP434"]));
    // The directory itself, and a link to it.
    let place = Place::whole();
    std::os::unix::fs::symlink(place.at("data"), place.at("link")).unwrap();
    for name in ["data", "link"] {
        let line = format!("{CONF}data_directory = '{}'\n", place.at(name).display());
        place.write("data/postgresql.conf", &line);
        place.ask(&[]).starts(name);
    }
    let place = Place::whole();
    place.write("data/postgresql.auto.conf", &format!("restore_command = 'sh fetch %f %p'\n{line}\n"));
    place.ask(&[]).starts("postgresql.auto.conf");
}

/// 11 and 15; from 16 on it says which file (`could not load /nowhere/hba`: 16, 17, 18). pg_ident.conf is logged only.
#[test]
fn hba_file_that_is_not_there() {
    let place = Place::whole().set("hba_file = '/nowhere/hba'");
    place.ask(&[]).ends("could not load pg_hba.conf");
    place.ask(&["--set", "hba_file=/etc/passwd"]).starts("another one is given");
    Place::sample().set("hba_file = '/nowhere/hba'").ask(&[]).starts("a sample");
    let place = Place::whole();
    place.write("hba", "local all all trust");
    place.write("data/postgresql.conf", &format!("{CONF}hba_file = '{}'\n", place.at("hba").display()));
    fs::remove_file(place.at("data/pg_hba.conf")).unwrap();
    place.ask(&[]).starts("it is there");
    place.write("hba", "# nobody\n\n  # at all");
    place.ask(&[]).ends("could not load pg_hba.conf");
    let place = Place::whole();
    place.write("data/pg_hba.conf", "");
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.says()), (1, "could not load pg_hba.conf"), "{:#}", answer.document["findings"]);
    assert!(answer.first("message").contains("has no entry"), "{}", answer.first("message"));
    fs::write(place.at("data/pg_hba.conf"), [0; 4096]).unwrap();
    place.ask(&[]).ends("could not load pg_hba.conf");
    place.write("data/pg_hba.conf", "local all all trust\nhost all all 10.0.0.0 trust\n");
    let answer = place.ask(&[]);
    answer.ends("could not load pg_hba.conf");
    assert!(answer.first("message").starts_with("line 2 of pg_hba.conf"), "{}", answer.first("message"));
    place.write("data/pg_hba.conf", "# continued \\\nlocal all all trust\n");
    place.ask(&[]).ends("could not load pg_hba.conf");
    Place::sample().ask(&[]).starts("none");
    Place::whole().set("ident_file = '/nowhere/ident'\nexternal_pid_file = '/nowhere/pid'").ask(&[]).starts("ident");
}

/// 11 and 15 (18 likewise, where it is built with SSL).
#[test]
fn ssl_without_its_files() {
    let place = Place::whole().set("ssl = on");
    place.ask(&[]).ends("could not load server certificate file \"server.crt\": No such file or directory");
    place.write("data/server.crt", "x");
    place.ask(&[]).ends("could not access private key file \"server.key\": No such file or directory");
    place.write("data/server.key", "x");
    place.ask(&[]).starts("both are there");
    let place = Place::whole().set("ssl = yes\nssl_cert_file = '/nowhere/c'");
    place.ask(&[]).ends("could not load server certificate file \"/nowhere/c\": No such file or directory");
    Place::whole().set("ssl = off\nssl_cert_file = '/nowhere/c'").ask(&[]).starts("off");
    Place::sample().set("ssl = on").ask(&[]).starts("a sample");
}

/// 11, 15, 18: `could not create lock file`. Where the server will be, the folder may be there.
#[test]
fn the_folder_of_a_socket_is_a_warning() {
    for place in [Place::whole(), Place::sample()] {
        let place = place.set("unix_socket_directories = '/tmp, /nowhere/run'");
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.first("severity"), answer.codes()), (0, "warning", vec!["WP434"]));
        assert_eq!(
            answer.first("server_says"),
            "could not create lock file \"/nowhere/run/.s.PGSQL.5499.lock\": No such file or directory"
        );
    }
    Place::whole().set("unix_socket_directories = '/tmp,\"pg_wal\"'").ask(&[]).starts("there");
}

/// 11, 15, 18: `postgres: could not access the server configuration file`. On Debian it lies elsewhere, and
/// `pg_hba.conf` with it.
#[test]
fn without_postgresql_conf() {
    let place = Place::whole();
    fs::remove_file(place.at("data/postgresql.conf")).unwrap();
    let path = place.at("data/postgresql.conf").display().to_string();
    place.ask(&[]).ends(&format!(
        "postgres: could not access the server configuration file \"{path}\": No such file or directory"
    ));
    place.ask(&["--set", "config_file=/etc/postgresql/15/main/postgresql.conf"]).starts("it is given");
    fs::remove_file(place.at("data/pg_hba.conf")).unwrap();
    place.ask(&[]).starts("both lie elsewhere");
}

#[test]
fn libraries_are_named_for_not_checked() {
    let line = "shared_preload_libraries = 'pg_stat_statements'";
    let place = Place::whole().set(line);
    place.ask(&[]).starts("the server may have it");
    let told = format!("whether the server has its libraries ({line}, postgresql.conf line 3)");
    assert!(place.text().contains(&told), "{}", place.text());
    assert!(!Place::whole().set("shared_preload_libraries = ''").text().contains("libraries"));
}

/// 16 and 18: FATAL at the first file that it asks for; where a folder is not there, for want of the checkpoint. A
/// sample may be started elsewhere.
#[test]
fn a_command_that_gets_nothing_here_promises_no_writes() {
    for (command, says) in [
        ("cp /nowhere/%f %p", "could not locate required checkpoint record"),
        ("/nowhere/get %f %p", "from archive: command not found"),
        ("/etc/passwd %f %p", "from archive: command not executable"),
        ("walproof-nowhere -d < /a/%f.gz > %p", "from archive: command not found"),
        ("walproof-nowhere %f %p || exit 1", "could not locate required checkpoint record"),
    ] {
        let (whole, sample) = (Place::whole(), Place::sample());
        for place in [&whole, &sample] {
            place.write("data/postgresql.auto.conf", &format!("restore_command = '{command}'\n"));
        }
        let answer = whole.ask(&[]);
        assert_eq!((answer.exit, answer.first("code"), answer.first("severity")), (1, "WP435", "error"), "{command}");
        assert!(answer.says().ends_with(says), "{command}: {}", answer.says());
        let text = whole.text();
        assert!(text.starts_with("VERDICT  REFUTED"), "{text}");
        if !command.contains("/a/") && !command.contains("||") && !command.contains("passwd") {
            let text = sample.text();
            let impact = text.lines().find(|line| line.starts_with("IMPACT")).unwrap();
            assert!(impact.contains("restore_command gets nothing on this machine"), "{impact}");
        }
    }
}

/// 15: a server takes WAL from where its command says, here from a folder that barman put into the data directory. For
/// want of a segment of the newer timeline there it goes along the older one.
#[test]
fn a_folder_of_the_command_that_lacks_what_is_proven() {
    let place = Place::whole();
    fs::create_dir(place.at("data/own")).unwrap();
    let asked = place.ask(&[]);
    let files = asked.document["restore"]["files"].as_array().unwrap();
    let present: Vec<&str> =
        files.iter().filter(|file| file["status"] == "present").map(|file| file["name"].as_str().unwrap()).collect();
    for name in &present {
        fs::copy(place.at("wal").join(name), place.at("data/own").join(name)).unwrap();
    }
    let absolute = format!("cp {}/%f %p", place.at("data/own").display());
    for command in ["cp own/%f %p", "test -f own/%f && cp own/%f %p", &absolute] {
        place.write("data/postgresql.auto.conf", &format!("restore_command = '{command}'\n"));
        let answer = place.ask(&[]);
        assert_eq!(answer.exit, 0, "{command}: {:#}", answer.document["findings"]);
    }
    let last = present.last().unwrap();
    fs::remove_file(place.at("data/own").join(last)).unwrap();
    for command in ["cp own/%f %p", &absolute] {
        place.write("data/postgresql.auto.conf", &format!("restore_command = '{command}'\n"));
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.first("code"), answer.first("severity")), (1, "WP435", "error"), "{command}");
        assert!(answer.first("message").contains(&format!("{last}, which this restore asks for, is not there")));
    }
    // What lies in its own pg_wal it takes from there.
    fs::create_dir_all(place.at("data/pg_wal")).unwrap();
    fs::copy(place.at("wal").join(last), place.at("data/pg_wal").join(last)).unwrap();
    assert_eq!(place.ask(&[]).exit, 0, "{:#}", place.ask(&[]).document["findings"]);
}

/// 11, 14, 17, 18: once it has recovered.
#[test]
fn recovery_end_command_that_ends_the_server() {
    for (command, says) in [("/nowhere/told", "command not found"), ("exit 126", "command not executable")] {
        let place = Place::whole();
        let lines = format!("restore_command = 'sh fetch %f %p'\nrecovery_end_command = '{command}'\n");
        place.write("data/postgresql.auto.conf", &lines);
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.codes()), (1, vec!["WP421"]), "{command}: {:#}", answer.document["findings"]);
        assert_eq!(answer.says(), format!("recovery_end_command \"{command}\": {says}"));
    }
    // A warning, and what a shell decides.
    for command in ["exit 1", "rm -f /tmp/walproof-nowhere", "false"] {
        let place = Place::whole();
        let lines = format!("restore_command = 'sh fetch %f %p'\nrecovery_end_command = '{command}'\n");
        place.write("data/postgresql.auto.conf", &lines);
        place.ask(&[]).starts(command);
    }
}

/// 13, 16, 17: `FATAL: could not open log file`. It makes the last folder itself.
#[test]
fn the_folder_above_that_of_the_log() {
    let place = Place::whole().set("logging_collector = on\nlog_directory = '/nowhere/pg/log'\nlog_filename = 'a.log'");
    place.ask(&[]).ends("could not open log file \"/nowhere/pg/log/a.log\": No such file or directory");
    assert!(place.ask(&[]).first("advice").contains("make /nowhere/pg before"), "{}", place.ask(&[]).first("advice"));
    for lines in ["log_directory = '/nowhere/pg/log'", "logging_collector = on\nlog_directory = 'log'"] {
        Place::whole().set(lines).ask(&[]).starts(lines);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let lines = format!("logging_collector = on\nlog_directory = '{}/new'", elsewhere.path().display());
    Place::whole().set(&lines).ask(&[]).starts("its folder is made");
}

/// 16: `FATAL: could not create any TCP/IP sockets`, unless the address comes before the server is started. One that it
/// has is enough.
#[test]
fn addresses_of_another_machine() {
    let answer = Place::whole().set("listen_addresses = '192.0.2.1'").ask(&[]);
    assert_eq!((answer.exit, answer.codes()), (0, vec!["WP434"]));
    assert_eq!(answer.first("server_says"), "could not create any TCP/IP sockets");
    for own in ["127.0.0.1, 192.0.2.1", "*", "", "localhost"] {
        Place::whole().set(&format!("listen_addresses = '{own}'")).ask(&[]).starts(own);
    }
}

/// 12 to 18: the server opens, and `commit` waits for ever.
#[test]
fn a_server_that_waits_for_standbys() {
    let answer = Place::whole().set("synchronous_standby_names = 'FIRST 1 (b)'").ask(&[]);
    assert_eq!((answer.exit, answer.codes()), (0, vec!["WP434"]));
    assert!(answer.first("advice").contains("synchronous_standby_names = ''"), "{}", answer.first("advice"));
    for lines in [
        "synchronous_standby_names = ''",
        "synchronous_standby_names = '*'\nsynchronous_commit = local",
        "synchronous_standby_names = '*'\nsynchronous_standby_names = ''",
    ] {
        Place::whole().set(lines).ask(&[]).starts(lines);
    }
}

/// 13 and 17: the restored server renames the segments that the other one writes to.
#[test]
fn a_link_into_the_wal_of_a_server_that_runs() {
    let place = Place::whole();
    let other = tempfile::tempdir().unwrap();
    fs::create_dir_all(other.path().join("pg_wal")).unwrap();
    let wal = place.at("data/pg_wal");
    fs::remove_dir_all(&wal).unwrap();
    std::os::unix::fs::symlink(other.path().join("pg_wal"), &wal).unwrap();
    // Nothing runs there.
    assert_eq!(place.ask(&[]).codes().iter().filter(|code| **code == "WP434").count(), 0);
    let mut server = Command::new("sleep").arg("60").current_dir(other.path()).spawn().unwrap();
    fs::write(other.path().join("postmaster.pid"), format!("{}\n", server.id())).unwrap();
    let answer = place.ask(&[]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((answer.exit, answer.codes()[0]), (1, "WP434"));
    let message = answer.first("message");
    assert!(message.contains(&other.path().display().to_string()), "{message}");
}

/// 17: a copy by way of a store that has no empty folders. `FATAL: could not open directory "pg_notify"`.
#[test]
fn a_copy_without_its_empty_folders() {
    let place = Place::whole();
    place.write("data/base/5/112", "x");
    assert_eq!(place.ask(&[]).exit, 0);
    for folder in FOLDERS.iter().rev() {
        // Those that hold files stay.
        let _ = fs::remove_dir(place.at("data").join(folder));
    }
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.codes()[0]), (1, "WP434"));
    assert!(answer.says().starts_with("could not open directory \"pg_"), "{}", answer.says());
}

/// 15: a standby that finds it goes on to the end of WAL, and promotes.
#[test]
fn a_trigger_file_that_is_there_already() {
    let place = Place::whole().set("promote_trigger_file = 'promote_me'");
    fs::rename(place.at("data/recovery.signal"), place.at("data/standby.signal")).unwrap();
    let outcome = |place: &Place| place.ask(&[]).document["restore"]["outcome"].clone();
    assert_eq!(outcome(&place), "waits");
    place.write("data/promote_me", "");
    assert_eq!(outcome(&place), "promotes");
}

/// 15 and 17: `FATAL: could not open file "pg_wal/000000010000000000000003": Permission denied`. It reads all, and
/// cannot write on behind the end.
#[test]
fn wal_of_a_crash_that_may_only_be_read() {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    for (last, exit) in [(0o400, 1), (0o600, 0)] {
        let place = Place::whole();
        for name in ["backup_label", "recovery.signal"] {
            let _ = fs::remove_file(place.at("data").join(name));
        }
        let wal = place.at("data/pg_wal");
        for name in ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"] {
            fs::copy(place.at("wal").join(name), wal.join(name)).unwrap();
            let mode = if name.ends_with('B') { last } else { 0o400 };
            fs::set_permissions(wal.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        if is_root {
            each(&place.at("data"), &|path| std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap());
        }
        let answer = place.ask(&[]);
        assert_eq!(answer.exit, exit, "{last:o}: {:#}", answer.document["findings"]);
        if exit == 1 {
            let says = "could not open file \"pg_wal/00000001000000000000000B\": Permission denied";
            assert_eq!(answer.says(), says);
        }
    }
}

fn each(path: &Path, give: &dyn Fn(&Path)) {
    give(path);
    for entry in fs::read_dir(path).into_iter().flatten() {
        each(&entry.unwrap().path(), give);
    }
}

/// 17: `could not open file "global/pg_control": Permission denied`, and connections that find no table.
#[test]
fn files_that_another_user_copied_there() {
    const WAL: &str = "pg_wal/000000010000000000000099";
    // Root gives all to another user, and takes one file back; anybody else takes the right to read away.
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    for (file, mode, says) in [
        ("global/pg_control", 0o444, "could not open file \"global/pg_control\": Permission denied"),
        ("base/5/1249", 0o000, ""),
        ("base/5/1249", 0o600, "right"),
        (WAL, 0o000, "could not open file \"pg_wal/000000010000000000000099\": Permission denied"),
    ] {
        let place = Place::whole();
        let path = place.at("data").join(file);
        if !path.exists() {
            fs::write(&path, vec![0; 8192]).unwrap();
        }
        let other = |path: &Path| std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
        if is_root {
            each(&place.at("data"), &other);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let answer = place.ask(&[]);
        let right = says == "right";
        assert_eq!(answer.exit, i32::from(!right), "{file}: {:#}", answer.document["findings"]);
        if !right {
            assert_eq!((answer.says(), answer.first("file")), (says, file));
            assert!(answer.first("advice").contains("chown -R --reference="), "{}", answer.first("advice"));
        }
    }
}
