//! `verify --index`, `summarize` and `when`: what was proven once holds as long as the bytes do, and only so long.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod edits;
mod parts;
#[path = "../run/mod.rs"]
mod run;
mod when;

use pgwal::verify::index::Index;
use run::walproof;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use walproof_testdata::Case;

/// An exit code and a document, without what tells of the index or of parts alone.
fn verify(words: &[&str]) -> (i32, Value, Value) {
    let ran = walproof(&[&["verify", "--format", "json", "-j", "1"], words].concat());
    let mut document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {}", ran.err));
    let fields = document.as_object_mut().unwrap();
    fields.remove("parts");
    let index = fields.remove("index").unwrap_or_default();
    (ran.code, document, index)
}

fn without_changes(mut document: Value) -> Value {
    document["findings"].as_array_mut().unwrap().retain(|f| f["code"] != "WP118" && f["code"] != "WP138");
    document
}

fn changed(document: &Value) -> Vec<&str> {
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["code"] == "WP118")
        .map(|f| f["file"].as_str().unwrap())
        .collect()
}

/// As if it had been written yesterday: what was just written is not trusted.
fn age(path: &Path) {
    let written = fs::metadata(path).unwrap().modified().unwrap();
    if written.elapsed().is_ok_and(|age| age > Duration::from_secs(3600)) {
        return;
    }
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(SystemTime::now() - Duration::from_secs(86_400))
        .unwrap();
}

/// The whole archive of the story that the damaged ones were made from.
fn archive(to: &Path) {
    Case::named("good").unwrap().rebuild(to).unwrap();
    settle(to);
}

/// That archive in a folder `wal`, beside which there is room.
fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let wal = folder.path().join("wal");
    fs::create_dir(&wal).unwrap();
    archive(&wal);
    (folder, wal)
}

fn settle(folder: &Path) {
    fs::read_dir(folder).unwrap().for_each(|file| age(&file.unwrap().path()));
    std::thread::sleep(Duration::from_millis(80));
}

fn segment(folder: &Path, nth: usize) -> String {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.len() == 24);
    names.sort();
    names.swap_remove(nth)
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_second_run_reads_nothing_and_says_the_same() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let (wal, index) = (wal.to_str().unwrap(), index.to_str().unwrap());
    let plain = verify(&[wal]);
    let first = verify(&[wal, "--index", index]);
    let second = verify(&[wal, "--index", index]);
    assert_eq!((plain.0, &plain.1), (first.0, &first.1));
    assert_eq!((plain.0, &plain.1), (second.0, &second.1));
    assert_eq!(
        (&first.2["segments_taken"], &second.2["segments_read"], &second.2["bytes_read"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert_eq!(first.2["segments_read"], second.2["segments_taken"]);
    assert!(second.2["oldest_proof"].as_str().unwrap().ends_with('Z'));
    let segments = second.2["segments_taken"].as_u64().unwrap();
    assert!(fs::metadata(index).unwrap().len() < segments * 1024, "under 1 KiB a segment");
    let text = walproof(&["verify", wal, "--index", index]).out;
    assert!(text.contains(&format!("INDEX    {segments} segments taken from it")), "{text}");
}

#[test]
fn changed_bytes_are_found() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let name = segment(&wal, 1);
    let file = wal.join(&name);
    let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap()];
    assert_eq!(verify(&words).0, 0);
    flip(&file, 300_000);
    settle(&wal);
    let found = verify(&words);
    assert_eq!((found.0, changed(&found.1)), (1, vec![name.as_str()]), "damage is damage, and it was whole once");
    // A run whose report nobody saw must not be the last one to tell it.
    let again = verify(&words);
    assert_eq!((again.0, changed(&again.1)), (1, vec![name.as_str()]));
    flip(&file, 300_000);
    settle(&wal);
    assert_eq!(verify(&words).0, 0);
    let all = verify(&[&words[..], &["--reread", "1/1"]].concat());
    assert_eq!((all.0, &all.2["segments_taken"], &all.2["segments_reread"]), (0, &0.into(), &all.2["segments_read"]));
}

