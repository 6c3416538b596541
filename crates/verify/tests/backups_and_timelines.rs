//! Whose way a backup lies on: by where its timeline was left, not by its number. Clean archives with several timelines
//! are never refuted for a file that is there.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_craft::{Builder, CraftedFile, FillEnd, Opening};
use pgwal_format::{Align, Endian, FileName, Layout, Lsn, PageSize, SegmentName, SegmentNo, SegmentSize};
use pgwal_format::{TimelineId, Version};
use pgwal_verify::{Code, KnownBackup, Options, Outcome, Severity, Verdict, Which};
use std::collections::BTreeMap;
use std::fs;

/// 9.2 and earlier name a segment in history files, up to 9.4 a child's first segment is a whole copy, up to 11 the
/// latest timeline is not followed unless asked for.
const VERSIONS: [Version; 6] = [
    Version::new(9, 2),
    Version::new(9, 4),
    Version::new(11, 0),
    Version::new(13, 0),
    Version::new(16, 0),
    Version::new(18, 0),
];

fn builder(version: Version) -> Builder {
    let layout = Layout {
        dialect: version.dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(5));
    wal.checkpoint_shutdown();
    segments(&mut wal, 1);
    wal
}

/// So many segments more, each ended by a switch.
fn segments(wal: &mut Builder, count: u32) {
    for _ in 0..count {
        wal.filler(50_000);
        wal.commit(700, 800_000_000_000_000);
        wal.filler(50_000);
        wal.switch();
    }
}

/// An archive of several timelines.
#[derive(Default)]
struct Archive {
    files: BTreeMap<String, CraftedFile>,
    backups: BTreeMap<String, String>,
}

impl Archive {
    /// A timeline that leaves here, with WAL of its own; the parent may go on.
    fn fork(wal: &Builder, child: u32) -> Builder {
        let mut child_wal = wal.clone();
        child_wal.timeline_switch(TimelineId(child), Opening::EndOfRecovery);
        segments(&mut child_wal, 1);
        child_wal
    }

    /// Takes in what a timeline wrote, its history included.
    fn keep(&mut self, wal: Builder, timeline: u32) {
        let own = |name: &FileName| match name {
            FileName::Segment(name) => name.timeline.0 == timeline,
            FileName::History(of) => of.0 == timeline,
            _ => false,
        };
        let files = wal.finish().files.into_iter().filter(|f| own(&f.name));
        self.files.extend(files.map(|f| (f.name.to_string(), f)));
    }

    /// A backup is taken while `meanwhile` is written. Returns the name of its history file.
    fn backup(&mut self, wal: &mut Builder, meanwhile: impl FnOnce(&mut Builder)) -> String {
        let start = wal.checkpoint_shutdown();
        wal.filler(500);
        meanwhile(wal);
        let stop = wal.position();
        let layout = *wal.layout();
        let file = |lsn: Lsn| {
            let number = layout.address().prev_segment(lsn, layout.segment);
            SegmentName::new(wal.timeline(), number, layout.address(), layout.segment)
        };
        let name = FileName::BackupHistory(file(start), layout.address().offset(start, layout.segment) as u32);
        let text = format!(
            "START WAL LOCATION: {} (file {})\nSTOP WAL LOCATION: {} (file {})\nCHECKPOINT LOCATION: {}\nSTART TIME: 2026-11-28 14:56:04 UTC\nLABEL: b\nSTOP TIME: 2026-11-28 14:56:05 UTC\n",
            start.unpadded(),
            file(start),
            stop.unpadded(),
            file(stop),
            start.unpadded()
        );
        self.backups.insert(name.to_string(), text);
        name.to_string()
    }

