//! Object stores, on a server of our own that does what real ones do on good and on bad days.

#![allow(clippy::unwrap_used)]

mod given;
mod role;
mod server;
mod stand_in;

use pgwal_format::{FileName, SegmentName, TimelineId};
use pgwal_source::bucket::{Bucket, BucketSettings, BucketSource};
use pgwal_source::{Entry, Extent, How, NameSought, ReadOutcome, ReadState, Refusal, Scratch, Source, SourceError};
use server::{StoreManner, StoreServer};
use std::ops::ControlFlow;
use std::sync::Arc;

const LOG: &str = "0000000100000000";

fn settings(server: &StoreServer) -> BucketSettings {
    BucketSettings::default()
        .with("AWS_ACCESS_KEY_ID", "KEY")
        .with("AWS_SECRET_ACCESS_KEY", "secret")
        .with("AWS_ENDPOINT_URL", &server.url)
}

fn source(server: &StoreServer, prefix: &str) -> Box<dyn Source> {
    let bucket = Bucket::open(&format!("s3://b/{prefix}"), &settings(server), None).unwrap();
    Box::new(BucketSource::new(Arc::new(bucket), vec![String::new()]))
}

/// Bytes that do not repeat in pieces.
fn segment(number: u32, size: usize) -> Vec<u8> {
    let mut bytes = vec![0x10, 0xD1, 0x07, 0x00];
    bytes.extend((0..).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ number as u8).take(size - 4));
    bytes
}

fn name(number: u32) -> String {
    format!("{LOG}{number:08X}")
}

fn one(size: usize) -> StoreServer {
    StoreServer::new([(format!("wal/{}", name(1)), segment(1, size))], 1000)
}

fn read(source: &dyn Source, entry: &Entry, how: &How) -> (Vec<u8>, Result<ReadOutcome, SourceError>) {
    let mut plain = Vec::new();
    let read = source.read(entry, how, &mut Scratch::default(), &mut |window| {
        plain.extend_from_slice(window);
        ControlFlow::Continue(())
    });
    (plain, read)
}

fn read_one(server: &StoreServer) -> (Vec<u8>, Result<ReadOutcome, SourceError>) {
    let source = source(server, "wal");
    let entry = source.list().unwrap().entries.remove(0);
    read(source.as_ref(), &entry, &How::default())
}

/// What is sought is what a list of all would have, and asks for a few pages only.
#[test]
fn one_name_and_what_lies_behind_it_are_found_without_a_list_of_all() {
    for folder in ["", LOG] {
        let key = |number: u32, suffix: &str| match folder {
            "" => format!("pre/{}{suffix}", name(number)),
            log => format!("pre/{log}/{}{suffix}", name(number)),
        };
        let mut objects: Vec<(String, Vec<u8>)> = (1..=60).map(|n| (key(n, ".zst"), vec![1; 9])).collect();
        objects.retain(|(key, _)| !key.contains(&name(30)));
        objects.push((key(31, ".partial"), vec![2; 9]));
        objects.push(("pre/00000002.history".to_owned(), b"1\t0/3000148\tx\n".to_vec()));
        let server = StoreServer::new(objects, 4);
        let source = source(&server, "pre");
        let segment = |number: u32| SegmentName::parse(&name(number)).unwrap();
        for sought in [
            NameSought::One(FileName::Segment(segment(7))),
            NameSought::One(FileName::Segment(segment(30))),
            NameSought::One(FileName::Partial(segment(31))),
            NameSought::One(FileName::History(TimelineId(2))),
            NameSought::One(FileName::History(TimelineId(3))),
        ] {
            server.asked();
            let found = source.find(&sought).unwrap();
            assert!(server.asked().2 <= 3, "{sought:?}");
            assert_eq!(found.entries, sought.among(source.list().unwrap()).entries, "{sought:?}");
        }
        for (before, nearest) in [(29, Some(31)), (31, Some(32)), (60, None)] {
            server.asked();
            let found = source.find(&NameSought::Behind(segment(before))).unwrap();
            assert!(server.asked().2 <= 5, "{before}");
            let first = found.entries.first().and_then(|entry| entry.name);
            assert_eq!(first, nearest.map(|n| FileName::Segment(segment(n))), "{folder} {before}");
        }
    }
}

