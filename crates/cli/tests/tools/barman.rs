//! Barman: WAL by `archive_command` into its incoming folder, backups by `pg_basebackup`.

use crate::lab::BackupTool;
use crate::{folder_of, quoted};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_live::{LiveError, Server};

/// The newest server that the distribution's 3.4 knows.
pub const NEWEST: u32 = 15;
const CODECS: [&str; 3] = ["compression = gzip\n", "compression = bzip2\n", ""];

pub struct Barman {
    program: PathBuf,
    folder: PathBuf,
    codec: &'static str,
    /// Nothing is damaged yet.
    is_whole: Cell<bool>,
}

impl Barman {
    pub fn new(program: &Path, seed: u64) -> Barman {
        let codec = CODECS[seed as usize % CODECS.len()];
        Barman { program: program.to_owned(), folder: folder_of(seed, "barman"), codec, is_whole: Cell::new(true) }
    }

    fn with_configuration(&self) -> String {
        format!("{} -c {}", quoted(&self.program), quoted(&self.folder.join("barman.conf")))
    }

    fn run(&self, server: &Server, words: &str) -> Result<(), LiveError> {
        let command = format!("{} {words}", self.with_configuration());
        server.tool(Command::new("sh").args(["-c", &command])).map(drop)
    }
}

impl BackupTool for Barman {
    fn archive_command(&self) -> String {
        let incoming = self.folder.join("home/demo/incoming");
        let incoming = incoming.display();
        format!("test ! -f {incoming}/%f && cp %p {incoming}/.%f.tmp && mv {incoming}/.%f.tmp {incoming}/%f")
    }

    fn prepare(&self, server: &Server) {
        for name in ["", "home", "home/demo", "home/demo/incoming", "more"] {
            server.own_folder(&self.folder.join(name)).unwrap();
        }
        let (folder, socket, user) = (self.folder.display(), server.folder().display(), server.user_name());
        let bin = server.postgres().bin().display();
        let text = format!(
            "[barman]\nbarman_user = {user}\nbarman_home = {folder}/home\nconfiguration_files_directory = {folder}/more\n\
             barman_lock_directory = {folder}\nlog_file = {folder}/log\n[demo]\ndescription = demo\n\
             conninfo = host={socket} user=postgres dbname=postgres\n\
             streaming_conninfo = host={socket} user=postgres dbname=postgres\nbackup_method = postgres\narchiver = on\n\
             streaming_archiver = off\npath_prefix = {bin}\nimmediate_checkpoint = true\n{}",
            self.codec
        );
        fs::write(self.folder.join("barman.conf"), text).unwrap();
    }

    fn back_up(&self, server: &Server, _is_first: bool) {
        self.run(server, "backup demo").unwrap();
        // It is waiting for its last segments until they are brought in.
        self.settle(server);
        self.run(server, "check-backup demo latest").unwrap();
    }

    fn settle(&self, server: &Server) {
        self.run(server, "archive-wal demo").unwrap();
    }

    fn place(&self) -> String {
        self.folder.join("home").display().to_string()
    }

    fn objects(&self) -> PathBuf {
        self.folder.join("home/demo/wals")
    }

    fn restore(&self, server: &Server, command: Option<&str>, into: &Path) -> Result<Vec<(String, String)>, LiveError> {
        let typed = command.unwrap_or_default();
        let words = typed.strip_prefix("barman ").unwrap_or(typed).replace(" DIR", &format!(" {}", quoted(into)));
        if self.is_whole.take() {
            return self.run(server, &words).map(|()| Vec::new());
        }
        // Without that it unpacks all of its WAL before the server starts, and gives up at the first damaged file.
        let words = words.replacen("recover ", "recover --get-wal ", 1);
        self.run(server, &words)?;
        // Where it writes its own command, that has neither this configuration nor this user.
        let get = format!("{} get-wal demo %f > %p", self.with_configuration());
        Ok(vec![("restore_command".to_owned(), get)])
    }
}

impl Drop for Barman {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
