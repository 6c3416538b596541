//! From files that are made byte by byte, and grow.

use crate::running::{Shipping, comes, ends, is_of, partials, ship, whole};
use crate::site::{CLUSTER, Site, names, plain, promoted};
use pgwal::format::Version;
use pgwal_craft::CraftedArchive;
use std::fs;
use std::path::{Path, PathBuf};

const V15: Version = Version::new(15, 0);
const SIZE: usize = 1 << 20;

/// A data directory whose last segment is written up to an offset.
fn cut(archive: &CraftedArchive, last: &str, offset: usize) -> (Site, Vec<u8>) {
    let site = Site::of(V15, archive);
    let path = site.path(&site.p(last));
    let bytes = fs::read(&path).unwrap();
    write_up_to(&path, &bytes, offset);
    (site, bytes)
}

fn write_up_to(path: &Path, bytes: &[u8], offset: usize) {
    let mut cut = bytes.to_vec();
    cut[offset..].fill(0);
    fs::write(path, cut).unwrap();
}

fn started(site: &Site, to: &Path) -> Shipping {
    Shipping::start(ship(&["pg_wal", "--to", to.to_str().unwrap(), "--synchronous"]).current_dir(site.path("")))
}

/// Where the last byte of a file that is none of the zeros ends.
fn written(path: &Path) -> usize {
    fs::read(path).ok().and_then(|bytes| bytes.iter().rposition(|byte| *byte != 0)).map_or(0, |last| last + 1)
}

fn partial(to: &Path, name: &str) -> PathBuf {
    to.join(format!("{name}.partial"))
}

#[test]
fn an_unfinished_segment_grows_by_whole_records_and_gets_its_name_at_its_end() {
    let name = "000000010000000000000003";
    let archive = plain(V15, CLUSTER, 0);
    let (site, bytes) = cut(&archive, name, 300_001);
    for later in ["000000010000000000000004", "000000010000000000000005"] {
        fs::remove_file(site.path(&site.p(later))).unwrap();
    }
    let to = site.folder("to");
    let shipping = started(&site, &to);
    let file = partial(&to, name);
    comes("the records so far", || written(&file) > 290_000);
    let end = written(&file);
    let own = fs::read(&file).unwrap();
    // Whole records only: 300,001 lies inside one.
    assert!(own.len() == SIZE && end < 300_001 && own[..end] == bytes[..end]);
    assert_eq!(whole(&to), ["000000010000000000000001", "000000010000000000000002"]);
    // Killed, and the next one goes on.
    shipping.kill();
    let shipping = started(&site, &to);
    write_up_to(&site.path(&site.p(name)), &bytes, 600_000);
    comes("more records", || written(&file) > 590_000);
    fs::write(site.path(&site.p(name)), &bytes).unwrap();
    archive.write_to(&site.path("pg_wal")).unwrap();
    comes("all of it", || whole(&to).len() == 5);
    shipping.stop();
    is_of(&to, &[&site.path("pg_wal")]);
    assert!(partials(&to).is_empty());
}

#[test]
fn an_unfinished_segment_that_is_removed_is_written_anew() {
    let name = "000000010000000000000003";
    let archive = plain(V15, CLUSTER, 0);
    let (site, bytes) = cut(&archive, name, 300_001);
    for later in ["000000010000000000000004", "000000010000000000000005"] {
        fs::remove_file(site.path(&site.p(later))).unwrap();
    }
    let to = site.folder("to");
    let shipping = started(&site, &to);
    let file = partial(&to, name);
    comes("the records so far", || written(&file) > 290_000);
    fs::remove_file(&file).unwrap();
    write_up_to(&site.path(&site.p(name)), &bytes, 600_000);
    comes("all records again", || written(&file) > 590_000);
    let said = shipping.stop();
    assert!(said.contains("it was removed, moved or replaced while it was written"), "{said}");
    let end = written(&file);
    assert!(fs::read(&file).unwrap()[..end] == bytes[..end]);
}

