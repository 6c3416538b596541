//! The files of settings of a backup, and those that they include, in the order in which a server reads them
//! (`ParseConfigFile`, `ParseConfigDirectory`; `guc-file.l`, since 16 `conffiles.c`, too).
//!
//! ```text
//! postgresql.conf, line 1 to 4          max_connections = 100
//! conf.d/10-recovery.conf               include_dir 'conf.d' stands in line 5: *.conf, in the order of their bytes
//! postgresql.conf, from line 6 on       what stands behind it counts more
//! ```
//! A relative path begins at the folder of the file that names it.

use super::SettingsFile;
use pgwal_format::Version;
use pgwal_format::text::settings::{Include, Setting, SettingsFault, SettingsText};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A file that a server cannot open, and so does not start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotOpened {
    /// `file` or `directory`.
    pub what: &'static str,
    /// Its path below the data directory, or from the root on.
    pub path: String,
    /// Why not, in the server's words.
    pub why: &'static str,
}

/// Where files lie that settings include.
pub(super) enum IncludePlace<'a> {
    /// A data directory. Where it is whole, what is not there is missing.
    Folder(&'a Path, bool),
    /// What was kept of a tar, by path. What is not there may have been left out.
    Kept(&'a BTreeMap<String, Vec<u8>>),
    /// Nowhere.
    Nowhere,
}

/// Files within each other: a server gives up beyond.
const DEEPEST: usize = 10;
/// Files and bytes that are read; a server would read on.
const MOST: usize = 1000;
const MOST_BYTES: usize = 64 << 20;
/// Bytes of a file.
const LONGEST: u64 = 4 << 20;

/// Reads a file of settings, and what it includes: pieces in the order in which they count.
pub(super) fn read(name: &str, bytes: &[u8], version: Option<Version>, place: &IncludePlace<'_>) -> Vec<SettingsFile> {
    let mut reader = SettingsReader { main: name, version, place, out: Vec::new(), files: 0, bytes: 0 };
    reader.take(name, bytes, 0);
    reader.out
}

struct SettingsReader<'a> {
    main: &'a str,
    version: Option<Version>,
    place: &'a IncludePlace<'a>,
    out: Vec<SettingsFile>,
    files: usize,
    bytes: usize,
}

/// What became of an include.
enum Included {
    /// Files, by their paths.
    Files(Vec<(String, Vec<u8>)>),
    /// A server dies of it.
    Dies(NotOpened),
    /// Nothing is known of it.
    Unknown,
}

impl SettingsReader<'_> {
    fn take(&mut self, path: &str, bytes: &[u8], depth: usize) {
        let whole = SettingsFile::parse(self.main, bytes, self.version);
        let SettingsText { settings, includes, faults } = whole.text;
        let (mut settings, mut faults) = (settings.into_iter().peekable(), faults.into_iter().peekable());
        let mut piece = self.piece(path);
        for include in includes {
            let before = |line: usize| line < include.line;
            piece.text.settings.extend(std::iter::from_fn(|| settings.next_if(|s: &Setting| before(s.line))));
            piece.text.faults.extend(std::iter::from_fn(|| faults.next_if(|f: &SettingsFault| before(f.line))));
            match self.open(path, &include, depth) {
                Included::Unknown => piece.text.includes.push(include),
                Included::Dies(what) => piece.not_opened.push(what),
                Included::Files(files) => {
                    if !files.is_empty() {
                        let next = self.piece(path);
                        self.out.push(std::mem::replace(&mut piece, next));
                    }
                    files.into_iter().for_each(|(path, bytes)| self.take(&path, &bytes, depth + 1));
                }
            }
        }
        piece.text.settings.extend(settings);
        piece.text.faults.extend(faults);
        self.out.push(piece);
    }

    fn piece(&self, path: &str) -> SettingsFile {
        let text = SettingsText::default();
        SettingsFile { name: path.to_owned(), main: self.main.to_owned(), text, not_opened: Vec::new() }
    }

    fn open(&mut self, from: &str, include: &Include, depth: usize) -> Included {
        let path = resolve(from, &include.path);
        let is_folder = include.directive == "include_dir";
        let dies = |why| {
            Included::Dies(NotOpened { what: if is_folder { "directory" } else { "file" }, path: path.clone(), why })
        };
        if depth >= DEEPEST && !is_folder {
            return dies("maximum nesting depth exceeded");
        }
        let found = if is_folder {
            self.place.folder(&path).map(|names| names.into_iter().map(|name| format!("{path}/{name}")).collect())
        } else {
            Some(vec![path.clone()])
        };
        let known = self.place.is_whole() && !path.starts_with('/');
        let Some(paths) = found else {
            return if known { dies("No such file or directory") } else { Included::Unknown };
        };
        let mut files = Vec::new();
        for file in paths {
            match self.place.file(&file) {
                Some(_) if self.files >= MOST || self.bytes >= MOST_BYTES => return Included::Unknown,
                Some(bytes) if bytes.len() as u64 >= LONGEST => return Included::Unknown,
                Some(bytes) => {
                    (self.files, self.bytes) = (self.files + 1, self.bytes + bytes.len());
                    files.push((file, bytes));
                }
                None if include.directive == "include_if_exists" && known => {}
                None if known => return dies("No such file or directory"),
                None => return Included::Unknown,
            }
        }
        Included::Files(files)
    }
}

