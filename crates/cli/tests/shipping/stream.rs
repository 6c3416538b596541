//! From a server that is made for it: WAL cut at any byte, connections cut at any byte, and what no server says.

use crate::fake::{FakeServer, Said};
use crate::running::{ends, is_of, partials, ship, whole};
use crate::site::{CLUSTER, Site, plain};
use pgwal::format::Version;
use std::fs;
use std::sync::Arc;
use walproof_live::Random;

const SIZE: u64 = 1 << 20;

/// A site, and its WAL in one piece, from 0/100000 on.
fn written() -> (Site, Arc<Vec<u8>>) {
    let version = Version::new(15, 0);
    let site = Site::of(version, &plain(version, CLUSTER, 0));
    let all = site.files().iter().flat_map(|name| fs::read(site.path(&site.p(name))).unwrap()).collect();
    (site, Arc::new(all))
}

#[test]
fn wal_is_cut_anywhere_and_so_are_connections() {
    let (site, wal) = written();
    let to = site.folder("to");
    let own = Arc::clone(&wal);
    let server = FakeServer::start("0/600000", move |number, from, session| {
        let mut random = Random::seeded(number as u64);
        let mut at = (from - SIZE) as usize;
        // Each connection goes on for so long; the last ones to the end.
        let mut left = if number < 12 { random.below(3_000_000) } else { usize::MAX };
        while at < own.len() && left > 0 {
            let length =
                (1 + random.below(if at.is_multiple_of(3) { 200_000 } else { 9_000 })).min(own.len() - at).min(left);
            if session.wal(0x10_0000 + at as u64, &own[at..at + length]).is_none() {
                return;
            }
            (at, left) = (at + length, left - length.min(left));
        }
        match left {
            // In the middle of a message.
            0 => {
                let _ = session.raw(b"d\0\0\x10\0w1234");
            }
            _ => session.waits(),
        }
    });
    let first = "000000010000000000000001";
    fs::copy(site.path(&site.p(first)), to.join(first)).unwrap();
    let conninfo = server.conninfo();
    let words = ["--server", &conninfo, "--to", to.to_str().unwrap(), "--end", "0/600000", "-v"];
    let (code, said) = ends(&mut ship(&words));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("again in"), "{said}");
    assert!(said.contains("000000010000000000000005 is whole"), "{said}");
    assert_eq!((whole(&to), partials(&to).len()), (site.files(), 0));
    is_of(&to, &[&site.path("pg_wal")]);
}

#[test]
fn what_no_server_says_ends_in_an_error_and_nothing_is_written() {
    type Misbehaves = fn(&mut crate::fake::Session, &[u8]) -> Option<()>;
    let cases: &[(&str, Misbehaves)] = &[
        ("a message of 4294967295 bytes", |session, _| session.raw(b"d\xFF\xFF\xFF\xFF")),
        ("a message of 3 bytes", |session, _| session.raw(b"d\0\0\0\x03")),
        ("message 113 in the stream", |session, _| session.says(b'q', b"")),
        ("a part of the stream of kind 120", |session, _| session.says(b'd', b"x")),
        ("a part of the stream that breaks off", |session, _| session.says(b'd', b"w123")),
        ("0/00500008 comes where 0/00500000 is next", |session, wal| session.wal(0x50_0008, wal)),
        ("0/004FFFF8 comes where 0/00500000 is next", |session, wal| session.wal(0x4F_FFF8, wal)),
        ("0/00500000 comes where 0/00502000 is next", |session, wal| {
            session.wal(0x50_0000, &wal[..8192]).and_then(|()| session.wal(0x50_0000, wal))
        }),
        ("not WAL: no page magic at its beginning", |session, wal| session.wal(0x50_0000, &vec![7; wal.len()])),
        ("the page that comes for 0/00500000 is that of another place", |session, wal| {
            session.wal(0x50_0000, &[&wal[..24], &[9; 8], &wal[32..]].concat())
        }),
        ("a record comes that is not right", |session, wal| {
            let mut wal = wal.to_vec();
            wal[100_000] ^= 1;
            session.wal(0x50_0000, &wal)
        }),
        ("the server does not keep to the protocol", |session, _| {
            session.says(b'T', b"").and_then(|()| session.says(b'D', b"\0\x09"))
        }),
        ("in its words", |session, _| session.says(b'E', b"SERROR\0CXX000\0Min its words\0\0")),
    ];
    let (site, wal) = written();
    for (says, act) in cases {
        let own = wal[4 << 20..].to_vec();
        let act = *act;
        let server = FakeServer::start("0/5F0000", move |_, _, session| {
            let _ = act(session, &own);
            session.waits();
        });
        let to = site.folder("to");
        let conninfo = server.conninfo();
        let words = ["--server", &conninfo, "--to", to.to_str().unwrap(), "--no-retry"];
        let (code, said) = ends(&mut ship(&words));
        assert!(said.contains(says), "{says}: {code} {said}");
        assert!(code == 2 || (*says == "a record comes that is not right" && code == 1), "{says}: {code} {said}");
        let file = partials(&to);
        assert!(whole(&to).is_empty() && file.len() <= 1, "{says}: {file:?}");
        fs::remove_dir_all(&to).unwrap();
    }
}

#[test]
fn the_history_of_another_line_does_not_stay() {
    let (site, _) = written();
    let to = site.folder("to");
    let first = "000000010000000000000001";
    fs::copy(site.path(&site.p(first)), to.join(first)).unwrap();
    let said = Said { timeline: "3", history: "2\t0/300000\tno recovery target specified\n", position: "0/600000" };
    let server = FakeServer::of(said, |_, _, session| session.waits());
    let conninfo = server.conninfo();
    let (code, said) = ends(&mut ship(&["--server", &conninfo, "--to", to.to_str().unwrap(), "--no-retry"]));
    assert!(code == 1 && said.contains("timeline 3 does not come from there"), "{code} {said}");
    assert_eq!(whole(&to), [first]);
}
