//! The floor for archives that are packed and encrypted: opens and unpacks every file of a folder with the crates that
//! the program has, and does nothing with what comes out. And makes such folders.
//!
//! `packed-wal read THREADS FOLDER [PASSPHRASE-FILE]`, `packed-wal pack gz|zst|lz4|bz2 FROM TO`.

use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use pgwal::repos::{PlaceReading, RepoChoice, open};
use pgwal::source::{How, Keys, Scratch};

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["read", threads, folder] => read(threads, folder, Keys::default()),
        ["read", threads, folder, passphrase] => {
            let mut keys = Keys::default();
            keys.add_passphrase(fs::read_to_string(passphrase)?.trim_end().into());
            read(threads, folder, keys)
        }
        ["pack", codec, from, to] => pack(codec, Path::new(from), Path::new(to)),
        _ => Err(io::Error::other(
            "usage: packed-wal read THREADS FOLDER [PASSPHRASE-FILE] | packed-wal pack gz|zst|lz4|bz2 FROM TO",
        )),
    }
}

fn read(threads: &str, folder: &str, keys: Keys) -> io::Result<()> {
    let threads: usize = threads.parse().map_err(io::Error::other)?;
    let reading = PlaceReading { keys, ..PlaceReading::default() };
    let source = open(&[folder.into()], &RepoChoice::default(), reading).map_err(io::Error::other)?.source;
    let entries = source.list().map_err(io::Error::other)?.entries;
    let next = AtomicUsize::new(0);
    let worker = || -> io::Result<u64> {
        let (mut scratch, mut plain) = (Scratch::default(), 0);
        while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let read = source.read(entry, &How::default(), &mut scratch, &mut |_| ControlFlow::Continue(()));
            plain += read.map_err(io::Error::other)?.plain_bytes;
        }
        Ok(plain)
    };
    let plain: u64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))))
            .sum::<io::Result<u64>>()
    })?;
    println!("{plain} plain bytes");
    Ok(())
}

/// As pgBackRest packs: gzip 6, zstd 3, lz4 frames, bzip2 9.
fn pack(codec: &str, from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let out = File::create(to.join(format!("{name}.{codec}")))?;
        let plain = fs::read(&path)?;
        match codec {
            "gz" => {
                let mut packer = flate2::write::GzEncoder::new(out, flate2::Compression::new(6));
                packer.write_all(&plain)?;
                packer.finish()?;
            }
            "zst" => {
                let mut packer = zstd::Encoder::new(out, 3)?;
                packer.write_all(&plain)?;
                packer.finish()?;
            }
            "lz4" => {
                let mut packer = lz4_flex::frame::FrameEncoder::new(out);
                packer.write_all(&plain)?;
                packer.finish().map_err(io::Error::other)?;
            }
            "bz2" => {
                let mut packer = bzip2::write::BzEncoder::new(out, bzip2::Compression::best());
                packer.write_all(&plain)?;
                packer.finish()?;
            }
            _ => return Err(io::Error::other("gz, zst, lz4 or bz2")),
        }
    }
    Ok(())
}
