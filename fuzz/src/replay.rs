//! Targets without libFuzzer: over files.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Far more than any input may take, on a machine that is busy with other things.
const BOUND: Duration = Duration::from_secs(20);

/// Runs the files named on the command line, and all files of folders.
///
/// # Errors
/// A file cannot be read.
pub fn replay(body: fn(&[u8])) -> io::Result<()> {
    let named = std::env::args_os().skip(1).map(PathBuf::from);
    over(named.collect(), body).map(|count| println!("{count} inputs"))
}

/// Runs all seeds of a target; returns how many.
///
/// # Errors
/// A file cannot be read.
pub fn seeds(target: &str, body: fn(&[u8])) -> io::Result<usize> {
    over(vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)], body)
}

fn over(mut paths: Vec<PathBuf>, body: fn(&[u8])) -> io::Result<usize> {
    let mut count = 0;
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            for file in fs::read_dir(&path)? {
                paths.push(file?.path());
            }
            continue;
        }
        let data = fs::read(&path)?;
        // A panic does not name the input.
        eprintln!("{}", path.display());
        let begun = Instant::now();
        body(&data);
        assert!(begun.elapsed() < BOUND, "{} took {:?}", path.display(), begun.elapsed());
        count += 1;
    }
    Ok(count)
}
