//! Where a PostgreSQL is installed.
//!
//! Looked for in this order: `$WALPROOF_PG` (a `bin` folder or the folder above it), `PATH`, and where the packages of
//! Linux distributions put it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const PACKAGED: [&str; 3] = ["/usr/lib/postgresql", "/usr", "/usr/local"];
const NEEDED: [&str; 3] = ["postgres", "initdb", "pg_ctl"];

/// The programs of one PostgreSQL release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postgres {
    bin: PathBuf,
    major: u32,
}

impl Postgres {
    /// The newest server of at least major version `at_least` in the first place that has one.
    pub fn find(at_least: u32) -> Option<Self> {
        let given = env::var_os("WALPROOF_PG").map(PathBuf::from);
        let given = given.into_iter().flat_map(|folder| [folder.join("bin"), folder]).collect();
        [given, path(), packaged()].into_iter().find_map(|places| newest(places, at_least))
    }

    /// The server whose programs lie in this folder, or in its `bin`.
    pub fn at(folder: &Path) -> Option<Self> {
        [folder.join("bin"), folder.to_owned()].into_iter().find_map(server_in)
    }

    /// Every server that the packages of Linux distributions have put where they do.
    pub fn packaged() -> Vec<Self> {
        packaged().into_iter().filter_map(server_in).collect()
    }

    /// The folder of its programs.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Its major version: 13 for 13.4.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Whether recovery is configured in `recovery.conf` (up to 11).
    pub fn has_recovery_conf(&self) -> bool {
        self.major < 12
    }

    /// One of its programs, or a client program of another release from `PATH`.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        [self.bin.clone()].into_iter().chain(path()).map(|folder| folder.join(name)).find(|program| program.is_file())
    }

    /// One of its own programs: `pg_waldump` must be of the server's release.
    pub fn own_program(&self, name: &str) -> Option<PathBuf> {
        Some(self.bin.join(name)).filter(|program| program.is_file())
    }
}

fn newest(places: Vec<PathBuf>, at_least: u32) -> Option<Postgres> {
    places.into_iter().filter_map(server_in).filter(|found| found.major >= at_least).max_by_key(|found| found.major)
}

fn server_in(bin: PathBuf) -> Option<Postgres> {
    if !NEEDED.iter().all(|name| bin.join(name).is_file()) {
        return None;
    }
    let said = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let major = major_of(&String::from_utf8_lossy(&said.stdout))?;
    // A folder of links (`/usr/local/bin`) often has some of the programs only: the folder that they point to has all.
    let real = fs::canonicalize(bin.join("postgres")).ok().and_then(|program| program.parent().map(Path::to_owned));
    let real = real.filter(|real| NEEDED.iter().all(|name| real.join(name).is_file()));
    Some(Postgres { bin: real.unwrap_or(bin), major })
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15; `19rc1` → 19.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// `/usr/lib/postgresql/15/bin`, `/usr/pgsql-15/bin`, `/usr/local/pgsql/bin`.
fn packaged() -> Vec<PathBuf> {
    let folders = PACKAGED.iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten().flatten();
    folders.map(|folder| folder.path().join("bin")).filter(|bin| bin.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19rc1"), Some(19));
        assert_eq!(major_of("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major_of("no such program"), None);
    }
}
