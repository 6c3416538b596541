//! From a server that is made for it: WAL cut at any byte, connections cut at any byte, and what no server says.

use crate::fake::{FakeServer, Said};
use crate::running::{Shipping, comes, ends, is_of, partials, ship, whole};
use crate::site::{CLUSTER, Site, plain};
use pgwal::format::Version;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
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
    let history = "2\t0/300000\tno recovery target specified\n";
    let said = Said { timeline: "3", history, position: "0/600000", ..Said::default() };
    let server = FakeServer::of(said, |_, _, session| session.waits());
    let conninfo = server.conninfo();
    let (code, said) = ends(&mut ship(&["--server", &conninfo, "--to", to.to_str().unwrap(), "--no-retry"]));
    assert!(code == 1 && said.contains("timeline 3 does not come from there"), "{code} {said}");
    assert_eq!(whole(&to), [first]);
}

/// Within these a signal ends it, whatever the server says.
const SOON: Duration = Duration::from_secs(10);

fn stops_soon(shipping: Shipping) {
    let begun = Instant::now();
    shipping.stop();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn notices_keep_nothing_from_being_done() {
    let (site, wal) = written();
    let to = site.folder("to");
    let first = "000000010000000000000001";
    fs::copy(site.path(&site.p(first)), to.join(first)).unwrap();
    let server = FakeServer::start("0/600000", move |_, from, session| {
        for (number, piece) in wal[(from - SIZE) as usize..].chunks(100_000).enumerate() {
            for _ in 0..3_000 {
                if session.notice().is_none() {
                    return;
                }
            }
            if session.wal(from + number as u64 * 100_000, piece).is_none() {
                return;
            }
        }
        while session.notice().is_some() {}
    });
    let conninfo = server.conninfo();
    let shipping = Shipping::start(&mut ship(&["--server", &conninfo, "--to", to.to_str().unwrap()]));
    comes("all of it", || whole(&to) == site.files());
    is_of(&to, &[&site.path("pg_wal")]);
    stops_soon(shipping);
    // Where nothing is answered at all, that is told.
    let said = Said { timeline: "1", position: "0/600000", floods: true, ..Said::default() };
    let server = FakeServer::of(said, |_, _, session| session.waits());
    let conninfo = format!("{} connect_timeout=2", server.conninfo());
    let (code, said) = ends(&mut ship(&["--server", &conninfo, "--to", to.to_str().unwrap(), "--no-retry"]));
    assert!(code == 2 && said.contains("it does not answer"), "{code} {said}");
}

#[test]
fn a_server_that_dribbles_is_followed_and_left() {
    let (site, wal) = written();
    let to = site.folder("to");
    // The last segment is what it gives; then a message that has no end.
    for name in &site.files()[..4] {
        fs::copy(site.path(&site.p(name)), to.join(name)).unwrap();
    }
    let said = Said { timeline: "1", position: "0/600000", dribbles: true, ..Said::default() };
    let dribbled = Arc::new(AtomicUsize::new(0));
    let sent = Arc::clone(&dribbled);
    let server = FakeServer::of(said, move |_, from, session| {
        for (number, piece) in wal[(from - SIZE) as usize..].chunks(100_000).enumerate() {
            if session.wal(from + number as u64 * 100_000, piece).is_none() {
                return;
            }
        }
        let _ = session.raw(&[b"d", &(2u32 << 20).to_be_bytes()[..], b"w"].concat());
        while session.raw(b"x").is_some() {
            sent.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let conninfo = server.conninfo();
    let shipping = Shipping::start(&mut ship(&["--server", &conninfo, "--to", to.to_str().unwrap()]));
    comes("all of it", || whole(&to) == site.files());
    is_of(&to, &[&site.path("pg_wal")]);
    // It is in the middle of the message.
    comes("some of a message without an end", || dribbled.load(Ordering::Relaxed) >= 5);
    stops_soon(shipping);
}

/// What lies there whole already is compared, byte for byte, and nothing of it is written.
#[test]
fn a_whole_segment_that_comes_before_ours_is_compared() {
    for other in [false, true] {
        let (site, wal) = written();
        let to = site.folder("to");
        let [first, third] = ["000000010000000000000001", "000000010000000000000003"];
        fs::copy(site.path(&site.p(first)), to.join(first)).unwrap();
        let mut bytes = fs::read(site.path(&site.p(third))).unwrap();
        bytes[500_000] ^= u8::from(other);
        let (place, put) = (to.clone(), bytes.clone());
        let server = FakeServer::start("0/600000", move |_, from, session| {
            let (second, rest) = wal[(from - SIZE) as usize..].split_at(SIZE as usize / 2);
            let _ = session.wal(from, second);
            comes("the second is begun", || !partials(&place).is_empty());
            fs::write(place.join(third), &put).unwrap();
            let _ = session.wal(from + second.len() as u64, rest);
            session.waits();
        });
        let conninfo = server.conninfo();
        let words = ["--server", &conninfo, "--to", to.to_str().unwrap(), "--end", "0/600000", "-v"];
        let (code, said) = ends(&mut ship(&words));
        assert!(said.contains("000000010000000000000002 is whole"), "{said}");
        if other {
            assert!(
                code == 2 && said.contains("the archive has 000000010000000000000003 with other records"),
                "{said}"
            );
            assert!(!to.join("000000010000000000000004").exists());
        } else {
            let there = "000000010000000000000003 was there already, with the same records";
            assert!(code == 0 && said.contains(there), "{code} {said}");
            is_of(&to, &[&site.path("pg_wal")]);
        }
        assert!(fs::read(to.join(third)).unwrap() == bytes, "nothing is written over it");
    }
}
