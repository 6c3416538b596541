//! Nothing from outside reaches a terminal or another program as it is: every command in every format, on a terminal,
//! over an archive in which every name, label, reason, message and restore point is hostile. What is on the screen is
//! text and line breaks, lines are our own, and the exit code is that of the same archive with tame names.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod archive;
mod terminal;

use archive::{Place, Texts};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;
use terminal::{On, Seen, run};

/// The command lines, with `ARCHIVE`, `BACKUP`, `CONTROL`, `EMPTY`, `POINT`, `NAME`, `WORDS` and `FORMULA` in them.
const COMMANDS: &[&str] = &[
    "verify ARCHIVE --format text|json|nagios|prometheus|junit|sarif|html",
    "verify ARCHIVE --backup BACKUP --format text|json|nagios|prometheus|junit|sarif|html",
    "verify ARCHIVE --backup BACKUP --target-name WORDS --format text|json|nagios|prometheus|junit|sarif|html",
    "verify EMPTY --format text|json|nagios|prometheus|junit|sarif|html",
    "verify ARCHIVE/NAME --format text|json|nagios|prometheus|junit|sarif|html",
    "verify NAME --format text|json|nagios|prometheus|junit|sarif|html",
    "verify ARCHIVE --backup NAME",
    "verify ARCHIVE --known NAME",
    "verify ARCHIVE --must-reach WORDS",
    "verify ARCHIVE --timezone WORDS",
    "verify ARCHIVE -o NAME/x",
    "verify ARCHIVE --index EMPTY/index --format text|json|nagios",
    "verify --summaries NAME",
    "plan ARCHIVE --backup BACKUP --format text|json|names",
    "plan ARCHIVE --backup BACKUP --set WORDS",
    "plan ARCHIVE --backup BACKUP --set recovery_target_name=WORDS --format text|json|names",
    "dump ARCHIVE --format text|jsonl|csv",
    "dump ARCHIVE --format csv --fields lsn,data.rp_name,data.prefix,data.ts_path",
    "dump ARCHIVE -q",
    "dump ARCHIVE -z",
    "dump ARCHIVE --only-damaged --format text|jsonl|csv",
    "dump ARCHIVE --save-fullpage NAME/x",
    "dump ARCHIVE WORDS",
    "dump ARCHIVE/NAME --format text|jsonl|csv|waldump",
    "stats ARCHIVE --format text|json|csv|waldump",
    "stats ARCHIVE --by relation --format text|json|csv",
    "stats ARCHIVE --by minute --format text|json|csv",
    "stats NAME --format text|json|csv|waldump",
    "fields --format text|json",
    "fields -r WORDS",
    "hex ARCHIVE POINT --format text|json",
    "hex ARCHIVE WORDS --format text|json",
    "locate POINT WORDS --format text|json",
    "locate -p ARCHIVE POINT --format text|json",
    "locate file:CONTROL --format text|json",
    "lag POINT WORDS --format text|json",
    "lag -p ARCHIVE POINT POINT --format text|json",
    "lag WORDS WORDS --as 9.2 --format text|json",
    "timelines ARCHIVE --format text|json",
    "timelines NAME --format text|json",
    "control CONTROL CONTROL --format text|json",
    "control NAME --format text|json",
    "summarize ARCHIVE -o NAME/x",
    "when ARCHIVE --format text|json",
    "when ARCHIVE POINT --format text|json",
    "when ARCHIVE name:FORMULA --format text|json",
    "when ARCHIVE name:WORDS --format text|json",
    "when ARCHIVE WORDS --format text|json",
    "explain WORDS --format text|json",
    "explain -p ARCHIVE LOG --format text|json",
    "explain -p NAME LOG --format text|json",
    "generate man CONTROL/x",
    "WORDS",
    "verify --WORDS",
    "verify ARCHIVE --format WORDS",
    "verify ARCHIVE --severity WORDS",
];

/// A command line for each format.
fn lines() -> Vec<Vec<&'static str>> {
    let mut out = Vec::new();
    for line in COMMANDS {
        let words: Vec<&str> = line.split(' ').collect();
        let formats: Vec<&str> = words.last().unwrap().split('|').collect();
        for format in formats {
            out.push(words[..words.len() - 1].iter().copied().chain([format]).collect());
        }
    }
    out
}

