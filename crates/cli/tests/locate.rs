//! `locate` and `lag` against what real servers answered: every row of `testdata/oracle/VERSION/*.csv`, captured from
//! 8.2, 9.2, 9.4, 10, 13, 15 and 19.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal::format::wal_functions::{file_name, file_name_offset, lsn_diff, parse_lsn, split_file_name};
use pgwal::format::{Dialect, Lsn, SegmentSize, TimelineId, Version};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MIB: u64 = 1 << 20;

/// The servers asked, and the segment size of each.
const SERVERS: [(&str, u64); 7] =
    [("8.2", 16 * MIB), ("9.2", 16 * MIB), ("9.4", 16 * MIB), ("10", 16 * MIB), ("13", MIB), ("15", MIB), ("19", MIB)];

/// What a server answered when asked about a text.
struct Asked {
    version: &'static str,
    size: u64,
    timeline: u32,
    input: String,
    /// Name, name of the offset function, offset; or the error.
    answer: Result<(String, String, u32), String>,
}

#[test]
fn every_answer_of_the_name_functions_is_the_servers() {
    let rows = name_rows();
    assert_eq!(rows.len(), 3669);
    for row in &rows {
        let dialect = dialect(row.version);
        let size = SegmentSize::new(row.size).unwrap();
        let answer = parse_lsn(dialect, &row.input).map_err(|error| error.to_string()).map(|lsn| {
            let (name, offset) = file_name_offset(dialect, lsn, TimelineId(row.timeline), size);
            (file_name(dialect, lsn, TimelineId(row.timeline), size).to_string(), name.to_string(), offset)
        });
        assert_eq!(answer, row.answer, "{} {:?}", row.version, row.input);
    }
}

