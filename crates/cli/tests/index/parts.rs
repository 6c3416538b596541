//! Parts of an archive, summarised by processes of their own and joined in any order, are judged as one run judges it.

use super::edits::{Dice, edit, files};
use super::{age, archive, place, verify};
use crate::run::walproof;
use pgwal::format::{Align, Endian, Layout, Lsn, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::Builder;
use std::fs;
use std::path::{Path, PathBuf};
use walproof_testdata::Story;

/// Deals the files out, summarises each share, joins them in another order.
fn compare(wal: &Path, dice: &mut Dice, round: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut shares: Vec<Vec<PathBuf>> = vec![Vec::new(); 1 + dice.below(6)];
    for file in files(wal) {
        let at = dice.below(shares.len());
        shares[at].push(file);
    }
    let mut parts = Vec::new();
    for (i, share) in shares.iter().enumerate().filter(|(_, share)| !share.is_empty()) {
        let part = folder.path().join(i.to_string()).to_str().unwrap().to_owned();
        let words: Vec<&str> =
            ["summarize", "-o", &part].into_iter().chain(share.iter().map(|f| f.to_str().unwrap())).collect();
        let ran = walproof(&words);
        assert_eq!(ran.code, 0, "{}", ran.err);
        parts.insert(dice.below(parts.len() + 1), part);
    }
    let words: Vec<&str> = ["--summaries"].into_iter().chain(parts.iter().map(String::as_str)).collect();
    let (joined, one) = (verify(&words), verify(&[wal.to_str().unwrap()]));
    assert_eq!((joined.0, joined.1), (one.0, one.1), "round {round}");
}

/// `WALPROOF_PARTS` rounds for each generation of records, 10 if it is not set.
#[test]
fn any_parts_in_any_order_are_one_archive() {
    let rounds: u64 = std::env::var("WALPROOF_PARTS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let foreign = tempfile::tempdir().unwrap();
    archive(foreign.path());
    let foreign = files(foreign.path());
    for version in ["9.2", "9.4", "15"] {
        let story = Story::all()
            .unwrap()
            .into_iter()
            .find(|s| s.version == version && (s.story == "promotion" || s.story == "archive"))
            .unwrap();
        let whole = tempfile::tempdir().unwrap();
        story.unpack(whole.path()).unwrap();
        let own = files(whole.path());
        // Mostly its own files, and some of another cluster and version.
        let mut pool: Vec<PathBuf> = own.iter().cycle().take(own.len() * 3).cloned().collect();
        pool.extend(foreign.iter().take(2).cloned());
        let mut dice = Dice(11);
        for round in 0..rounds {
            let wal = tempfile::tempdir().unwrap();
            for file in &own {
                fs::copy(file, wal.path().join(file.file_name().unwrap())).unwrap();
            }
            for _ in 0..dice.below(4) {
                edit(wal.path(), &pool, &mut dice);
            }
            files(wal.path()).iter().for_each(|file| age(file));
            compare(wal.path(), &mut dice, round);
        }
    }
}

fn layout(major: (u8, u8), segment: u64, page: u64) -> Layout {
    Layout {
        dialect: Version::new(major.0, major.1).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(segment).unwrap(),
        page: PageSize::new(page).unwrap(),
    }
}

/// Three segments: full ones, a page or two before a switch, some packed.
fn craft(folder: &Path, layout: Layout, system_id: u64, first: SegmentNo, dice: &mut Dice) {
    let mut wal = Builder::new(layout, TimelineId(1), system_id, first);
    wal.checkpoint_shutdown();
    for _ in 0..3 {
        let full = layout.segment.bytes();
        let size = [0, layout.page.bytes(), full / 2, full][dice.below(4)];
        for _ in 0..size / 3000 {
            wal.filler(3000);
        }
        wal.switch();
    }
    fs::create_dir(folder).unwrap();
    wal.finish().write_to(folder).unwrap();
    for file in files(folder) {
        if dice.below(4) == 0 {
            let packed =
                fs::File::create(folder.join(format!("{}.gz", file.file_name().unwrap().to_str().unwrap()))).unwrap();
            let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, &fs::read(&file).unwrap()).unwrap();
            packer.finish().unwrap();
            fs::remove_file(&file).unwrap();
        }
    }
}

/// WAL of other sizes, of another byte order, alignment, version and cluster, also at addresses that are the same in
/// both. `WALPROOF_PARTS` rounds, 20 if it is not set.
#[test]
fn parts_of_any_other_kind_are_told_as_in_one_run() {
    let rounds: u64 = std::env::var("WALPROOF_PARTS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let mut dice = Dice(3);
    for round in 0..rounds {
        let version = [(9, 1), (9, 4), (15, 0)][dice.below(3)];
        let own = layout(version, [1 << 20, 2 << 20][dice.below(2)], [4096, 8192, 16384][dice.below(3)]);
        let folder = tempfile::tempdir().unwrap();
        let wal = folder.path().join("wal");
        let first = |layout: &Layout, dice: &mut Dice| match dice.below(2) {
            0 => SegmentNo(5),
            _ => layout.address().segment(Lsn::new(1 << 32), layout.segment),
        };
        let at = first(&own, &mut dice);
        craft(&wal, own, 1, at, &mut dice);
        let mut pool = Vec::new();
        for other in 0..3 {
            let mut theirs = own;
            match dice.below(8) {
                0..=1 => theirs.segment = SegmentSize::new([1 << 20, 2 << 20, 4 << 20][dice.below(3)]).unwrap(),
                2..=3 => theirs.page = PageSize::new([2048, 4096, 8192, 16384][dice.below(4)]).unwrap(),
                4 => theirs.endian = Endian::Big,
                5 => theirs.align = Align::Four,
                6 => theirs = layout([(9, 0), (9, 3), (12, 0)][dice.below(3)], 2 << 20, 4096),
                _ => {}
            }
            let system_id = [1, 2][dice.below(2)];
            // The records of one cluster are aligned alike.
            let system_id = if theirs.align == own.align { system_id } else { 3 };
            let stash = folder.path().join(other.to_string());
            let at = first(&theirs, &mut dice);
            craft(&stash, theirs, system_id, at, &mut dice);
            pool.extend(files(&stash));
        }
        for _ in 0..1 + dice.below(4) {
            let file = &pool[dice.below(pool.len())];
            fs::copy(file, wal.join(file.file_name().unwrap())).unwrap();
        }
        for _ in 0..dice.below(2) {
            edit(&wal, &pool, &mut dice);
        }
        files(&wal).iter().for_each(|file| age(file));
        compare(&wal, &mut dice, round);
    }
}

/// A report says how old what it judges is, and monitoring which archive it is of.
#[test]
fn a_joined_report_says_what_it_is_joined_of() {
    let folder = tempfile::tempdir().unwrap();
    let wal = folder.path().canonicalize().unwrap().join("wal");
    fs::create_dir(&wal).unwrap();
    archive(&wal);
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    let all = files(&wal);
    for (part, share) in [(&first, &all[..3]), (&second, &all[3..])] {
        let words: Vec<&str> = share.iter().map(|f| f.to_str().unwrap()).collect();
        let ran =
            walproof(&[&["summarize", "--max-rate", "1G", "-o", part.to_str().unwrap()], words.as_slice()].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let words = ["verify", "--summaries", first.to_str().unwrap(), second.to_str().unwrap()];
    let said = |format| walproof(&[&words[..], &["--format", format]].concat());
    let document: serde_json::Value = serde_json::from_str(&said("json").out).unwrap();
    let parts = &document["parts"];
    assert_eq!((&parts["count"], parts["place"].as_str()), (&2.into(), wal.to_str()));
    assert!(parts["oldest"].as_str().unwrap() < parts["newest"].as_str().unwrap());
    assert!(said("text").out.contains(&format!("\nPARTS    2 parts of {}, read from 20", wal.display())));
    for format in ["prometheus", "html", "junit", "sarif"] {
        assert!(said(format).out.contains(wal.to_str().unwrap()), "{format}");
    }
    fs::write(&second, "notes").unwrap();
    let lies = format!("walproof_run_success{{archive=\"{}\"}} 0\n", folder.path().display());
    assert!(said("prometheus").out.contains(&lies), "{}", said("prometheus").out);
}

/// A file in several parts is what it was when it was read last, in whichever order they are named.
#[test]
fn of_parts_that_overlap_the_latest_counts() {
    let (folder, wal) = place();
    let parts: Vec<String> =
        ["whole", "cut", "mended"].map(|name| folder.path().join(name).to_str().unwrap().to_owned()).into();
    let summarize = |part: &str| assert_eq!(walproof(&["summarize", wal.to_str().unwrap(), "-o", part]).code, 0);
    let file = files(&wal).remove(5);
    let bytes = fs::read(&file).unwrap();
    summarize(&parts[0]);
    fs::write(&file, &bytes[..300_000]).unwrap();
    age(&file);
    summarize(&parts[1]);
    let joined = |parts: &[&String]| {
        let words: Vec<&str> = ["--summaries"].into_iter().chain(parts.iter().map(|part| part.as_str())).collect();
        verify(&words).1
    };
    let cut = verify(&[wal.to_str().unwrap()]).1;
    assert_eq!(cut["verdict"], "refuted");
    assert_eq!((joined(&[&parts[0], &parts[1]]), joined(&[&parts[1], &parts[0]])), (cut.clone(), cut));
    fs::write(&file, &bytes).unwrap();
    age(&file);
    summarize(&parts[2]);
    let whole = verify(&[wal.to_str().unwrap()]).1;
    assert_eq!(whole["verdict"], "proven");
    assert_eq!(joined(&[&parts[1], &parts[2]]), whole);
    assert_eq!(joined(&[&parts[2], &parts[0], &parts[1]]), whole);
}

/// Nobody can unpack it, so that nothing but its beginning is needed.
#[test]
fn a_part_does_not_keep_what_is_encrypted() {
    let (folder, wal) = place();
    let part = folder.path().join("part");
    let file = files(&wal).remove(5);
    let mut dice = Dice(7);
    let noise: Vec<u8> = (0..1 << 20).map(|_| dice.below(256) as u8).collect();
    fs::write(&file, [b"Salted__", &noise[..]].concat()).unwrap();
    age(&file);
    assert_eq!(walproof(&["summarize", wal.to_str().unwrap(), "-o", part.to_str().unwrap()]).code, 0);
    assert!(fs::metadata(&part).unwrap().len() < 100_000);
    assert_eq!(verify(&["--summaries", part.to_str().unwrap()]), verify(&[wal.to_str().unwrap()]));
}

#[test]
fn what_is_no_part_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part");
    for endless in ["/dev/zero", "/dev/stdin"] {
        let ran = walproof(&["verify", "--summaries", endless]);
        assert!(ran.code == 2 && ran.err.contains("no plain file"), "{}", ran.err);
    }
    fs::write(&part, "notes").unwrap();
    let ran = walproof(&["verify", "--summaries", part.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("no part"), "{}", ran.err);
    archive(folder.path());
    let first = files(folder.path()).remove(0);
    assert_eq!(walproof(&["summarize", first.to_str().unwrap(), "-o", part.to_str().unwrap()]).code, 0);
    let mut bytes = fs::read(&part).unwrap();
    bytes[40] ^= 1;
    fs::write(&part, bytes).unwrap();
    let ran = walproof(&["verify", "--summaries", part.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("damaged"), "{}", ran.err);
}

/// What expired between listing and reading is left out; what never was WAL is a slip of the pen.
#[test]
fn a_segment_that_expired_meanwhile_is_left_out() {
    let (folder, wal) = place();
    let part = folder.path().join("part");
    let all: Vec<String> = files(&wal).iter().map(|file| file.to_str().unwrap().to_owned()).collect();
    let summarize = |extra: &[&str]| {
        let words = ["summarize", "-o", part.to_str().unwrap()]
            .into_iter()
            .chain(all.iter().map(String::as_str))
            .chain(extra.iter().copied());
        walproof(&words.collect::<Vec<_>>())
    };
    let ran = summarize(&[wal.join("wall").to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("wall: no such file") && !part.exists(), "{}", ran.err);
    let oldest = all.iter().position(|file| file.len() - wal.to_str().unwrap().len() == 25).unwrap();
    fs::remove_file(&all[oldest]).unwrap();
    let ran = summarize(&[]);
    assert!(ran.code == 0 && ran.err.contains("left out"), "{}", ran.err);
    let (joined, one) = (verify(&["--summaries", part.to_str().unwrap()]), verify(&[wal.to_str().unwrap()]));
    assert_eq!((joined.0, joined.1), (one.0, one.1));
}
