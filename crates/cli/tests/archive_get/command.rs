//! What is asked for, and what comes of it, without a server.

use super::archive::{CLUSTER, Made, segment};
use super::tar::tar_of;
use pgwal::format::Version;
use std::fs;
use std::process::Stdio;

/// Nobody waits for anything to come.
const AT_ONCE: [&str; 2] = ["--grace", "0s"];
/// The header of a page in the middle of a segment.
const PAGE: usize = 40 * 8192;

/// Where the first record begins that begins in a segment: behind the rest of the one from before.
fn first_record(segment: &[u8]) -> usize {
    let mut left = u32::from_le_bytes(segment[16..20].try_into().unwrap()) as usize;
    let mut at = 40;
    while left > 8192 - at % 8192 {
        left -= 8192 - at % 8192;
        at = at.next_multiple_of(8192) + 24;
    }
    (at + left).next_multiple_of(8)
}

#[test]
fn every_file_is_delivered_as_it_is() {
    for version in [Version::new(9, 6), Version::new(15, 0), Version::new(18, 0)] {
        let made = Made::of(version);
        for name in [segment(1, 1), segment(1, 3), segment(2, 4), segment(2, 5), "00000002.history".to_owned()] {
            assert!(made.is_delivered(&name, &[]) == made.bytes(&name), "{version} {name}");
        }
        made.is_absent("00000003.history", &[]);
        made.is_absent(&segment(2, 7), &AT_ONCE);
    }
}

#[test]
fn a_packed_one_comes_out_plain() {
    let made = Made::new();
    let plain = made.take_away(&segment(1, 2));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &plain).unwrap();
    let packed = packed.finish().unwrap();
    made.put(&(segment(1, 2) + ".gz"), &packed);
    assert!(made.is_delivered(&segment(1, 2), &[]) == plain);
    // In a subfolder, as tools keep them.
    fs::create_dir(made.at("archive/0000000100000000")).unwrap();
    fs::rename(
        made.at("archive").join(segment(1, 2) + ".gz"),
        made.at("archive/0000000100000000").join(segment(1, 2) + ".gz"),
    )
    .unwrap();
    assert!(made.is_delivered(&segment(1, 2), &[]) == plain);
    fs::write(made.at("archive/0000000100000000").join(segment(1, 2) + ".gz"), &packed[..packed.len() / 2]).unwrap();
    made.stops(&segment(1, 2), &AT_ONCE, "breaks off");
}

#[test]
fn what_is_wrong_is_never_delivered() {
    let made = Made::new();
    let (name, good) = (segment(1, 2), made.bytes(&segment(1, 2)));
    let mut flipped = good.clone();
    flipped[PAGE + 8] ^= 4;
    let whole = first_record(&good);
    let zeroed = [&good[..whole], &vec![0; good.len() - whole][..]].concat();
    let mut foreign = made.bytes(&segment(1, 2));
    foreign[24] ^= 1;
    for (what, bytes, why) in [
        ("a flipped bit", flipped, "WP"),
        ("cut", good[..700_000].to_vec(), "700000 bytes instead of 1048576 (WP102)"),
        ("too long", [&good[..], &good[..9000]].concat(), "(WP102)"),
        ("empty", Vec::new(), "shorter than a page"),
        ("zeros", vec![0; good.len()], "not WAL"),
        ("text", b"not WAL at all".repeat(80_000), "not WAL"),
        ("another segment", made.bytes(&segment(1, 3)), "(WP104)"),
        ("another cluster", foreign, "(WP106)"),
        ("zeros in the end, while WAL goes on", zeroed, "WAL goes on in 000000010000000000000003"),
    ] {
        made.put(&name, &bytes);
        let ran = made.ask(&name, &AT_ONCE);
        assert_eq!((ran.code, ran.got), (Some(126), None), "{what}: {}", ran.said);
        assert!(ran.said.contains(why), "{what}: {}", ran.said);
        // A standby would be taken down: it asks again.
        made.serve(1, "standby.signal", "");
        let ran = made.ask(&name, &AT_ONCE);
        assert_eq!((ran.code, ran.got), (Some(1), None), "{what} to a standby: {}", ran.said);
        assert!(ran.said.contains(why), "{what} to a standby: {}", ran.said);
        made.serve(1, "recovery.signal", "");
    }
}

