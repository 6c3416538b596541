//! Files come one by one, in pieces, under other names first.

use crate::followed::Followed;
use crate::run::walproof;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId};
use pgwal_craft::{Builder, FillEnd};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use walproof_testdata::Story;

/// The files of a folder, in the order in which a server archives them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_file()).collect();
    files.sort();
    files
}

fn story(version: &str, name: &str) -> TempDir {
    let story = Story::all().unwrap().into_iter().find(|s| s.version == version && s.story == name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    story.unpack(folder.path()).unwrap();
    folder
}

/// Writes a file as `cp` does.
fn copy_slowly(file: &Path, to: &Path) {
    let bytes = fs::read(file).unwrap();
    let mut target = OpenOptions::new().create(true).append(true).open(to.join(file.file_name().unwrap())).unwrap();
    for part in bytes.chunks((bytes.len() / 3).max(1)) {
        target.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// All files come; the list is that of the whole folder.
fn grows(from: &Path, words: &[&str]) {
    let to = tempfile::tempdir().unwrap();
    let all = files(from);
    let first = all.iter().position(|f| f.file_name().unwrap().len() == 24).unwrap();
    fs::copy(&all[first], to.path().join(all[first].file_name().unwrap())).unwrap();
    let mut followed = Followed::start(to.path(), words);
    for (i, file) in all.iter().enumerate().filter(|(i, _)| *i != first) {
        match i % 3 {
            // As pg_receivewal and rsync do: under another name, then renamed.
            0 if file.file_name().unwrap().len() == 24 => {
                let partial = to.path().join(format!("{}.partial", file.file_name().unwrap().to_str().unwrap()));
                fs::copy(file, &partial).unwrap();
                std::thread::sleep(Duration::from_millis(60));
                fs::rename(&partial, to.path().join(file.file_name().unwrap())).unwrap();
            }
            _ => copy_slowly(file, to.path()),
        }
    }
    let words: Vec<&str> = ["dump", to.path().to_str().unwrap()].iter().chain(words).copied().collect();
    let later = walproof(&words);
    let text = followed.until("the last record", |text| text.len() >= later.out.len());
    if text != later.out {
        let differing = text.lines().zip(later.out.lines()).find(|(a, b)| a != b);
        panic!("{} and {} lines: {differing:?}", text.lines().count(), later.out.lines().count());
    }
    followed.signal("-INT");
    followed.ended();
}

#[test]
fn an_archive_of_three_timelines() {
    grows(story("15", "archive").path(), &["--format", "waldump"]);
}

#[test]
fn an_archive_of_9_4_with_a_promotion() {
    grows(story("9.4", "promotion").path(), &["--format", "waldump"]);
}

#[test]
fn packed_files_are_followed_too() {
    // As it is committed: xz. Text, since each file is whole when it comes.
    let folder = walproof_testdata::root().join("15/big_commit");
    let to = tempfile::tempdir().unwrap();
    let all = files(&folder);
    fs::copy(&all[0], to.path().join(all[0].file_name().unwrap())).unwrap();
    let followed = Followed::start(to.path(), &[]);
    for file in &all[1..] {
        std::thread::sleep(Duration::from_millis(100));
        let name = file.file_name().unwrap();
        fs::copy(file, to.path().join("copy.tmp")).unwrap();
        fs::rename(to.path().join("copy.tmp"), to.path().join(name)).unwrap();
    }
    let later = walproof(&["dump", to.path().to_str().unwrap()]).out;
    let records = |text: &str| text.lines().filter(|l| !l.contains(" *** ")).map(str::to_owned).collect::<Vec<_>>();
    let text = followed.until("the last record", |text| records(text).len() >= records(&later).len());
    assert_eq!(records(&text), records(&later));
}

#[test]
fn damage_is_told_once_and_passed() {
    let damaged = walproof_testdata::root().join("demo/damaged");
    let to = tempfile::tempdir().unwrap();
    for file in files(&damaged) {
        fs::copy(&file, to.path().join(file.file_name().unwrap())).unwrap();
    }
    let followed = Followed::start(to.path(), &[]);
    let later = walproof(&["dump", to.path().to_str().unwrap()]).out;
    let text = followed.until("the last record", |text| text.len() >= later.len());
    assert!(text == later);
    assert_eq!(text.matches(" *** WP201 error").count(), 1);
}

#[test]
fn a_segment_that_never_comes_is_a_gap() {
    let good = walproof_testdata::root().join("demo/good");
    let to = tempfile::tempdir().unwrap();
    let all = files(&good);
    let segments: Vec<&PathBuf> = all.iter().filter(|f| f.file_name().unwrap().len() == 24).collect();
    for file in [segments[0], segments[2]] {
        fs::copy(file, to.path().join(file.file_name().unwrap())).unwrap();
    }
    let followed = Followed::start(to.path(), &[]);
    let text =
        followed.until("the record behind the gap", |text| text.lines().last().is_some_and(|l| l.starts_with("0/00B")));
    assert_eq!(text.matches(" *** WP101 error").count(), 1, "{text}");
}

/// The rest of a record that the segment's start splits, and zeros: that looks like the end of a segment switch, and is
/// not.
#[test]
fn the_rest_of_a_record_is_no_switch() {
    let layout = Layout {
        dialect: pgwal::format::Version::new(15, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    wal.checkpoint_shutdown();
    wal.skip_to(24, FillEnd::Segment);
    wal.filler(34);
    for _ in 0..20 {
        wal.filler(8000);
    }
    wal.skip_to(24, FillEnd::Segment);
    wal.filler(34);
    wal.switch();
    let (made, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    wal.finish().write_to(made.path()).unwrap();
    let [first, second, third] = [1, 2, 3].map(|n| format!("00000001000000000000000{n}"));
    fs::copy(made.path().join(&first), to.path().join(&first)).unwrap();
    let followed = Followed::start(to.path(), &[]);
    // As the server has it after a flush: the page, zeros behind the record.
    let whole = fs::read(made.path().join(&second)).unwrap();
    let mut begun = vec![0; whole.len()];
    begun[..56].copy_from_slice(&whole[..56]);
    fs::write(to.path().join(&second), &begun).unwrap();
    followed.until("the record over the seam", |text| {
        text.lines().last().is_some_and(|line| line.starts_with("0/001FFFE8"))
    });
    fs::write(to.path().join(&second), &whole).unwrap();
    fs::copy(made.path().join(&third), to.path().join(&third)).unwrap();
    let later = walproof(&["dump", to.path().to_str().unwrap()]).out;
    let text = followed.until("the last record", |text| text.len() >= later.len());
    assert_eq!(text, later);
}
