//! A tar as a place: of segments, of a repository, of a data directory; as a file, and by standard input.

use crate::build::{self, INCR, Repo, SEGMENTS};
use crate::run::{Ran, testdata, walproof, walproof_with_input};
use crate::tar::{member, tar_of};
use crate::{codes, json};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Members in this order, and the end of a tar.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in members {
        member(name, content, &mut out);
    }
    out.resize(out.len() + 1024, 0);
    out
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn segment(name: &str) -> Vec<u8> {
    fs::read(Path::new(&testdata("demo/good")).join(name)).unwrap()
}

/// The archive in any order, below a folder, one segment packed.
fn mixed() -> Vec<u8> {
    let [a, b, c] = SEGMENTS.map(segment);
    let backup = format!("{}.00000028.backup", SEGMENTS[0]);
    let (b, label) = (gz(&b), segment(&backup));
    tar(&[
        ("srv/wal/notes", b"nothing"),
        (&format!("srv/wal/{}", SEGMENTS[2]), &c),
        (&format!("srv/wal/{backup}"), &label),
        (&format!("srv/wal/{}", SEGMENTS[0]), &a),
        (&format!("srv/wal/{}.gz", SEGMENTS[1]), &b),
    ])
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err))
}

#[test]
fn a_tar_is_verified_as_its_folder_is_in_any_order_and_packing() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, _) = json(&["verify", &testdata("demo/good")]);
    let in_order = tar_of(Path::new(&testdata("demo/good"))).unwrap();
    for (name, bytes) in [
        ("plain.tar", in_order.clone()),
        ("packed.tar.gz", gz(&in_order)),
        ("mixed.tar", mixed()),
        ("mixed.tar.gz", gz(&mixed())),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let path = path.to_str().unwrap();
        let (own, code) = json(&["verify", path]);
        assert_eq!((code, own["verdict"].as_str()), (0, Some("proven")), "{name}: {own}");
        assert_eq!((&own["replay"], &own["timelines"]), (&plain["replay"], &plain["timelines"]), "{name}");
        assert_eq!(own["backups"][0]["label"], "base plain", "{name}");
        let piped = walproof_with_input(&["verify", "-", "--format", "json"], &bytes);
        assert_eq!(piped.code, 0, "{name}: {}", piped.err);
        assert_eq!(document(&piped), own, "{name}");
        for words in [&["dump"][..], &["stats"], &["when"], &["timelines"]] {
            let (of_tar, of_folder) =
                (walproof(&[words, &[path]].concat()), walproof(&[words, &[testdata("demo/good").as_str()]].concat()));
            assert_eq!((of_tar.code, &of_tar.err), (0, &String::new()), "{name} {words:?}");
            assert_eq!(of_tar.out.replace(path, "."), of_folder.out.replace(&testdata("demo/good"), "."), "{words:?}");
        }
        let located = walproof(&["locate", "-p", path, "0/00AAC690"]);
        assert!(located.out.contains(SEGMENTS[1]), "{}", located.out);
        let plan = walproof(&["plan", path, "--backup", "latest", "--fetch-list"]);
        assert_eq!(plan.code, 0, "{name}: {}{}", plan.out, plan.err);
    }
    let said = |name: &str| walproof(&["verify", "--explain-source", folder.path().join(name).to_str().unwrap()]).out;
    assert!(said("mixed.tar").contains("where they lie in it"));
    assert!(said("packed.tar.gz").contains("unpacked again"));
    assert!(said("mixed.tar.gz").contains("temporary file"));
}

#[test]
fn damage_in_a_tar_is_that_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = segment(SEGMENTS[1]);
    bytes[700_000] ^= 1;
    let [a, _, c] = SEGMENTS.map(segment);
    let members = [(SEGMENTS[2], c.as_slice()), (SEGMENTS[1], &bytes), (SEGMENTS[0], &a)];
    for (name, bytes) in [("a.tar", tar(&members)), ("a.tgz", gz(&tar(&members)))] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let (own, code) = json(&["verify", path.to_str().unwrap()]);
        assert_eq!((code, codes(&own)), (1, vec!["WP201 error".to_owned()]), "{name}");
        assert_eq!(own["findings"][0]["file"], SEGMENTS[1]);
    }
    // The last of several members of one name counts.
    let twice = tar(&[members[0], members[1], members[2], (SEGMENTS[1], &segment(SEGMENTS[1]))]);
    assert_eq!(walproof_with_input(&["verify", "-", "-q"], &twice).code, 0);
}

