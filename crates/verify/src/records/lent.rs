//! Records one after another, lent, with findings in their places: for programs that want to ask instead of being
//! called.
//!
//! ```text
//! list (threads) ──► pieces of at most a few parts ──► Records::next: a record without a copy, or a finding
//! ```
//! Behind it is the one list of records ([`list`](super::list())): what it hands on in the order of WAL is the bytes of
//! records, and a record is lent out of them until the next one is asked for.

use super::{ListError, ListPart, ListRequest, Listed, Render, Rendered, list};
use crate::finding::Finding;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_source::Source;
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, sync_channel};

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
    pieces: Receiver<ListPart<Lent>>,
    piece: ListPart<Lent>,
    /// The number of the next one in the piece.
    at: usize,
    /// How to read them, once there was one.
    layout: &'a OnceLock<Layout>,
}

/// What is lent; of a record, its body is the text before it.
#[derive(Clone, Debug)]
enum Lent {
    Record { lsn: Lsn, end: Lsn, header: RecordHeader, timeline: TimelineId },
    Finding(Box<Finding>),
}

/// Pieces that wait for whoever asks.
const WAITING: usize = 2;

/// Reads records, and lends them to `with`. What it returns comes with what the list came to: `None` where it returns
/// before the end, and the rest is not read. A list of nothing, for a limit of 0 or a range without records, is
/// complete.
///
/// # Errors
/// Those of [`list`](super::list()). Damage is a [`WalItem::Finding`].
pub fn lend<T>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    with: impl FnOnce(&mut Records<'_>) -> T,
) -> Result<(T, Option<Listed>), ListError> {
    let layout = OnceLock::new();
    let (sender, pieces) = sync_channel(WAITING);
    std::thread::scope(|scope| {
        let lender = Lender { layout: &layout };
        let listing = std::thread::Builder::new().spawn_scoped(scope, move || {
            let mut hand_on = |piece: &ListPart<Lent>| match sender.send(piece.clone()) {
                Ok(()) => Ok(()),
                // Whoever asked has what it wanted.
                Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
            };
            list(source, wanted, &lender, &mut hand_on)
        });
        let listing = listing.map_err(|_| ListError::Verify(pgwal_archive::Error::Threads))?;
        let mut records = Records { pieces, piece: ListPart::default(), at: 0, layout: &layout };
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
        while self.piece.nth(self.at).is_none() {
            self.piece = self.pieces.recv().ok()?;
            self.at = 0;
        }
        let (body, lent) = self.piece.nth(self.at)?;
        self.at += 1;
        Some(match lent {
            &Lent::Record { lsn, end, header, timeline } => {
                WalItem::Record { record: Record { lsn, end, header, body, layout: self.layout.get()? }, timeline }
            }
            Lent::Finding(finding) => WalItem::Finding(finding.clone()),
        })
    }
}

/// Keeps records as bytes.
struct Lender<'a> {
    layout: &'a OnceLock<Layout>,
}

impl Render for Lender<'_> {
    type Scratch = ();
    type Event = Lent;

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        (): &mut (),
        out: &mut ListPart<Lent>,
    ) -> Option<Rendered> {
        self.layout.get_or_init(|| *record.layout);
        out.text().extend_from_slice(record.body);
        out.event(Lent::Record { lsn: record.lsn, end: record.end, header: record.header, timeline });
        Some(0.into())
    }

    fn finding(&self, finding: &Finding, _: Option<&Layout>, out: &mut ListPart<Lent>) {
        out.event(Lent::Finding(Box::new(finding.clone())));
    }
}
