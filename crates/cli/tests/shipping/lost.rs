//! Our own kill and connections that are cut, at any point, beside pg_receivewal: what both have is the same.

use crate::live::{conninfo, folder, started};
use crate::proxy::Proxy;
use crate::running::{Shipping, comes, ends, is_of, partials, ship, whole};
use crate::site::rounds;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use walproof_live::{Random, Server, gate};

/// The same segments, byte for byte.
fn are_same(ours: &Path, theirs: &Path) {
    let (own, other) = (whole(ours), whole(theirs));
    let both: Vec<&String> = own.iter().filter(|name| other.contains(name)).collect();
    assert!(both.len() > 1 && both.len() + 2 >= own.len().min(other.len()), "{own:?} {other:?}");
    for name in both {
        assert!(fs::read(ours.join(name)).unwrap() == fs::read(theirs.join(name)).unwrap(), "{name}");
    }
}

fn load(server: &Server) -> walproof_live::ScriptSession {
    let write = "insert into t select 0, repeat(md5(random()::text), 20) from generate_series(1, 40)";
    server
        .session(&format!("select '{write}; select pg_sleep(0.002)' from generate_series(1, 100000) \\gexec\n"))
        .unwrap()
}

#[test]
fn killed_and_cut_at_any_point_it_goes_on() {
    let Some(server) = started("wal_keep_size = '2GB'\nmax_wal_size = '1GB'") else { return };
    let Some(program) = server.postgres().own_program("pg_receivewal") else {
        gate::lacks("no pg_receivewal beside the server");
        return;
    };
    server.sql("create table t(n int, filler text)").unwrap();
    let (streamed, followed, theirs) = (folder(&server, "one"), folder(&server, "two"), folder(&server, "theirs"));
    let mut receive = Command::new(program);
    receive.args(["-U", "postgres", "--no-sync", "-D"]).arg(&theirs).arg("-h").arg(server.folder());
    let receiving = Shipping::start(receive.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()));
    let writing = load(&server);
    let mut random = Random::seeded(18);
    let cuts: Vec<u64> = (0..rounds(5)).map(|_| 500 + random.below(3 << 20) as u64).collect();
    let count = cuts.len();
    let proxy = Proxy::start(&server.folder().join(".s.PGSQL.5432"), cuts);
    let through = format!("host=127.0.0.1 port={} user=postgres sslmode=disable", proxy.port);
    let stream = ["--server", &through, "--to", streamed.to_str().unwrap(), "--slot", "one", "--create-slot"];
    let data = server.data();
    let files = [data.to_str().unwrap(), "--to", followed.to_str().unwrap()];
    for round in 0..rounds(6) {
        let synchronous: &[&str] = if round % 2 == 0 { &["--synchronous"] } else { &[] };
        let (first, second) = (
            Shipping::start(&mut ship(&[&stream[..], synchronous].concat())),
            Shipping::start(&mut ship(&[&files[..], synchronous].concat())),
        );
        std::thread::sleep(Duration::from_millis(20 + random.below(700) as u64));
        first.kill();
        second.kill();
        is_of(&streamed, &[&data.join("pg_wal")]);
        is_of(&followed, &[&data.join("pg_wal")]);
    }
    // What is left of the cuts, by one that goes on.
    let last = Shipping::start(&mut ship(&stream));
    comes("all cuts", || proxy.cuts() >= count);
    drop(writing);
    last.stop();
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'insert into t%'").unwrap();
    let lsn = server
        .sql("select pg_logical_emit_message(false, 'x', 'y'); select pg_switch_wal(); select pg_current_wal_lsn()")
        .unwrap();
    let lsn = lsn.lines().last().unwrap().trim().to_owned();
    for words in [&stream[..], &files[..]] {
        let (code, said) = ends(&mut ship(&[words, &["--end", &lsn]].concat()));
        assert_eq!(code, 0, "{said}");
    }
    let newest = whole(&streamed).pop().unwrap();
    comes("the same from pg_receivewal", || whole(&theirs).contains(&newest));
    receiving.kill();
    are_same(&streamed, &theirs);
    are_same(&followed, &theirs);
    is_of(&streamed, &[&data.join("pg_wal")]);
    is_of(&followed, &[&data.join("pg_wal")]);
    assert!(partials(&streamed).len() <= 1 && partials(&followed).len() <= 1);
}

#[test]
fn the_server_itself_is_promoted_and_followed() {
    let Some(server) = started("wal_keep_size = '64MB'") else { return };
    let to = folder(&server, "to");
    let (from, data) = (conninfo(&server, ""), server.data());
    let files = folder(&server, "files");
    let stream = ["--server", &from, "--to", to.to_str().unwrap(), "--slot", "s", "--create-slot"];
    let follow = [data.to_str().unwrap(), "--to", files.to_str().unwrap()];
    let (first, second) = (Shipping::start(&mut ship(&stream)), Shipping::start(&mut ship(&follow)));
    server.pgbench(&["-i", "-q"]).unwrap();
    for _ in 0..rounds(1).min(3) {
        server.promote().unwrap();
        server.pgbench(&["-c", "2", "-t", "150"]).unwrap();
    }
    let lsn = server.sql("select pg_switch_wal(); select pg_current_wal_lsn()").unwrap();
    let lsn = lsn.lines().last().unwrap().trim().to_owned();
    first.stop();
    second.stop();
    for (words, to) in [(&stream[..], &to), (&follow[..], &files)] {
        let (code, said) = ends(&mut ship(&[words, &["--end", &lsn]].concat()));
        assert_eq!(code, 0, "{said}");
        is_of(to, &[&data.join("pg_wal"), &server.archive()]);
        let ran = crate::run::walproof(&["verify", to.to_str().unwrap()]);
        assert!(ran.code == 0 && ran.out.contains("PROVEN") && ran.out.contains("timelines 1>2"), "{}", ran.out);
    }
}
