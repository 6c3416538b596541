//! What a real server refuses, and what of a server is refused.

use crate::live::{conninfo, folder, started};
use crate::running::{ends, ship, whole};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use walproof_live::{Server, gate};

/// Words in front of all others in `pg_hba.conf`.
fn admits(server: &Server, lines: &str) {
    let file = server.data().join("pg_hba.conf");
    fs::write(&file, format!("{lines}\n{}", fs::read_to_string(&file).unwrap())).unwrap();
    server.sql("select pg_reload_conf()").unwrap();
}

/// Ships what there is up to now.
fn shipped(server: &Server, from: &str, more: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let lsn = server.sql("select pg_current_wal_lsn()").unwrap();
    let to = server.folder().join("to");
    let _ = fs::remove_dir_all(&to);
    fs::create_dir(&to).unwrap();
    let words = ["--server", from, "--to", to.to_str().unwrap(), "--no-retry", "--end", lsn.trim()];
    ends(ship(&[&words[..], more].concat()).envs(variables.iter().copied()))
}

#[test]
fn passwords_slots_and_wal_that_is_gone() {
    let Some(server) = started("max_wal_size = '3MB'\nmin_wal_size = '2MB'\nwal_keep_size = 0") else { return };
    server.sql("create role scram login replication password 'sécret'").unwrap();
    server.sql("set password_encryption = md5; create role five login replication password 'five'").unwrap();
    admits(
        &server,
        "local replication scram scram-sha-256\nlocal replication five md5\nlocal replication nobody reject",
    );
    let host = format!("host={}", server.folder().display());
    let by = |user: &str| format!("{host} user={user}");
    let is = |(code, said): (i32, String), expected: i32, words: &str| {
        assert!(code == expected && said.contains(words), "{words}: {code} {said}");
    };
    is(shipped(&server, &by("scram"), &[], &[("PGPASSWORD", "sécret")]), 0, "ships from");
    is(shipped(&server, &by("scram"), &[], &[("PGPASSWORD", "other")]), 2, "password authentication failed");
    is(shipped(&server, &by("scram"), &[], &[("PGPASSFILE", "/nowhere")]), 2, "asks for a password");
    is(shipped(&server, &by("five"), &[], &[("PGPASSWORD", "five")]), 0, "ships from");
    is(shipped(&server, &by("nobody"), &[], &[]), 2, "pg_hba.conf rejects");
    is(shipped(&server, &format!("{} password=x", by("scram")), &[], &[]), 2, "does not belong on the command line");
    let file = server.folder().join("pass");
    fs::write(&file, "*:*:replication:scram:sécret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    is(shipped(&server, &by("scram"), &[], &[("PGPASSFILE", file.to_str().unwrap())]), 0, "ships from");
    let services = server.folder().join("services");
    fs::write(&services, format!("[prod]\n{}\nuser=five\npassword=five\n", host.replacen(' ', "\n", 1))).unwrap();
    is(shipped(&server, "service=prod", &[], &[("PGSERVICEFILE", services.to_str().unwrap())]), 0, "ships from");
    let own = conninfo(&server, "");
    is(shipped(&server, &own, &["--slot", "none"], &[]), 2, "does not exist");
    is(shipped(&server, &own, &["--slot", "own", "--create-slot"], &[]), 0, "ships from");
    // The slot that is there already, once its server has noticed that it is free.
    assert!(server.comes_to("select active from pg_replication_slots", "f").unwrap());
    is(shipped(&server, &own, &["--slot", "own", "--create-slot"], &[]), 0, "ships from");
    let kept = "select restart_lsn is not null from pg_replication_slots where slot_name = 'own'";
    assert_eq!(server.sql(kept).unwrap().trim(), "t");
    assert!(server.comes_to("select active from pg_replication_slots", "f").unwrap());
    server.sql("select pg_drop_replication_slot('own')").unwrap();
    gone(&server, &own);
    other_cluster(&server, &own);
}

/// The server removes what comes next.
fn gone(server: &Server, own: &str) {
    let to = server.folder().join("to");
    for n in 0..6 {
        server.sql(&format!("create table t{n} as select generate_series(1, 30000) as i")).unwrap();
        server.sql("checkpoint").unwrap();
        server.switch_and_archive().unwrap();
    }
    server.sql("checkpoint").unwrap();
    let lsn = server.sql("select pg_current_wal_lsn()").unwrap();
    let words = ["--server", own, "--to", to.to_str().unwrap(), "--end", lsn.trim()];
    let (code, said) = ends(&mut ship(&words));
    assert!(code == 1 && said.contains("has already been removed"), "{code} {said}");
    assert!(said.contains("--after-gap") && said.contains("--slot") && said.contains("what is here ends at"), "{said}");
    let (code, said) = ends(&mut ship(&[&words[..], &["--after-gap"]].concat()));
    assert!(code == 0 && said.contains("is missing (WP101)"), "{code} {said}");
    assert!(!whole(&to).is_empty() || !crate::running::partials(&to).is_empty());
}

fn other_cluster(server: &Server, own: &str) {
    let to = folder(server, "others");
    let version = pgwal::format::Version::new(15, 0);
    let site = crate::site::Site::of(version, &crate::site::plain(version, crate::site::CLUSTER, 0));
    let name = "000000010000000000000001";
    fs::copy(site.path(&site.p(name)), to.join(name)).unwrap();
    let (code, said) = ends(&mut ship(&["--server", own, "--to", to.to_str().unwrap()]));
    assert!(code == 1 && said.contains("holds WAL of the cluster"), "{code} {said}");
    assert_eq!(whole(&to), [name]);
}

fn openssl(folder: &Path, words: &[&str]) -> bool {
    Command::new("openssl").args(words).current_dir(folder).output().is_ok_and(|output| output.status.success())
}

/// Somebody who vouches, and a server's certificate; another one who vouches for nobody.
fn certificates(folder: &Path) -> bool {
    let root = |name: &str| {
        let (key, crt) = (format!("{name}.key"), format!("{name}.crt"));
        let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=root"];
        openssl(folder, &[&new[..], &["-keyout", &key, "-out", &crt]].concat())
    };
    let request = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db.test", "-keyout", "server.key"];
    fs::write(folder.join("names"), "subjectAltName=DNS:db.test\nbasicConstraints=CA:FALSE\n").unwrap();
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial"];
    root("root")
        && root("other")
        && openssl(folder, &[&request[..], &["-out", "server.csr"]].concat())
        && openssl(folder, &[&sign[..], &["-days", "2", "-extfile", "names", "-out", "server.crt"]].concat())
}

#[test]
fn encrypted_connections_and_whom_they_trust() {
    let pid = std::process::id();
    let address = format!("127.{}.{}.7", 1 + pid % 250, pid / 250 % 250);
    let Some(server) = started(&format!("listen_addresses = '{address}'")) else { return };
    let keys = folder(&server, "keys");
    if !certificates(&keys) {
        gate::goes_without("no openssl: certificates for a server");
        return;
    }
    let owner = fs::metadata(server.data()).unwrap();
    for name in ["server.key", "server.crt"] {
        let file = server.data().join(name);
        fs::copy(keys.join(name), &file).unwrap();
        chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    server.configure("ssl = on").unwrap();
    if server.restart().is_err() {
        gate::goes_without("a server that was built without TLS: encrypted connections");
        return;
    }
    server.sql("create role plain login replication password 'plain'").unwrap();
    admits(
        &server,
        "hostnossl replication postgres all reject\nhostssl replication postgres all trust\nhost replication plain all password",
    );
    let root = |name: &str| keys.join(name).display().to_string();
    let cases = [
        ("db.test", "verify-full", "root.crt", 0, "ships from"),
        ("other.test", "verify-full", "root.crt", 2, "no encrypted connection"),
        ("other.test", "verify-ca", "root.crt", 0, "ships from"),
        ("db.test", "verify-ca", "other.crt", 2, "no encrypted connection"),
        ("db.test", "require", "other.crt", 2, "no encrypted connection"),
        ("db.test", "verify-full", "nothing.crt", 2, "nothing.crt"),
    ];
    for (host, mode, file, expected, words) in cases {
        let root = root(file);
        let from = format!("host={host} hostaddr={address} user=postgres sslmode={mode} sslrootcert={root}");
        let (code, said) = shipped(&server, &from, &[], &[]);
        assert!(code == expected && said.contains(words), "{host} {mode} {file}: {code} {said}");
    }
    let (code, said) = shipped(&server, &format!("host={address} user=postgres sslmode=require"), &[], &[]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = shipped(&server, &format!("host={address} user=postgres sslmode=disable"), &[], &[]);
    assert!(code == 2 && said.contains("pg_hba.conf"), "without: {code} {said}");
    let by_word = |mode: &str| format!("host={address} user=plain sslmode={mode}");
    let (code, said) = shipped(&server, &by_word("prefer"), &[], &[("PGPASSWORD", "plain")]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = shipped(&server, &by_word("disable"), &[], &[("PGPASSWORD", "plain")]);
    assert!(code == 2 && said.contains("as plain text"), "{code} {said}");
}
