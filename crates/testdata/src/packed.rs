//! Files of testdata: WAL under its own name and the suffix of its compression.
//!
//! The decoders are called here directly, not through `pgwal-source`: what a test is fed must not depend on the code
//! under test.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

use crate::root;

const SUFFIXES: [&str; 5] = ["xz", "bz2", "zst", "gz", "lz4"];

/// The file's name without the suffix of a compression: what the server called it.
pub fn plain_name(path: &Path) -> String {
    let name = if is_packed(path) { path.file_stem() } else { path.file_name() };
    name.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The file's bytes, decompressed by its suffix where it has one.
///
/// # Errors
/// What the file system or the decoder says.
pub fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    let packed = fs::read(path)?;
    let mut plain = Vec::new();
    match path.extension().and_then(|e| e.to_str()) {
        Some("xz") => lzma_rust2::XzReader::new(&packed[..], true).read_to_end(&mut plain)?,
        Some("bz2") => bzip2::read::MultiBzDecoder::new(&packed[..]).read_to_end(&mut plain)?,
        Some("zst") => zstd::Decoder::new(&packed[..])?.read_to_end(&mut plain)?,
        Some("gz") => flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut plain)?,
        Some("lz4") => lz4_flex::frame::FrameDecoder::new(&packed[..]).read_to_end(&mut plain)?,
        _ => return Ok(packed),
    };
    Ok(plain)
}

/// A path inside `testdata`, given with `/` as the recipes write it.
pub(crate) fn kept(relative: &str) -> PathBuf {
    root().join(relative)
}

fn is_packed(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| SUFFIXES.contains(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_servers() {
        assert_eq!(plain_name(Path::new("a/000000010000000000000009.xz")), "000000010000000000000009");
        assert_eq!(plain_name(Path::new("00000001000000000000005F.partial.lz4")), "00000001000000000000005F.partial");
        assert_eq!(plain_name(Path::new("00000002.history")), "00000002.history");
    }
}
