//! The floor: reads every byte of every segment of a folder and sums it with CRC-32C, and does nothing else.
//!
//! `read-and-crc THREADS FOLDER`. No program that looks at every byte can be much faster than this.

use std::{
    env,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use pgwal::crc::castagnoli::append;

/// Small enough to stay in the second-level cache between the read and the sum.
const WINDOW: usize = 256 << 10;

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let threads = arguments.next().and_then(|n| n.to_str()?.parse().ok());
    let (Some(threads), Some(folder)) = (threads, arguments.next()) else {
        return Err(io::Error::other("usage: read-and-crc THREADS FOLDER"));
    };
    let files = segments(Path::new(&folder))?;
    let next = AtomicUsize::new(0);
    let sums = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_: usize| scope.spawn(|| sum_files(&files, &next))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))))
            .collect::<io::Result<Vec<u32>>>()
    })?;
    println!("{:08X}", sums.iter().fold(0, |a, b| a ^ b));
    Ok(())
}

fn sum_files(files: &[PathBuf], next: &AtomicUsize) -> io::Result<u32> {
    let mut window = vec![0; WINDOW];
    let mut all = 0;
    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut file = File::open(path)?;
        let mut crc = 0;
        loop {
            let read = file.read(&mut window)?;
            let Some(bytes) = window.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            crc = append(crc, bytes);
        }
        all ^= crc;
    }
    Ok(all)
}

fn segments(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.file_name().is_some_and(|name| name.len() == 24) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
