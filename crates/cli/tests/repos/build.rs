//! Repositories of every tool, made of the WAL of `demo/good` and of files as the tools write them.

use crate::encrypt::openssl;
use sha1::{Digest, Sha1};
use std::fs;
use std::path::PathBuf;
use walproof_testdata::{read_plain, root};

/// The cluster of `demo/good`.
pub const SYSTEM_ID: &str = "7710829604982376463";
pub const SEGMENTS: [&str; 3] = ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"];

/// A repository in a temporary folder.
pub struct Repo {
    folder: tempfile::TempDir,
}

impl Repo {
    pub fn new() -> Repo {
        Repo { folder: tempfile::tempdir().unwrap() }
    }

    pub fn root(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn remove(&self, name: &str) {
        let path = self.at(name);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// The segments of `demo/good`, each under the name that a tool gives it; with its backup history file if so asked.
    pub fn wal(&self, folder: &str, name: impl Fn(&str, &[u8]) -> String, history: bool) {
        for segment in SEGMENTS {
            let bytes = read_plain(&demo(segment)).unwrap();
            self.put(&format!("{folder}/{}", name(segment, &bytes)), &bytes);
        }
        if history {
            let file = "000000010000000000000009.00000028.backup";
            self.put(&format!("{folder}/{file}"), read_plain(&demo(file)).unwrap());
        }
    }
}

fn demo(file: &str) -> PathBuf {
    let plain = root().join("demo/good").join(file);
    if plain.is_file() { plain } else { root().join("demo/good").join(format!("{file}.gz")) }
}

/// The name that pgBackRest gives to a segment.
pub fn named(segment: &str, bytes: &[u8]) -> String {
    format!("{segment}-{}", hex(&Sha1::digest(bytes)))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// pgBackRest's file of information.
pub fn info(sections: &[(&str, Vec<(&str, String)>)]) -> String {
    let base = ("backrest", vec![("backrest-format", "5".to_owned()), ("backrest-version", "\"2.55.1\"".to_owned())]);
    let (mut text, mut summed) = (String::new(), Vec::new());
    for (name, entries) in std::iter::once(&base).chain(sections) {
        text += &format!("[{name}]\n");
        let all: Vec<String> = entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        entries.iter().for_each(|(key, value)| text += &format!("{key}={value}\n"));
        text += "\n";
        summed.push(format!("\"{name}\":{{{}}}", all.join(",")));
    }
    let sum = hex(&Sha1::digest(format!("{{{}}}", summed.join(","))));
    format!("{text}[backrest]\nbackrest-checksum=\"{sum}\"\n")
}

fn cluster(id: u32, system_id: &str) -> Vec<(&'static str, String)> {
    vec![("db-id", id.to_string()), ("db-system-id", system_id.to_owned()), ("db-version", "\"15\"".to_owned())]
}

pub const FULL: &str = "20261122-031701F";
pub const INCR: &str = "20261122-031701F_20261122-031703I";

/// The information of a stanza that is of one cluster, and whose number was raised to this one.
pub fn archive_info(number: u32) -> String {
    archive_info_of(&[SYSTEM_ID; 2][..number as usize])
}

/// The information of a stanza that was of these clusters, one after the other.
pub fn archive_info_of(clusters: &[&str]) -> String {
    let entry = |id: &&str| format!("{{\"db-id\":{id},\"db-version\":\"15\"}}");
    let entries = ["1", "2"].into_iter().zip(clusters.iter().map(entry)).collect();
    let current = cluster(clusters.len() as u32, clusters.last().unwrap());
    info(&[("db", current), ("db:history", entries)])
}

fn backup_json(kind: &str, prior: Option<&str>) -> String {
    let prior = prior.map(|prior| format!("\"backup-prior\":\"{prior}\",")).unwrap_or_default();
    format!(
        "{{\"backrest-format\":5,\"backup-archive-start\":\"{0}\",\"backup-archive-stop\":\"{0}\",\
         \"backup-lsn-start\":\"0/900028\",\"backup-lsn-stop\":\"0/900100\",{prior}\
         \"backup-timestamp-start\":1795317421,\"backup-timestamp-stop\":1795317422,\"backup-type\":\"{kind}\",\
         \"backup-info-size\":8195,\"db-id\":1}}",
        SEGMENTS[0]
    )
}

/// A repository of pgBackRest with a full backup and an incremental one on it.
pub fn pgbackrest(repo: &Repo) {
    repo.wal("archive/main/15-1/0000000100000000", named, true);
    let history = format!("{{\"db-catalog-version\":1,\"db-system-id\":{SYSTEM_ID},\"db-version\":\"15\"}}");
    let backups = vec![(FULL, backup_json("full", None)), (INCR, backup_json("incr", Some(FULL)))];
    let text =
        info(&[("backup:current", backups), ("db", cluster(1, SYSTEM_ID)), ("db:history", vec![("1", history)])]);
    for copy in ["", ".copy"] {
        repo.put(&format!("archive/main/archive.info{copy}"), archive_info(1));
        repo.put(&format!("backup/main/backup.info{copy}"), &text);
    }
    let files = |reference: &str| {
        vec![
            ("pg_data/PG_VERSION", format!("{{{reference}\"size\":3,\"timestamp\":1}}")),
            ("pg_data/base/5/16384", format!("{{{reference}\"repo-size\":53,\"size\":8192,\"timestamp\":1}}")),
        ]
    };
    let manifest =
        |reference: &str| info(&[("backup:db", vec![("db-id", "1".to_owned())]), ("target:file", files(reference))]);
    repo.put(&format!("backup/main/{FULL}/backup.manifest"), manifest(""));
    repo.put(&format!("backup/main/{FULL}/pg_data/PG_VERSION"), "15\n");
    repo.put(&format!("backup/main/{FULL}/pg_data/base/5/16384.zst"), [7; 53]);
    repo.put(&format!("backup/main/{INCR}/backup.manifest"), manifest(&format!("\"reference\":\"{FULL}\",")));
}

/// Encrypts a repository that [`pgbackrest`] made: its information with the passphrase, everything else with keys that
/// the information tells.
pub fn encrypt(repo: &Repo, passphrase: &str) {
    const SUBKEY: &str = "a key of its own";
    let with_key = |file: &str| {
        let text = fs::read_to_string(repo.at(file)).unwrap();
        let sections: Vec<(String, Vec<(String, String)>)> = sections(&text);
        let cipher = ("cipher", vec![("cipher-pass", format!("\"{SUBKEY}\""))]);
        let rest = sections.iter().filter(|(name, _)| name != "backrest");
        let rest = rest.map(|(name, entries)| {
            (name.as_str(), entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect())
        });
        let mut all: Vec<(&str, Vec<(&str, String)>)> = rest.chain([cipher]).collect();
        all.sort_by_key(|(name, _)| *name);
        for copy in ["", ".copy"] {
            repo.put(&format!("{file}{copy}"), openssl(info(&all).as_bytes(), passphrase));
        }
    };
    let root = repo.root();
    let of_cluster = |path: &&String| path.contains("/15-1/") || path.ends_with("backup.manifest");
    for path in crate::walkdir(&root).iter().filter(of_cluster) {
        let bytes = fs::read(path).unwrap();
        fs::write(path, openssl(&bytes, SUBKEY)).unwrap();
    }
    with_key("archive/main/archive.info");
    with_key("backup/main/backup.info");
}

/// The sections of a file of information, with what each says.
fn sections(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut out: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix('['), line.split_once('='), out.last_mut()) {
            (Some(name), _, _) => out.push((name.trim_end_matches(']').to_owned(), Vec::new())),
            (None, Some((key, value)), Some((_, entries))) => entries.push((key.to_owned(), value.to_owned())),
            _ => panic!("{line}"),
        }
    }
    out
}

/// A file of information that was changed, with the checksum that it has now.
pub fn signed(text: &str) -> String {
    let all = sections(text);
    let rest = all.iter().filter(|(name, _)| name != "backrest").map(|(name, entries)| {
        (name.as_str(), entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect())
    });
    info(&rest.collect::<Vec<(&str, Vec<(&str, String)>)>>())
}

const LABEL: &str = "START WAL LOCATION: 0/900028 (file 000000010000000000000009)\\nCHECKPOINT LOCATION: \
                     0/900060\\nBACKUP METHOD: streamed\\nBACKUP FROM: primary\\nSTART TIME: 2026-11-22 03:17:01 \
                     UTC\\nLABEL: Barman\\nSTART TIMELINE: 1\\n";

pub fn barman_info(status: &str) -> String {
    format!(
        "backup_label='{LABEL}'\nbegin_time=2026-11-22 03:17:01.5+00:00\nbegin_wal={0}\nbegin_xlog=0/900028\n\
         compression=None\ndata_checksums=None\nend_time=2026-11-22 03:17:02.5+00:00\nend_wal={0}\n\
         end_xlog=0/900100\nsize=4\nstatus={status}\nsystemid={SYSTEM_ID}\ntimeline=1\n",
        SEGMENTS[0]
    )
}

pub const BARMAN_ID: &str = "20261122T031701";

/// A server of Barman: its archive has no backup history file, as with a streaming archiver.
pub fn barman(repo: &Repo, server: &str) {
    repo.wal(&format!("{server}/wals/0000000100000000"), |segment, _| segment.to_owned(), false);
    repo.put(&format!("{server}/identity.json"), "{}");
    repo.put(&format!("{server}/meta/{BARMAN_ID}-backup.info"), barman_info("DONE"));
    repo.put(&format!("{server}/base/{BARMAN_ID}/data/base.tar.gz"), "some");
}

pub fn barman_cloud(repo: &Repo) {
    repo.wal("prod/wals/0000000100000000", |segment, _| segment.to_owned(), true);
    repo.put(&format!("prod/base/{BARMAN_ID}/backup.info"), barman_info("DONE"));
    repo.put(&format!("prod/base/{BARMAN_ID}/data.tar.gz"), "some");
}

pub fn walg(repo: &Repo) {
    repo.wal("wal_005", |segment, _| segment.to_owned(), true);
    let sentinel = "{\"LSN\":9437224,\"FinishLSN\":9437440,\"PgVersion\":150020,\"SystemIdentifier\":7710829604982376463,\
                    \"UncompressedSize\":8195,\"StartTime\":\"2026-11-22T03:17:01.0Z\",\"FinishTime\":\
                    \"2026-11-22T03:17:02.0Z\"}";
    repo.put(&format!("basebackups_005/base_{}_backup_stop_sentinel.json", SEGMENTS[0]), sentinel);
    repo.put(&format!("basebackups_005/base_{}/tar_partitions/part_001.tar", SEGMENTS[0]), "some");
}

pub fn probackup(repo: &Repo) {
    repo.wal("wal/main", |segment, _| segment.to_owned(), true);
    repo.put("backups/main/pg_probackup.conf", format!("system-identifier = {SYSTEM_ID}\nxlog-seg-size = 1048576\n"));
    repo.put(
        "backups/main/TP7Z2S/backup.control",
        "backup-mode = FULL\nstream = false\nserver-version = 15\ntimelineid = 1\nstart-lsn = 0/900028\nstop-lsn = \
         0/900100\nstart-time = '2026-11-22 03:17:01+00'\nend-time = '2026-11-22 03:17:02+00'\nstatus = OK\n",
    );
    repo.put(
        "backups/main/TP7Z2S/backup_content.control",
        "{\"path\":\"PG_VERSION\", \"size\":\"3\", \"external_dir_num\":\"0\"}\n",
    );
    repo.put("backups/main/TP7Z2S/database/PG_VERSION", "15\n");
}