/// The verdict stays, since no checksum covers what changed; the change is told until it is accepted, also of a file
/// that is packed meanwhile.
#[test]
fn a_change_is_told_until_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let (wal, index, known) = (folder.path().join("wal"), folder.path().join("index"), folder.path().join("known"));
    fs::create_dir(&wal).unwrap();
    archive(&wal);
    let name = segment(&wal, 1);
    let whole = fs::read(wal.join(&name)).unwrap();
    let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap()];
    assert_eq!(verify(&words).0, 0);
    let plain = verify(&words[..1]).1;
    // The flag that no checksum covers.
    let mut bytes = whole.clone();
    bytes[8192 + 2] ^= 4;
    fs::remove_file(wal.join(&name)).unwrap();
    let packed = wal.join(format!("{name}.gz"));
    let mut encoder = flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    encoder.finish().unwrap();
    settle(&wal);
    let told = format!("{name}.gz");
    for _ in 0..3 {
        let found = verify(&words);
        assert_eq!((found.0, changed(&found.1)), (0, vec![told.as_str()]));
        assert_eq!(found.2["segments_read"], 2, "it, and the one behind it");
        let found = without_changes(found.1);
        assert_eq!((&found["timelines"], &found["backups"]), (&plain["timelines"], &plain["backups"]));
        // Ignored once is not accepted.
        assert!(changed(&verify(&[&words[..], &["--severity", "WP118=ignore"]].concat()).1).is_empty());
    }
    let known = known.to_str().unwrap();
    assert_eq!(walproof(&[&["verify", "--write-known", known], &words[..]].concat()).code, 0);
    let accepted = verify(&[&words[..], &["--known", known]].concat()).1;
    let of = |document: &Value| document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP118").cloned();
    assert_eq!(of(&accepted).unwrap()["accepted"], true);
    let after = verify(&words);
    assert_eq!((of(&after.1), &after.2["segments_read"]), (None, &0.into()));
}

#[test]
fn a_share_of_the_segments_is_read_again_each_time_and_all_of_them_in_turn() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap(), "--reread", "1/4"];
    let first = verify(&words);
    let oldest = |used: &Value| used["oldest_proof"].as_str().map(str::to_owned);
    let began = oldest(&verify(&words[..3]).2).unwrap();
    for _ in 0..4 {
        let used = verify(&words).2;
        assert!(used["segments_reread"].as_u64() > Some(0) && used["segments_taken"].as_u64() > Some(0), "{used}");
    }
    assert!(oldest(&verify(&words[..3]).2).unwrap() > began, "{:?}", first.2);
}

#[test]
fn what_is_no_index_of_this_archive_is_not_used() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap()];
    let good = verify(&words).1;
    let whole = fs::read(&index).unwrap();
    // Torn, damaged, empty, of another version: read anew and written anew.
    let (mut damaged, mut other) = (whole.clone(), whole.clone());
    damaged[100] ^= 4;
    other[15] += 1;
    for bytes in [&whole[..whole.len() / 2], &damaged, &[], &other] {
        fs::write(&index, bytes).unwrap();
        let (code, document, used) = verify(&words);
        assert_eq!((code, &document, &used["segments_taken"]), (0, &good, &0.into()));
        assert!(used["ignored"].is_string(), "{used}");
        assert_eq!(verify(&words).2["segments_read"], 0);
    }
    // Something else is not overwritten, and neither is the index of another archive.
    fs::write(&index, "my notes").unwrap();
    let ran = walproof(&[&["verify"], &words[..]].concat());
    assert!(ran.code == 2 && ran.err.contains("is not overwritten"), "{}", ran.err);
    assert_eq!(fs::read(&index).unwrap(), b"my notes");
    fs::write(&index, &whole).unwrap();
    let ran = walproof(&["verify", &run::testdata("9.4/promotion"), "--index", words[2]]);
    assert!(ran.code == 2, "{} {}", ran.out, ran.err);
    assert_eq!(fs::read(&index).unwrap(), whole);
}

#[test]
fn an_index_in_the_archive_is_no_file_of_it() {
    let folder = tempfile::tempdir().unwrap();
    archive(folder.path());
    let wal = folder.path().to_str().unwrap();
    let inside = folder.path().join("index");
    let ran = walproof(&["verify", wal, "--index", inside.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains(".walproof"), "{}", ran.err);
    assert!(!inside.exists());
    let inside = folder.path().join("index.walproof");
    let first = verify(&[wal, "--index", inside.to_str().unwrap()]);
    assert_eq!(first.1, verify(&[wal, "--index", inside.to_str().unwrap()]).1);
    for words in [&["--depth", "names"][..], &["--reread", "2/1"], &["--reread", "x"]] {
        assert_eq!(walproof(&[&["verify", wal, "--index", inside.to_str().unwrap()], words].concat()).code, 2);
    }
}

/// What is no plain file is neither waited for nor replaced, and a folder that is missing is told before anything is
/// read.
#[cfg(unix)]
#[test]
fn an_index_is_a_plain_file_that_keeps_its_link_and_its_permissions() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    let (folder, wal) = place();
    let at = |name: &str| folder.path().join(name);
    let ended = |index: &Path| walproof(&["verify", wal.to_str().unwrap(), "--index", index.to_str().unwrap()]);
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    for index in [at("pipe"), at("wal"), at("no/index")] {
        let ran = ended(&index);
        assert!(
            ran.code == 2 && ran.out.is_empty() && ran.err.contains(index.to_str().unwrap()),
            "{}{}",
            ran.out,
            ran.err
        );
    }
    assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo());
    symlink("index", at("link")).unwrap();
    assert_eq!(ended(&at("index")).code, 0);
    fs::set_permissions(at("index"), fs::Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(at("index")).unwrap();
    assert_eq!(ended(&at("link")).code, 0);
    assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
    assert_ne!(fs::read(at("index")).unwrap(), before, "the number of the run");
    assert_eq!(fs::metadata(at("index")).unwrap().permissions().mode() & 0o777, 0o600);
}

