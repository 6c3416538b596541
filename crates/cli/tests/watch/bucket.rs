//! A watch of an archive in an object store.

use crate::server::StoreServer;
use crate::started::{Started, copied};
use std::fs;

const MIDDLE: &str = "00000001000000000000000A";

#[test]
fn an_archive_in_a_bucket() {
    let (_folder, archive) = copied("demo/good");
    let files = fs::read_dir(&archive).unwrap().map(|file| file.unwrap().path());
    let objects = files.map(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        (format!("wal/{name}"), fs::read(&file).unwrap())
    });
    let server = StoreServer::new(objects, 3);
    let environment =
        [("AWS_ACCESS_KEY_ID", "KEY"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_ENDPOINT_URL", server.url.as_str())];
    let watch = Started::with(&["s3://b/wal", "--listen", "0"], &environment);
    let state = watch.until("state", 1);
    assert_eq!((&state["archive"], &state["state"]["wal"]["verdict"]), (&"s3://b/wal".into(), &"proven".into()));
    assert_eq!(state["state"]["wal"]["verified_lsn"], "0/00BFFCD8");
    // No segment that was proven is fetched again: a look is a list, and the small files of backups.
    watch.looks(1);
    server.requests();
    watch.looks(2);
    let asked = server.requests();
    let is_small = |asked: &String| asked.starts_with("LIST ") || asked.ends_with(".backup");
    assert!(!asked.is_empty() && asked.iter().all(is_small), "{asked:?}");
    let key = format!("wal/{MIDDLE}");
    let bytes = server.holds(&key).unwrap();
    server.remove(&key);
    let told = watch.until("appeared", 1);
    assert_eq!((&told["finding"]["code"], &told["finding"]["file"]), (&"WP101".into(), &MIDDLE.into()));
    watch.health("503");
    server.put(&key, bytes.clone());
    assert_eq!(watch.until("gone", 1)["finding"]["code"], "WP101");
    watch.health("200");
    // Another object of the same size under its name.
    let mut damaged = bytes;
    damaged[0xC_0000..0xC_0040].fill(0xAA);
    server.put(&key, damaged);
    watch.until("appeared", 2);
    assert!(watch.appeared()[1].starts_with("WP2"), "{:?}", watch.appeared());
}
