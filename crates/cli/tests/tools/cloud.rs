//! barman-cloud, into an S3-compatible server on loopback whose buckets are folders.

use crate::lab::BackupTool;
use crate::{folder_of, installed, said, verify};
use serde_json::Value;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use walproof_live::{LiveError, Server};

const CODECS: [&str; 3] = ["--gzip", "--bzip2", ""];
const KEY: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "walproofkey"),
    ("AWS_SECRET_ACCESS_KEY", "walproofsecret"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
];

/// The server, stopped at its end.
pub struct Store {
    child: Child,
    folder: PathBuf,
    url: String,
}

impl Store {
    pub fn start() -> Option<Store> {
        let program = installed("rclone")?;
        let folder = folder_of(0, "store");
        fs::create_dir_all(folder.join("bucket")).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(program);
        command.args(["serve", "s3", "--addr", &address.to_string(), "--vfs-cache-mode", "off"]);
        // Files are taken away and changed beneath it.
        command.args(["--dir-cache-time", "100ms"]);
        command.args(["--auth-key", &format!("{},{}", KEY[0].1, KEY[1].1)]).arg(&folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let store = Store { child, folder, url: format!("http://{address}") };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Some(store);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("rclone serve s3 does not answer");
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub struct BarmanCloud<'a> {
    store: &'a Store,
    folder: PathBuf,
    prefix: String,
    codec: &'static str,
}

impl<'a> BarmanCloud<'a> {
    pub fn new(store: &'a Store, seed: u64) -> BarmanCloud<'a> {
        let codec = CODECS[seed as usize % CODECS.len()];
        BarmanCloud { store, folder: folder_of(seed, "cloud"), prefix: format!("pre/{seed}"), codec }
    }

    fn command(&self, program: &str, words: &str) -> String {
        let environment: Vec<String> = KEY.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (environment, url) = (environment.join(" "), &self.store.url);
        format!("env {environment} {program} --endpoint-url {url} {words}")
    }

    fn target(&self) -> String {
        format!("s3://bucket/{} demo", self.prefix)
    }

    fn as_folder(&self) -> PathBuf {
        self.store.folder.join("bucket").join(&self.prefix)
    }
}

impl BackupTool for BarmanCloud<'_> {
    /// What pgbench fills its tables with is not archived: a program in Python starts for each segment.
    fn archive_command(&self) -> String {
        let push = self.command("barman-cloud-wal-archive", &format!("{} {} %p", self.codec, self.target()));
        format!("test ! -e {}/on || {push}", self.folder.display())
    }

    fn prepare(&self, server: &Server) {
        server.own_folder(&self.folder).unwrap();
    }

    fn settle(&self, _server: &Server) {
        fs::write(self.folder.join("on"), "").unwrap();
    }

    fn back_up(&self, server: &Server, _is_first: bool) {
        let words = format!("-h {} -U postgres --immediate-checkpoint {}", server.folder().display(), self.target());
        let command = self.command("barman-cloud-backup", &words);
        server.tool(Command::new("sh").args(["-c", &command])).unwrap();
    }

    fn place(&self) -> String {
        format!("s3://bucket/{}", self.prefix)
    }

    fn objects(&self) -> PathBuf {
        self.as_folder().join("demo/wals")
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        let keys = KEY.iter().map(|(name, value)| (*name, (*value).to_owned()));
        keys.chain([("AWS_ENDPOINT_URL", self.store.url.clone())]).collect()
    }

    fn restore(&self, server: &Server, command: Option<&str>, into: &Path) -> Result<Vec<(String, String)>, LiveError> {
        let typed = command.unwrap_or_default().replace("DIR", &into.display().to_string());
        server.tool(Command::new("sh").args(["-c", &typed]).envs(KEY))?;
        // The server knows no credentials.
        let get = self.command("barman-cloud-wal-restore", &format!("{} %f %p", self.target()));
        Ok(vec![("restore_command".to_owned(), get)])
    }
}

impl Drop for BarmanCloud<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A bucket and the folder in which its server keeps it are told alike, but for the place.
pub fn is_the_same_in_a_folder(tool: &BarmanCloud<'_>) {
    let (url, folder) = (tool.place(), tool.as_folder().display().to_string());
    let (bucket, code) = said(tool, &verify(&url, &[]));
    let (there, code_there) = said(tool, &verify(&folder, &[]));
    let told = |document: Value, place: &str| {
        let mut document: Value = serde_json::from_str(&document.to_string().replace(place, "PLACE")).unwrap();
        without_ages(&mut document);
        document
    };
    assert_eq!((told(bucket, &url), code), (told(there, &folder), code_there));
}

/// How long ago something was, changes from run to run.
fn without_ages(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.contains("age") && !name.contains("seconds"));
            fields.values_mut().for_each(without_ages);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ages),
        _ => {}
    }
}
