//! `-o FILE`.

use crate::run::{testdata, walproof};

/// Fields that differ from run to run.
fn without_times(text: &str) -> String {
    text.lines()
        .filter(|line| !["timestamp", "duration", "TimeUtc", "<footer>"].iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
fn every_format_goes_to_a_file_as_to_standard_output() {
    for format in ["text", "json", "prometheus", "junit", "sarif", "html"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        let archive = testdata("demo/damaged");
        let plain = walproof(&["verify", &archive, "--format", format]);
        for quiet in [&[][..], &["-q"]] {
            let words: Vec<&str> = ["verify", &archive, "--format", format, "-o", file.to_str().unwrap()]
                .iter()
                .chain(quiet)
                .copied()
                .collect();
            let ran = walproof(&words);
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{format}");
            assert_eq!(without_times(&std::fs::read_to_string(&file).unwrap()), without_times(&plain.out), "{format}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{format}: nothing is left beside it");
        }
    }
    let ran = walproof(&["verify", &testdata("demo/good"), "-o", "/no/such/folder/file"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("/no/such/folder/file"), "{}", ran.err);
    // That it was not told does not hide damage.
    assert_eq!(walproof(&["verify", &testdata("demo/damaged"), "-o", "/no/such/folder/file"]).code, 1);
}

/// What a run of yesterday proved is not what stands there when today's could look at nothing.
#[test]
fn a_run_that_could_look_at_nothing_says_so_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let (file, missing) = (folder.path().join("out"), folder.path().join("missing"));
    let (file, missing) = (file.to_str().unwrap(), missing.to_str().unwrap());
    let told = [
        ("text", "UNPROVEN"),
        ("json", "\"verdict\": \"unproven\""),
        ("prometheus", "walproof_run_success{"),
        ("junit", "<error "),
        ("sarif", "\"executionSuccessful\": false"),
        ("html", "UNPROVEN"),
        ("nagios", "UNKNOWN"),
    ];
    for (format, words) in told {
        assert_eq!(walproof(&["verify", &testdata("demo/good"), "--format", format, "-o", file]).code, 0, "{format}");
        let ran = walproof(&["verify", missing, "--format", format, "-o", file]);
        assert_eq!(ran.code, if format == "nagios" { 3 } else { 2 }, "{format}");
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(words), "{format}: {text}");
    }
    assert_eq!(walproof(&["verify", missing]).out, "");
}

/// What is written goes nowhere that another user chose, and to names of any length.
#[test]
fn links_of_others_are_refused_and_long_names_are_written() {
    use std::os::unix::fs::{lchown, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, damaged) = (testdata("demo/good"), testdata("demo/damaged"));
    let long = |c: &str| path(&c.repeat(250));
    let (out, index, known, part) = (long("o"), long("i"), long("k"), long("p"));
    for words in [
        &["verify", &good, "-o", &out][..],
        &["verify", &good, "--index", &index],
        &["verify", &damaged, "--write-known", &known],
        &["summarize", &good, "-o", &part],
    ] {
        let ran = walproof(words);
        assert!(ran.code < 2, "{words:?}: {}", ran.err);
    }
    for file in [&out, &index, &known, &part] {
        assert!(std::fs::metadata(file).unwrap().len() > 0);
    }
    std::fs::write(path("kept"), "kept").unwrap();
    symlink("kept", path("link")).unwrap();
    // Only the superuser can make another's link.
    if lchown(path("link"), Some(12345), Some(12345)).is_err() {
        return;
    }
    let link = path("link");
    for words in [&["verify", &good, "-o", &link][..], &["summarize", &good, "-o", &link]] {
        let ran = walproof(words);
        assert!(ran.code == 2 && ran.err.contains("another user"), "{words:?}: {} {}", ran.code, ran.err);
    }
    std::fs::copy(&index, path("kept")).unwrap();
    let before = std::fs::read(path("kept")).unwrap();
    assert!(walproof(&["verify", &good, "--index", &link]).err.contains("another user"));
    assert_eq!(std::fs::read(path("kept")).unwrap(), before);
}
