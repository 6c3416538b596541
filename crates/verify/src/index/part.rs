//! What lies in a part of an archive, and what it came to: enough to judge the archive without its files.
//!
//! ```text
//! "walproof part\n"   version u8   what was left out   files   XXH3-128 of all that
//! ```
//! A file is summarised as what its own first page says it is. Whether that is what the archive is, only the join knows, as
//! it knows the other parts; what a file comes to in another cluster's archive follows from that for good files
//! ([`Summary::as_another`]). All others are kept themselves.

use super::view::{Read, View};
use super::wire::Seal;
use crate::consensus::First;
use crate::stretch::Why;
use crate::tally::Tally;
use pgwal_format::Layout;
use pgwal_format::wire::{Wire, bytes};
use pgwal_source::{Content, Ignored, Stamp};
use pgwal_walk::{Head, Run, SlackKind, Tail};
use twox_hash::XxHash3_128;

const MAGIC: &[u8] = b"walproof part\n";
/// Rises whenever summaries mean something else.
const VERSION: u8 = 1;

/// A part of an archive.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub summaries: Vec<Summary>,
    pub ignored: Ignored,
    pub unknown: Ignored,
    /// What could not be looked at, and why not.
    pub unreadable: Vec<(String, String)>,
}

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// Relative to the archive.
    pub file: String,
    /// Bytes on disk, as it was listed.
    pub size: u64,
    pub stamp: Stamp,
    /// What its first page says.
    pub first: Option<First>,
    /// What it comes to, for each thing that it may be.
    pub views: Vec<(View, Read)>,
    /// The file itself, where that is not enough.
    pub content: Option<Content>,
}

impl Summary {
    /// What the file comes to as this.
    pub fn read(&self, view: &View) -> Option<Read> {
        let known = self.views.iter().find(|(known, _)| known == view).map(|(_, read)| read.clone());
        known.or_else(|| self.as_another(&view.layout, view.system_id, view))
    }

    /// What the file comes to where the archive is of another cluster or version than itself. `None` where that does not
    /// follow from what is known.
    pub fn as_another(&self, layout: &Layout, system_id: u64, view: &View) -> Option<Read> {
        let (own, read) = self.views.first()?;
        if !is_good(read) {
            return None;
        }
        let run = read.run.as_ref()?;
        let judged = matches!(read.why, None | Some(Why::OldTimeline(_)));
        if own.layout == *layout && own.number == view.number {
            // All pages but the first look the same.
            let why = if judged { Some(Why::Cluster { found: own.system_id }) } else { read.why.clone() };
            return (own.system_id != system_id).then(|| Read { why, ..read.clone() });
        }
        let other_version = own.layout.dialect != layout.dialect;
        let same_sizes = (own.layout.segment, own.layout.page) == (layout.segment, layout.page);
        if other_version && same_sizes && is_all_of_one_version(run) {
            let start = layout.address().segment_start(view.number, layout.segment);
            let why = if judged { Some(Why::Version(own.layout.dialect)) } else { read.why.clone() };
            return Some(Read { run: Some(Run::blank(start, layout)), why, ..read.clone() });
        }
        None
    }

    /// Whether it is clear what it comes to in an archive of this kind.
    pub fn is_clear(&self, layout: &Layout, system_id: u64) -> bool {
        let own = self.views.first().map(|(own, _)| *own);
        let fits = |own: View| (own.layout, own.system_id) == (*layout, system_id);
        own.is_some_and(|own| fits(own) || self.as_another(layout, system_id, &own).is_some())
    }

    /// Nothing is wrong with it but what its name and its size say.
    pub fn is_good(&self) -> bool {
        !self.views.is_empty() && self.views.iter().any(|(_, read)| is_good(read))
    }
}

