//! Records one after another, lent, with findings in their places: for programs that want to ask instead of being
//! called.
//!
//! ```text
//! list (threads) ──► pieces of at most a few parts ──► Records::next: a record without a copy, or a finding
//! ```
//! Behind it is the one list of records ([`list`](super::list())): what it hands on in the order of WAL is kept as
//! bytes, and a record is lent out of them until the next one is asked for.

use super::{ListError, ListRequest, Listed, Render, Rendered, list};
use crate::finding::Finding;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::wire::{Wire, bytes};
use pgwal_format::{Layout, Lsn, TimelineId, wire_fields};
use pgwal_source::Source;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What comes next in the order of WAL.
#[derive(Debug)]
pub enum WalItem<'r> {
    /// A whole record whose checksum and links are right.
    Record {
        /// The record.
        record: Record<'r>,
        /// The timeline of the file in which it starts.
        timeline: TimelineId,
    },
    /// What is wrong, or worth knowing, at this place.
    Finding(Box<Finding>),
}

/// Records of an archive, lent one after another.
#[derive(Debug)]
pub struct Records<'a> {
    pieces: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    found: &'a Found,
}

/// What the threads put aside.
#[derive(Debug, Default)]
struct Found {
    layout: OnceLock<Layout>,
    findings: Mutex<Vec<Finding>>,
}

/// Pieces that wait for whoever asks.
const WAITING: usize = 2;

/// Reads records, and lends them to `with`. What it returns comes with what the list came to; where it returns before
/// the end, the rest is not read.
///
/// # Errors
/// Those of [`list`](super::list()). Damage is a [`WalItem::Finding`].
pub fn lend<T>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    with: impl FnOnce(&mut Records<'_>) -> T,
) -> Result<(T, Option<Listed>), ListError> {
    let found = Found::default();
    let (sender, pieces) = sync_channel::<Vec<u8>>(WAITING);
    std::thread::scope(|scope| {
        let lender = Lender { found: &found };
        let listing = std::thread::Builder::new().spawn_scoped(scope, move || {
            let mut hand_on = |piece: &[u8]| match sender.send(piece.to_vec()) {
                Ok(()) => Ok(()),
                // Whoever asked has what it wanted.
                Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
            };
            list(source, wanted, &lender, &mut hand_on)
        });
        let listing = listing.map_err(|_| ListError::Verify(pgwal_archive::Error::Threads))?;
        let mut records = Records { pieces, piece: Vec::new(), at: 0, found: &found };
        let made = with(&mut records);
        drop(records);
        match listing.join() {
            Ok(Ok(listed)) => Ok((made, Some(listed))),
            Ok(Err(ListError::Output(_))) => Ok((made, None)),
            Ok(Err(error)) => Err(error),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

impl Records<'_> {
    /// The next record or finding; `None` at the end. It is lent until the next one is asked for.
    #[allow(clippy::should_implement_trait, reason = "what it gives is lent from itself")]
    pub fn next(&mut self) -> Option<WalItem<'_>> {
        while self.at >= self.piece.len() {
            self.piece = self.pieces.recv().ok()?;
            self.at = 0;
        }
        let Records { piece, at, found, .. } = self;
        let mut rest = piece.get(*at..)?;
        let length = rest.len();
        let item = take(&mut rest, found)?;
        *at += length - rest.len();
        Some(item)
    }
}

/// The front of a record in a piece.
#[derive(Clone, Copy)]
struct Front {
    timeline: TimelineId,
    lsn: Lsn,
    end: Lsn,
    prev: Lsn,
    crc: u64,
    tot_len: u64,
    len: u64,
    xid: u64,
    info: u8,
    rmid: u8,
    body: u64,
}

wire_fields!(Front { timeline, lsn, end, prev, crc, tot_len, len, xid, info, rmid, body });

const RECORD: u8 = 1;
const FINDING: u8 = 2;

fn take<'r>(input: &mut &'r [u8], found: &'r Found) -> Option<WalItem<'r>> {
    if u8::take(input)? == FINDING {
        let index = usize::try_from(u64::take(input)?).ok()?;
        let findings = found.findings.lock().unwrap_or_else(PoisonError::into_inner);
        return findings.get(index).cloned().map(|finding| WalItem::Finding(Box::new(finding)));
    }
    let front = Front::take(input)?;
    let header = RecordHeader {
        tot_len: u32::try_from(front.tot_len).ok()?,
        xid: u32::try_from(front.xid).ok()?,
        prev: front.prev,
        info: front.info,
        rmid: front.rmid,
        crc: u32::try_from(front.crc).ok()?,
        len: u32::try_from(front.len).ok()?,
    };
    let body = bytes(input, usize::try_from(front.body).ok()?)?;
    let layout = found.layout.get()?;
    let record = Record { lsn: front.lsn, end: front.end, header, body, layout };
    Some(WalItem::Record { record, timeline: front.timeline })
}

/// Keeps records as bytes.
struct Lender<'a> {
    found: &'a Found,
}

impl Render for Lender<'_> {
    type Scratch = ();

    fn whole(&self) -> bool {
        true
    }

    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }

    fn record(&self, record: &Record<'_>, timeline: TimelineId, (): &mut (), out: &mut Vec<u8>) -> Option<Rendered> {
        self.found.layout.get_or_init(|| *record.layout);
        let RecordHeader { tot_len, xid, prev, info, rmid, crc, len } = record.header;
        out.push(RECORD);
        let front = Front {
            timeline,
            lsn: record.lsn,
            end: record.end,
            prev,
            crc: crc.into(),
            tot_len: tot_len.into(),
            len: len.into(),
            xid: xid.into(),
            info,
            rmid,
            body: record.body.len() as u64,
        };
        front.put(out);
        out.extend_from_slice(record.body);
        Some(0.into())
    }

    fn finding(&self, finding: &Finding, _: Option<&Layout>, out: &mut Vec<u8>) {
        let mut findings = self.found.findings.lock().unwrap_or_else(PoisonError::into_inner);
        out.push(FINDING);
        (findings.len() as u64).put(out);
        findings.push(finding.clone());
    }
}
