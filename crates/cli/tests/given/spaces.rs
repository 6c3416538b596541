//! Where the files of tablespaces and databases should be, and are not.

use crate::answer::Answer;
use crate::directory::Place;
use crate::run::walproof;
use std::fs;
use walproof_testdata::root;
use walproof_testdata::state::file_map;

/// 11 to 18 start on such a directory, and come to the end of WAL that changes no table of the tablespace.
#[test]
fn a_tablespace_that_lies_nowhere_is_named() {
    let place = Place::new();
    std::os::unix::fs::symlink("/nowhere/space", place.at("data/pg_tblspc/16384")).unwrap();
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.first("code"), answer.first("file")), (0, "WP434", "pg_tblspc/16384"));
    assert!(answer.first("advice").contains("/nowhere/space"), "{}", answer.first("advice"));
    // Looked at elsewhere than where it will be started, it may be right.
    let (wal, data) = (place.at("wal"), place.at("data"));
    let words = ["verify", wal.to_str().unwrap(), "--backup", data.to_str().unwrap(), "--format", "json"];
    let ran = walproof(&words);
    let answer = Answer { exit: ran.code, document: serde_json::from_str(&ran.out).unwrap() };
    assert_eq!((answer.exit, answer.first("severity"), answer.codes()), (0, "warning", vec!["WP434"]));
    // There is one where it leads to.
    let place = Place::new();
    fs::create_dir_all(place.at("space/PG_15_202209061")).unwrap();
    std::os::unix::fs::symlink("../../space", place.at("data/pg_tblspc/16384")).unwrap();
    assert_eq!((place.ask(&[]).exit, place.ask(&[]).codes()), (0, vec![]));
    // 15 opens without its tables, 17 ends at the first record that changes one: what is there is of no version, or of
    // another one.
    for folder in ["space/lost+found", "space/PG_14_202107181"] {
        place.remove("space");
        fs::create_dir_all(place.at(folder)).unwrap();
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.first("code"), answer.first("file")), (1, "WP434", "pg_tblspc/16384"));
    }
    // As tablespace_map will have it, beside backup_label.
    let place = Place::new();
    place.write("data/tablespace_map", "16384 /nowhere/mapped\n");
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.first("file")), (0, "pg_tblspc/16384"));
    assert!(answer.first("message").contains("/nowhere/mapped"), "{}", answer.first("message"));
}

/// 16 and 17: a server opens, and nobody connects to the database; where WAL copies one that is gone, it dies.
#[test]
fn a_database_without_its_folder_is_lost() {
    let place = Place::new();
    for name in ["1262", "pg_filenode.map"] {
        let path = root().join("field/databases-16/global").join(name);
        fs::copy(path, place.at("data/global").join(name)).unwrap();
    }
    for oid in ["1", "4", "5", "16393"] {
        fs::create_dir_all(place.at("data/base").join(oid)).unwrap();
        fs::write(place.at("data/base").join(oid).join("PG_VERSION"), "15\n").unwrap();
        fs::write(place.at("data/base").join(oid).join("pg_filenode.map"), file_map()).unwrap();
    }
    assert_eq!((place.ask(&[]).exit, place.ask(&[]).codes()), (0, vec![]));
    for gone in ["16393", "1"] {
        fs::rename(place.at("data/base").join(gone), place.at("away")).unwrap();
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.codes()), (1, vec!["WP434"]), "{:#}", answer.document["findings"]);
        assert_eq!(answer.first("file"), format!("base/{gone}"));
        fs::rename(place.at("away"), place.at("data/base").join(gone)).unwrap();
    }
    // One whose default tablespace is another has its folder there.
    place.remove("data/base/16393");
    fs::create_dir_all(place.at("space/PG_15_202209061/16393")).unwrap();
    std::os::unix::fs::symlink("../../space", place.at("data/pg_tblspc/16384")).unwrap();
    assert_eq!((place.ask(&[]).exit, place.ask(&[]).codes()), (0, vec![]));
}