fn is_good(read: &Read) -> bool {
    let usable = matches!(read.why, None | Some(Why::OldTimeline(_) | Why::Size { .. } | Why::Packed { .. }));
    let first_page = |run: &Run<Tally>| {
        let stopped = matches!(&run.tail, Tail::Stopped(stop) if stop.at == run.from);
        run.head != Head::Damaged && !stopped && run.damages.is_empty()
    };
    usable && read.run.as_ref().is_some_and(first_page)
}

/// Every page is of this version, or zeros.
fn is_all_of_one_version(run: &Run<Tally>) -> bool {
    let stale = |kind| matches!(kind, SlackKind::AfterSwitch | SlackKind::AfterEnd | SlackKind::Recycled);
    let junk = matches!(&run.tail, Tail::Stopped(stop) if stop.rest.leftover != pgwal_walk::Leftover::default());
    !junk && !run.slack.iter().any(|slack| stale(slack.kind))
}

/// Bytes are no part, or not one of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoPart(pub &'static str);

pub(super) fn encode(part: &Part) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    (Names(part.ignored.clone()), Names(part.unknown.clone())).put(&mut out);
    part.unreadable.put(&mut out);
    part.summaries.put(&mut out);
    let sum = XxHash3_128::oneshot(&out);
    sum.put(&mut out);
    out
}

pub(super) fn decode(bytes: &[u8]) -> Result<Part, NoPart> {
    let body = bytes.strip_prefix(MAGIC).ok_or(NoPart("it is no part that walproof summarize wrote"))?;
    let damaged = NoPart("it is damaged");
    let (whole, sum) = bytes.split_last_chunk::<16>().ok_or(damaged)?;
    if XxHash3_128::oneshot(whole).to_le_bytes() != *sum {
        return Err(damaged);
    }
    match body.split_first() {
        Some((&VERSION, rest)) => content(rest.get(..rest.len().saturating_sub(16)).unwrap_or(&[])).ok_or(damaged),
        _ => Err(NoPart("another version of walproof wrote it")),
    }
}

fn content(mut input: &[u8]) -> Option<Part> {
    let input = &mut input;
    let (Names(ignored), Names(unknown)) = Wire::take(input)?;
    let part = Part { ignored, unknown, unreadable: Wire::take(input)?, summaries: Wire::take(input)? };
    input.is_empty().then_some(part)
}

/// Names that are left out, in binary.
struct Names(Ignored);

impl Wire for Names {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.count.put(out);
        self.0.first.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Names> {
        let (count, first): (u64, Vec<String>) = Wire::take(input)?;
        (first.len() <= Ignored::KEPT && first.len() as u64 <= count).then_some(Names(Ignored { count, first }))
    }
}

/// Kept content in binary.
struct Keeping(Content);

impl Wire for Keeping {
    fn put(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Content::Bytes(packed) => {
                out.push(0);
                packed.len().put(out);
                out.extend_from_slice(packed);
            }
            Content::Refused(text) => (1u8, text.clone()).put(out),
            Content::Gone => out.push(2),
        }
    }
    fn take(input: &mut &[u8]) -> Option<Keeping> {
        Some(Keeping(match u8::take(input)? {
            0 => {
                let length = usize::take(input)?;
                Content::Bytes(bytes(input, length)?.to_vec())
            }
            1 => Content::Refused(Wire::take(input)?),
            2 => Content::Gone,
            _ => return None,
        }))
    }
}

impl Wire for Summary {
    fn put(&self, out: &mut Vec<u8>) {
        self.file.put(out);
        (self.size, Seal(self.stamp)).put(out);
        self.first.put(out);
        self.views.put(out);
        self.content.clone().map(Keeping).put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Summary> {
        let file = Wire::take(input)?;
        let (size, Seal(stamp)) = Wire::take(input)?;
        Some(Summary {
            file,
            size,
            stamp,
            first: Wire::take(input)?,
            views: Wire::take(input)?,
            content: <Option<Keeping> as Wire>::take(input)?.map(|kept| kept.0),
        })
    }
}