fn fill(word: &str, place: &Place, texts: &Texts) -> OsString {
    let log = [
        &b"LOG:  restored log file \"000000010000000000000001\" from archive, invalid record length at "[..],
        place.point.as_bytes(),
        b": wanted 24, got 0 ",
        &texts.words,
    ]
    .concat();
    let mut out = word.as_bytes().to_vec();
    for (mark, bytes) in [
        ("ARCHIVE", place.archive.as_os_str().as_bytes()),
        ("BACKUP", place.backup.as_os_str().as_bytes()),
        ("CONTROL", place.control.as_os_str().as_bytes()),
        ("EMPTY", place.empty.as_os_str().as_bytes()),
        ("POINT", place.point.as_bytes()),
        ("NAME", texts.name.as_bytes()),
        ("WORDS", &texts.words),
        ("FORMULA", &texts.formula),
        ("LOG", &log),
    ] {
        if let Some(at) = out.windows(mark.len()).position(|window| window == mark.as_bytes()) {
            out.splice(at..at + mark.len(), bytes.iter().copied());
            break;
        }
    }
    // Words of both: the name inside of the archive.
    if let Some(rest) = word.strip_prefix("ARCHIVE/") {
        out = place.archive.join(fill(rest, place, texts)).into_os_string().into_vec();
    }
    OsString::from_vec(out)
}

fn walproof(words: &[&str], place: &Place, texts: &Texts, on: On) -> Seen {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.env("TZ", "UTC").current_dir(&place.empty).args(words.iter().map(|word| fill(word, place, texts)));
    run(command, on)
}

/// Fails where a text holds anything but text, line breaks, colours of ours and, on standard error, a bar that moves.
fn check(what: &str, text: &[u8], bar: bool) {
    let text = std::str::from_utf8(text).unwrap_or_else(|_| panic!("{what}: no UTF-8: {}", text.escape_ascii()));
    let mut rest = text;
    let mut plain = String::new();
    while let Some(c) = rest.chars().next() {
        let length = sequence(rest, bar).unwrap_or(c.len_utf8());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        if piece.len() == c.len_utf8() && piece != "\r" {
            assert!(c == '\n' || !is_wild(c), "{what}: {c:?} in {text:?}");
            plain.push(c);
        } else {
            assert!(!rest.starts_with("EVIL"), "{what}: a colour that is not ours in {text:?}");
        }
    }
    for line in plain.lines() {
        assert!(!line.starts_with("FORGED"), "{what}: a forged line in\n{plain}");
    }
}

fn is_wild(c: char) -> bool {
    c.is_control() || "\u{202e}\u{2066}\u{200f}\u{2028}".contains(c)
}

/// The length of a colour, or of a movement of the bar.
fn sequence(text: &str, bar: bool) -> Option<usize> {
    if bar && text.starts_with('\r') {
        return Some(1);
    }
    let rest = text.strip_prefix("\u{1b}[")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != '?')?;
    let end = rest[digits..].chars().next()?;
    (end == 'm' || bar && "ABJKhl".contains(end)).then_some(2 + digits + 1)
}

#[test]
fn no_command_hands_on_what_does_harm() {
    let (hostile, tame) = (archive::hostile(), archive::tame());
    let (place, twin) = (archive::make(&hostile), archive::make(&tame));
    for words in lines() {
        for on in [On::Output, On::Error] {
            let what = format!("walproof {} with {on:?} on a terminal", words.join(" "));
            let (seen, model) = (walproof(&words, &place, &hostile, on), walproof(&words, &twin, &tame, on));
            check(&what, &seen.out, false);
            check(&what, &seen.err, on == On::Error);
            assert_eq!(
                seen.code,
                model.code,
                "{what}\n{}{}\n{}{}",
                String::from_utf8_lossy(&seen.out),
                String::from_utf8_lossy(&seen.err),
                String::from_utf8_lossy(&model.out),
                String::from_utf8_lossy(&model.err)
            );
        }
    }
}