#[test]
fn a_prefix_is_listed_by_pages_and_read_as_a_folder_is() {
    let mut objects = Vec::new();
    for number in 1..=25 {
        objects.push((format!("pre/wals/{LOG}/{}", name(number)), segment(number, 300_000)));
    }
    for (key, bytes) in [
        ("pre/wals/00000002.history", b"1\t0/3000148\tno recovery target specified\n".to_vec()),
        ("pre/wals/xlog.db", b"x".to_vec()),
        ("pre/wals/readme", b"x".to_vec()),
        ("pre/wals/other/000000010000000000000001", b"x".to_vec()),
        ("pre/wals2/000000010000000000000001", b"x".to_vec()),
    ] {
        objects.push((key.to_owned(), bytes));
    }
    let server = StoreServer::new(objects, 10);
    let source = source(&server, "pre/wals/");
    assert_eq!(source.describe(), "s3://b/pre/wals");
    let listing = source.list().unwrap();
    assert_eq!(server.asked(), (0, 0, 4), "one page of the prefix, three of the folder in it");
    assert_eq!(listing.entries.len(), 26);
    assert_eq!((listing.unknown.first.as_slice(), listing.ignored.count), (&["other/".into(), "readme".into()][..], 1));
    let last = listing.entries.iter().find(|entry| entry.shown() == format!("{LOG}/{}", name(25))).unwrap();
    assert_eq!(last.size, Some(300_000));
    let (plain, outcome) = read(source.as_ref(), last, &How::default());
    assert!(plain == segment(25, 300_000));
    assert_eq!(outcome.unwrap().state, ReadState::Whole);
    assert_eq!(server.asked(), (1, 300_000, 0), "one request, whole");
    // The stamp is that of the content.
    let before = source.stamp(last).unwrap();
    assert_eq!(before.size, 300_000);
    server.put(&format!("pre/wals/{LOG}/{}", name(25)), segment(26, 300_000));
    let again = source.list().unwrap();
    let last = again.entries.iter().find(|entry| entry.shown() == format!("{LOG}/{}", name(25))).unwrap();
    assert_ne!(source.stamp(last).unwrap(), before);
}

#[test]
fn of_a_head_no_more_is_fetched_than_the_head() {
    let server = one(1 << 20);
    let source = source(&server, "wal");
    let entry = source.list().unwrap().entries.remove(0);
    let how = How { window: 64 << 10, extent: Extent::Head, ..How::default() };
    let stop = source.read(&entry, &how, &mut Scratch::default(), &mut |_| ControlFlow::Break(()));
    assert_eq!(stop.unwrap().state, ReadState::Stopped);
    assert_eq!(server.asked().1, 64 << 10);
    // Whoever goes on gets the rest.
    let (plain, outcome) = read(source.as_ref(), &entry, &how);
    assert!(plain == segment(1, 1 << 20) && outcome.unwrap().state == ReadState::Whole);
    // From anywhere, as the key of an encrypted file is proven.
    let stored = source.open(&entry, Extent::Whole).unwrap();
    let mut end = [0; 20];
    assert_eq!(stored.read_at((1 << 20) - 10, &mut end).unwrap(), 10);
    assert_eq!(end[..10], segment(1, 1 << 20)[(1 << 20) - 10..]);
    assert_eq!(stored.read_at(1 << 20, &mut end).unwrap(), 0);
}

#[test]
fn an_object_of_no_bytes_is_an_empty_file() {
    let server = StoreServer::new([(format!("wal/{}", name(1)), Vec::new())], 10);
    let source = source(&server, "wal");
    let entry = source.list().unwrap().entries.remove(0);
    for extent in [Extent::Whole, Extent::Head, Extent::FirstPage] {
        let (plain, outcome) = read(source.as_ref(), &entry, &How { extent, ..How::default() });
        assert_eq!((plain.len(), outcome.unwrap().state), (0, ReadState::Whole));
    }
}

#[test]
fn what_passes_is_passed_over() {
    let server = one(2 << 20);
    for manner in [StoreManner::Failing(2), StoreManner::Breaking(2), StoreManner::Slow] {
        server.behaves(manner);
        let (plain, outcome) = read_one(&server);
        assert_eq!(outcome.unwrap().state, ReadState::Whole, "{manner:?}");
        assert!(plain == segment(1, 2 << 20), "{manner:?}");
    }
}

