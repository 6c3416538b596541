//! `cargo xtask compare-repos`: what verifying packed and encrypted WAL takes beside unpacking it alone and verifying
//! it plain, on the same segments, in one run, in turn; and how much memory.
//!
//! Promised: at one thread no more than 1.05 times both together, at two threads 1.8 times as fast.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    compare::{median, timed},
    folder::Folder,
    peak,
    run::{cargo, done, keep_result, release_binary},
};

const RUNS: usize = 7;
const CODECS: [&str; 3] = ["gz", "zst", "lz4"];
/// Of bzip2, which takes its time, so much.
const SLOW_BYTES: u64 = 256 << 20;
const PASSPHRASE: &str = "walproof-compare";

const HEAD: &str = "# Verifying packed and encrypted WAL

Seconds, medians of 7 runs taken in turn, files in the page cache. `unpack` opens and unpacks every file with the same
crates and does nothing with it; `plain` is `verify --jobs 1 --no-mmap` of the same segments unpacked. Promised are at
most 1.05 × (unpack + plain) at one thread, and 1.8 times as fast with two. Memory is the highest `RssAnon` seen, in
MiB. `cargo xtask compare-repos DIR…` makes this table.

| folder | MiB of WAL | packed | unpack | plain | verify, 1 thread | × (unpack + plain) | 2 threads | 1 : 2 | MiB, 1 thread | 2 |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|
";

/// Pack each folder in each way, time it, throw it away.
pub fn run(folders: &[&str]) -> Result<()> {
    let walproof = release_binary()?;
    done(cargo().args(["build", "--release", "--package", "walproof-benches", "--bin", "packed-wal"]))?;
    let unpack = walproof.with_file_name("packed-wal");
    let mut text = HEAD.to_owned();
    for folder in folders {
        let plain = Folder::open(Path::new(folder))?;
        let place = std::env::temp_dir().join(format!("walproof-packed-{}", std::process::id()));
        fs::create_dir_all(&place)?;
        let told = section(&mut text, &plain, &place, &walproof, &unpack);
        fs::remove_dir_all(&place)?;
        told?;
    }
    keep_result("packed.md", &text)
}

fn section(text: &mut String, plain: &Folder, place: &Path, walproof: &Path, unpack: &Path) -> Result<()> {
    let secret = place.join("passphrase");
    fs::write(&secret, PASSPHRASE)?;
    for codec in CODECS {
        let packed = place.join(codec);
        done(Command::new(unpack).args(["pack", codec]).arg(&plain.path).arg(&packed))?;
        row(text, plain, (codec, &packed, None), walproof, unpack)?;
        if codec == "zst" {
            let encrypted = place.join("encrypted");
            encrypt(&packed, &encrypted, &secret)?;
            row(text, plain, ("zst, AES-256-CBC", &encrypted, Some(&secret)), walproof, unpack)?;
            fs::remove_dir_all(&encrypted)?;
        }
        fs::remove_dir_all(&packed)?;
    }
    let (some, packed) = (place.join(format!("{}, begin", plain.name())), place.join("bz2"));
    fs::create_dir(&some)?;
    for name in plain.names()?.iter().take((SLOW_BYTES / plain.segment) as usize) {
        fs::copy(plain.path.join(name), some.join(name))?;
    }
    done(Command::new(unpack).args(["pack", "bz2"]).arg(&some).arg(&packed))?;
    row(text, &Folder::open(&some)?, ("bz2", &packed, None), walproof, unpack)
}

/// As pgBackRest does it.
fn encrypt(from: &Path, to: &Path, secret: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        let mut command = Command::new("openssl");
        command.args(["enc", "-aes-256-cbc", "-md", "sha1", "-pass"]).arg(format!("file:{}", secret.display()));
        command.arg("-in").arg(file.path()).arg("-out").arg(to.join(file.file_name()));
        let output = command.output().context("openssl")?;
        ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

type Packed<'a> = (&'a str, &'a PathBuf, Option<&'a PathBuf>);

fn row(text: &mut String, plain: &Folder, packed: Packed<'_>, walproof: &Path, unpack: &Path) -> Result<()> {
    let (name, folder, secret) = packed;
    let key: Vec<String> = secret.iter().map(|path| format!("--passphrase-file={}", path.display())).collect();
    let verify = |folder: &Path, jobs: &str| {
        let mut command = Command::new(walproof);
        command.arg("verify").arg(folder).args(["--format", "json", "--no-mmap", "--jobs", jobs]).args(&key);
        command
    };
    let mut alone = Command::new(unpack);
    alone.args(["read", "1"]).arg(folder).args(secret);
    let mut programs = [alone, verify(&plain.path, "1"), verify(folder, "1"), verify(folder, "2")];
    let mut times = vec![Vec::new(); programs.len()];
    for round in 0..=RUNS {
        for (command, times) in programs.iter_mut().zip(&mut times) {
            let taken = timed(command)?.wall;
            // The first round only fills the page cache.
            if round > 0 {
                times.push(taken);
            }
        }
    }
    let seconds: Vec<f64> =
        times.into_iter().map(|runs: Vec<Duration>| median(runs.into_iter()).as_secs_f64()).collect();
    let [alone, of_plain, one, two] = seconds[..] else { bail!("as many times as programs") };
    write!(text, "| {} | {} | {name} | {alone:.2} | {of_plain:.2} | {one:.2} |", plain.name(), plain.mib())?;
    write!(text, " {:.2} | {two:.2} | {:.2} |", one / (alone + of_plain), one / two)?;
    for jobs in ["1", "2"] {
        let (_, own) = peak::of(&mut verify(folder, jobs))?;
        write!(text, " {:.1} |", own as f64 / 1024.)?;
    }
    text.push('\n');
    Ok(())
}
