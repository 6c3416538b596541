//! What `verify` writes for other programs: held against what the formats say, and against programs that are not ours
//! where they are found (each says so where it is not).
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod elements;
mod file;
mod html;
mod junit;
mod nagios;
mod packaging;
mod prometheus;
#[path = "../run/mod.rs"]
mod run;
mod sarif;
mod tools;

use std::path::Path;
use tempfile::TempDir;
use walproof_testdata::{Case, Story};

/// A name that tries to be markup wherever it is put.
const HOSTILE: &str = "x\"><img src=x onerror=alert(1)><script>alert(2)<script>&amp;'|$(id)\u{1b}[31m\u{202e}";

/// Stories of every version, and every damaged archive.
fn archives() -> Vec<(String, Option<TempDir>)> {
    let stories: Vec<Story> = Story::all().unwrap().into_iter().filter(|story| story.story != "wrap").collect();
    let mut out: Vec<(String, Option<TempDir>)> =
        stories.iter().map(|story| (story.folder().to_str().unwrap().to_owned(), None)).collect();
    for case in Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        out.push((folder.path().to_str().unwrap().to_owned(), Some(folder)));
    }
    out
}

/// A copy of the damaged demo with hostile names and a hostile label, and a damaged file among them.
fn hostile() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join(HOSTILE);
    std::fs::create_dir(&archive).unwrap();
    copy(Path::new(&run::testdata("demo/damaged")), &archive);
    std::fs::write(archive.join(HOSTILE), "not WAL").unwrap();
    for entry in std::fs::read_dir(&archive).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "backup") {
            let text = std::fs::read_to_string(&path).unwrap();
            let label = "</td></table><script src=http://127.0.0.1:1/x></script><b onmouseover=alert(3)>";
            let lines: Vec<String> = text
                .lines()
                .map(|l| if l.starts_with("LABEL:") { format!("LABEL: {label}") } else { l.into() })
                .collect();
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        }
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The hostile archive in its folder.
fn inside(folder: &TempDir) -> String {
    folder.path().join(HOSTILE).to_str().unwrap().to_owned()
}
