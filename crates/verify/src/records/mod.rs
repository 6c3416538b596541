//! Every record on the way of recovery, in order, past damage, and findings in their places.
//!
//! ```text
//! Archive::read ──► files of the way, in order ──► Lister: parts, checked and rendered by a crew, in order
//!                                                     └── something is not right: what was listed stays
//! judge ──► plan: findings in order ──► the same Lister, from behind the last record that was listed
//! ```
//!
//! An archive of one timeline in which nothing is wrong is read once. Any other is judged first, so that a finding in
//! the list says all that it says in a verdict, and its files are read once more from the first finding on.

mod first;
mod folded;
mod follow;
mod lent;
mod lister;
mod part;
mod plan;
mod range;
mod rendered;
mod sum;
mod twice;
mod workers;

pub use folded::{FoldError, fold};
pub use follow::{FollowNews, FollowState, Follower, finding_of};
pub use lent::{Records, WalItem, lend};
pub use part::{ListItem, ListPart, ListPlace, ListSink, NoEvent};

use crate::finding::Finding;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::verify::{ExaminedArchive, examine};
use first::{FirstPass, Pass, once};
use pgwal_archive::Error;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::table::Short;
use pgwal_format::{Layout, Lsn, TimelineId};
use range::Range;
use std::{fmt, io};
use sum::{Cost, ListSum, listed};
use twice::{again, findings_alone};

/// Renders records and findings. Called from several threads, for each segment in order.
pub trait Render: Sync {
    /// Room that is used again from record to record; one for each segment that is being rendered.
    type Scratch: Default + Send;
    /// What is put out between pieces of text; [`NoEvent`] where there is nothing but text.
    type Event: Clone + Send;

    /// Whether [`Render::record`] needs the whole body of records that cross pages; it does unless this says otherwise.
    #[inline]
    fn whole(&self) -> bool {
        true
    }

    /// Whether [`Render::record`] needs more of this record, which crosses pages, than its block references, where
    /// [`Render::whole`] asks for whole ones; `record` has the beginning of its body. It does unless this says
    /// otherwise, which it may where the record's structure can be read from that: the body may be cut behind it.
    #[inline]
    fn needs_rest(&self, _record: &Record<'_>) -> bool {
        true
    }

    /// Whether [`Render::record`] may want a record with this header. It wants all of them, unless this says otherwise.
    #[inline]
    fn wants(&self, _header: &RecordHeader) -> bool {
        true
    }

    /// Appends a record to `out`. It may be asked for records again that were thrown away. `timeline` is that of
    /// the file in which it starts. Unless [`Render::whole`] asks for more, the body may be cut behind its first 4 KiB
    /// from 9.5 on ([`Record::is_whole`]): block references and their lengths are always there.
    ///
    /// Returns what it came to, or `None` where the record is left out.
    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        scratch: &mut Self::Scratch,
        out: &mut ListPart<Self::Event>,
    ) -> Option<Rendered>;

    /// Appends a finding to `out`. It is left out, unless this is written: what a list comes to counts it still
    /// ([`Listed::findings`]).
    fn finding(&self, _finding: &Finding, _layout: Option<&Layout>, _out: &mut ListPart<Self::Event>) {}

    /// Takes what was put aside in the room of some records of one segment, or of one record over the end of a segment:
    /// in the order of WAL, on the thread that called, and each once. Renderers that count instead of writing have
    /// their sums from it.
    fn done(&self, _scratch: &mut Self::Scratch) {}
}

/// What a record came to that was rendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rendered {
    /// It is in the list; otherwise only what is found with it is.
    pub listed: bool,
    /// Bytes of page images in it.
    pub image_bytes: u64,
    /// Its data ends before this field: a finding behind the record says so.
    pub short: Option<Short>,
}

/// Listed, with so many bytes of page images, and nothing found.
impl From<u64> for Rendered {
    fn from(image_bytes: u64) -> Rendered {
        Rendered { listed: true, image_bytes, short: None }
    }
}

/// Renders a record, and behind it what is found with it.
fn render_record<R: Render>(
    render: &R,
    record: &Record<'_>,
    timeline: TimelineId,
    scratch: &mut R::Scratch,
    out: &mut ListPart<R::Event>,
) -> Option<Rendered> {
    let rendered = render.record(record, timeline, scratch, out)?;
    if let Some(short) = rendered.short {
        render.finding(&Finding::short(record, timeline, short), Some(record.layout), out);
    }
    Some(rendered)
}

/// What to list.
pub struct ListRequest<'a> {
    /// The timeline, the range and how to read. Depth and severities are not looked at. [`Options::start`]: only
    /// records that start there or behind; [`Options::end`]: only records of which no byte lies there or behind.
    pub options: Options<'a>,
    /// Only so many records.
    pub limit: Option<u64>,
}

/// What a list came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Every record asked for was read.
    pub complete: bool,
    /// Where not: bytes that are wrong or missing are the reason, not only something that nobody could look at
    /// ([`Code::is_could_not_look`](crate::Code::is_could_not_look)).
    pub refuted: bool,
    /// Files that were read, or that should have been.
    pub segments: u64,
    /// Records listed.
    pub records: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Bytes of page images in them.
    pub image_bytes: u64,
    /// Findings listed.
    pub findings: u64,
    /// Start of the first record listed.
    pub first: Option<Lsn>,
    /// End of the last record listed.
    pub end: Option<Lsn>,
    /// The unfinished segment from which the last ones came ([`Options::unfinished`]).
    pub unfinished: Option<String>,
    /// What verification came to.
    pub outcome: Outcome,
}