impl IncludePlace<'_> {
    fn is_whole(&self) -> bool {
        matches!(self, IncludePlace::Folder(_, true))
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        match self {
            IncludePlace::Folder(data, _) => super::small::small(&data.join(path), LONGEST).ok().flatten(),
            IncludePlace::Kept(files) => files.get(path).cloned(),
            IncludePlace::Nowhere => None,
        }
    }

    /// The names of the `.conf` files in a folder, in the order in which they are read.
    fn folder(&self, path: &str) -> Option<Vec<String>> {
        let counts = |name: &str| name.len() > 5 && name.ends_with(".conf") && !name.starts_with('.');
        let mut names: Vec<String> = match self {
            IncludePlace::Folder(data, _) => {
                let entries = fs::read_dir(data.join(path)).ok()?.flatten().take(100_000);
                let files = entries.filter(|entry| !entry.path().is_dir());
                files.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| counts(name)).collect()
            }
            IncludePlace::Kept(files) => {
                let below = format!("{path}/");
                let inside =
                    files.keys().filter_map(|name| name.strip_prefix(&below)).filter(|name| !name.contains('/'));
                let names: Vec<String> = inside.filter(|name| counts(name)).map(str::to_owned).collect();
                // A folder without one such file is not told from one that is not there.
                (!names.is_empty()).then_some(names)?
            }
            IncludePlace::Nowhere => return None,
        };
        names.sort();
        Some(names)
    }
}

/// A path as the file `from` names it, below the data directory or from the root on, without `.` and `..`.
fn resolve(from: &str, path: &str) -> String {
    let base = Path::new(from).parent().unwrap_or(Path::new(""));
    let mut out = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if out.file_name().is_some_and(|name| name != "..") => drop(out.pop()),
            other => out.push(other),
        }
    }
    out.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    /// Name and value, in the order in which they count.
    fn all(files: &[SettingsFile]) -> Vec<(&str, &str)> {
        files.iter().flat_map(|f| &f.text.settings).map(|s| (s.name.as_str(), s.value.as_str())).collect()
    }

    #[test]
    fn what_is_included_counts_where_it_stands() {
        let files = kept(&[
            ("conf.d/b.conf", "a = 3\ninclude '../more/x.settings'\n"),
            ("conf.d/a.conf", "a = 2\n"),
            ("conf.d/a.conf~", "a = 9\n"),
            ("conf.d/.hidden.conf", "a = 9\n"),
            ("conf.d/sub/c.conf", "a = 9\n"),
            ("more/x.settings", "a = 4\ninclude_if_exists './y'\n"),
            ("more/y", "a = 5\n"),
        ]);
        let text = b"a = 1\ninclude_dir 'conf.d'\ninclude 'gone'\na = 6\n";
        let read = read("postgresql.conf", text, None, &IncludePlace::Kept(&files));
        let values: Vec<&str> = all(&read).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["1", "2", "3", "4", "5", "6"]);
        assert!(read.iter().all(|f| f.main == "postgresql.conf" && f.not_opened.is_empty()));
        let left: Vec<&str> = read.iter().flat_map(|f| &f.text.includes).map(|i| i.path.as_str()).collect();
        assert_eq!(left, ["gone"], "of a tar not every file is kept");
    }

    #[test]
    fn what_includes_itself_ends() {
        let files = kept(&[("loop", "a = 1\ninclude 'loop'\n"), ("bomb", "include 'bomb'\ninclude 'bomb'\n")]);
        let once = read("postgresql.conf", b"include 'loop'\n", None, &IncludePlace::Kept(&files));
        let died: Vec<&NotOpened> = once.iter().flat_map(|f| &f.not_opened).collect();
        assert_eq!((all(&once).len(), died.len(), died[0].why), (DEEPEST, 1, "maximum nesting depth exceeded"));
        assert!(read("postgresql.conf", b"include 'bomb'\n", None, &IncludePlace::Kept(&files)).len() < 10 * MOST);
    }

    #[test]
    fn paths() {
        assert_eq!(resolve("postgresql.conf", "conf.d"), "conf.d");
        assert_eq!(resolve("conf.d/a.conf", "./../b//c"), "b/c");
        assert_eq!(resolve("conf.d/a.conf", "/etc/x"), "/etc/x");
        assert_eq!(resolve("postgresql.conf", "../x"), "../x");
    }
}
