//! What is archived is whole, once, and never in the place of another.

use crate::run::walproof;
use crate::site::{CLUSTER, IN_RECOVERY, Site, layout, names, plain, promoted};
use pgwal::format::{SegmentNo, TimelineId, Version};
use pgwal_craft::{Builder, Opening};
use std::fs;

fn v15() -> Version {
    Version::new(15, 0)
}

const FIRST: &str = "000000010000000000000001";
const SECOND: &str = "000000010000000000000002";
const THIRD: &str = "000000010000000000000003";

fn push(site: &Site, file: &str, words: &[&str]) -> crate::run::Ran {
    site.run(&[&["archive-push", &site.p(file)], words].concat())
}

#[test]
fn an_archive_is_made_and_proven_plain_and_packed() {
    for (how, suffix) in [
        (&[][..], ""),
        (&["--compress", "zstd:1"], ".zst"),
        (&["--compress", "lz4"], ".lz4"),
        (&["--compress", "gzip"], ".gz"),
    ] {
        let site = Site::of(v15(), &promoted(v15()));
        let to = site.folder("to");
        let words = [&["--to", "to"][..], how].concat();
        for file in site.files() {
            push(&site, &file, &words).passes();
            // Again, as after a crash.
            push(&site, &file, &words).passes();
        }
        let stored: Vec<String> = site.files().iter().map(|file| format!("{file}{suffix}")).collect();
        assert_eq!(names(&to), stored);
        let ran = walproof(&["verify", to.to_str().unwrap()]);
        assert!(ran.code == 0 && ran.out.contains("PROVEN"), "{}", ran.out);
        // Whatever it is packed in, it is there.
        assert_eq!(push(&site, &site.files()[0], &["--to", "to"]).code, 0);
        assert_eq!(names(&to).len(), stored.len());
    }
}

#[test]
fn another_content_under_the_same_name_is_never_replaced() {
    let (site, other) = (Site::of(v15(), &plain(v15(), CLUSTER, 0)), Site::of(v15(), &plain(v15(), CLUSTER, 1)));
    let to = site.folder("to");
    let place = to.to_str().unwrap();
    for file in site.files() {
        push(&site, &file, &["--to", place]).passes();
    }
    let before = fs::read(to.join(SECOND)).unwrap();
    let ran = push(&other, SECOND, &["--to", place]).fails("is there already");
    assert!(!ran.err.contains("damaged there"), "{}", ran.err);
    assert!(ran.err.contains(&CLUSTER.to_string()) && ran.err.contains("timeline 1") && ran.err.contains(" 0/002"));
    assert_eq!(fs::read(to.join(SECOND)).unwrap(), before);
    // A cluster of its own in the same place.
    let stranger = Site::of(v15(), &plain(v15(), CLUSTER + 7, 0));
    stranger.state(v15(), 6, CLUSTER + 7);
    push(&stranger, SECOND, &["--to", place]).fails("give each cluster a place of its own");
    fs::remove_file(to.join(SECOND)).unwrap();
    push(&stranger, SECOND, &["--to", place]).fails("another cluster");
    let older = Site::of(Version::new(14, 0), &plain(Version::new(14, 0), CLUSTER, 0));
    push(&older, SECOND, &["--to", place]).fails("each major version a place of its own");
}

#[test]
fn bytes_that_no_record_holds_make_no_other_content() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let to = site.folder("to");
    let last = site.files().pop().unwrap();
    push(&site, &last, &["--to", "to"]).passes();
    // Behind the switch.
    site.change(&last, |bytes| *bytes.last_mut().unwrap() = 7);
    push(&site, &last, &["--to", "to"]).passes();
    assert_eq!(fs::read(to.join(&last)).unwrap().last(), Some(&0));
}