/// `WALPROOF_KILLS` runs, 20 if it is not set.
#[test]
fn a_run_that_is_killed_loses_nothing() {
    let kills: u32 = std::env::var("WALPROOF_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap()];
    assert_eq!(verify(&words).0, 0);
    let run = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_walproof"))
            .args(["verify", "-q", "--reread", "1/9"])
            .args(words)
            .spawn()
            .unwrap()
    };
    let began = std::time::Instant::now();
    run().wait().unwrap();
    let whole = began.elapsed();
    for n in 0..kills {
        let mut child = run();
        std::thread::sleep(whole.mul_f64(0.3 + 0.7 * f64::from(n % 20) / 20.0));
        child.kill().unwrap();
        child.wait().unwrap();
        let (code, _, used) = verify(&words);
        assert_eq!((code, &used["ignored"], &used["segments_read"]), (0, &Value::Null, &0.into()), "kill {n}");
    }
}

/// Who relies on the index hears in every format that it does not grow; the verdict is told all the same.
#[cfg(unix)]
#[test]
fn an_index_that_cannot_be_written_is_told_in_every_format() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    // No file may grow: root obeys that, too.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" verify \"$1\" --index \"$2\" --format \"$3\"";
    for (format, code) in [("text", 2), ("json", 2), ("nagios", 3), ("junit", 2)] {
        let words = [env!("CARGO_BIN_EXE_walproof"), wal.to_str().unwrap(), index.to_str().unwrap(), format];
        let output = std::process::Command::new("bash").args(["-c", script]).args(words).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{format}: {out}");
        assert!(out.contains("File too large") && out.to_lowercase().contains("proven"), "{format}: {out}");
        assert!(!index.exists());
    }
    // Nor is it replaced by the report.
    let words = ["verify", wal.to_str().unwrap(), "--index", index.to_str().unwrap()];
    assert_eq!(walproof(&words).code, 0);
    let whole = fs::read(&index).unwrap();
    for format in ["text", "json", "nagios"] {
        assert_ne!(walproof(&[&words[..], &["-o", words[3], "--format", format]].concat()).code, 0);
        assert_eq!(fs::read(&index).unwrap(), whole);
    }
}

#[test]
fn two_runs_at_once_lose_nothing_of_each_other() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let proven = |known: &Index| {
        let source = pgwal::source::open(std::slice::from_ref(&wal)).unwrap();
        let mut options = pgwal::verify::Options::default();
        options.index = Some(known);
        pgwal::verify::verify(source.as_ref(), &options).unwrap();
    };
    let (first, second) = (Index::open(&index).unwrap(), Index::open(&index).unwrap());
    // What the second run does not see: it comes later.
    let (file, aside) = (wal.join(segment(&wal, 3)), folder.path().join("aside"));
    fs::rename(&file, &aside).unwrap();
    proven(&second);
    fs::rename(&aside, &file).unwrap();
    settle(&wal);
    proven(&first);
    first.save().unwrap();
    second.save().unwrap();
    let (wal, index) = (wal.to_str().unwrap(), index.to_str().unwrap());
    let (_, _, used) = verify(&[wal, "--index", index]);
    assert_eq!(used["segments_read"], 0, "{used}");
}

/// pg_receivewal writes on in a file of full size.
#[test]
fn an_unfinished_segment_that_was_written_on_has_not_changed() {
    let (folder, wal) = place();
    let index = folder.path().join("index");
    let last = segment(&wal, 12);
    let whole = fs::read(wal.join(&last)).unwrap();
    let partial = wal.join(format!("{last}.partial"));
    fs::remove_file(wal.join(&last)).unwrap();
    for written in [300_000, 700_000] {
        let mut bytes = whole.clone();
        bytes[written..].fill(0);
        fs::write(&partial, bytes).unwrap();
        settle(&wal);
        let (code, document, _) =
            verify(&[wal.to_str().unwrap(), "--index", index.to_str().unwrap(), "--fail-on", "warning"]);
        assert_eq!((code, changed(&document)), (0, Vec::new()), "{written}");
    }
}

/// One would be lost under the other, also where neither is there yet and they are written in two ways.
#[test]
fn two_options_never_write_to_one_file() {
    let (folder, wal) = place();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (here, there) = (real.join("x"), link.join("x"));
    for options in [["--index", "-o"], ["--index", "--write-known"], ["-o", "--write-known"]] {
        let words =
            ["verify", wal.to_str().unwrap(), options[0], here.to_str().unwrap(), options[1], there.to_str().unwrap()];
        let ran = walproof(&words);
        assert!(ran.code == 2 && ran.err.contains("name the same file") && !here.exists(), "{options:?}: {}", ran.err);
    }
}
