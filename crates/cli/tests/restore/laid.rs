//! An archive and a data directory on which a server is about to be started, in a folder of their own.

use crate::run::{testdata, walproof};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use walproof_testdata::read_plain;

/// An archive and a data directory, from a captured case.
pub struct Laid(tempfile::TempDir);

impl Laid {
    /// `xids-17`: the archive in plain segments.
    pub fn new() -> Laid {
        Laid::of("field/xids-17", true)
    }

    pub fn of(case: &str, plain: bool) -> Laid {
        let laid = Laid::archive(&format!("{case}/archive"), plain);
        for name in ["PG_VERSION", "backup_label", "global/pg_control"] {
            fs::copy(testdata(&format!("{case}/backup/{name}")), laid.at("data").join(name)).unwrap();
        }
        laid
    }

    /// Three timelines of 15, and the first of its backups, of which the archive has the label.
    pub fn of_15(plain: bool) -> Laid {
        let laid = Laid::archive("15/archive", plain);
        laid.label("15/archive/000000010000000000000058.00000028.backup");
        fs::write(laid.at("data/PG_VERSION"), "15\n").unwrap();
        fs::copy(testdata("backup/15_late/global/pg_control"), laid.at("data/global/pg_control")).unwrap();
        laid
    }

    /// A test restore of 16 that archived its timeline beside production, and the backup from which both begin.
    pub fn of_test_restore() -> Laid {
        let case = "field/backup-behind-fork";
        let laid = Laid::archive(&format!("{case}/archive"), true);
        laid.label(&format!("{case}/archive/000000010000000000000006.00000028.backup"));
        fs::copy(testdata(&format!("{case}/backup2/PG_VERSION")), laid.at("data/PG_VERSION")).unwrap();
        let control = testdata(&format!("{case}/backup2/global/pg_control"));
        fs::copy(control, laid.at("data/global/pg_control")).unwrap();
        laid
    }

    /// The label of a backup, as its file in the archive has it.
    fn label(&self, file: &str) {
        let label = fs::read_to_string(testdata(file)).unwrap();
        let lines: Vec<&str> = label.lines().filter(|line| !line.starts_with("STOP ")).collect();
        fs::write(self.at("data/backup_label"), lines.join("\n") + "\n").unwrap();
    }

    /// Segments are unpacked, or as they are in the folder.
    fn archive(archive: &str, plain: bool) -> Laid {
        let laid = Laid(tempfile::tempdir().unwrap());
        for folder in ["archive", "data/global"] {
            fs::create_dir_all(laid.at(folder)).unwrap();
        }
        for file in fs::read_dir(testdata(archive)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let (name, bytes) = match plain {
                true => (name.trim_end_matches(".xz").to_owned(), read_plain(&path).unwrap()),
                false => (name, fs::read(&path).unwrap()),
            };
            fs::write(laid.at("archive").join(name), bytes).unwrap();
        }
        fs::write(laid.at("data/recovery.signal"), "").unwrap();
        laid
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn text(&self, path: &str) -> String {
        self.at(path).to_str().unwrap().to_owned()
    }

    /// With these lines in `postgresql.conf`; `ARCHIVE` stands for its folder.
    pub fn set(&self, lines: &[&str]) -> &Laid {
        // Prepared transactions of the primary need their room.
        let lines = [&["hot_standby = off", "max_prepared_transactions = 5"], lines]
            .concat()
            .join("\n")
            .replace("ARCHIVE", &self.text("archive"));
        fs::write(self.at("data/postgresql.conf"), lines + "\n").unwrap();
        self
    }

    pub fn verify(&self, more: &[&str]) -> (i32, Value) {
        let (archive, data) = (self.text("archive"), self.text("data"));
        let words = [&["verify", &archive, "--pgdata", &data, "--format", "json"], more].concat();
        let ran = walproof(&words);
        (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err)))
    }

    /// The first line of the text with this label.
    pub fn line(&self, label: &str) -> String {
        let ran = walproof(&["verify", &self.text("archive"), "--pgdata", &self.text("data"), "--timezone", "UTC"]);
        ran.out
            .lines()
            .find(|line| line.starts_with(label))
            .unwrap_or_else(|| panic!("{label}: {}", ran.out))
            .to_owned()
    }
}

/// Codes of errors.
pub fn errors(document: &Value) -> Vec<&str> {
    let all = document["findings"].as_array().unwrap();
    all.iter().filter(|f| f["severity"] == "error").map(|f| f["code"].as_str().unwrap()).collect()
}

pub const COPY: &str = "restore_command = 'cp ARCHIVE/%f %p'";