    fn verify(&self, timeline: Which) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        self.files.values().for_each(|f| f.content.write_to(&folder.path().join(f.name.to_string())).unwrap());
        self.backups.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        let source = pgwal_source::open(&[folder.path().to_path_buf()]).unwrap();
        let mut options = Options::default();
        options.timeline = timeline;
        pgwal_verify::verify(source.as_ref(), &options).unwrap()
    }

    /// Nothing is wrong; what is said of each backup: on the way (0), or which timeline to ask for.
    fn clean(&self, what: &str) -> BTreeMap<String, u32> {
        let outcome = self.verify(Which::Latest);
        let errors: Vec<String> = told(&outcome, Severity::Error);
        assert_eq!((outcome.verdict, errors), (Verdict::Proven, vec![]), "{what}");
        assert!(outcome.findings.iter().all(|f| f.code != Code::Gap), "{what}: {:?}", outcome.findings);
        let said = |b: &KnownBackup| {
            assert_eq!(b.complete, Some(true), "{what}: {}", b.file);
            assert_eq!(b.reaches.is_some(), b.beside.is_none(), "{what}: {}", b.file);
            (b.file.clone(), b.beside.map_or(0, |beside| beside.ask.0))
        };
        // On its own timeline each is as good.
        for backup in outcome.backups.iter().filter_map(|b| b.beside) {
            let own = self.verify(Which::Number(backup.ask));
            assert_eq!((own.verdict, told(&own, Severity::Error)), (Verdict::Proven, vec![]), "{what}");
            assert!(own.findings.iter().all(|f| f.code != Code::BackupBeside), "{what}");
        }
        outcome.backups.iter().map(said).collect()
    }
}

fn told(outcome: &Outcome, severity: Severity) -> Vec<String> {
    let of = outcome.findings.iter().filter(|f| f.severity == severity);
    of.map(|f| f.message(outcome.layout.as_ref())).collect()
}

fn beside(outcome: &Outcome) -> Vec<(Severity, String)> {
    let of = outcome.findings.iter().filter(|f| f.code == Code::BackupBeside);
    of.map(|f| (f.severity, f.message(outcome.layout.as_ref()))).collect()
}

/// A timeline begins with a record that goes over the end of the segment: its first file has pages of the parent alone,
/// as servers of 11 to 18 write it, and read it.
#[test]
fn a_timeline_that_begins_in_the_last_bytes_of_a_segment() {
    for version in [Version::new(9, 5), Version::new(11, 0), Version::new(14, 0), Version::new(18, 0)] {
        for (before, opening) in [8, 16, 24, 32, 40]
            .into_iter()
            .flat_map(|b| [(b, Opening::EndOfRecovery), (b, Opening::ShutdownCheckpoint)])
        {
            let what = format!("{version}, {before} bytes, {opening:?}");
            let (mut archive, mut wal) = (Archive::default(), builder(version));
            wal.skip_to(before, FillEnd::Segment);
            let mut child = wal.clone();
            child.timeline_switch(TimelineId(2), opening);
            segments(&mut child, 1);
            archive.keep(wal, 1);
            archive.keep(child, 2);
            archive.clean(&what);
            // A file of the parent under the child's name is another matter.
            let name = |timeline: u32| format!("{timeline:08X}0000000000000006");
            let parent = archive.files[&name(1)].clone();
            archive.files.insert(name(2), parent);
            let outcome = archive.verify(Which::Latest);
            assert_eq!(outcome.verdict, Verdict::Refuted, "{what}");
        }
    }
}

#[test]
fn a_fork_before_a_later_backup_of_the_parent() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        let early = archive.backup(&mut wal, |_| {});
        wal.filler(3000);
        let fork = wal.position();
        archive.keep(Archive::fork(&wal, 2), 2);
        segments(&mut wal, 3);
        let late = archive.backup(&mut wal, |wal| segments(wal, 1));
        segments(&mut wal, 2);
        archive.keep(wal, 1);
        let said = archive.clean(&version.to_string());
        assert_eq!((said[&early], said[&late]), (0, 1), "{version}");
        let outcome = archive.verify(Which::Latest);
        let [(severity, message)] = &beside(&outcome)[..] else { panic!("{version}: {:?}", outcome.findings) };
        let by_default = version >= Version::new(12, 0);
        assert_eq!(*severity, if by_default { Severity::Warning } else { Severity::Info }, "{version}");
        assert!(message.starts_with("the latest timeline 2 left 1 "), "{version}: {message}");
        assert!(message.ends_with(&format!("before backup {late}: restore it with --target-timeline 1")), "{message}");
        if version > Version::new(9, 2) {
            assert!(message.contains(&fork.to_string()), "{message}");
        }
        // Nearly so: it ends where the timeline is left.
        archive.backups.remove(&late);
        assert_eq!(beside(&archive.verify(Which::Latest)), [], "{version}");
    }
}

