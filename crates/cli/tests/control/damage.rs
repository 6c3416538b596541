//! Damaged control files: printed all the same, as `pg_controldata` does, and told by the exit code.

use crate::control;
use crate::run::{testdata, walproof};
use pgwal::format::dialect::DIALECTS;
use pgwal::format::text::control::members::{Abi, ControlField, Places};
use pgwal::format::text::control::{ControlError, ControlFile, ControlImage};
use pgwal::format::{Align, Endian, Version};
use pgwal_craft::control::control_file;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn good(version: &str) -> Vec<u8> {
    fs::read(testdata(&format!("control/{version}/pg_control"))).unwrap()
}

/// Writes a file and keeps its folder.
fn kept(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg_control");
    fs::write(&file, bytes).unwrap();
    (folder, file)
}

/// Of both ways to say it: until 16 the first lines of the text, later messages.
#[test]
fn a_wrong_checksum_is_told_and_the_values_are_printed() {
    for version in ["8.2", "15", "19"] {
        let mut bytes = good(version);
        // The last byte of the checkpoint's position, or of a number beside it.
        bytes[39] ^= 1;
        let (_kept, file) = kept(&bytes);
        let text = fs::read_to_string(testdata(&format!("control/{version}/pg_controldata.txt"))).unwrap();
        let ran = control(&file, &[]);
        assert_eq!(ran.code, 1, "{version}");
        assert!(ran.out.ends_with(&text[text.find("Latest checkpoint's NextOID").unwrap()..]), "{version}");
        let first = "WARNING: Calculated CRC checksum does not match value stored in file.\n";
        assert_eq!(ran.out.starts_with(first), version != "19", "{version}");
        let message = "walproof: warning: calculated CRC checksum does not match value stored in control file\n";
        assert_eq!(ran.err.starts_with(message), version == "19", "{version}: {}", ran.err);
        let json: Value = serde_json::from_str(&control(&file, &["--format", "json"]).out).unwrap();
        assert_eq!(json["crc_ok"], false);
        assert!(json["error"].as_str().unwrap().contains("checksum is wrong"), "{json}");
    }
}

#[test]
fn a_size_of_segments_that_none_has() {
    for (version, size, file, told) in [
        (
            "13",
            3,
            "155555A28AAAAAB00000001",
            "The WAL segment size stored in the file, 3 bytes, is not a power of two\n",
        ),
        ("15", 1, "", "The WAL segment size stored in the file, 1 byte, is not a power of two\n"),
        ("17", 0, "???\n", "walproof: warning: invalid WAL segment size in control file (0 bytes)\n"),
        (
            "19",
            0x8000_0000,
            "???\n",
            "walproof: warning: invalid WAL segment size in control file (-2147483648 bytes)\n",
        ),
    ] {
        let dialect = version.parse::<Version>().unwrap().dialect().unwrap();
        let (_kept, path) = kept(&control_file(
            dialect,
            Abi::usual(Align::Eight),
            Endian::Little,
            &[(ControlField::XlogSegSize, size), (ControlField::Redo, 0x2_0000_0003)],
        ));
        let ran = control(&path, &[]);
        assert_eq!(ran.code, 1, "{version}");
        assert!((ran.out.clone() + &ran.err).contains(told), "{version}: {} {}", ran.out, ran.err);
        let redo =
            ran.out.lines().find_map(|line| line.strip_prefix("Latest checkpoint's REDO WAL file:    ")).unwrap();
        assert!(file != "???\n" || redo == "???", "{version}: {redo}");
        let json: Value = serde_json::from_str(&control(&path, &["--format", "json"]).out).unwrap();
        assert_eq!((&json["restart"]["oldest_needed_segment"], &json["crc_ok"]), (&Value::Null, &true.into()));
    }
}

/// A flipped byte is a wrong checksum, one in the versions' numbers makes it no file of a release; behind the checksum
/// nothing is read.
#[test]
fn every_byte_flipped() {
    for dialect in &DIALECTS {
        for abi in [Align::Eight, Align::Four].map(Abi::usual) {
            let good = control_file(dialect, abi, Endian::Little, &[]);
            let end = Places::new(dialect, abi).at(ControlField::Crc).unwrap().0 + 4;
            for at in 0..512 {
                for bit in 0..8 {
                    let mut bytes = good.clone();
                    bytes[at] ^= 1 << bit;
                    let read = ControlFile::parse(&bytes);
                    match at {
                        8..16 => assert!(
                            matches!(read, Err(ControlError::UnknownVersion { .. } | ControlError::NotControl)),
                            "{at}: {read:?}"
                        ),
                        _ if at < end => assert_eq!(
                            read,
                            Err(ControlError::WrongChecksum(dialect.version)),
                            "{} {at}",
                            dialect.version
                        ),
                        _ => assert!(read.is_ok(), "{} {at}", dialect.version),
                    }
                    let image = ControlImage::read(&bytes);
                    assert!(
                        image.is_err()
                            || image.is_ok_and(|image| image.abi.align == abi.align || (end..end + 4).contains(&at)),
                        "{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_length() {
    for dialect in &DIALECTS {
        for abi in [Align::Eight, Align::Four].map(Abi::usual) {
            let good = control_file(dialect, abi, Endian::Big, &[]);
            let size = Places::new(dialect, abi).size();
            for length in 0..512 {
                let read = ControlFile::parse(&good[..length]);
                match length {
                    ..16 => assert_eq!(read, Err(ControlError::NotControl)),
                    _ if length < size => assert_eq!(
                        read,
                        Err(ControlError::TooShort(dialect.version)),
                        "{} {abi:?} {length}",
                        dialect.version
                    ),
                    _ => assert!(read.is_ok(), "{} {abi:?} {length}", dialect.version),
                }
            }
        }
    }
}

#[test]
fn exit_codes_of_damage() {
    let good = good("15");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0xFF;
        bytes
    };
    for (bytes, code, said) in [
        (flipped(0), 1, "checksum is wrong"),
        (flipped(291), 1, "checksum is wrong"),
        (flipped(296), 0, ""),
        (flipped(8), 2, "a version that no release has"),
        (flipped(11), 2, "no control file"),
        (good[..200].to_vec(), 1, "cut off"),
        (good[..7].to_vec(), 2, "no control file"),
        (Vec::new(), 2, "no control file"),
        (vec![0; 8192], 2, "no control file"),
        (fs::read(testdata("README.md")).unwrap(), 2, "no control file"),
    ] {
        let (_kept, file) = kept(&bytes);
        for more in [&[][..], &["--format", "json"]] {
            let ran = control(&file, more);
            let told = if more.is_empty() { &ran.err } else { &ran.out };
            assert!(ran.code == code && told.contains(said), "{code} {said}: {} {} {}", ran.code, ran.out, ran.err);
        }
        let quiet = control(&file, &["-q"]);
        assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (code, "", ""), "{said}");
    }
    assert_eq!(walproof(&["control", "/dev/null"]).code, 2);
    assert_eq!(walproof(&["control"]).code, 2);
}

#[test]
fn a_closed_pipe_keeps_the_code() {
    let mut bytes = good("15");
    for code in [0, 1] {
        bytes[40] ^= code as u8;
        let (_kept, file) = kept(&bytes);
        for format in ["text", "json"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
            command.args(["control", "--format", format]).arg(&file).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            drop(child.stdout.take());
            assert_eq!(child.wait().unwrap().code(), Some(code), "{format}");
        }
    }
}
