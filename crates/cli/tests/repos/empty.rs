//! Backups of which no data lie there, or fewer than their tool wrote down.

use crate::build::{self, BARMAN_ID, Repo, SEGMENTS};
use crate::run::{walproof, walproof_with_input};
use crate::tar::tar_of;
use crate::{codes, json};
use std::path::Path;

fn walg_folder() -> String {
    format!("basebackups_005/base_{}", SEGMENTS[0])
}

/// A backup of WAL-G without its tars.
fn walg_without_tars() -> Repo {
    let repo = Repo::new();
    build::walg(&repo);
    repo.remove(&format!("{}/tar_partitions/part_001.tar", walg_folder()));
    repo
}

#[test]
fn a_backup_without_data_does_not_restore() {
    let repo = walg_without_tars();
    let (own, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&own)), (1, vec!["WP440 error".to_owned()]), "{own}");
    assert!(own["findings"][0]["message"].as_str().unwrap().contains("holds no data files"), "{own}");
    let (document, code) = json(&["backups", &repo.root()]);
    assert_eq!((code, &document["archives"][0]["backups"][0]["why"]), (1, &"broken".into()));
    // Where its own list of files names none, its tool never wrote any: nothing was lost, and it is told all the same.
    repo.put(&format!("{}/files_metadata.json", walg_folder()), "{\"Files\":{},\"TarFileSets\":{}}");
    let (own, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&own)), (0, vec!["WP440 warning".to_owned()]), "{own}");
    let text = walproof(&["verify", &repo.root()]).out;
    assert!(text.contains("but no backup here restores") && text.contains("holds no data files"), "{text}");
    assert!(text.contains("BACKUPS  none that restores"), "{text}");
    assert_eq!(walproof(&["backups", &repo.root()]).code, 1);
}

#[test]
fn contents_of_which_none_could_be_read_leave_the_verdict_open() {
    let repo = walg_without_tars();
    repo.put(&format!("{}/files_metadata.json", walg_folder()), "{\"Files\":{},\"TarFileSets\":{}}");
    let (own, code) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!((code, own["verdict"].as_str()), (2, Some("unproven")), "{own}");
    let text = walproof(&["verify", &repo.root(), "--data"]).out;
    assert!(text.contains("nothing was read"), "{text}");
}

/// A server of Barman with a backup as files; a manifest says what one of them holds.
fn barman_of_files() -> Repo {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    let base = format!("prod/base/{BARMAN_ID}");
    repo.remove(&format!("{base}/data/base.tar.gz"));
    let label = "START WAL LOCATION: 0/900028 (file 000000010000000000000009)\nCHECKPOINT LOCATION: 0/900060\n\
                 BACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-22 03:17:01 UTC\nLABEL: \
                 Barman\nSTART TIMELINE: 1\n";
    let version = "15\n";
    let rows = format!(
        "{{ \"Path\": \"PG_VERSION\", \"Size\": 3, \"Last-Modified\": \"2026-11-22 03:17:01 GMT\", \
         \"Checksum-Algorithm\": \"SHA256\", \"Checksum\": \"{}\" }}",
        sha256(version.as_bytes())
    );
    let mut manifest = format!("{{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n{rows}\n],\n");
    manifest += "\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"0/900028\", \"End-LSN\": \"0/900100\" }\n],\n";
    let sum = sha256(manifest.as_bytes());
    manifest += &format!("\"Manifest-Checksum\": \"{sum}\"}}\n");
    let control = std::fs::read(crate::run::testdata("field/pitr-18/backup/global/pg_control")).unwrap();
    let page = vec![7; 16_384];
    let files: [(&str, &[u8]); 5] = [
        ("PG_VERSION", version.as_bytes()),
        ("backup_label", label.as_bytes()),
        ("backup_manifest", manifest.as_bytes()),
        ("global/pg_control", &control),
        ("base/5/16384", &page),
    ];
    let mut size = 0;
    for (name, bytes) in files {
        size += bytes.len();
        repo.put(&format!("{base}/data/{name}"), bytes);
    }
    let info = format!("prod/meta/{BARMAN_ID}-backup.info");
    let text = std::fs::read_to_string(repo.at(&info)).unwrap();
    repo.put(&info, text.replace("size=4\n", &format!("size={size}\n")));
    repo
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    build::hex(&sha2::Sha256::digest(bytes))
}

#[test]
fn barman_wrote_down_how_much_there_should_be() {
    let repo = barman_of_files();
    let (own, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&own)), (0, vec![]), "{own}");
    // A file that is cut between two pages has pages that are right.
    repo.put(&format!("prod/base/{BARMAN_ID}/data/base/5/16384"), vec![7; 8192]);
    let (own, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&own)), (1, vec!["WP440 error".to_owned()]), "{own}");
    assert!(own["findings"][0]["message"].as_str().unwrap().contains("and its tool wrote down"), "{own}");
    repo.remove(&format!("prod/base/{BARMAN_ID}/data/base"));
    assert_eq!(json(&["verify", &repo.root()]).1, 1);
}

#[test]
fn data_of_barman_in_a_tar_are_read() {
    let repo = barman_of_files();
    let (of_folder, _) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!(of_folder["contents"][0]["files"], 1, "{of_folder}");
    let read = |repo: &Repo| {
        let bytes = tar_of(Path::new(&repo.root())).unwrap();
        let ran = walproof_with_input(&["verify", "-", "--data", "--format", "json"], &bytes);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        (ran, json(&["verify", file.path().to_str().unwrap(), "--data"]))
    };
    let (_, (own, code)) = read(&repo);
    assert_eq!((code, &own["contents"]), (0, &of_folder["contents"]), "{own}");
    repo.put(&format!("prod/base/{BARMAN_ID}/data/PG_VERSION"), "16\n");
    let (piped, (own, code)) = read(&repo);
    assert_eq!((code, own["verdict"].as_str()), (1, Some("refuted")), "{own}");
    // What a stream brings of data files is not kept: that is said, and nothing is said to be well.
    assert!(piped.code != 0 || piped.out.contains("WP443"), "{}", piped.out);
}