#[test]
fn what_does_not_pass_is_an_answer_of_its_own() {
    let server = one(100_000);
    for (manner, why, said) in [
        (StoreManner::Refusing("AccessDenied"), Refusal::Denied, "AccessDenied: by the test"),
        (StoreManner::Refusing("SignatureDoesNotMatch"), Refusal::Denied, "refuses the credentials"),
        (StoreManner::Refusing("InvalidObjectState"), Refusal::Cold, "has to be restored first"),
        (StoreManner::Failing(1000), Refusal::OutOfReach, "InternalError: by the test"),
        (StoreManner::Lying, Refusal::OutOfReach, "however often it is asked"),
    ] {
        server.behaves(manner);
        let error = read_one(&server).1.unwrap_err();
        let SourceError::Foreign { what, why: found, text } = &error else { panic!("{manner:?}: {error}") };
        assert_eq!((found, what.as_str()), (&why, &*format!("s3://b/wal/{}", name(1))), "{manner:?}: {text}");
        assert!(text.contains(said), "{manner:?}: {text}");
    }
    server.behaves(StoreManner::Forgetting);
    assert_eq!(read_one(&server).1.unwrap().state, ReadState::Vanished);
    // It gives less than it listed: what came is all that there is, and others judge it.
    server.behaves(StoreManner::Shorter);
    let (plain, outcome) = read_one(&server);
    assert_eq!((plain.len(), outcome.unwrap().stored_bytes), (50_000, Some(50_000)));
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_has_changed() {
    let server = one(1 << 20);
    let source = source(&server, "wal");
    let entry = source.list().unwrap().entries.remove(0);
    let how = How { window: 64 << 10, extent: Extent::Head, ..How::default() };
    let mut windows = 0;
    let outcome = source.read(&entry, &how, &mut Scratch::default(), &mut |_| {
        windows += 1;
        server.put(&format!("wal/{}", name(1)), segment(2, 1 << 20));
        ControlFlow::Continue(())
    });
    assert_eq!((outcome.unwrap().state, windows), (ReadState::Changed, 1));
}

#[test]
fn places_that_cannot_be_listed_are_told_why() {
    let server = one(1000);
    let refused = |url: &str, settings: &BucketSettings| {
        let bucket = Bucket::open(url, settings, None)?;
        BucketSource::new(Arc::new(bucket), vec![String::new()]).list().map(|_| ())
    };
    let told = |url: &str, settings: &BucketSettings| refused(url, settings).unwrap_err().to_string();
    let good = settings(&server);
    assert!(told("s3://gone/wal", &good).contains("NoSuchBucket"), "{}", told("s3://gone/wal", &good));
    let other = good.clone().with("AWS_ACCESS_KEY_ID", "OTHER");
    assert!(told("s3://b/wal", &other).contains("AccessDenied: by the test"));
    assert!(told("s3:///wal", &good).contains("no bucket"));
    // It answered at once, and as it should: the keys are wrong.
    for code in ["SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken"] {
        server.behaves(StoreManner::Locked(code));
        let said = told("s3://b/wal", &good);
        assert!(said.contains(&format!("the store refuses the credentials ({code}")), "{said}");
    }
    server.behaves(StoreManner::Good);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = good.clone().with("AWS_ENDPOINT_URL", &format!("http://{closed}"));
    let said = told("s3://b/wal", &nowhere);
    assert!(said.contains("the store cannot be reached (") && said.contains("refused"), "{said}");
    let nobody =
        BucketSettings::default().with("AWS_EC2_METADATA_DISABLED", "true").with("AWS_ENDPOINT_URL", &server.url);
    assert!(told("s3://b/wal", &nobody).contains("no credentials"));
    // Nothing at a prefix is nothing there.
    assert!(source(&server, "nothing").list().unwrap().entries.is_empty());
}

#[test]
fn as_many_objects_come_at_once_as_threads_read() {
    let objects = (1..=8).map(|number| (format!("wal/{}", name(number)), segment(number, 400_000)));
    let server = StoreServer::new(objects, 1000);
    let source = source(&server, "wal");
    let entries = source.list().unwrap().entries;
    server.behaves(StoreManner::Slow);
    std::thread::scope(|scope| {
        for entry in &entries[..4] {
            scope.spawn(|| read(source.as_ref(), entry, &How::default()));
        }
    });
    assert!((2..=4).contains(&server.most()), "{} at once", server.most());
}

/// Against a server that is not ours: `WALPROOF_STORE` is the URL of a prefix with WAL, the aws tools' variables say
/// the rest.
#[test]
#[ignore = "needs a store, which WALPROOF_STORE names"]
fn a_store_that_is_named_is_listed_and_read() {
    let url = std::env::var("WALPROOF_STORE").unwrap();
    let bucket = Bucket::open(&url, &BucketSettings::of_process(), None).unwrap();
    let source: &dyn Source = &BucketSource::new(Arc::new(bucket), vec![String::new()]);
    let entries = source.list().unwrap().entries;
    assert!(!entries.is_empty());
    for entry in &entries {
        for extent in [Extent::Whole, Extent::Head, Extent::FirstPage] {
            let (plain, outcome) = read(source, entry, &How { extent, ..How::default() });
            let outcome = outcome.unwrap();
            println!("{} {:?} {} {}", entry.shown(), source.stamp(entry), outcome.codec, plain.len());
            assert_eq!(outcome.state, ReadState::Whole, "{}", entry.shown());
        }
    }
}