#[test]
fn what_the_archive_has_meanwhile_is_compared_and_the_unfinished_one_goes() {
    let name = "000000010000000000000005";
    let archive = plain(V15, CLUSTER, 0);
    let (site, bytes) = cut(&archive, name, 100_000);
    let to = site.folder("to");
    let shipping = started(&site, &to);
    comes("the records so far", || written(&partial(&to, name)) > 90_000);
    fs::write(to.join(name), &bytes).unwrap();
    fs::write(site.path(&site.p(name)), &bytes).unwrap();
    comes("its end", || partials(&to).is_empty());
    shipping.stop();
    is_of(&to, &[&site.path("pg_wal")]);
    // The same where nobody ships at that moment, and where it is another one.
    write_up_to(&partial(&to, name), &bytes, 50_000);
    let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/600000"]).current_dir(site.path("")));
    assert_eq!(code, 0, "{said}");
    assert!(partials(&to).is_empty());
    let other = plain(V15, CLUSTER, 1);
    let others = Site::of(V15, &other);
    let foreign = fs::read(others.path(&others.p(name))).unwrap();
    fs::write(partial(&to, name), &foreign).unwrap();
    let (code, said) = ends(ship(&["pg_wal", "--to", "to"]).current_dir(site.path("")));
    assert!(code == 2 && said.contains("the archive has 000000010000000000000005 with other records"), "{said}");
    assert!(fs::read(partial(&to, name)).unwrap() == foreign, "nothing is removed");
}

#[test]
fn a_timeline_is_followed_with_its_history() {
    let site = Site::of(V15, &promoted(V15));
    let to = site.folder("to");
    let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/400000"]).current_dir(site.path("")));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("goes on along timeline 2"), "{said}");
    is_of(&to, &[&site.path("pg_wal")]);
    let all = names(&to);
    for name in ["00000002.history", "000000010000000000000001", "000000020000000000000002", "000000020000000000000003"]
    {
        assert!(all.contains(&name.to_owned()), "{all:?}");
    }
    let ran = crate::run::walproof(&["verify", to.to_str().unwrap()]);
    assert!(ran.code == 0 && ran.out.contains("PROVEN"), "{}", ran.out);
}

#[test]
fn the_wal_of_others_is_refused_and_nothing_is_written() {
    let site = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    let first = "000000010000000000000001";
    let other = Site::of(V15, &plain(V15, CLUSTER + 1, 0));
    fs::copy(other.path(&other.p(first)), to.join(first)).unwrap();
    let (code, said) = ends(ship(&["pg_wal", "--to", "to"]).current_dir(site.path("")));
    assert!(code == 1 && said.contains("holds WAL of the cluster 7000000000000000002"), "{code} {said}");
    assert_eq!(whole(&to), [first]);
    // Of the same cluster, with another past.
    let rest = "000000010000000000000002";
    let past = Site::of(V15, &plain(V15, CLUSTER, 1));
    fs::remove_file(to.join(first)).unwrap();
    let foreign = fs::read(past.path(&past.p(rest))).unwrap();
    write_up_to(&partial(&to, rest), &foreign, 600_000);
    let before = fs::read(partial(&to, rest)).unwrap();
    let (code, said) = ends(ship(&["pg_wal", "--to", "to"]).current_dir(site.path("")));
    assert!(code == 2 && said.contains("it holds other records than what comes"), "{code} {said}");
    let end = written(&partial(&to, rest));
    assert!(end > 590_000 && fs::read(partial(&to, rest)).unwrap()[..end] == before[..end], "it keeps what it has");
}

#[test]
fn what_is_gone_is_a_gap_and_what_is_damaged_is_not_shipped() {
    let site = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    fs::copy(site.path(&site.p("000000010000000000000001")), to.join("000000010000000000000001")).unwrap();
    fs::remove_file(site.path(&site.p("000000010000000000000002"))).unwrap();
    let command = |more: &[&str]| {
        let mut command = ship(&[&["pg_wal", "--to", "to", "--end", "0/600000"], more].concat());
        ends(command.current_dir(site.path("")))
    };
    let (code, said) = command(&[]);
    assert!(code == 1 && said.contains("000000010000000000000002") && said.contains("WP101"), "{code} {said}");
    assert!(said.contains("--after-gap"), "{said}");
    assert_eq!(whole(&to).len(), 1);
    let (code, said) = command(&["--after-gap"]);
    assert!(code == 0 && said.contains("WAL before 0/00300000 is missing"), "{code} {said}");
    assert_eq!(whole(&to).len(), 4);
    // A flipped bit in a record.
    let name = "000000010000000000000004";
    fs::remove_file(to.join(name)).unwrap();
    fs::remove_file(to.join("000000010000000000000005")).unwrap();
    site.change(name, |bytes| bytes[500_000] ^= 1);
    let (code, said) = command(&[]);
    assert!(code == 1 && said.contains(name) && said.contains("WP201"), "{code} {said}");
    assert!(written(&partial(&to, name)) <= 500_000 && !to.join(name).exists());
}