#[test]
fn a_fork_in_the_segment_of_the_backup_and_while_it_was_taken() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        let early = archive.backup(&mut wal, |_| {});
        let mut child = None;
        let during = archive.backup(&mut wal, |wal| {
            wal.filler(2000);
            child = Some(Archive::fork(wal, 2));
            wal.filler(2000);
        });
        archive.keep(child.unwrap(), 2);
        let late = archive.backup(&mut wal, |_| {});
        segments(&mut wal, 2);
        archive.keep(wal, 1);
        let said = archive.clean(&version.to_string());
        assert_eq!([said[&early], said[&during], said[&late]], [0, 1, 1], "{version}");
        archive.backups.remove(&late);
        let all = beside(&archive.verify(Which::Latest));
        assert_eq!(all.len(), 1, "{version}");
        let ends = if version == Version::new(9, 2) {
            "with --target-timeline 1"
        } else {
            "was taken: restore it with --target-timeline 1"
        };
        assert!(all[0].1.ends_with(ends), "{version}: {}", all[0].1);
    }
}

#[test]
fn a_backup_on_a_sibling_and_on_branches_of_a_branch() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        let early = archive.backup(&mut wal, |_| {});
        segments(&mut wal, 1);
        // 2 and 3 both leave 1; 4 leaves 3, which goes on.
        let mut two = Archive::fork(&wal, 2);
        let sibling = archive.backup(&mut two, |_| {});
        segments(&mut two, 1);
        archive.keep(two, 2);
        segments(&mut wal, 1);
        let mut three = Archive::fork(&wal, 3);
        segments(&mut wal, 1);
        let parent = archive.backup(&mut wal, |_| {});
        segments(&mut wal, 1);
        archive.keep(wal, 1);
        let middle = archive.backup(&mut three, |_| {});
        three.filler(4000);
        let mut four = Archive::fork(&three, 4);
        segments(&mut three, 1);
        let left = archive.backup(&mut three, |_| {});
        segments(&mut three, 4);
        archive.keep(three, 3);
        let latest = archive.backup(&mut four, |_| {});
        segments(&mut four, 1);
        archive.keep(four, 4);
        let said = archive.clean(&version.to_string());
        assert_eq!([said[&early], said[&middle], said[&latest]], [0; 3], "{version}");
        assert_eq!([said[&sibling], said[&parent], said[&left]], [2, 1, 3], "{version}");
        let all = beside(&archive.verify(Which::Latest));
        let says = |words: &str| all.iter().any(|(_, message)| message.contains(words));
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(
            says(&format!("the latest timeline 4 does not come from 2, on which backup {sibling} lies")),
            "{all:?}"
        );
        assert!(says("timeline 3, from which the latest timeline 4 comes, left 1 "), "{all:?}");
        assert!(says("the latest timeline 4 left 3 "), "{all:?}");
    }
}

#[test]
fn a_line_that_goes_on_with_the_backup_is_asked_for() {
    // 2 was left early, 3 took the place of 1: it, not 1, has the WAL behind the backup.
    let (mut archive, mut wal) = (Archive::default(), builder(Version::new(16, 0)));
    let mut four = Archive::fork(&wal, 4);
    segments(&mut wal, 1);
    let backup = archive.backup(&mut wal, |_| {});
    wal.filler(1000);
    let mut three = Archive::fork(&wal, 3);
    segments(&mut three, 3);
    archive.keep(Archive::fork(&builder(Version::new(16, 0)), 2), 2);
    archive.keep(wal, 1);
    archive.keep(three, 3);
    segments(&mut four, 1);
    archive.keep(four, 4);
    let outcome = archive.verify(Which::Latest);
    let said = outcome.backups.iter().find(|b| b.file == backup).unwrap();
    assert_eq!(said.beside.map(|beside| beside.ask), Some(TimelineId(3)), "{:?}", outcome.findings);
}

