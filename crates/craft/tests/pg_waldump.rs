//! What PostgreSQL's own reader makes of crafted WAL, wherever one is installed (15 and later bring it).
#![allow(clippy::unwrap_used)]

use pgwal_craft::{Archive, Builder, End, Opening};
use pgwal_format::{Align, Endian, FileName, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use std::path::{Path, PathBuf};
use std::process::Command;

fn tool(major: u8) -> Option<PathBuf> {
    let path = PathBuf::from(format!("/usr/lib/postgresql/{major}/bin/pg_waldump"));
    path.exists().then_some(path)
}

fn craft(major: u8, segment: u64) -> Archive {
    let layout = Layout {
        dialect: Version::new(major, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(segment).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7, SegmentNo(3));
    wal.checkpoint_shutdown();
    for before in [8, 16, 24, 32] {
        wal.skip_to(before, End::Page);
        wal.filler(61);
    }
    wal.skip_to(16, End::Segment);
    wal.filler(2 * segment + 99);
    wal.aborted_record_and_overwrite_contrecord();
    wal.filler(258);
    wal.commit(801, 800_000_000_000_000);
    wal.switch();
    wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    wal.filler(9_000);
    wal.timeline_switch(TimelineId(3), Opening::ShutdownCheckpoint);
    wal.filler(12_000);
    wal.switch();
    wal.finish()
}

fn listed(tool: &Path, folder: &Path, timeline: u32, start: &str, end: &str) -> Vec<String> {
    let output = Command::new(tool)
        .arg("-p")
        .arg(folder)
        .args(["-t", &timeline.to_string(), "-s", start, "-e", end])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|l| l.split("lsn: ").nth(1)?.split(',').next().map(str::to_string)).collect()
}

#[test]
fn every_record_is_listed_by_pg_waldump() {
    for (major, segment) in [(15, 1 << 20), (15, 16 << 20), (16, 1 << 20), (17, 1 << 20), (18, 1 << 20)] {
        let Some(tool) = tool(major) else {
            println!("{major}: no pg_waldump here");
            continue;
        };
        let archive = craft(major, segment);
        let folder = std::env::temp_dir().join(format!("pgwal-craft-{}-{major}-{segment}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        archive.write_to(&folder).unwrap();
        for file in &archive.files {
            // The tool reads no unfinished segment under its own name.
            if let FileName::Partial(name) = file.name {
                file.content.write_to(&folder.join(name.to_string())).unwrap();
            }
        }
        for timeline in [1, 2, 3] {
            let records: Vec<_> = archive.records.iter().filter(|r| !r.dead && r.timeline.0 == timeline).collect();
            let written: Vec<String> = records.iter().map(|r| r.lsn.to_string()).collect();
            let end = records.last().unwrap().end.to_string();
            let found = listed(&tool, &folder, timeline, &written[0], &end);
            assert_eq!(found, written, "{major}, timeline {timeline}");
        }
        println!("{major}: {} records, segments of {segment}", archive.records.len());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