#[test]
fn a_repository_in_a_tar_is_one() {
    let (repo, folder) = (Repo::new(), tempfile::tempdir().unwrap());
    build::pgbackrest(&repo);
    let bytes = tar_of(Path::new(&repo.root())).unwrap();
    let (of_folder, _) = json(&["verify", &repo.root()]);
    for (name, bytes) in [("repo.tar", bytes.clone()), ("repo.tgz", gz(&bytes))] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let (own, code) = json(&["verify", path.to_str().unwrap()]);
        assert_eq!((code, own["verdict"].as_str()), (0, Some("proven")), "{own}");
        assert_eq!(own["repository"]["tool"], "pgbackrest");
        assert_eq!(own["replay"], of_folder["replay"]);
        let listed = walproof(&["backups", path.to_str().unwrap()]);
        assert!(listed.code == 0 && listed.out.contains(INCR), "{}", listed.out);
    }
}

/// Where files share their content on disk, tar writes it once, and the other names of it.
#[test]
fn another_name_of_a_file_in_a_tar_is_that_file() {
    let (repo, folder) = (Repo::new(), tempfile::tempdir().unwrap());
    build::pgbackrest(&repo);
    let (of_folder, _) = json(&["verify", &repo.root()]);
    let (mut shared, mut names) = (Vec::new(), Vec::new());
    for (number, path) in crate::walkdir(&repo.root()).iter().enumerate() {
        let name = path.strip_prefix(&repo.root()).unwrap().trim_start_matches('/');
        let once = format!("0/{number}");
        member(&once, &fs::read(path).unwrap(), &mut shared);
        let at = names.len();
        member(name, &[], &mut names);
        names[at + 156] = b'1';
        names[at + 157..at + 157 + once.len()].copy_from_slice(once.as_bytes());
        resum(&mut names[at..at + 512]);
    }
    let bytes = [shared, names, vec![0; 1024]].concat();
    for (name, bytes) in [("repo.tar", bytes.clone()), ("repo.tgz", gz(&bytes))] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let (own, code) = json(&["verify", path.to_str().unwrap()]);
        assert_eq!((code, own["verdict"].as_str()), (0, Some("proven")), "{name}: {own}");
        assert_eq!((&own["replay"], &own["findings"]), (&of_folder["replay"], &of_folder["findings"]), "{name}");
    }
}

/// What comes by standard input comes once: it is not looked at again because its tool may have written it meanwhile.
#[test]
fn a_damaged_repository_by_standard_input_is_refuted() {
    let repo = Repo::new();
    build::walg(&repo);
    let lost = crate::walkdir(&repo.root()).into_iter().find(|path| path.contains(SEGMENTS[1])).unwrap();
    fs::remove_file(lost).unwrap();
    let bytes = tar_of(Path::new(&repo.root())).unwrap();
    let ran = walproof_with_input(&["verify", "-", "--format", "json"], &bytes);
    let outcome = document(&ran);
    assert_eq!((ran.code, outcome["verdict"].as_str()), (1, Some("refuted")), "{outcome}");
    assert!(codes(&outcome).contains(&"WP101 error".to_owned()), "{outcome}");
}

#[test]
fn of_a_data_directory_the_servers_own_wal_is_read() {
    let [a, b, c] = SEGMENTS.map(segment);
    let control: &[u8] = &[0; 8192];
    let own: Vec<(String, &[u8])> = [
        ("PG_VERSION", b"15\n".as_slice()),
        ("base/1/2619", b"data"),
        ("global/pg_control", control),
        ("pg_wal/archive_status/000000010000000000000009.done", b""),
        ("pg_wal/000000010000000000000009", &a),
        ("pg_wal/00000001000000000000000A", &b),
        ("pg_wal/00000001000000000000000B", &c),
    ]
    .map(|(name, content)| (format!("data/{name}"), content))
    .into();
    let members: Vec<(&str, &[u8])> = own.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let ran = walproof_with_input(&["verify", "-", "--format", "json"], &tar(&members));
    let outcome = document(&ran);
    assert_eq!((ran.code, outcome["verdict"].as_str()), (0, Some("proven")), "{outcome}");
    assert_eq!(outcome["timelines"][0]["segments"], 3);
    // With another folder of WAL beside it, which is meant is open.
    let beside = [&members[..], &[("wal/000000010000000000000009", a.as_slice())]].concat();
    let ran = walproof_with_input(&["verify", "-"], &tar(&beside));
    assert!(ran.code == 2 && ran.err.contains("2 archives lie there"), "{}", ran.err);
}

