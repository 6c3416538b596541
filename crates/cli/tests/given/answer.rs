//! What `verify --pgdata` said, and what a directory is made of.

use serde_json::Value;
use std::fs;
use std::path::Path;
use walproof_testdata::state::file_map;

/// Every folder that initdb makes.
pub const FOLDERS: [&str; 19] = [
    "base/5",
    "pg_commit_ts",
    "pg_dynshmem",
    "pg_logical/mappings",
    "pg_logical/snapshots",
    "pg_multixact/members",
    "pg_multixact/offsets",
    "pg_notify",
    "pg_replslot",
    "pg_serial",
    "pg_snapshots",
    "pg_stat",
    "pg_stat_tmp",
    "pg_subtrans",
    "pg_tblspc",
    "pg_twophase",
    "pg_wal/archive_status",
    "pg_xact",
    "global",
];

/// Files that every cluster has, large enough for a young one.
pub fn first_files(data: &Path) {
    for file in ["pg_xact/0000", "pg_multixact/offsets/0000"] {
        fs::write(data.join(file), vec![0; 8192]).unwrap();
    }
    fs::write(data.join("global/pg_filenode.map"), file_map()).unwrap();
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}

/// An answer in JSON, and its exit code.
pub struct Answer {
    pub exit: i32,
    pub document: Value,
}

impl Answer {
    pub fn says(&self) -> &str {
        self.document["restore"]["server_says"].as_str().unwrap_or("")
    }

    /// The codes that are told, those for information apart.
    pub fn codes(&self) -> Vec<&str> {
        let told = self.document["findings"].as_array().unwrap().iter().filter(|f| f["severity"] != "info");
        told.map(|f| f["code"].as_str().unwrap()).collect()
    }

    pub fn first(&self, field: &str) -> &str {
        self.document["findings"][0][field].as_str().unwrap_or("")
    }

    /// A server ends with these words, and with nothing else wrong.
    pub fn ends(&self, says: &str) {
        assert_eq!((self.exit, self.says()), (1, says), "{:#}", self.document["findings"]);
        assert_eq!(self.codes(), ["WP434", "WP420"]);
        assert_eq!(self.first("server_says"), says);
    }

    pub fn starts(&self, what: &str) {
        assert_eq!((self.exit, self.codes()), (0, vec![]), "{what}: {:#}", self.document["findings"]);
    }
}
