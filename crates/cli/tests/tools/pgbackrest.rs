//! pgBackRest: a stanza in a folder, full and incremental.

use crate::lab::BackupTool;
use crate::{folder_of, quoted};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_live::{LiveError, Server};

/// The newest server that the distribution's 2.45 knows.
pub const NEWEST: u32 = 15;
const CODECS: [&str; 5] = ["gz", "lz4", "zst", "bz2", "none"];

pub struct PgBackRest {
    program: PathBuf,
    folder: PathBuf,
    codec: &'static str,
}

impl PgBackRest {
    pub fn new(program: &Path, seed: u64) -> PgBackRest {
        let codec = CODECS[seed as usize % CODECS.len()];
        PgBackRest { program: program.to_owned(), folder: folder_of(seed, "pgbackrest"), codec }
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("pgbackrest.conf")
    }

    fn run(&self, server: &Server, words: &[&str]) {
        let mut command = Command::new(&self.program);
        command.arg(format!("--config={}", self.configuration().display())).arg("--stanza=main").args(words);
        server.tool(&mut command).unwrap();
    }
}

impl BackupTool for PgBackRest {
    fn archive_command(&self) -> String {
        let (program, conf) = (quoted(&self.program), quoted(&self.configuration()));
        format!("{program} --config={conf} --stanza=main archive-push %p")
    }

    fn prepare(&self, server: &Server) {
        for name in ["", "repo", "lock"] {
            server.own_folder(&self.folder.join(name)).unwrap();
        }
        let (folder, data) = (self.folder.display(), server.data());
        let text = format!(
            "[global]\nrepo1-path={folder}/repo\nlock-path={folder}/lock\nlog-level-file=off\nstart-fast=y\n\
             compress-type={}\n[main]\npg1-path={}\npg1-socket-path={}\npg1-user=postgres\n",
            self.codec,
            data.display(),
            server.folder().display()
        );
        fs::write(self.configuration(), text).unwrap();
        self.run(server, &["stanza-create"]);
    }

    fn back_up(&self, server: &Server, is_first: bool) {
        self.run(server, &[if is_first { "--type=full" } else { "--type=incr" }, "backup"]);
    }

    fn place(&self) -> String {
        self.folder.join("repo").display().to_string()
    }

    fn objects(&self) -> PathBuf {
        self.folder.join("repo/archive")
    }

    fn restore(&self, server: &Server, command: Option<&str>, into: &Path) -> Result<Vec<(String, String)>, LiveError> {
        server.own_folder(into)?;
        let typed = command.unwrap_or_default().replace("=DIR", &format!("={}", into.display()));
        let mut shell = Command::new("sh");
        shell.args(["-c", &typed]).env("PGBACKREST_LOG_LEVEL_FILE", "off");
        shell.env("PGBACKREST_LOCK_PATH", self.folder.join("lock"));
        server.tool(&mut shell)?;
        Ok(Vec::new())
    }
}

impl Drop for PgBackRest {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