#[test]
fn what_is_no_file_in_a_tar_and_what_is_hostile_has_an_outcome() {
    let whole = mixed();
    // A link under the name of a segment: what it stands for is not known.
    let mut linked = tar(&[(SEGMENTS[0], &segment(SEGMENTS[0])), (SEGMENTS[1], &[])]);
    let at = linked.len() - 1024 - 512;
    linked[at + 156] = b'1';
    resum(&mut linked[at..at + 512]);
    let ran = walproof_with_input(&["verify", "-", "--format", "json"], &linked);
    assert_eq!((ran.code, codes(&document(&ran))), (2, vec!["WP504 error".to_owned()]), "{}", ran.out);
    // Garbage behind the first member.
    let mut broken = whole.clone();
    broken[1024] ^= 0xFF;
    let ran = walproof_with_input(&["verify", "-", "--format", "json"], &broken);
    assert_eq!((ran.code, document(&ran)["findings"][0]["code"].as_str()), (1, Some("WP127")), "{}", ran.out);
    // A size beyond everything, in both ways to write one.
    for size in [b"77777777777\0".as_slice(), &[0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]] {
        let mut huge = tar(&[(SEGMENTS[0], &segment(SEGMENTS[0]))]);
        huge[124..136].copy_from_slice(size);
        resum(&mut huge[..512]);
        for bytes in [huge.clone(), gz(&huge)] {
            let ran = walproof_with_input(&["verify", "-", "--format", "json"], &bytes);
            assert_eq!((ran.code, codes(&document(&ran))), (1, vec!["WP127 error".to_owned()]), "{}", ran.out);
        }
    }
    // Cut anywhere: never proven without a word.
    for length in (512..whole.len()).step_by(97_003) {
        let ran = walproof_with_input(&["verify", "-", "--format", "json"], &whole[..length]);
        assert!(ran.code > 0, "{length}: {}", ran.out);
    }
    // Nothing of WAL in it.
    let ran = walproof_with_input(&["verify", "-"], &tar(&[("notes", b"nothing")]));
    assert!(ran.code == 2 && ran.err.contains("no WAL"), "{}", ran.err);
}

fn resum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// A member that is a symbolic link.
fn link(name: &str, target: &str, out: &mut Vec<u8>) {
    let at = out.len();
    member(name, &[], out);
    out[at + 156] = b'2';
    out[at + 157..at + 157 + target.len()].copy_from_slice(target.as_bytes());
    resum(&mut out[at..at + 512]);
}

/// Tools and administrators make them; `tar` keeps them.
#[test]
fn links_in_a_tar_lead_to_what_lies_in_it_and_nowhere_else() {
    let (repo, folder) = (Repo::new(), tempfile::tempdir().unwrap());
    build::pgbackrest(&repo);
    let (of_folder, _) = json(&["verify", &repo.root()]);
    let linked = |to: &dyn Fn(&str, usize) -> String, is_linked: &dyn Fn(&str) -> bool| {
        let mut out = Vec::new();
        for (number, path) in crate::walkdir(&repo.root()).iter().enumerate() {
            let name = path.strip_prefix(&repo.root()).unwrap().trim_start_matches('/');
            let content = fs::read(path).unwrap();
            if is_linked(name) {
                link(name, &to(name, number), &mut out);
                member(&format!("0/{number}"), &content, &mut out);
            } else {
                member(name, &content, &mut out);
            }
        }
        link("backup/main/latest", build::FULL, &mut out);
        out.resize(out.len() + 1024, 0);
        out
    };
    let inside = |name: &str, number: usize| format!("{}0/{number}", "../".repeat(name.matches('/').count()));
    let is_info = |name: &str| name.contains(".info");
    let is_wal = |name: &str| name.contains(SEGMENTS[1]);
    for bytes in [linked(&inside, &is_info), linked(&inside, &is_wal), linked(&inside, &|_| true)] {
        for (name, bytes) in [("repo.tar", bytes.clone()), ("repo.tgz", gz(&bytes))] {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            let (own, code) = json(&["verify", path.to_str().unwrap()]);
            assert_eq!((code, own["verdict"].as_str()), (0, Some("proven")), "{name}: {own}");
            assert_eq!((&own["replay"], &own["findings"]), (&of_folder["replay"], &of_folder["findings"]), "{name}");
        }
    }
    // Out of the tar: what lies there on this machine is not looked at, and nothing is said to be missing.
    let root = |name: &str, _: usize| format!("{}/{name}", repo.root());
    let up = |name: &str, _: usize| format!("{}{}/{name}", "../".repeat(10), repo.root());
    let round = |name: &str, _: usize| name.rsplit('/').next().unwrap().to_owned();
    for to in [&root as &dyn Fn(&str, usize) -> String, &up, &round] {
        let path = folder.path().join("out.tar");
        fs::write(&path, linked(to, &is_info)).unwrap();
        let ran = walproof(&["verify", path.to_str().unwrap()]);
        assert!(ran.code == 2 && ran.err.contains("archive.info: it is a link, and no file in the tar"), "{}", ran.err);
    }
}
