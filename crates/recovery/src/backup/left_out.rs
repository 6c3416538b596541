//! Databases that a selective restore left out (`--db-include` and `--db-exclude` of pgBackRest): their files have the
//! sizes that they had, and hold nothing. A server starts with them, replays what changes them, and lets nobody
//! connect: they are there to be dropped.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Those of these databases, of a data directory on this machine's disk, of whose relations every file is a hole.
pub(super) fn left_out(data: &Path, databases: HashSet<u32>) -> HashSet<u32> {
    databases.into_iter().filter(|database| is_hollow(&data.join(format!("base/{database}")))).collect()
}

fn is_hollow(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let is_of_relation = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
    let files = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_of_relation));
    let mut holes = 0;
    for file in files {
        let Ok(file) = file.metadata() else { return false };
        if file.len() > 0 && file.blocks() > 0 {
            return false;
        }
        holes += u64::from(file.len() > 0);
    }
    holes > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn files_that_hold_nothing_are_left_out() {
        let data = tempfile::tempdir().unwrap();
        for (database, written) in [(16384, None), (16385, Some(2)), (16386, Some(0))] {
            let folder = data.path().join(format!("base/{database}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("PG_VERSION"), "15\n").unwrap();
            for file in 0..3 {
                let path = folder.join(format!("{}", 1247 + file));
                File::create(&path).unwrap().set_len(16 << 10).unwrap();
                if written == Some(file) {
                    fs::write(path, [1; 16 << 10]).unwrap();
                }
            }
        }
        fs::create_dir(data.path().join("base/16387")).unwrap();
        let found = left_out(data.path(), (16384..16389).collect());
        assert_eq!(found, HashSet::from([16384]));
    }
}