#[test]
fn every_answer_of_the_name_functions_through_the_binary() {
    let rows = name_rows();
    for group in rows.chunk_by(|a, b| (a.version, a.size, a.timeline) == (b.version, b.size, b.timeline)) {
        let (timeline, size) = (group[0].timeline.to_string(), group[0].size.to_string());
        let mut args = vec![
            "locate",
            "--as",
            group[0].version,
            "--timeline",
            &timeline,
            "--segment-size",
            &size,
            "--format",
            "json",
            "--",
        ];
        args.extend(group.iter().map(|row| row.input.as_str()));
        let output = walproof(&args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = documents(&output);
        assert_eq!(lines.len(), group.len());
        for (line, row) in lines.iter().zip(group) {
            assert_eq!((&line["schema"], &line["input"]), (&"walproof.locate/1".into(), &row.input.as_str().into()));
            match &row.answer {
                Ok((name, offset_name, offset)) => {
                    assert_eq!(line["walfile_name"], *name);
                    assert_eq!(line["walfile_name_offset"], serde_json::json!([offset_name, offset]));
                    assert_eq!(line.get("error"), None);
                }
                Err(error) => {
                    assert_eq!(line["error"], *error);
                    assert_eq!((line.get("walfile_name"), &line["lsn"]), (None, &Value::Null));
                }
            }
        }
    }
}

#[test]
fn every_name_is_split_as_the_server_splits_it() {
    let text = read("19", "split_walfile_name.csv");
    let rows: Vec<[String; 4]> = text.lines().skip(1).map(|line| fields(line).try_into().unwrap()).collect();
    assert_eq!(rows.len(), 100);
    let size = SegmentSize::new(MIB).unwrap();
    let mut args = vec!["locate", "--as", "19", "--segment-size", "1MiB", "--format", "json", "--"];
    args.extend(rows.iter().map(|row| row[0].as_str()));
    let output = walproof(&args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for ([file, number, timeline, error], line) in rows.iter().zip(documents(&output)) {
        let answer = split_file_name(dialect("19"), file, size).map_err(|e| e.to_string());
        if error.is_empty() {
            let pair: (u64, u32) = (number.parse().unwrap(), timeline.parse().unwrap());
            assert_eq!(answer.map(|(n, t)| (n.0, t.0)), Ok(pair));
            assert_eq!(line["split_walfile_name"], serde_json::json!([pair.0, pair.1]));
        } else {
            assert_eq!(answer.as_ref(), Err(error));
            assert_eq!(line["error"], *error);
        }
    }
}

#[test]
fn every_difference_is_the_servers() {
    let mut rows = 0;
    for (version, size) in SERVERS {
        for path in files(version, "lsn_diff_") {
            for (i, line) in std::fs::read_to_string(&path).unwrap().lines().skip(1).enumerate() {
                let [a, b, bytes, _]: [String; 4] = fields(line).try_into().unwrap();
                let lsn = |text: &str| parse_lsn(dialect(version), text).unwrap();
                let diff = lsn_diff(dialect(version), lsn(&a), lsn(&b), SegmentSize::new(size).unwrap());
                assert_eq!(diff.map(|n| n.to_string()), Ok(bytes.clone()), "{version} {line}");
                // A process each: some rows of each file.
                if i % 16 == 0 {
                    for with_version in [&["--as", version][..], &[]] {
                        let output = walproof(&[&["lag", &a, &b, "--format", "json"], with_version].concat());
                        let text = String::from_utf8(output.stdout).unwrap();
                        // The number may be too great for a `Value`.
                        let written = format!("{{\"schema\":\"walproof.lag/1\",\"bytes\":{bytes},\"segments\":");
                        assert!(text.starts_with(&written), "{text}");
                        assert!(text.contains("\"records\":null,\"commits\":null,\"seconds\":null"));
                        assert_eq!(output.status.code(), Some(0));
                    }
                }
                rows += 1;
            }
        }
    }
    assert_eq!(rows, 2640);
}

#[test]
fn names_and_positions_are_located_both_ways() {
    for (input, lsn, segment, offset) in [
        ("5A/1F00C9D8", "5A/1F00C9D8", "000000010000005A0000001F", 51672),
        ("000000040000005A0000001F+51672", "5A/1F00C9D8", "000000040000005A0000001F", 51672),
        ("000000040000005A0000001F.00000028.backup", "5A/1F000028", "000000040000005A0000001F", 40),
        ("log file 0, segment 39, offset 8192", "0/27002000", "000000010000000000000027", 8192),
        ("0000000100000000000000FF", "0/FF000000", "0000000100000000000000FF", 0),
        ("1/0", "1/00000000", "000000010000000100000000", 0),
    ] {
        let output = walproof(&["locate", "--format", "json", input]);
        let line = &documents(&output)[0];
        assert_eq!(
            (&line["lsn"], &line["segment"], &line["offset"]),
            (&lsn.into(), &segment.into(), &offset.into()),
            "{input}"
        );
        assert_eq!((&line["segment_size"], &line["segment_size_assumed"]), (&16777216.into(), &true.into()));
        assert_eq!(output.status.code(), Some(0));
        assert!(
            stdout(&walproof(&["locate", input])).contains("assumed   segments of 16 MiB"),
            "what is assumed is said"
        );
    }
}

#[test]
fn the_end_of_a_log_id_is_located_by_the_version() {
    let place = |version: &str, input: &str| {
        documents(&walproof(&["locate", "--as", version, "--format", "json", input])).remove(0)
    };
    let old = place("9.2", "0/FF000000");
    assert_eq!((&old["segment"], &old["offset"]), (&"000000010000000100000000".into(), &0.into()));
    assert_eq!(old["walfile_name_offset"], serde_json::json!(["0000000100000000000000FE", 16777216]));
    let nowhere = place("9.2", "0/FF000001");
    assert_eq!((&nowhere["segment"], nowhere["note"].is_string()), (&Value::Null, true));
    assert_eq!(place("9.3", "0/FF000001")["segment"], "0000000100000000000000FF");
    // Names that the segment size or the version does not have.
    assert_eq!(walproof(&["locate", "--as", "9.2", "0000000100000000000000FF"]).status.code(), Some(2));
    assert_eq!(walproof(&["locate", "--segment-size", "1GB", "000000010000000000000004"]).status.code(), Some(2));
}

#[test]
fn what_is_no_position_is_exit_2_with_the_spellings() {
    for (input, words) in [
        ("", "write X/Y"),
        ("-1/5", "write X/Y"),
        (" 0/10", "write X/Y"),
        ("xyz", "write X/Y"),
        ("16777216", "write 0/01000000 for byte 16777216 of WAL, or xid:16777216"),
        ("0000005A1F00C9D8", "write 5A/1F00C9D8 for a position"),
        ("xid:7", "not yet understood by this command; write X/Y"),
        ("time:2026-11-20", "not yet understood by this command; write X/Y"),
        ("name:before", "not yet understood by this command; write X/Y"),
        ("2026-11-20 14:02:11+01", "not yet understood by this command; write X/Y"),
        ("file:/nowhere/at/all", "cannot read /nowhere/at/all"),
        ("--wrong", "--wrong"),
    ] {
        for args in [vec!["locate", "--", input], vec!["lag", "0/0", "--", input]] {
            let output = walproof(&args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains(words), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
    // The others are answered all the same.
    let output = walproof(&["locate", "--format", "json", "0/1", "xyz", "0/2"]);
    assert_eq!(output.status.code(), Some(2));
    let lines = documents(&output);
    assert_eq!((lines.len(), &lines[1]["lsn"], &lines[2]["lsn"]), (3, &Value::Null, &"0/00000002".into()));
    assert!(lines[1]["problem"].is_string());
}

#[test]
fn options_may_follow_a_position_that_begins_with_a_hyphen() {
    let output = walproof(&["locate", "-1/5", "--as", "9.1", "--format", "json"]);
    assert_eq!(documents(&output)[0]["lsn"], "FFFFFFFF/00000005");
    assert_eq!(walproof(&["locate", "-1/5", "--as", "9.2"]).status.code(), Some(0), "the server's error is the answer");
    assert_eq!(walproof(&["locate", "-1/5"]).status.code(), Some(2));
}

#[test]
fn distances_in_any_spelling() {
    let lag = |args: &[&str]| stdout(&walproof(&[&["lag"], args].concat()));
    let text = lag(&["5A/1F00C9D8", "000000030000005900000010"]);
    assert!(
        text.starts_with("000000030000005900000010 is behind 5A/1F00C9D8: 4.2 GiB, 271 segments; B is behind A.\n"),
        "{text}"
    );
    assert!(text.contains("4,546,677,208"), "{text}");
    assert!(lag(&["0/0", "0/1"]).contains("0/1 is ahead of 0/0: 1 byte, 0 segments; A is behind B."));
    assert!(lag(&["0/1000000", "000000010000000000000001"]).contains("are the same position"));
    let bytes = |args: &[&str]| documents(&walproof(&[&["lag", "--format", "json"], args].concat())).remove(0);
    assert_eq!(bytes(&["1/0", "0/0"])["bytes"], 0x1_0000_0000_u64);
    for version in ["8.2", "9.1", "9.2"] {
        assert_eq!(bytes(&["1/0", "0/0", "--as", version])["bytes"], 0xFF00_0000_u64);
    }
    let from_words = bytes(&["log file 1, segment 0, offset 0", "log file 0, segment 254, offset 0"]);
    assert_eq!((&from_words["segments"], &from_words["scheme"]), (&1.into(), &"split".into()));
    let refused = bytes(&["0/FF000001", "0/0", "--as", "9.2"]);
    assert_eq!(refused["error"], "xrecoff \"FF000001\" is out of valid range, 0..FF000000");
    assert_eq!(refused["bytes"], Value::Null);
    assert_eq!(bytes(&["g/0", "0/0", "--as", "15"])["error"], "invalid input syntax for type pg_lsn: \"g/0\"");
}

#[test]
fn a_file_tells_its_position_and_its_geometry() {
    let dir = tempfile::tempdir().unwrap();
    let new = wal_page(dir.path(), "000000020000000000000006", 0xD110, Lsn::new(6 << 20), MIB);
    let line = documents(&walproof(&["locate", "--format", "json", &new])).remove(0);
    assert_eq!((&line["lsn"], &line["segment"]), (&"0/00600000".into(), &"000000020000000000000006".into()));
    assert_eq!((&line["segment_size"], &line["segment_size_assumed"]), (&MIB.into(), &false.into()));
    let lag = documents(&walproof(&["lag", "--format", "json", "000000020000000000000008", &new])).remove(0);
    assert_eq!((&lag["bytes"], &lag["segments"]), (&(2 * MIB).into(), &2.into()));

    let old = wal_page(dir.path(), "000000010000000100000000", 0xD071, Lsn::from_halves(1, 0), 16 * MIB);
    let lag = documents(&walproof(&["lag", "--format", "json", &old, "0/FE000000"])).remove(0);
    assert_eq!((&lag["bytes"], &lag["scheme"]), (&(16 * MIB).into(), &"split".into()));

    let recycled = wal_page(dir.path(), "000000020000000000000009", 0xD110, Lsn::new(6 << 20), MIB);
    std::fs::write(dir.path().join("text"), "no WAL here\n").unwrap();
    let text = format!("file:{}", dir.path().join("text").display());
    let folder = format!("file:{}", dir.path().display());
    for (args, words) in [
        (vec!["locate", &recycled], "could be two positions"),
        (vec!["locate", &text], "does not begin as a WAL segment does"),
        (vec!["locate", &folder], "is a folder"),
        (vec!["lag", &old, &new], "counted in another way"),
        (vec!["lag", "0/0", &new, "--segment-size", "16MB"], "segments have 1048576 bytes"),
    ] {
        let output = walproof(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{said}");
    }
}

/// Writes the long header that begins a segment; answers its `file:` spelling.
fn wal_page(dir: &Path, name: &str, magic: u16, address: Lsn, size: u64) -> String {
    let mut page = Vec::new();
    page.extend_from_slice(&magic.to_le_bytes());
    page.extend_from_slice(&2_u16.to_le_bytes());
    page.extend_from_slice(&2_u32.to_le_bytes());
    if magic == 0xD071 {
        page.extend_from_slice(&address.high().to_le_bytes());
        page.extend_from_slice(&address.low().to_le_bytes());
    } else {
        page.extend_from_slice(&address.get().to_le_bytes());
        page.extend_from_slice(&[0; 8]);
    }
    page.extend_from_slice(&7_u64.to_le_bytes());
    page.extend_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
    page.extend_from_slice(&8192_u32.to_le_bytes());
    page.resize(8192, 0);
    std::fs::write(dir.join(name), page).unwrap();
    format!("file:{}", dir.join(name).display())
}

/// The rows of all three kinds of files about names.
fn name_rows() -> Vec<Asked> {
    let mut rows = Vec::new();
    for (version, size) in SERVERS {
        for path in ["xlogfile_name_offset", "lsn_captured", "lsn_tl"].iter().flat_map(|prefix| files(version, prefix))
        {
            let file = path.file_name().unwrap().to_str().unwrap();
            let timeline = [2, 3].into_iter().find(|n| file.contains(&format!("tl{n}"))).unwrap_or(1);
            let ask = |input: String, answer| Asked { version, size, timeline, input, answer };
            let text = std::fs::read_to_string(&path).unwrap();
            if file.starts_with("xlogfile") {
                for line in text.lines().skip(1) {
                    let (input, answer) = line.strip_prefix('"').unwrap().split_once("\",").unwrap();
                    let answer = match answer.strip_prefix("ERROR:  ") {
                        Some(error) => Err(error.split(" LINE 1:").next().unwrap().to_owned()),
                        None => {
                            let [offset_name, offset, name]: [String; 3] = fields(answer).try_into().unwrap();
                            Ok((name, offset_name, offset.parse().unwrap()))
                        }
                    };
                    rows.push(ask(input.to_owned(), answer));
                }
            } else if file.starts_with("lsn_captured") {
                for line in text.lines() {
                    let [_, lsn, offset_name, offset, name]: [String; 5] = fields(line).try_into().unwrap();
                    rows.push(ask(lsn, Ok((name, offset_name, offset.parse().unwrap()))));
                }
            } else {
                for line in text.lines().skip(1) {
                    let [lsn, decimal, name, offset_name, offset, error]: [String; 6] =
                        fields(line).try_into().unwrap();
                    assert_eq!(lsn.parse::<Lsn>().unwrap().get().to_string(), decimal);
                    assert_eq!(error, "");
                    rows.push(ask(lsn, Ok((name, offset_name, offset.parse().unwrap()))));
                }
            }
        }
    }
    rows
}

fn oracle(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/oracle").join(version)
}

fn read(version: &str, file: &str) -> String {
    std::fs::read_to_string(oracle(version).join(file)).unwrap()
}

fn files(version: &str, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(oracle(version)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect();
    files.sort();
    files
}

/// The fields of a CSV line.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => fields.last_mut().unwrap().push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

fn dialect(version: &str) -> &'static Dialect {
    version.parse::<Version>().unwrap().dialect().unwrap()
}

fn walproof(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_walproof")).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn documents(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
