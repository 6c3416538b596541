//! `walproof dump --save-fullpage`: which pages are saved, under which names, and what is in them.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use pgwal::format::image::page_checksum;
use pgwal::format::record::RelFileLocator;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId};
use pgwal_craft::{Builder, CraftedBlock, CraftedImage, Rec};
use run::{testdata, walproof};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use walproof_testdata::Story;

/// Files by name.
fn pages(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap())
        .map(|f| (f.file_name().into_string().unwrap(), fs::read(f.path()).unwrap()))
        .collect()
}

/// The names that the images of a list have, and the end of the record of each.
fn expected(lines: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for line in lines.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let Some(blocks) = record["blocks"].as_array() else { continue };
        for block in blocks.iter().filter(|b| !b["image"].is_null()) {
            let (high, low) = record["lsn"].as_str().unwrap().split_once('/').unwrap();
            let name = format!(
                "{:08X}-{high:0>8}-{low:0>8}.{}.{}.{}.{}_{}",
                record["timeline"].as_u64().unwrap(),
                block["tablespace"],
                block["database"],
                block["relation"],
                block["block"],
                block["fork"].as_str().unwrap()
            );
            out.insert(name, record["end_lsn"].as_str().unwrap().to_owned());
        }
    }
    out
}

#[test]
fn every_image_of_every_story_is_a_page() {
    let mut total = 0;
    for story in Story::all().unwrap() {
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().join("new/pages");
        let archive = story.folder();
        let ran = walproof(&[
            "dump",
            archive.to_str().unwrap(),
            "--format",
            "jsonl",
            "--save-fullpage",
            folder.to_str().unwrap(),
        ]);
        let name = format!("{} {}", story.version, story.story);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let (expected, saved) = (expected(&ran.out), pages(&folder));
        assert!(saved.keys().eq(expected.keys()), "{name}");
        total += saved.len();
        let has_checksums = !matches!(story.version.as_str(), "8.2" | "9.2");
        for (file, page) in &saved {
            assert_eq!(page.len(), 8192, "{name} {file}");
            if page[14..16] == [0, 0] {
                continue;
            }
            let half = |at: usize| u32::from_le_bytes(page[at..at + 4].try_into().unwrap());
            assert_eq!(format!("{:X}/{:08X}", half(0), half(4)), expected[file], "{name} {file}");
            let (_, block) = file.rsplit_once('.').unwrap();
            let block: u32 = block.split('_').next().unwrap().parse().unwrap();
            let sum = u16::from_le_bytes([page[8], page[9]]);
            assert!(!has_checksums || sum == page_checksum(page, block, Endian::Little), "{name} {file}");
        }
    }
    assert!(total > 4_000, "{total}");
}

#[test]
fn only_the_pages_of_listed_records_are_saved() {
    let archive = testdata("demo/good");
    for words in [
        &["-n", "40"][..],
        &["-n", "40", "-q"],
        &["-r", "heap"],
        &["-s", "0/00AAC690"],
        &["-n", "40", "--jobs", "4"],
        &["-n", "40", "-f"],
    ] {
        let kept = tempfile::tempdir().unwrap();
        let saved = |format: &[&str]| {
            let words: Vec<&str> = ["dump", &archive].iter().chain(words).chain(format).copied().collect();
            walproof(&words)
        };
        let ran = saved(&["--format", "waldump", "--save-fullpage", kept.path().to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{words:?} {}", ran.err);
        let listed: Vec<&str> = words.iter().copied().filter(|w| *w != "-q").collect();
        let listed: Vec<&str> = ["dump", &archive, "--format", "jsonl"].iter().chain(&listed).copied().collect();
        assert!(pages(kept.path()).keys().eq(expected(&walproof(&listed).out).keys()), "{words:?}");
    }
}

#[test]
fn the_folder_must_be_empty_or_absent() {
    let kept = tempfile::tempdir().unwrap();
    fs::write(kept.path().join("something"), "").unwrap();
    let file = kept.path().join("something");
    for folder in [kept.path(), &file] {
        let ran = walproof(&["dump", &testdata("demo/good"), "--save-fullpage", folder.to_str().unwrap()]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    }
    assert_eq!(pages(kept.path()).len(), 1);
}

/// WAL of 15 with one image, as it is stored.
fn crafted(image: CraftedImage) -> tempfile::TempDir {
    let layout = Layout {
        dialect: pgwal::format::Version::new(15, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    wal.checkpoint_shutdown();
    let block = CraftedBlock {
        rel: RelFileLocator { spc: 1663, db: 5, rel: 16384 },
        block: 7,
        image: Some(image),
        ..CraftedBlock::default()
    };
    wal.record(&Rec { rmid: 0, info: 0xB0, main: &[], blocks: vec![block], ..Rec::default() });
    wal.filler(100);
    wal.switch();
    let folder = tempfile::tempdir().unwrap();
    wal.finish().write_to(folder.path()).unwrap();
    folder
}

#[test]
fn an_image_that_is_no_page_is_a_finding_in_its_place() {
    // A page of 8 KiB by its own account, of which 100 bytes are stored: a hole from byte 200 on cannot be in it.
    let mut page = vec![1u8; 8192];
    page[18..20].copy_from_slice(&[4, 0x20]);
    let good = CraftedImage { page: page.clone(), hole_offset: 100, hole_length: 8000, apply: true };
    let bad = CraftedImage { page: page[..100].to_vec(), hole_offset: 200, hole_length: 1, apply: true };
    for (image, code) in [(good, 0), (bad, 1)] {
        let (archive, kept) = (crafted(image), tempfile::tempdir().unwrap());
        let words = ["dump", archive.path().to_str().unwrap(), "--save-fullpage", kept.path().to_str().unwrap()];
        let ran = walproof(&words);
        assert_eq!((ran.code, pages(kept.path()).len()), (code, 1 - code as usize), "{}{}", ran.out, ran.err);
        let found = "*** WP211 error: the image of block 7 of 1663/5/16384 in the record at";
        assert_eq!(ran.out.matches(found).count(), code as usize, "{}", ran.out);
        let at = ran.out.lines().position(|line| line.contains(found)).unwrap_or_default();
        assert!(code == 0 || ran.out.lines().nth(at - 1).unwrap().contains("1663/5/16384:7 fpi 100"), "{}", ran.out);
        // Nothing else looks into images.
        assert_eq!(walproof(&words[..2]).code, 0);
    }
}
