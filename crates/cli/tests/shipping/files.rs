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