/// The twins are what they are meant to be: an archive that is judged, whose texts are told.
#[test]
fn the_texts_are_told() {
    let (hostile, tame) = (archive::hostile(), archive::tame());
    let (place, twin) = (archive::make(&hostile), archive::make(&tame));
    let told = |words: &str, place: &Place, texts: &Texts| {
        let words: Vec<&str> = words.split(' ').collect();
        let seen = walproof(&words, place, texts, On::Output);
        (String::from_utf8(seen.out).unwrap(), String::from_utf8_lossy(&seen.err).into_owned(), seen.code)
    };
    let (text, ..) = told("verify ARCHIVE", &place, &hostile);
    assert!(
        text.contains(
            "000000010000000000000009-x\\nFORGED VERDICT  PROVEN\\n\\x1B[31mEVIL\\x1B]0;EVIL\\x07\\x9B31mEVIL"
        ),
        "{text}"
    );
    let (text, _, code) = told("timelines ARCHIVE", &place, &hostile);
    assert!(text.contains("(\\x1B[31mEVIL") && text.contains("\\u{202E}") && code == 0, "{text}");
    let (text, ..) = told("when ARCHIVE", &place, &hostile);
    assert!(text.contains("POINT    \\x1B[31mEVIL") && text.contains("POINT    =cmd|"), "{text}");
    let (text, ..) = told("when ARCHIVE name:FORMULA", &place, &hostile);
    assert!(text.contains("recovery_target_name = '=cmd|'' /C calc''!A0'"), "{text}");
    // That of a folder with such a name would not be the command that was meant.
    assert!(text.contains("# restore_command:") && !text.contains("restore_command = 'cp"), "{text}");
    assert!(told("when ARCHIVE name:FORMULA", &twin, &tame).0.contains("restore_command = 'cp"));
    let (_, complaint, code) = told("verify ARCHIVE --format WORDS", &place, &hostile);
    assert!(complaint.contains("\\x1B[31mEVIL") && code == 2, "{complaint}");
    let (text, ..) = told("control CONTROL CONTROL", &place, &hostile);
    assert!(text.contains("\\x1B[31mEVIL\\x1B]0;EVIL\\x07"), "{text}");
}

/// Programs that read JSON get the names as they are.
#[test]
fn json_says_what_the_names_are() {
    let hostile = archive::hostile();
    let place = archive::make(&hostile);
    let seen = walproof(&["dump", "ARCHIVE", "--format", "jsonl"], &place, &hostile, On::Output);
    let text = String::from_utf8(seen.out).unwrap();
    let names: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|line| line["data"]["rp_name"].as_str().map(str::to_owned))
        .collect();
    let told = [&hostile.words, &hostile.formula].map(|name| String::from_utf8_lossy(name).into_owned());
    assert_eq!(names, told);
}

/// No cell is a formula, no cell is two lines.
#[test]
fn a_spreadsheet_runs_nothing() {
    let hostile = archive::hostile();
    let place = archive::make(&hostile);
    let words = ["dump", "ARCHIVE", "--format", "csv", "--fields", "lsn,data.rp_name,data.prefix,data.ts_path"];
    let text = String::from_utf8(walproof(&words, &place, &hostile, On::Output).out).unwrap();
    assert!(text.contains(",'=cmd|' /C calc'!A0,"), "{text}");
    assert!(text.contains(",\\x1B[31mEVIL"), "{text}");
    for line in text.lines() {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_start_matches('"')).collect();
        assert_eq!(cells.len(), 4, "{line}");
        assert!(!cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{line}");
    }
}

/// What `pg_waldump` prints is printed as it prints it.
#[test]
fn the_text_of_pg_waldump_is_that_of_pg_waldump() {
    let hostile = archive::hostile();
    let place = archive::make(&hostile);
    let words = ["dump", "ARCHIVE", "--format", "waldump", "-s", "POINT", "-n", "1"];
    let seen = walproof(&words, &place, &hostile, On::Output);
    assert_eq!(seen.code, 0);
    assert!(seen.out.windows(16).any(|w| w == b"desc: RESTORE_PO"), "{}", seen.out.escape_ascii());
    assert!(seen.out.windows(9).any(|w| w == b"\x1b[31mEVIL"), "{}", seen.out.escape_ascii());
}
