//! Passphrases and keys for what lies encrypted: from files, descriptors and the environment, never from words of the
//! command line, which everybody on the machine sees.

use anyhow::{Context, ensure};
use pgwal::source::Keys;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Where keys are.
#[derive(clap::Args, Clone, Default)]
pub struct KeyOptions {
    /// The first line of FILE is a passphrase of encrypted files; may be given several times
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub passphrase_file: Vec<PathBuf>,
    /// The first line that this open file descriptor gives is a passphrase
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub passphrase_fd: Vec<u32>,
    /// FILE holds a key of encrypted files; may be given several times. What backup tools read from the environment
    /// (PGBACKREST_REPO1_CIPHER_PASS, WALG_PGP_KEY_PATH, …) is taken as well
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub key_file: Vec<PathBuf>,
}

/// More than any file of keys has.
const LIMIT: u64 = 1 << 20;

impl KeyOptions {
    /// As they are written for another command; what a descriptor gives is not there any more.
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let absolute =
            |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string();
        let passphrases = self.passphrase_file.iter().map(|path| ("--passphrase-file", absolute(path)));
        passphrases.chain(self.key_file.iter().map(|path| ("--key-file", absolute(path)))).collect()
    }

    /// All of them, the named ones first.
    pub fn keys(&self) -> anyhow::Result<Keys> {
        let mut keys = Keys::default();
        for path in &self.passphrase_file {
            keys.add_passphrase(first_line(path)?);
        }
        for number in &self.passphrase_fd {
            keys.add_passphrase(first_line(Path::new(&format!("/dev/fd/{number}")))?);
        }
        for path in &self.key_file {
            let content = content(path)?;
            ensure!(!content.is_empty(), "{}: no key is in it", path.display());
            keys.add_key_file(content);
        }
        for (name, value) in std::env::vars_os().filter(|(_, value)| !value.is_empty()) {
            match KeyVariable::by(&name) {
                Some(KeyVariable::Passphrase) => keys.add_passphrase(value.into_vec()),
                Some(KeyVariable::Key) => keys.add_key_file(value.into_vec()),
                Some(KeyVariable::KeyPath) => match content(Path::new(&value)) {
                    Ok(content) => keys.add_key_file(content),
                    // It may be for another archive than this.
                    Err(error) => crate::complain(format_args!("{}: {error:#}", name.display())),
                },
                None => {}
            }
        }
        Ok(keys)
    }
}

/// What a variable of the environment says.
enum KeyVariable {
    Passphrase,
    Key,
    KeyPath,
}

impl KeyVariable {
    fn by(name: &OsString) -> Option<KeyVariable> {
        match name.to_str()? {
            "WALG_PGP_KEY_PASSPHRASE" => Some(KeyVariable::Passphrase),
            "WALG_PGP_KEY" | "WALG_LIBSODIUM_KEY" => Some(KeyVariable::Key),
            "WALG_PGP_KEY_PATH" | "WALG_LIBSODIUM_KEY_PATH" => Some(KeyVariable::KeyPath),
            // Of any of its repositories.
            name if name.starts_with("PGBACKREST_REPO") && name.ends_with("_CIPHER_PASS") => {
                Some(KeyVariable::Passphrase)
            }
            _ => None,
        }
    }
}

fn first_line(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = content(path)?;
    let end = bytes.iter().position(|&b| b == b'\n').unwrap_or(bytes.len());
    bytes.truncate(end);
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    ensure!(!bytes.is_empty(), "{}: its first line is empty, no passphrase", path.display());
    Ok(bytes)
}

/// Unlike other files, a pipe is well: a command may give the secret.
fn content(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    // In one piece: what grows leaves copies behind.
    let mut bytes = Vec::with_capacity(64 << 10);
    let file = File::open(path).with_context(|| shown.to_string())?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).with_context(|| shown.to_string())?;
    ensure!(bytes.len() as u64 <= LIMIT, "{shown} is larger than {LIMIT} bytes, no key");
    Ok(bytes)
}
