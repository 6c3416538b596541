//! The README says what is true: every command in its `console` blocks is run at the root of the repository, and what
//! it prints is what stands there. `WALPROOF_BLESS=1` writes the outputs anew.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_testdata::ages;

/// Pages for people.
const PAGES: [&str; 9] = [
    "README.md",
    "ARCHITECTURE.md",
    "SHORTCOMINGS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/archiving.md",
    "docs/commands.md",
    "docs/for-backup-tools.md",
    "docs/standby.md",
];

/// Lines of a page that is read to its end.
const LONGEST: usize = 220;

#[test]
fn every_command_prints_what_stands_there() {
    let commands = commands_of("README.md");
    assert!(commands >= 9, "only {commands} commands found");
    for (page, least) in [("docs/archiving.md", 4), ("docs/commands.md", 6), ("docs/for-backup-tools.md", 6)] {
        let commands = commands_of(page);
        assert!(commands >= least, "only {commands} commands found in {page}");
    }
}

/// Runs the commands of a page; how many there are.
fn commands_of(page: &str) -> usize {
    let path = root().join(page);
    let text = read(page);
    // Some write there, as whoever builds the program in this folder can.
    std::fs::create_dir_all(root().join("target")).unwrap();
    let told = blocks(&text, "console");
    let mut blessed = text.clone();
    let mut commands = 0;
    for block in &told {
        let mut exit = 0;
        let mut now = String::new();
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            commands += 1;
            let output = run(command, exit);
            exit = output.status.code().unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(!printed.contains("Usage: walproof"), "{command}\n{printed}");
            now += &format!("$ {command}\n{printed}");
        }
        if std::env::var_os("WALPROOF_BLESS").is_some() {
            blessed = blessed.replace(block.as_str(), &ages::with_one_age(&now));
        } else {
            let (now, then) = (ages::of_any_day(&now), ages::of_any_day(block));
            assert_eq!(now, then, "{page} is out of date; WALPROOF_BLESS=1 writes it anew");
        }
    }
    if blessed != text {
        std::fs::write(path, blessed).unwrap();
    }
    commands
}

/// A folder with the program and nothing else: beside it lie programs of this workspace with names of others (`tar`).
fn program_alone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_walproof"), folder.path().join("walproof")).unwrap();
    folder
}

