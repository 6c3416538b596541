//! A tar of a folder.

use std::fs;
use std::io;
use std::path::Path;

/// A tar of a folder's files, as `pg_basebackup` writes it.
pub fn tar_of(folder: &Path) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    members(folder, "", &mut out)?;
    out.resize(out.len() + 1024, 0);
    Ok(out)
}

fn members(folder: &Path, under: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let name = format!("{under}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            members(&path, &format!("{name}/"), out)?;
            continue;
        }
        let content = fs::read(&path)?;
        member(&name, &content, out);
    }
    Ok(())
}

/// A member: its header and its content.
pub fn member(name: &str, content: &[u8], out: &mut Vec<u8>) {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    block[156] = b'0';
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend(block);
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
}