#[test]
fn two_promotions_to_one_timeline_are_told_apart() {
    let site = Site::of(v15(), &promoted(v15()));
    site.folder("to");
    for file in site.files() {
        push(&site, &file, &["--to", "to"]).passes();
    }
    let history = site.path("pg_wal/00000002.history");
    fs::write(&history, "1\t0/1F0000\tno recovery target specified\n").unwrap();
    push(&site, "00000002.history", &["--to", "to"]).fails("says something else");
    fs::remove_file(site.path("to/000000020000000000000003")).unwrap();
    push(&site, "000000020000000000000003", &["--to", "to"]).fails("only one of them may archive here");
}

/// An old primary that writes on, or a primary beside a test restore whose history file was archived: which of the two,
/// its archive does not say.
#[test]
fn a_segment_behind_a_fork_is_warned_of_and_refused_where_that_is_asked_for() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let to = site.folder("to");
    fs::write(to.join("00000002.history"), "1\t0/280000\tno recovery target specified\n").unwrap();
    // What a server wrote up to there is its own.
    push(&site, FIRST, &["--to", "to", "--strict"]).passes();
    let said = "timeline 2 left timeline 1 at 0/00280000, by 00000002.history in";
    // The fork lies in it, and it goes on behind that.
    let refused = push(&site, SECOND, &["--to", "to", "--strict"]).fails(said);
    assert!(refused.err.contains("this segment has records behind that"), "{}", refused.err);
    assert_eq!(names(&to), [FIRST, "00000002.history"]);
    push(&site, SECOND, &["--to", "to"]).warns(said);
    push(&site, THIRD, &["--to", "to", "--strict"]).fails(said);
    assert_eq!(names(&to), [FIRST, SECOND, "00000002.history"]);
    push(&site, THIRD, &["--to", "to"]).warns(said);
    assert_eq!(names(&to), [FIRST, SECOND, THIRD, "00000002.history"]);
    // A timeline that comes from elsewhere says nothing of this one.
    fs::write(to.join("00000002.history"), "").unwrap();
    push(&site, "000000010000000000000004", &["--to", "to", "--strict"]).passes();
}

/// Up to 9.4, and by a standby that archives always, the segment of the fork is handed out whole, with zeros behind it.
#[test]
fn a_segment_that_ends_at_the_fork_goes_along_with_the_history() {
    for version in [v15(), Version::new(9, 4)] {
        let mut wal = Builder::new(layout(version), TimelineId(1), CLUSTER, SegmentNo(1));
        wal.checkpoint_shutdown();
        (0..150).for_each(|_| _ = wal.filler(9_000));
        wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
        wal.switch();
        let site = Site::of(version, &wal.finish());
        site.folder("to");
        let _ = fs::rename(site.path(&site.p(&format!("{SECOND}.partial"))), site.path(&site.p(SECOND)));
        assert!(site.path(&site.p(SECOND)).exists(), "{version}");
        let mut files = site.files();
        files.sort_by_key(|file| !file.ends_with(".history"));
        for file in files {
            push(&site, &file, &["--to", "to", "--strict"]).passes();
        }
    }
}

#[test]
fn all_destinations_are_tried_and_any_failure_fails() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let (one, two) = (site.folder("one"), site.folder("two"));
    fs::write(one.join(SECOND), "half").unwrap();
    push(&site, SECOND, &["--to", "one", "--to", "two"]).fails("no whole segment");
    assert_eq!(names(&two), [SECOND]);
    fs::remove_file(one.join(SECOND)).unwrap();
    let file = site.p(SECOND);
    site.run(&["archive-push", "--to", "one", "two", &file]).passes();
    assert_eq!(names(&one), [SECOND]);
}

#[test]
fn the_seam_to_what_is_there_is_checked() {
    let (site, other) = (Site::of(v15(), &plain(v15(), CLUSTER, 0)), Site::of(v15(), &plain(v15(), CLUSTER, 1)));
    let to = site.folder("to");
    let place = to.to_str().unwrap();
    push(&site, SECOND, &["--to", place, "--state", "state"]).passes();
    push(&other, THIRD, &["--to", place]).fails("(WP2");
    assert_eq!(names(&to), [SECOND]);
    push(&site, THIRD, &["--to", place, "--state", "state"]).passes();
}