#[test]
fn one_ship_a_folder() {
    let (site, _) = cut(&plain(V15, CLUSTER, 0), "000000010000000000000005", 100_000);
    let to = site.folder("to");
    let first = started(&site, &to);
    comes("it ships", || !partials(&to).is_empty());
    let (code, said) = ends(ship(&["pg_wal", "--to", "to"]).current_dir(site.path("")));
    assert!(code == 2 && said.contains("another `walproof ship` writes there"), "{code} {said}");
    first.stop();
}

#[test]
fn what_is_named_whole_and_is_not_is_not_gone_on_from() {
    let name = "000000010000000000000002";
    let site = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    let bytes = fs::read(site.path(&site.p(name))).unwrap();
    let (mut zeroed, mut flipped) = (bytes.clone(), bytes.clone());
    zeroed[500_000..].fill(0);
    flipped[500_000] ^= 1;
    let cases = [
        (&bytes[..500_000], "it has 500000 of 1048576 bytes"),
        (&zeroed[..], "its records end at 0/0027"),
        (&flipped[..], "its records end at 0/0027"),
    ];
    for (content, says) in cases {
        fs::write(to.join(name), content).unwrap();
        let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/600000"]).current_dir(site.path("")));
        assert!(code == 2 && said.contains(name) && said.contains(says), "{code} {said}");
        assert_eq!(whole(&to), [name]);
    }
}

#[test]
fn what_is_no_file_or_too_long_is_refused_and_nobody_waits_for_it() {
    let name = "000000010000000000000005";
    let site = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    let file = partial(&to, name);
    let bytes = fs::read(site.path(&site.p(name))).unwrap();
    let refused = |says: &str| {
        let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/600000"]).current_dir(site.path("")));
        assert!(code == 2 && said.contains(name) && said.contains(says), "{code} {said}");
    };
    fs::write(&file, [&bytes[..], &[0]].concat()).unwrap();
    refused("it has more than 1048576 bytes");
    fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    refused("it is no regular file");
    // The same where the whole segment lies beside it.
    fs::write(to.join(name), &bytes).unwrap();
    refused("it is no regular file");
}

#[test]
fn a_slot_is_that_of_a_server_and_wal_is_shipped_to_another_place() {
    let site = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    for more in [["--slot", "own"], ["--status-interval", "5"]] {
        let words = [&["pg_wal", "--to", "to", "--end", "0/600000"][..], &more].concat();
        let (code, said) = ends(ship(&words).current_dir(site.path("")));
        assert!(code != 0 && whole(&to).is_empty(), "{code} {said}");
    }
    for words in [["pg_wal", "--to", "pg_wal"], [".", "--to", "pg_wal/archive_status"]] {
        let (code, said) = ends(ship(&words).current_dir(site.path("")));
        assert!(code == 2 && said.contains("ship to another place"), "{code} {said}");
    }
    assert!(names(&site.path("pg_wal")).iter().all(|name| !name.starts_with('.')));
}

#[test]
fn what_the_old_timeline_has_behind_the_switch_does_not_count() {
    let site = Site::of(V15, &promoted(V15));
    let old = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    for name in ["00000002.history", "000000010000000000000001", "000000020000000000000002"] {
        fs::copy(site.path(&site.p(name)), to.join(name)).unwrap();
    }
    let behind = "000000010000000000000003";
    fs::copy(old.path(&old.p(behind)), to.join(behind)).unwrap();
    // The server has removed what lies whole in the folder.
    let next = "000000020000000000000003";
    for name in site.files().iter().filter(|name| !["00000002.history", next].contains(&name.as_str())) {
        fs::remove_file(site.path(&site.p(name))).unwrap();
    }
    let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/400000"]).current_dir(site.path("")));
    assert_eq!(code, 0, "{said}");
    assert!(fs::read(to.join(next)).unwrap() == fs::read(site.path(&site.p(next))).unwrap());
}