#[test]
fn the_record_over_a_seam_is_checked_with_the_segment_before() {
    let made = Made::new();
    let name = segment(1, 2);
    let mut bytes = made.bytes(&name);
    // In the rest of the record that began in the first segment.
    bytes[3000] ^= 1;
    made.put(&name, &bytes);
    fs::write(made.at("data/pg_wal").join(segment(1, 1)), made.bytes(&segment(1, 1))).unwrap();
    made.stops(&name, &AT_ONCE, "(WP201)");
    // Where the record begins, it is not whole yet: what is wrong with that part is seen with the next segment.
    bytes[3000] ^= 1;
    bytes[900_000] ^= 4;
    made.put(&name, &bytes);
    fs::write(made.at("data/pg_wal").join(&name), made.is_delivered(&name, &AT_ONCE)).unwrap();
    made.stops(&segment(1, 3), &AT_ONCE, "(WP201)");
    fs::remove_file(made.at("data/pg_wal").join(&name)).unwrap();
    bytes[900_000] ^= 4;
    bytes[3000] ^= 1;
    // What the server has may end too early: then the archive's counts.
    bytes[3000] ^= 1;
    made.put(&name, &bytes);
    let mut early = made.bytes(&segment(1, 1));
    early[900_000..].fill(0);
    fs::write(made.at("data/pg_wal").join(segment(1, 1)), early).unwrap();
    made.is_delivered(&name, &AT_ONCE);
}

#[test]
fn a_hole_is_told_from_the_end() {
    let made = Made::new();
    let third = made.take_away(&segment(1, 3));
    made.stops(&segment(1, 3), &AT_ONCE, "000000010000000000000004 behind it is here");
    // As a server did before, and as a target in its settings says.
    made.is_absent(&segment(1, 3), &["--on-hole", "end"]);
    made.serve(1, "recovery.signal", "recovery_target_time = '2026-11-20 14:00:00'\n");
    made.stops(&segment(1, 3), &[], "WP101");
    // A standby asks again.
    made.serve(1, "standby.signal", "");
    let ran = made.ask(&segment(1, 3), &AT_ONCE);
    assert_eq!(ran.code, Some(1));
    assert!(ran.said.contains("WP101"), "{}", ran.said);
    // It may be on its way: what is behind it came just now.
    made.is_absent(&segment(1, 3), &[]);
    made.serve(1, "recovery.signal", "");
    let mut waits = made.command(&segment(1, 3), &["--grace", "1m"]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(waits.try_wait().unwrap().is_none());
    made.put(&segment(1, 3), &third);
    let ran = made.came_to(waits.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.got.unwrap() == third), (Some(0), true), "{}", ran.said);
}

/// A backup with its WAL, and an archive that begins behind it: told that a segment is not there, the server takes that
/// of its own pg_wal.
#[test]
fn what_the_server_has_itself_is_no_hole() {
    let made = Made::new();
    let name = segment(1, 3);
    let third = made.take_away(&name);
    let own = made.at("data/pg_wal").join(&name);
    fs::write(&own, &third).unwrap();
    made.is_absent(&name, &AT_ONCE);
    let mut damaged = third.clone();
    damaged[PAGE + 8] ^= 4;
    for bad in [damaged, third[..third.len() / 2].to_vec(), made.bytes(&segment(1, 2))] {
        fs::write(&own, bad).unwrap();
        made.stops(&name, &AT_ONCE, "WP101");
    }
}

#[test]
fn a_branch_that_was_left_is_not_taken_for_the_way() {
    let made = Made::new();
    let first = made.take_away(&segment(2, 4));
    made.stops(&segment(2, 4), &AT_ONCE, "000000020000000000000005 behind it is here");
    for number in [5, 6] {
        let _ = fs::remove_file(made.at("archive").join(segment(2, number)));
    }
    made.stops(&segment(2, 4), &AT_ONCE, "along timeline 1 instead");
    // Whoever stays on timeline 1 is told nothing of it.
    made.serve(1, "recovery.signal", "recovery_target_timeline = 'current'\n");
    made.is_absent(&segment(1, 7), &AT_ONCE);
    made.put(&segment(2, 4), &first);
    made.serve(1, "recovery.signal", "");
    made.is_delivered(&segment(2, 4), &AT_ONCE);
}

