//! An archive that a server writes, expires, and goes on with after a promotion: not one false alarm, and a true one.

use crate::started::{Started, text};
use std::fs;
use std::path::Path;
use walproof_live::{Postgres, Server, Shape, Wal, gate};

#[test]
fn beside_a_server() {
    let Some(postgres) = Postgres::find(13) else {
        gate::lacks("no PostgreSQL 13 or later found");
        return;
    };
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    server.sql("create table t(a int)").unwrap();
    server.switch_and_archive().unwrap();
    let watch = Started::of(&[text(&server.archive()), "--listen", "0"]);
    watch.until("state", 1);
    let write = |count: u32| {
        for _ in 0..count {
            server.sql("insert into t select generate_series(1, 2000)").unwrap();
            server.switch_and_archive().unwrap();
        }
    };
    write(3);
    let backup = server.data().parent().unwrap().join("backup");
    server.base_backup(&backup, Shape::Tar, Wal::None, None).unwrap();
    write(2);
    expire(&server.archive());
    watch.looks(2);
    server.restart().unwrap();
    write(2);
    server.promote().unwrap();
    write(2);
    server.crash().unwrap();
    write(2);
    watch.looks(3);
    assert_eq!(watch.appeared(), Vec::<String>::new(), "{:?}", watch.events());
    let state = watch.events().into_iter().rfind(|told| told["event"] == "state").unwrap();
    assert_eq!((&state["state"]["wal"]["timeline"], &state["state"]["wal"]["verdict"]), (&2.into(), &"proven".into()));
    // The last commit of an hour ago or of now: what is there is what verify says.
    let last = server.switch_and_archive().unwrap();
    write(1);
    watch.looks(2);
    fs::remove_file(server.archive().join(&last)).unwrap();
    let told = watch.until("appeared", 1);
    assert_eq!((&told["finding"]["code"], &told["finding"]["file"]), (&"WP101".into(), &last.into()));
}

/// As pg_archivecleanup does: by names, up to the oldest backup's first segment.
fn expire(archive: &Path) {
    let names = || fs::read_dir(archive).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let oldest = names().filter(|name| name.ends_with(".backup")).min().unwrap();
    let gone: Vec<String> = names().filter(|name| name.len() == 24 && name[8..] < oldest[8..24]).collect();
    assert!(!gone.is_empty());
    gone.iter().for_each(|name| fs::remove_file(archive.join(name)).unwrap());
}
