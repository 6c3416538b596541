//! What PostgreSQL's own reader makes of crafted WAL, wherever one is installed (15 and later bring it).
#![allow(clippy::unwrap_used)]

use pgwal_craft::{Builder, CraftedArchive, FillEnd, Opening};
use pgwal_format::{Align, Endian, FileName, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_live::{Postgres, gate};

/// That of a major version: beside the server that is found, or where packages put it.
fn tool(major: u8) -> Option<PathBuf> {
    let own = Postgres::find(15).filter(|found| found.major() == u32::from(major));
    let packaged = PathBuf::from(format!("/usr/lib/postgresql/{major}/bin/pg_waldump"));
    own.and_then(|found| found.own_program("pg_waldump")).or_else(|| packaged.exists().then_some(packaged))
}

fn craft(major: u8, segment: u64) -> CraftedArchive {
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
        wal.skip_to(before, FillEnd::Page);
        wal.filler(61);
    }
    wal.skip_to(16, FillEnd::Segment);
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
    let mut tried = 0;
    for (major, segment) in [(15, 1 << 20), (15, 16 << 20), (16, 1 << 20), (17, 1 << 20), (18, 1 << 20)] {
        let Some(tool) = tool(major) else {
            gate::goes_without(&format!("no pg_waldump of {major} here"));
            continue;
        };
        tried += 1;
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
    if tried == 0 {
        gate::lacks("no pg_waldump of 15 to 18 here: crafted WAL was read by no program of PostgreSQL's");
    }
}