#[test]
fn a_file_that_only_has_the_name_of_later_wal_proves_nothing() {
    let made = Made::new();
    fs::remove_file(made.at("archive/00000002.history")).unwrap();
    let names = [segment(1, 5), segment(1, 6)];
    names.iter().for_each(|name| drop(fs::remove_file(made.at("archive").join(name))));
    // As 10 to 12 archive recycled files.
    made.put(&segment(1, 9), &made.bytes(&segment(1, 2)));
    made.is_absent(&segment(1, 5), &AT_ONCE);
}

#[test]
fn histories() {
    let made = Made::new();
    let name = "00000002.history";
    let good = made.bytes(name);
    for (bytes, why) in [
        (&b""[..], "is empty"),
        (b"# nothing\n", "is empty"),
        (b"1\t0/4", "breaks off in its last line"),
        (b"1\tnowhere\n", "line 1 cannot be read"),
        (b"\x00\x01", "no text"),
        (b"2\t0/400000\tx\n", "which is not older"),
    ] {
        made.put(name, bytes);
        made.stops(name, &AT_ONCE, why);
    }
    // A server reads both well.
    for bytes in [good.strip_suffix(b"\n").unwrap().to_vec(), [b"# by hand\r\n\r\n", &good[..]].concat()] {
        made.put(name, &bytes);
        assert!(made.is_delivered(name, &[]) == bytes);
    }
}

