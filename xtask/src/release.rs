//! `cargo xtask release`: a program that needs nothing of the machine on which it runs, and what an image is made of.
//!
//! ```text
//! DIR/walproof               static, with the stores and the time zones built in
//! DIR/ca-certificates.crt    whom to believe that he is a store
//! DIR/Containerfile          FROM scratch
//! DIR/SHA256SUMS
//! ```

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, ensure};

use crate::run::{cargo, done, root};

/// Where systems keep the certificates of those who are believed.
const CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Build it, try it in an empty root, lay it into the folder.
pub fn run(folder: Option<&str>) -> Result<()> {
    let folder = folder.map_or_else(|| target_folder().join("dist"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let binary = build()?;
    tried(&binary)?;
    fs::copy(&binary, folder.join("walproof"))?;
    fs::copy(root().join("packaging/container/Containerfile"), folder.join("Containerfile"))?;
    let certificates = CERTIFICATES.into_iter().find(|path| Path::new(path).is_file());
    let certificates = certificates.context("the certificates of the system are needed: ca-certificates")?;
    fs::copy(certificates, folder.join("ca-certificates.crt"))?;
    let names = ["walproof", "ca-certificates.crt", "Containerfile"];
    let sums = Command::new("sha256sum").args(names).current_dir(&folder).output().context("sha256sum")?;
    ensure!(sums.status.success(), "sha256sum: {}", String::from_utf8_lossy(&sums.stderr));
    fs::write(folder.join("SHA256SUMS"), &sums.stdout)?;
    let size = fs::metadata(folder.join("walproof"))?.len();
    println!("{} ({} MB), tried in an empty root", folder.join("walproof").display(), size / 1_000_000);
    Ok(())
}

fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// With musl where it is installed, else with the C library of the machine.
fn build() -> Result<PathBuf> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().context("rustc")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    let architecture = env::consts::ARCH;
    let musl = format!("{architecture}-unknown-linux-musl");
    let has_musl = sysroot.join("lib/rustlib").join(&musl).is_dir()
        && Command::new("musl-gcc").arg("--version").output().is_ok_and(|said| said.status.success());
    let target = if has_musl { musl } else { format!("{architecture}-unknown-linux-gnu") };
    let name = target.to_uppercase().replace('-', "_");
    let mut command = cargo();
    command.args(["build", "--release", "--package", "walproof", "--features", "zones", "--target", &target]);
    command.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), "-C target-feature=+crt-static");
    if has_musl {
        command.env(format!("CC_{}", name.to_lowercase()), "musl-gcc");
    }
    println!("building for {target}");
    done(&mut command)?;
    Ok(target_folder().join(target).join("release/walproof"))
}

/// Run it where there is nothing else: no library, no zones, no user but root.
pub fn tried(binary: &Path) -> Result<()> {
    let program = fs::read(binary).with_context(|| binary.display().to_string())?;
    ensure!(!wants_interpreter(&program).context("no program for Linux")?, "{} is not static", binary.display());
    let place = env::temp_dir().join(format!("walproof-empty-root-{}", std::process::id()));
    fs::create_dir(&place)?;
    let tried = fs::copy(binary, place.join("walproof")).map_err(Into::into).and_then(|_| try_in(&place));
    fs::remove_dir_all(&place)?;
    tried
}

fn try_in(place: &Path) -> Result<()> {
    for folder in ["good", "damaged"] {
        fs::create_dir(place.join(folder))?;
        for file in fs::read_dir(root().join("testdata/demo").join(folder))? {
            let file = file?;
            fs::copy(file.path(), place.join(folder).join(file.file_name()))?;
        }
    }
    fs::create_dir(place.join("etc"))?;
    fs::write(place.join("etc/hosts"), "127.0.0.1 store.example bucket.store.example\n")?;
    let text = |output: &Output| String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    for (words, code, said) in [
        (&["verify", "/good"][..], 0, "VERDICT  PROVEN"),
        (&["verify", "/damaged"], 1, "VERDICT  REFUTED"),
        (&["verify", "/good", "--timezone", "Asia/Tokyo"], 0, "12:17:02.513016+09:00"),
    ] {
        let output = inside(place, words).output()?;
        let (found, told) = (output.status.code(), text(&output));
        ensure!(found == Some(code) && told.contains(said), "walproof {}: {found:?}\n{told}", words.join(" "));
    }
    // A name is looked up as the C library does it, which a static one does without its modules.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (port, was_asked) = (listener.local_addr()?.port(), Arc::new(AtomicBool::new(false)));
    let asked = Arc::clone(&was_asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            asked.store(true, Ordering::Relaxed);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let mut command = inside(place, &["verify", "s3://bucket/prefix"]);
    command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_ENDPOINT_URL", format!("http://store.example:{port}"));
    let output = command.output()?;
    let is_found = was_asked.load(Ordering::Relaxed) && output.status.code() == Some(2);
    ensure!(is_found, "the store was not found by its name: {}", text(&output));
    Ok(())
}

/// Root changes its root by itself, others need a namespace for it.
fn inside(place: &Path, words: &[&str]) -> Command {
    let mut command = match fs::metadata("/proc/self") {
        Ok(own) if std::os::unix::fs::MetadataExt::uid(&own) == 0 => Command::new("chroot"),
        _ => {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "chroot"]);
            command
        }
    };
    command.arg(place).arg("/walproof").args(words).env_remove("TZ").env_remove("AWS_PROFILE");
    command
}

/// Whether a program (64 bits, little-endian) names one that loads its libraries: a program header `PT_INTERP`.
fn wants_interpreter(program: &[u8]) -> Option<bool> {
    const INTERPRETER: u32 = 3;
    let number = |at: usize, length: usize| {
        let bytes = program.get(at..at.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    (program.get(..6)? == b"\x7fELF\x02\x01").then_some(())?;
    let (headers, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        let at = usize::try_from(headers.checked_add(index * size)?).ok()?;
        if number(at, 4)? == u64::from(INTERPRETER) {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_not_static_and_text_is_none() {
        let own = fs::read(env::current_exe().unwrap()).unwrap();
        assert_eq!(wants_interpreter(&own), Some(true));
        assert_eq!(wants_interpreter(b"#!/bin/sh"), None);
        assert_eq!(wants_interpreter(&own[..60]), None);
        let mut none = own;
        none[56..58].fill(0);
        assert_eq!(wants_interpreter(&none), Some(false));
    }
}