/// Both outputs are merged, as a terminal shows them. `$?` is that of the command before.
fn run(command: &str, before: i32) -> std::process::Output {
    let alone = program_alone();
    let path = format!("{}:{}", alone.path().display(), std::env::var("PATH").unwrap());
    let command = command.replace("cargo run --release -- ", "walproof ");
    let script = format!("exec 2>&1\n(exit {before})\n{command}");
    Command::new("sh")
        .args(["-c", &script])
        .current_dir(root())
        .env("PATH", path)
        .env_remove("TZ")
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

#[test]
fn pg_waldump_is_quoted_word_for_word() {
    let said = read("testdata/demo/pg_waldump.txt");
    let text = read("README.md");
    let quoted: Vec<String> =
        blocks(&text, "text").into_iter().filter(|block| block.contains("$ pg_waldump")).collect();
    assert!(!quoted.is_empty());
    for block in quoted {
        assert!(said.contains(&block), "not in testdata/demo/pg_waldump.txt:\n{block}");
    }
}

#[test]
fn the_library_example_is_the_one_that_is_tested_as_documentation() {
    let source = read("crates/pgwal/src/lib.rs");
    let lines =
        source.lines().filter_map(|line| line.strip_prefix("//!")).map(|line| line.strip_prefix(' ').unwrap_or(line));
    let documentation = lines.fold(String::new(), |all, line| all + line + "\n");
    let own_source = read("crates/pgwal/examples/own_source.rs");
    for page in ["README.md", "docs/for-backup-tools.md"] {
        let examples = blocks(&read(page), "rust");
        assert!(!examples.is_empty());
        for example in examples {
            let is_tested = documentation.contains(&example) || own_source.contains(&example);
            assert!(is_tested, "{page}: neither in the documentation of pgwal nor in its examples:\n{example}");
        }
    }
}

#[test]
fn the_first_command_needs_no_name_of_a_program() {
    // `cargo run` at the root takes the default member, which has one binary.
    assert!(read("Cargo.toml").contains("default-members = [\"crates/cli\"]"));
    assert_eq!(read("crates/cli/Cargo.toml").matches("[[bin]]").count(), 1);
    assert!(read("README.md").contains("cargo run --release -- verify testdata/demo/good"));
}

#[test]
fn the_test_command_stands_between_its_markers() {
    let text = read("README.md");
    let (_, after) = text.split_once("<!-- test-command -->").unwrap();
    let (inside, _) = after.split_once("<!-- /test-command -->").unwrap();
    let command: Vec<&str> = inside.lines().filter(|line| !line.is_empty() && !line.starts_with("```")).collect();
    assert_eq!(command, ["cargo xtask test"]);
}

#[test]
fn every_file_and_subcommand_that_is_named_exists() {
    let help = String::from_utf8(run("walproof --help", 0).stdout).unwrap();
    for page in PAGES {
        let text = read(page);
        for link in
            text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://"))
        {
            let file = link.split('#').next().unwrap();
            let beside = root().join(page).parent().unwrap().join(file);
            assert!(file.is_empty() || beside.exists(), "{page} links to {link}");
        }
        for word in text.split("walproof ").skip(1).filter(|_| page == "README.md") {
            let name: String = word.chars().take_while(|&c| c.is_ascii_lowercase() || c == '-').collect();
            let is_command = text.contains(&format!("`walproof {name}")) && !name.is_empty();
            assert!(!is_command || help.contains(&format!("\n  {name} ")), "{page} names walproof {name}");
        }
    }
    assert!(read("README.md").lines().count() <= LONGEST);
}

/// "`-`, one file on standard input."
#[test]
fn standard_input_is_one_file() {
    for (folder, exit) in [("good", 0), ("damaged", 1)] {
        let output = run(&format!("walproof verify - < testdata/demo/{folder}/00000001000000000000000A"), 0);
        assert_eq!(output.status.code(), Some(exit), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// "A folder above the right one is answered with the one to use." "No record was read."
#[test]
fn what_was_not_looked_at_is_no_proof() {
    let output = run("walproof verify testdata/demo", 0);
    assert_eq!(output.status.code(), Some(2));
    let said = "walproof: testdata/demo: no WAL in this folder; use testdata/demo/damaged or testdata/demo/good\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), said);
    let output = run("walproof verify --depth names testdata/demo/damaged", 0);
    assert_eq!(output.status.code(), Some(0));
    let said = "VERDICT  UNPROVEN: nothing wrong in names (no page and no record was read)\n";
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(said));
}

/// "It never writes to, renames or locks what it looks at."
#[test]
fn what_is_looked_at_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("testdata/demo/damaged")).unwrap() {
        let entry = entry.unwrap();
        let copy = folder.path().join(entry.file_name());
        std::fs::copy(entry.path(), &copy).unwrap();
        let mut permissions = std::fs::metadata(&copy).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&copy, permissions).unwrap();
    }
    let state = || {
        let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|e| (e.file_name(), e.metadata().unwrap().modified().unwrap(), std::fs::read(e.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = state();
    let archive = folder.path().display();
    for command in ["verify", "verify --no-mmap", "verify --depth pages", "verify --depth names", "dump", "timelines"] {
        let output = run(&format!("walproof {command} {archive}"), 0);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(state() == before, "{command}");
    }
}

#[test]
fn no_page_names_the_machine_it_was_written_on() {
    for page in PAGES {
        for line in read(page).lines() {
            assert!(
                !["/work/", "/tmp/", "/root/", "DESIGN.md"].iter().any(|word| line.contains(word)),
                "{page}: {line}"
            );
        }
    }
}

/// The insides of the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut inside, line.strip_prefix("```")) {
            (None, Some(named)) => inside = Some((named == language, String::new())),
            (None, None) => {}
            (Some(_), Some(_)) => found.extend(inside.take().filter(|(wanted, _)| *wanted).map(|(_, block)| block)),
            (Some((_, block)), None) => *block += &format!("{line}\n"),
        }
    }
    found
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
