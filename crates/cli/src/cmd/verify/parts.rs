//! Parts that `walproof summarize` wrote, read for `verify --summaries`.

use anyhow::Context;
use pgwal::verify::index::Parts;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than any part has: 20 million segments.
const LONGEST_PART: u64 = 8 << 30;

/// Reads all of them.
pub fn parts(files: &[PathBuf]) -> anyhow::Result<Parts> {
    let mut parts = Parts::new();
    for file in files {
        let bytes = part(file).with_context(|| file.display().to_string())?;
        parts.add(&bytes).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    }
    Ok(parts)
}

/// A pipe would be waited for; of what is no part, no more is read than shows that.
fn part(file: &Path) -> anyhow::Result<Vec<u8>> {
    anyhow::ensure!(std::fs::metadata(file)?.is_file(), "it is no plain file");
    let (mut bytes, mut file) = (Vec::new(), File::open(file)?);
    (&file).take(Parts::MAGIC.len() as u64).read_to_end(&mut bytes)?;
    if bytes == Parts::MAGIC {
        anyhow::ensure!(file.metadata()?.len() <= LONGEST_PART, "it is larger than {LONGEST_PART} bytes");
        (&mut file).take(LONGEST_PART).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