#[test]
fn what_a_backup_beside_the_way_lacks_is_no_error_and_what_one_on_it_lacks_is() {
    let (mut archive, mut wal) = (Archive::default(), builder(Version::new(16, 0)));
    let early = archive.backup(&mut wal, |wal| segments(wal, 2));
    let mut two = Archive::fork(&wal, 2);
    segments(&mut two, 4);
    archive.keep(two, 2);
    segments(&mut wal, 1);
    let late = archive.backup(&mut wal, |wal| segments(wal, 3));
    archive.keep(wal, 1);
    let complete = |outcome: &Outcome, file: &str| outcome.backups.iter().find(|b| b.file == file).unwrap().complete;
    let inside = archive.files.remove("00000001000000000000000A").unwrap();
    let outcome = archive.verify(Which::Latest);
    assert_eq!((outcome.verdict, told(&outcome, Severity::Error)), (Verdict::Proven, vec![]));
    let found = &outcome.findings;
    assert_eq!(
        (complete(&outcome, &early), complete(&outcome, &late)),
        (Some(true), Some(false)),
        "{found:#?} {:?}",
        outcome.backups
    );
    archive.files.insert("00000001000000000000000A".into(), inside);
    archive.files.remove("000000010000000000000007").unwrap();
    let outcome = archive.verify(Which::Latest);
    assert_eq!(outcome.verdict, Verdict::Refuted);
    assert!(told(&outcome, Severity::Error)[0].starts_with("000000010000000000000007 is missing"));
    assert_eq!((complete(&outcome, &early), complete(&outcome, &late)), (Some(false), Some(true)));
}

#[test]
fn a_promotion_in_the_segment_of_the_backup() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        let early = archive.backup(&mut wal, |_| {});
        wal.filler(3000);
        // The parent's last segment is a `.partial` from 9.5 on; the child's first one holds what was in it.
        let two = Archive::fork(&wal, 2);
        archive.keep(two.clone(), 1);
        archive.keep(two, 2);
        if version > Version::new(9, 4) {
            assert!(!archive.files.contains_key("000000010000000000000006"), "{version}");
        }
        assert_eq!(archive.clean(&version.to_string())[&early], 0, "{version}");
        // Nearly so: that segment is needed.
        archive.files.remove("000000010000000000000006");
        archive.files.remove("000000020000000000000006");
        assert_eq!(archive.verify(Which::Latest).verdict, Verdict::Refuted, "{version}");
    }
}

#[test]
fn a_branch_that_is_older_than_all_other_wal() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        archive.keep(Archive::fork(&wal, 2), 2);
        segments(&mut wal, 1);
        let mut three = Archive::fork(&wal, 3);
        let backup = archive.backup(&mut three, |_| {});
        segments(&mut three, 1);
        // All of timeline 1 is expired, and of 3 what the backup does not need.
        archive.keep(three, 3);
        assert_eq!(archive.clean(&version.to_string())[&backup], 0, "{version}");
        // Without a backup on the way, nothing leads to it.
        archive.backups.clear();
        assert_eq!(archive.verify(Which::Latest).verdict, Verdict::Refuted, "{version}");
    }
}

#[test]
fn a_first_segment_that_nobody_needs() {
    let (mut archive, mut wal) = (Archive::default(), builder(Version::new(16, 0)));
    let early = archive.backup(&mut wal, |_| {});
    let mut two = Archive::fork(&wal, 2);
    segments(&mut two, 1);
    let late = archive.backup(&mut two, |_| {});
    segments(&mut two, 1);
    archive.keep(two.clone(), 1);
    archive.keep(two, 2);
    archive.files.remove("000000020000000000000006");
    // The older backup would need it to come onto timeline 2.
    let outcome = archive.verify(Which::Latest);
    assert_eq!(outcome.verdict, Verdict::Refuted);
    archive.backups.remove(&early);
    let outcome = archive.verify(Which::Latest);
    assert_eq!((outcome.verdict, told(&outcome, Severity::Error)), (Verdict::Proven, vec![]), "{late}");
}