/// Why a list broke off.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListError {
    /// Nothing could be looked at.
    Verify(Error),
    /// The list could not be written.
    Output(io::Error),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListError::Verify(error) => write!(f, "{error}"),
            ListError::Output(_) => f.write_str("cannot write the list"),
        }
    }
}

impl From<Error> for ListError {
    fn from(error: Error) -> ListError {
        ListError::Verify(error)
    }
}

impl std::error::Error for ListError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ListError::Verify(error) => error.source(),
            ListError::Output(error) => Some(error),
        }
    }
}

/// Lists the records on the way of recovery to the timeline asked for. `sink` is called on this thread, in order.
///
/// # Errors
/// Nothing can be looked at, the caller asked for an early end, or `sink` fails. Damage is a finding in the list.
pub fn list<R: Render>(
    source: &dyn pgwal_source::Source,
    wanted: &ListRequest<'_>,
    render: &R,
    sink: &mut ListSink<'_, R::Event>,
) -> Result<Listed, ListError> {
    let (outcome, sight, already) = match once(source, wanted, render, sink, Pass::Text)? {
        FirstPass::Whole(outcome, sum, segments) => return Ok(listed(*outcome, sum, 0, Cost::default(), segments)),
        FirstPass::Unfinished(outcome, sight, already) | FirstPass::Judged(outcome, sight, already) => {
            (*outcome, Some(sight), already)
        }
        FirstPass::Unread(already) => {
            let (outcome, sight) = examine(source, &wanted.options).map_err(ListError::Verify)?;
            (outcome, sight, already)
        }
    };
    match sight {
        Some(sight) => again(wanted, render, outcome, &sight, sink, already),
        None => findings_alone(render, outcome, sink),
    }
}

/// What was gathered came from these.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Gathered {
    /// Every record asked for was read.
    pub complete: bool,
    /// As in [`Listed`].
    pub refuted: bool,
    /// Files that were read, or that should have been.
    pub segments: u64,
    /// Findings told.
    pub findings: u64,
    /// As in [`Listed`].
    pub unfinished: Option<String>,
    /// What is known of the archive.
    pub outcome: Outcome,
}

impl From<Listed> for Gathered {
    fn from(listed: Listed) -> Gathered {
        let Listed { complete, refuted, segments, findings, unfinished, outcome, .. } = listed;
        Gathered { complete, refuted, segments, findings, unfinished, outcome }
    }
}

/// Hands every record to a renderer that writes nothing and puts aside what it wants to know ([`Render::done`]). An
/// archive in which nothing is wrong is read once; any other is verified first, as for [`list`], and given to a second
/// renderer. Findings go to `sink`. [`ListRequest::limit`] is not looked at.
///
/// # Errors
/// Those of [`list`].
pub fn gather<R: Render>(
    source: &dyn pgwal_source::Source,
    wanted: &ListRequest<'_>,
    make: &dyn Fn() -> R,
    sink: &mut ListSink<'_, R::Event>,
) -> Result<(R, Gathered), ListError> {
    let render = make();
    let unlimited = ListRequest { options: same(&wanted.options), limit: None };
    let (outcome, sight) = match once(source, &unlimited, &render, sink, Pass::Sums)? {
        FirstPass::Unfinished(outcome, sight, already) => {
            let listed = again(&unlimited, &render, *outcome, &sight, sink, already)?;
            return Ok((render, listed.into()));
        }
        FirstPass::Whole(outcome, _, segments) => {
            let findings = told(&outcome, &unlimited, &render, sink)?;
            let (complete, refuted, unfinished, outcome) = (true, false, None, *outcome);
            return Ok((render, Gathered { complete, refuted, segments, findings, unfinished, outcome }));
        }
        FirstPass::Judged(outcome, sight, _) => (*outcome, Some(sight)),
        FirstPass::Unread(_) => examine(source, &wanted.options).map_err(ListError::Verify)?,
    };
    let render = make();
    let listed = match sight {
        Some(sight) => again(&unlimited, &render, outcome, &sight, sink, ListSum::default())?,
        None => findings_alone(&render, outcome, sink)?,
    };
    Ok((render, listed.into()))
}

/// Tells findings that cost nothing, behind what was gathered.
fn told<R: Render>(
    outcome: &Outcome,
    wanted: &ListRequest<'_>,
    render: &R,
    sink: &mut ListSink<'_, R::Event>,
) -> Result<u64, ListError> {
    let Some(layout) = &outcome.layout else { return Ok(0) };
    let range = Range::of(&wanted.options, layout);
    let mut text = ListPart::default();
    let told: Vec<&Finding> = outcome.findings.iter().filter(|f| plan::is_in(f, range)).collect();
    told.iter().for_each(|finding| render.finding(finding, Some(layout), &mut text));
    sink(&text).map_err(ListError::Output)?;
    Ok(told.len() as u64)
}

/// The same options.
fn same<'a>(options: &Options<'a>) -> Options<'a> {
    Options { severities: options.severities.clone(), ..*options }
}

/// Lists what was verified already, without writing it.
pub(crate) fn silently<R: Render>(
    wanted: &ListRequest<'_>,
    render: &R,
    outcome: Outcome,
    sight: &ExaminedArchive<'_>,
) -> Result<Listed, ListError> {
    again(wanted, render, outcome, sight, &mut |_| Ok(()), ListSum::default())
}
