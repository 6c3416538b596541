//! A source of one's own is judged as files are: what it says of freshness and of its refusals counts, and nothing is
//! looked for on the disk behind its back.

#![allow(clippy::unwrap_used)]

use pgwal_source::{AsOf, Entry, Extent, Keys, Listing, Local, Refusal, Source, SourceError, Stamp, Stored};
use pgwal_verify::{Code, Depth, Options, Outcome, Verdict, verify};
use std::fs;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Objects, as a bucket has them.
struct Bucket {
    objects: Vec<(String, Vec<u8>)>,
    written: SystemTime,
    /// What the last object answers to those who open it, once it was listed.
    last: Option<Refusal>,
    opened: AtomicUsize,
}

impl Bucket {
    fn of_demo(written_ago: Duration) -> Bucket {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/demo/good");
        let mut objects: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap())
            .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()))
            .filter(|(name, _)| name.len() == 24)
            .collect();
        objects.sort();
        let written = SystemTime::now() - written_ago;
        Bucket { objects, written, last: None, opened: AtomicUsize::new(0) }
    }

    fn object(&self, entry: &Entry) -> usize {
        self.objects.iter().position(|(name, _)| format!("wal/{name}") == entry.id()).unwrap()
    }

    fn look(&self, depth: Depth) -> Outcome {
        let mut options = Options::default();
        options.depth = depth;
        verify(self, &options).unwrap()
    }

    fn codes(&self) -> Vec<Code> {
        self.look(Depth::Records).findings.iter().map(|finding| finding.code).collect()
    }
}

impl Source for Bucket {
    fn describe(&self) -> String {
        "bucket".into()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let entry =
            |(name, bytes): &(String, Vec<u8>)| Entry::with_id(&format!("wal/{name}"), name, Some(bytes.len() as u64));
        Ok(Listing::of(self.objects.iter().map(entry).collect()))
    }

    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let at = self.object(entry);
        match self.last.filter(|_| at + 1 == self.objects.len()) {
            Some(Refusal::OutOfReach) => Ok(Box::new(Broken(Cursor::new(&self.objects[at].1[..100_000])))),
            Some(why) => Err(SourceError::foreign(entry.shown(), why, "403: the bucket says no")),
            None => Ok(Box::new(Cursor::new(self.objects[at].1.as_slice()))),
        }
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        let bytes = &self.objects[self.object(entry)].1;
        Some(Stamp::tagged(bytes.len() as u64, self.written, b"\"etag\""))
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn is_live(&self) -> bool {
        false
    }

    fn local(&self) -> Option<&dyn Local> {
        None
    }
}

/// A connection that breaks off.
struct Broken<'a>(Cursor<&'a [u8]>);

impl io::Read for Broken<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(SourceError::foreign("bucket", Refusal::OutOfReach, "the connection broke off").into()),
            count => Ok(count),
        }
    }
}

impl Stored for Broken<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, out)
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn has_changed(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn file(&self) -> Option<&fs::File> {
        None
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_good_archive_is_proven() {
    let outcome = Bucket::of_demo(HOUR).look(Depth::Records);
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Proven, 0));
}

#[test]
fn a_short_object_is_being_copied_only_if_it_was_just_written() {
    let cut = |ago| {
        let mut bucket = Bucket::of_demo(ago);
        bucket.objects.last_mut().unwrap().1.truncate(100_000);
        bucket
    };
    assert_eq!(cut(HOUR).codes(), [Code::Size]);
    assert_eq!(cut(Duration::ZERO).codes(), [Code::StillCopied]);
}

#[test]
fn nothing_is_waited_for_unless_that_is_asked_for() {
    let mut bucket = Bucket::of_demo(Duration::ZERO);
    bucket.objects.last_mut().unwrap().1.truncate(100_000);
    let look = |settle: Duration| {
        let mut options = Options::default();
        options.settle = settle;
        let begun = Instant::now();
        let code = verify(&bucket, &options).unwrap().findings[0].code;
        (code, begun.elapsed())
    };
    let ((now, at_once), (then, later)) = (look(Duration::ZERO), look(Duration::from_secs(4)));
    assert_eq!((now, then), (Code::StillCopied, Code::StillCopied), "it is told either way");
    assert!(at_once < Duration::from_secs(2) && later > Duration::from_secs(2), "{at_once:?} {later:?}");
}

#[test]
fn what_the_place_says_is_told() {
    let with = |last| Bucket { last: Some(last), ..Bucket::of_demo(HOUR) };
    let outcome = with(Refusal::Denied).look(Depth::Records);
    assert_eq!(outcome.findings[0].code, Code::Unreadable);
    assert!(outcome.findings[0].message(outcome.layout.as_ref()).contains("403: the bucket says no"));
    let outcome = with(Refusal::OutOfReach).look(Depth::Records);
    assert_eq!(outcome.findings[0].code, Code::Unreadable);
    assert!(outcome.findings[0].message(outcome.layout.as_ref()).contains("bucket: the connection broke off"));
}

#[test]
fn names_alone_are_looked_at_without_reading_more_than_who_they_are() {
    let bucket = Bucket::of_demo(HOUR);
    assert_eq!(bucket.look(Depth::Names).findings.len(), 0);
    assert!(bucket.opened.load(Ordering::Relaxed) <= bucket.objects.len());
}