#[test]
fn an_expiry_by_position_leaves_branches_and_takes_what_lies_between() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        segments(&mut wal, 1);
        let mut two = Archive::fork(&wal, 2);
        let needed = archive.backup(&mut two, |_| {});
        segments(&mut two, 1);
        let mut three = Archive::fork(&two, 3);
        archive.keep(two, 2);
        segments(&mut three, 2);
        let backup = archive.backup(&mut three, |_| {});
        segments(&mut three, 2);
        // The old branch goes on as long.
        segments(&mut wal, 8);
        let left = archive.backup(&mut wal, |_| {});
        segments(&mut wal, 1);
        archive.keep(wal, 1);
        archive.keep(three, 3);
        let oldest = u32::from_str_radix(&backup[16..24], 16).unwrap();
        let kept = |name: &str| name.len() < 24 || u32::from_str_radix(&name[16..24], 16).unwrap() >= oldest;
        archive.files.retain(|name, _| kept(name));
        archive.backups.remove(&needed);
        let said = archive.clean(&version.to_string());
        assert_eq!((said[&backup], said[&left]), (0, 1), "{version}");
        // With no backup known, a way in is needed.
        archive.backups.clear();
        assert_eq!(archive.verify(Which::Latest).verdict, Verdict::Refuted, "{version}");
    }
}

/// A restore to a point by `latest`, after two promotions, that archived: the history of the timeline that it made
/// names the latest timeline with a position in front of where that began. The next timeline follows it.
#[test]
fn a_history_whose_positions_fall() {
    for version in VERSIONS {
        let (mut archive, mut wal) = (Archive::default(), builder(version));
        let first = archive.backup(&mut wal, |wal| segments(wal, 1));
        segments(&mut wal, 1);
        let mut restored = wal.clone();
        segments(&mut wal, 2);
        let on_parent = archive.backup(&mut wal, |wal| segments(wal, 1));
        let mut second = Archive::fork(&wal, 2);
        archive.keep(wal, 1);
        segments(&mut second, 1);
        let on_second = archive.backup(&mut second, |wal| segments(wal, 1));
        let mut third = Archive::fork(&second, 3);
        archive.keep(second, 2);
        let on_third = archive.backup(&mut third, |wal| segments(wal, 1));
        segments(&mut third, 1);
        archive.keep(third, 3);

        restored.timeline_switch(TimelineId(4), Opening::EndOfRecovery);
        segments(&mut restored, 3);
        let on_fourth = archive.backup(&mut restored, |wal| segments(wal, 1));
        let mut fifth = Archive::fork(&restored, 5);
        segments(&mut fifth, 1);
        archive.keep(restored, 4);
        archive.keep(fifth, 5);
        // As servers write it: all of the timeline that they were going to, and a line for it.
        let text = |archive: &Archive, timeline: u32| {
            let file = &archive.files[&format!("{timeline:08X}.history")].content;
            String::from_utf8(file.bytes(0, file.size() as usize)).unwrap()
        };
        let switch = |archive: &Archive, timeline: u32| {
            let own = text(archive, timeline);
            own.lines().rfind(|line| !line.is_empty()).unwrap().split('\t').nth(1).unwrap().to_owned()
        };
        let falls = format!("{}3\t{}\tat restore point\n", text(&archive, 3), switch(&archive, 4));
        let next = format!("{falls}4\t{}\tno recovery target specified\n", switch(&archive, 5));
        archive.backups.insert("00000004.history".into(), falls);
        archive.backups.insert("00000005.history".into(), next);

        let known = archive.clean(&format!("{version}"));
        let on_way: Vec<&str> = [&first, &on_fourth].map(String::as_str).into();
        assert!(on_way.iter().all(|name| known[*name] == 0), "{version}: {known:?}");
        assert_eq!([known[&on_parent], known[&on_second], known[&on_third]], [3, 3, 3], "{version}");
        let outcome = archive.verify(Which::Latest);
        assert_eq!(outcome.path, [1, 4, 5].map(TimelineId), "{version}");
        let branch = |timeline: u32| outcome.branches.iter().find(|b| b.timeline.0 == timeline).unwrap().parent;
        assert_eq!([branch(4), branch(5)], [Some(TimelineId(1)), Some(TimelineId(4))], "{version}");
    }
}