/// Up to 9.4 the segment in which a timeline was left is archived under its whole name, with zeros behind its records.
#[test]
fn up_to_9_4_what_is_left_at_a_promotion_is_named_as_a_whole_one_is() {
    for version in [Version::new(9, 4), Version::new(9, 3), Version::new(9, 2)] {
        let archive = promoted(version);
        let site = Site::of(version, &archive);
        let left = "000000010000000000000002";
        let all = site.files();
        assert!(all.contains(&left.to_owned()), "{all:?}");
        // Nothing is there; the first only; the one that was left, too, as its server's archive_command brought it.
        for there in [&[][..], &["000000010000000000000001"], &["000000010000000000000001", left]] {
            let to = site.folder("to");
            for name in there {
                fs::copy(site.path(&site.p(name)), to.join(name)).unwrap();
            }
            let words = ["pg_wal", "--to", "to", "--end", "0/400000", "-v"];
            let (code, said) = Shipping::start(ship(&words).current_dir(site.path(""))).ended();
            assert!(code == 0 && said.contains("timeline 2"), "{version} {there:?}: {code} {said}");
            for name in ["00000002.history", "000000020000000000000002", "000000020000000000000003"] {
                let own = fs::read(to.join(name)).unwrap();
                assert!(own == fs::read(site.path(&site.p(name))).unwrap(), "{version} {there:?}: {name}");
            }
            is_of(&to, &[&site.path("pg_wal")]);
            let ran = crate::run::walproof(&["verify", to.to_str().unwrap()]);
            assert!(ran.code == 0 && ran.out.contains("PROVEN"), "{version} {there:?}: {}", ran.out);
            fs::remove_dir_all(&to).unwrap();
        }
    }
    // On the timeline that goes on it is still no whole segment.
    let site = Site::of(V15, &plain(V15, CLUSTER, 0));
    let to = site.folder("to");
    let name = "000000010000000000000002";
    write_up_to(&to.join(name), &fs::read(site.path(&site.p(name))).unwrap(), 500_000);
    let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/600000"]).current_dir(site.path("")));
    assert!(code == 2 && said.contains("its records end at 0/0027"), "{code} {said}");
}

/// What `archive-prune` removes beside it stays away, and what is written goes on.
#[test]
fn what_is_pruned_meanwhile_does_not_come_back() {
    let last = "000000010000000000000005";
    let (site, bytes) = cut(&plain(V15, CLUSTER, 0), last, 100_001);
    let to = site.folder("to");
    let shipping = started(&site, &to);
    comes("the records so far", || written(&partial(&to, last)) > 90_000);
    let prune =
        |from: &str| crate::run::walproof(&["archive-prune", to.to_str().unwrap(), "--keep-from", from, "--yes"]);
    let ran = prune("000000010000000000000003");
    assert!(ran.code == 0 && ran.out.contains("removed"), "{} {}", ran.out, ran.err);
    let kept = ["000000010000000000000003", "000000010000000000000004"];
    assert_eq!(whole(&to), kept);
    assert!(written(&partial(&to, last)) > 90_000);
    fs::write(site.path(&site.p(last)), &bytes).unwrap();
    comes("its end", || to.join(last).exists());
    shipping.stop();
    // The next one begins where this one ended, not with what the server still has.
    let (code, said) = ends(ship(&["pg_wal", "--to", "to", "--end", "0/600000"]).current_dir(site.path("")));
    assert_eq!(code, 0, "{said}");
    assert_eq!(whole(&to), [&kept[..], &[last]].concat());
    is_of(&to, &[&site.path("pg_wal")]);
    let ran = crate::run::walproof(&["verify", to.to_str().unwrap()]);
    assert!(ran.code == 0 && ran.out.contains("PROVEN"), "{}", ran.out);
}