#[test]
fn of_several_places_the_first_good_copy_counts() {
    let made = Made::new();
    let good = made.bytes(&segment(1, 2));
    let other = made.at("other");
    fs::create_dir(&other).unwrap();
    let mut bad = good.clone();
    bad[PAGE + 8] ^= 1;
    made.put(&segment(1, 2), &bad);
    fs::write(other.join(segment(1, 2)), &good).unwrap();
    let other = other.to_str().unwrap();
    let ran = made.ask(&segment(1, 2), &["--from", other, "--grace", "0s"]);
    assert_eq!((ran.code, ran.got.unwrap() == good), (Some(0), true));
    assert!(ran.said.contains("archive: 000000010000000000000002"), "{}", ran.said);
    // What one place lacks, another has, and WAL behind it in a third is seen.
    let third = made.take_away(&segment(1, 3));
    fs::write(made.at("other").join(segment(1, 3)), third).unwrap();
    made.is_delivered(&segment(1, 3), &["--from", other]);
    let away = made.at("away");
    let ran = made.ask(&segment(1, 3), &["--from", away.to_str().unwrap(), "--from", other]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    // Where one cannot be asked, nothing is known to be absent.
    made.stops(&segment(2, 9), &["--from", away.to_str().unwrap()], "no such file or folder");
    made.stops("00000009.history", &["--from", away.to_str().unwrap()], "no such file or folder");
}

/// A flipped bit in a record that goes on in the next segment: the segment alone does not show it.
#[test]
fn a_copy_that_does_not_go_on_in_the_next_segment_is_passed_over_for_one_that_does() {
    let made = Made::new();
    let good = made.bytes(&segment(1, 2));
    let mut bad = good.clone();
    *bad.iter_mut().rev().nth(100).unwrap() ^= 1;
    made.put(&segment(1, 2), &bad);
    // With nothing else at hand it may be the next segment that is wrong.
    assert!(made.is_delivered(&segment(1, 2), &[]) == bad);
    fs::create_dir(made.at("other")).unwrap();
    fs::write(made.at("other").join(segment(1, 2)), &bad).unwrap();
    let other = made.at("other");
    let from_other = ["--from", other.to_str().unwrap()];
    assert!(made.is_delivered(&segment(1, 2), &from_other) == bad);
    fs::write(other.join(segment(1, 2)), &good).unwrap();
    let ran = made.ask(&segment(1, 2), &from_other);
    assert_eq!((ran.code, ran.got.unwrap() == good), (Some(0), true), "{}", ran.said);
    assert!(ran.said.contains("does not go on in the next segment"), "{}", ran.said);
    // Of a next segment that is wrong itself, every copy of this one looks so.
    let mut next = made.bytes(&segment(1, 3));
    next[5_000] ^= 1;
    made.put(&segment(1, 3), &next);
    let ran = made.ask(&segment(1, 2), &from_other);
    assert_eq!((ran.code, ran.said.as_str(), ran.got.unwrap() == bad), (Some(0), "", true));
}

#[test]
fn an_unmounted_archive_is_not_the_end() {
    let made = Made::new();
    fs::remove_dir_all(made.at("archive")).unwrap();
    made.stops(&segment(1, 3), &[], "no such file or folder");
    fs::create_dir(made.at("archive")).unwrap();
    made.stops(&segment(1, 3), &[], "is it mounted?");
    made.is_absent("00000002.history", &[]);
    made.serve(1, "standby.signal", "");
    assert_eq!(made.ask(&segment(1, 3), &[]).code, Some(1));
}

/// That a name is not in it is no word on the end of WAL.
#[test]
fn a_file_is_no_place() {
    let made = Made::new();
    let wal = made.bytes(&segment(1, 2));
    for (file, bytes) in [("empty", &b""[..]), ("notes.txt", b"see the folder beside\n"), (&segment(1, 2), &wal)] {
        fs::write(made.at(file), bytes).unwrap();
        fs::remove_dir_all(made.at("archive")).unwrap();
        std::os::unix::fs::symlink(made.at(file), made.at("archive")).unwrap();
        for name in [segment(1, 2), segment(1, 9), "00000002.history".to_owned()] {
            made.stops(&name, &AT_ONCE, "it is a file");
        }
        made.serve(1, "standby.signal", "");
        let ran = made.ask(&segment(1, 9), &AT_ONCE);
        assert_eq!(ran.code, Some(1), "{}", ran.said);
        assert!(ran.said.contains("it is a file"), "{}", ran.said);
        made.serve(1, "recovery.signal", "");
        fs::remove_file(made.at("archive")).unwrap();
        fs::create_dir(made.at("archive")).unwrap();
    }
    // A tar is a place.
    let packed = made.at("wal.tar");
    fs::create_dir(made.at("in-tar")).unwrap();
    fs::write(made.at("in-tar").join(segment(1, 2)), &wal).unwrap();
    fs::write(&packed, tar_of(&made.at("in-tar")).unwrap()).unwrap();
    fs::remove_dir(made.at("archive")).unwrap();
    std::os::unix::fs::symlink(&packed, made.at("archive")).unwrap();
    assert!(made.is_delivered(&segment(1, 2), &AT_ONCE) == wal);
    made.is_absent(&segment(1, 3), &AT_ONCE);
}

/// A name that another cluster has not reached yet, or has thrown away.
#[test]
fn what_another_clusters_archive_lacks_is_not_the_end() {
    let made = Made::new();
    made.control(CLUSTER + 1, 1, 0);
    for name in [segment(1, 7), segment(1, 0x50), segment(3, 1)] {
        made.stops(&name, &AT_ONCE, "holds WAL of cluster 7000000000000000001");
        made.stops(&name, &["--on-hole", "end"], "(WP106)");
    }
    made.serve(1, "standby.signal", "");
    made.control(CLUSTER + 1, 1, 0);
    let ran = made.ask(&segment(1, 7), &AT_ONCE);
    assert_eq!(ran.code, Some(1), "{}", ran.said);
    assert!(ran.said.contains("this server is of cluster 7000000000000000002"), "{}", ran.said);
    // Where another cluster's WAL was left in front of this one's, as after an upgrade.
    made.serve(1, "recovery.signal", "");
    made.is_absent(&segment(1, 7), &AT_ONCE);
    let mut old = made.bytes(&segment(1, 1));
    old[24] ^= 2;
    for number in [0x11, 0x12, 0x13] {
        old[8..16].copy_from_slice(&(u64::from(number) << 20).to_le_bytes());
        made.put(&segment(1, number), &old);
    }
    made.is_absent(&segment(2, 7), &AT_ONCE);
    made.is_absent(&segment(1, 0x50), &AT_ONCE);
    // Whoever asks by hand, beside no data directory, is told what is there.
    fs::remove_file(made.at("data/global/pg_control")).unwrap();
    made.is_absent(&segment(1, 0x50), &AT_ONCE);
}

#[test]
fn an_unfinished_segment_is_delivered_where_it_is_asked_for() {
    let made = Made::new();
    for number in [5, 6] {
        let _ = fs::remove_file(made.at("archive").join(segment(2, number)));
    }
    let mut last = made.take_away(&segment(2, 4));
    last.truncate(900_000);
    made.put(&(segment(2, 4) + ".partial"), &last);
    for number in [4, 5, 6] {
        let _ = fs::remove_file(made.at("archive").join(segment(1, number)));
    }
    made.is_absent(&segment(2, 4), &AT_ONCE);
    let got = made.is_delivered(&segment(2, 4), &["--grace", "0s", "--partial"]);
    assert_eq!(got.len(), 1 << 20);
    // Up to its last whole record, which is the one that opens the timeline.
    let same = got.iter().zip(&last).take_while(|(a, b)| a == b).count();
    assert!(same > 100_000 && got[same..].iter().all(|byte| *byte == 0), "{same}");
}

/// What a server must never get: an exit from 1 to 125 for anything but "not there".
#[test]
fn whatever_goes_wrong_ends_with_126() {
    let made = Made::new();
    let archive = made.at("archive");
    let archive = archive.to_str().unwrap();
    let name = segment(1, 2);
    for words in [
        &["archive-get"][..],
        &["archive-get", &name],
        &["archive-get", &name, "pg_wal/RECOVERYXLOG"],
        &["archive-get", "x", "pg_wal/RECOVERYXLOG", "--from", archive],
        &["archive-get", &name, "pg_wal/RECOVERYXLOG", "--from", archive, "--nothing"],
        &["archive-get", &name, "pg_wal/RECOVERYXLOG", "--from", archive, "--grace", "soon"],
        &["--color", "always", "archive-get", &name, "pg_wal/RECOVERYXLOG", "--form", archive],
        &["archive-get", &name, "nowhere/RECOVERYXLOG", "--from", archive],
        &["archive-get", &name, "pg_wal", "--from", archive],
        &["archive-get", &name, "pg_wal/RECOVERYXLOG", "--from", archive, "--key-file", "/nowhere"],
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_walproof"));
        let output = command.args(words).current_dir(made.at("data")).output().unwrap();
        assert_eq!(output.status.code(), Some(126), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // Nobody reads what it says.
    let mut child = made.command("x", &[]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop((child.stderr.take(), child.stdout.take()));
    assert_eq!(child.wait().unwrap().code(), Some(126));
}

/// What `verify` reads is found, and what comes while somebody waits, too.
#[test]
fn a_checksum_in_the_name_of_a_file_in_a_flat_folder_hides_nothing() {
    let sha1 = "0123456789abcdef0123456789abcdef01234567";
    let made = Made::new();
    for name in [segment(1, 2), "00000002.history".to_owned()] {
        let plain = made.take_away(&name);
        for odd in [format!("{name}-{sha1}"), format!("{name}-{sha1}.gz")] {
            let packed = odd.ends_with(".gz");
            made.put(&odd, &if packed { gzip(&plain) } else { plain.clone() });
            assert_eq!(made.is_delivered(&name, &[]), plain, "{odd}");
            made.take_away(&odd);
        }
        made.put(&name, &plain);
    }
    // The names of others say nothing.
    let plain = made.take_away(&segment(1, 2));
    made.put(&format!("{}-{sha1}", segment(1, 9)), &plain);
    made.stops(&segment(1, 2), &AT_ONCE, "is missing");
    // One that is damaged is told by its name.
    made.put(&format!("{}-{sha1}", segment(1, 2)), &plain[..1000]);
    made.stops(&segment(1, 2), &AT_ONCE, &format!("{}-{sha1}", segment(1, 2)));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut out, bytes).unwrap();
    out.finish().unwrap()
}