#[test]
fn a_damaged_segment_is_stored_with_a_note_where_that_is_asked_for() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let to = site.folder("to");
    push(&site, "000000010000000000000001", &["--to", "to"]).passes();
    site.change(SECOND, |bytes| bytes[300_000] ^= 4);
    push(&site, SECOND, &["--to", "to"]).fails("is not archived");
    for _ in 0..2 {
        push(&site, SECOND, &["--to", "to", "--on-damage", "store"]).warns("archived although it is damaged");
    }
    push(&site, THIRD, &["--to", "to"]).passes();
    assert_eq!(names(&to), ["000000010000000000000001", SECOND, &format!("{SECOND}.damaged"), THIRD]);
    let ran = walproof(&["verify", to.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.out.contains("WP201") && ran.out.contains("WP129"), "{}", ran.out);
    // A good copy of it: which of the two is damaged is known, and what is to be done.
    site.change(SECOND, |bytes| bytes[300_000] ^= 4);
    let ran = push(&site, SECOND, &["--to", "to"]).fails("it is damaged there: ");
    assert!(ran.err.contains("(WP201); move it away, with its note") && ran.err.contains(".damaged"), "{}", ran.err);
    for name in [SECOND.to_owned(), format!("{SECOND}.damaged")] {
        fs::rename(to.join(&name), site.path("pg_wal").join(format!("old-{name}"))).unwrap();
    }
    push(&site, SECOND, &["--to", "to"]).passes();
    assert_eq!(walproof(&["verify", to.to_str().unwrap()]).code, 0);
    // Another segment is no damage.
    fs::copy(site.path(&site.p(THIRD)), site.path("pg_wal/000000010000000000000009")).unwrap();
    push(&site, "000000010000000000000009", &["--to", "to", "--on-damage", "store"]).fails(THIRD);
}

/// A good copy is never called bad for what is wrong with the server's own file.
#[test]
fn a_good_copy_is_kept_whatever_the_server_has() {
    let good = "is there already, whole and of this cluster: keep it";
    type Harm = fn(&mut Vec<u8>);
    let cases: [(&str, Harm); 3] = [
        ("WP102", |bytes| bytes.truncate(500_000)),
        ("WP201", |bytes| bytes[300_000] ^= 4),
        ("zeros", |bytes| bytes.fill(0)),
    ];
    for (code, change) in cases {
        let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
        site.state(v15(), 6, CLUSTER);
        let to = site.folder("to");
        push(&site, SECOND, &["--to", "to"]).passes();
        let before = fs::read(to.join(SECOND)).unwrap();
        let own = site.path(&site.p(SECOND));
        let mut bytes = fs::read(&own).unwrap();
        change(&mut bytes);
        fs::write(&own, bytes).unwrap();
        let ran = push(&site, SECOND, &["--to", "to"]).fails(good);
        assert!(ran.err.contains(code) && !ran.err.contains("move it away"), "{}", ran.err);
        assert_eq!(fs::read(to.join(SECOND)).unwrap(), before);
        // Nobody vouches for one that is bad as well.
        fs::write(to.join(SECOND), &before[..700_000]).unwrap();
        let ran = push(&site, SECOND, &["--to", "to"]).fails("is there already");
        assert!(!ran.err.contains("keep it"), "{}", ran.err);
    }
    // Another segment under its name.
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    site.state(v15(), 6, CLUSTER);
    site.folder("to");
    push(&site, THIRD, &["--to", "to"]).passes();
    fs::copy(site.path(&site.p(SECOND)), site.path(&site.p(THIRD))).unwrap();
    push(&site, THIRD, &["--to", "to"]).fails(good);
}

#[test]
fn recycled_files_of_a_server_in_recovery_are_acknowledged_and_not_stored() {
    let v11 = Version::new(11, 0);
    let site = Site::of(v11, &plain(v11, CLUSTER, 0));
    let to = site.folder("to");
    let junk = "000000010000000000000009";
    fs::copy(site.path(&site.p(SECOND)), site.path(&site.p(junk))).unwrap();
    push(&site, junk, &["--to", "to"]).fails("is not archived");
    site.state(v11, IN_RECOVERY, CLUSTER);
    push(&site, junk, &["--to", "to"]).warns("not needed by anybody");
    site.change(junk, |bytes| bytes.fill(0));
    push(&site, junk, &["--to", "to"]).warns("not needed by anybody");
    // What comes later than its name says was never recycled into it.
    fs::copy(site.path(&site.p(THIRD)), site.path(&site.p(SECOND))).unwrap();
    push(&site, SECOND, &["--to", "to"]).fails("is not archived");
    assert!(names(&to).is_empty());
}

#[test]
fn what_was_archived_need_not_be_read_again() {
    let site = Site::of(v15(), &promoted(v15()));
    let to = site.folder("to");
    let index = site.path("index");
    let words = ["--to", "to", "--index", index.to_str().unwrap()];
    for file in site.files() {
        push(&site, &file, &words).passes();
        push(&site, &file, &words).passes();
    }
    let verify = || walproof(&["verify", to.to_str().unwrap(), "--index", index.to_str().unwrap(), "--format", "json"]);
    let ran = verify();
    // A .partial may be followed by another one, and is read.
    assert!(ran.code == 0 && ran.out.contains("\"segments_read\": 1"), "{}{}", ran.out, ran.err);
    // The index knows what lay there.
    let mut bytes = fs::read(to.join(FIRST)).unwrap();
    bytes[300_000] ^= 1;
    fs::write(to.join(FIRST), bytes).unwrap();
    // What was written within the last two seconds is compared the next time.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    fs::File::options().write(true).open(to.join(FIRST)).unwrap().set_modified(old).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let ran = verify();
    assert!(ran.code == 1 && ran.out.contains("WP118"), "{}", ran.out);
    // An index of something else is told, and keeps nothing from being archived.
    fs::remove_file(to.join(FIRST)).unwrap();
    fs::write(&index, "a letter").unwrap();
    push(&site, FIRST, &words).warns("the index does not know it yet");
    assert_eq!(fs::read_to_string(&index).unwrap(), "a letter");
    push(&site, FIRST, &["--to", "to", "--to", "pg_wal", "--index", "index"]).fails("an index is of one archive");
}

#[test]
fn what_goes_on_elsewhere_is_not_stored_as_damaged() {
    let (site, other) = (Site::of(v15(), &plain(v15(), CLUSTER, 0)), Site::of(v15(), &plain(v15(), CLUSTER, 1)));
    let to = site.folder("to");
    push(&site, SECOND, &["--to", "to"]).passes();
    push(&other, THIRD, &["--to", to.to_str().unwrap(), "--on-damage", "store"]).fails("is not archived");
    assert_eq!(names(&to), [SECOND]);
}

#[test]
fn what_waits_is_taken_along() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let to = site.folder("to");
    for file in site.files() {
        fs::write(site.path(&format!("pg_wal/archive_status/{file}.ready")), "").unwrap();
    }
    push(&site, "000000010000000000000001", &["--to", "to", "--jobs", "3"]).passes();
    assert_eq!(names(&to), ["000000010000000000000001", SECOND, THIRD]);
    push(&site, SECOND, &["--to", "to", "-j", "3"]).passes();
    assert_eq!(names(&to).len(), 5, "those that nobody has taken along yet");
    // What was taken along and is damaged is told when its turn comes.
    site.change("000000010000000000000005", |bytes| bytes[9000] ^= 1);
    push(&site, THIRD, &["--to", "to", "--jobs", "9"]).passes();
    push(&site, "000000010000000000000005", &["--to", "to"]).fails("is not archived");
}
