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

mod follow;
mod lent;
mod lister;
mod plan;
mod range;
mod rendered;
mod sum;
mod twice;
mod workers;

pub use follow::{FollowState, Follower};
pub use lent::{Records, WalItem, lend};

use crate::codes::Severity;
use crate::finding::Finding;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::verify::{ExaminedArchive, examine, judge};
use lister::{LineSink, Lister};
use pgwal_archive::Error;
use pgwal_archive::names::Segment;
use pgwal_archive::read::Reader;
use pgwal_archive::stretch::{PieceKind, Stretch};
use pgwal_archive::{Archive, Buffers, Depth, Look, Opened, Which};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_source::Source;
use pgwal_walk::{Fold, Head, Leftover, Run, Tail};
use plan::ListPlan;
use range::Range;
use rendered::PartRenderer;
use std::{fmt, io};
use sum::{Cost, ListSum, listed};
use twice::{again, findings_alone};
use workers::{ListWorkers, WorkersGuard};

/// Renders records and findings. Called from several threads, for each segment in order.
pub trait Render: Sync {
    /// Room that is used again from record to record; one for each segment that is being rendered.
    type Scratch: Default + Send;

    /// Whether [`Render::record`] needs the whole body of records that cross pages.
    fn whole(&self) -> bool;

    /// Whether [`Render::record`] may want a record with this header.
    fn wants(&self, header: &RecordHeader) -> bool;

    /// Appends a record to `out`. It may be asked for records again of which nothing was written. `timeline` is that of
    /// the file in which it starts. Unless [`Render::whole`] asks for more, the body may be cut behind its first 4 KiB
    /// from 9.5 on ([`Record::is_whole`]): block references and their lengths are always there.
    ///
    /// Returns what it came to, or `None` where the record is left out.
    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        scratch: &mut Self::Scratch,
        out: &mut Vec<u8>,
    ) -> Option<Rendered>;

    /// Appends a finding to `out`.
    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>);

    /// Takes what was put aside in the room of some records of one segment, or of one record over the end of a segment:
    /// in the order of WAL, on the thread that called, and each once. Renderers that count instead of writing have
    /// their sums from it.
    fn done(&self, _scratch: &mut Self::Scratch) {}
}

/// What a record came to that was rendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rendered {
    /// It is in the list; otherwise only what was found with it is.
    pub listed: bool,
    /// Bytes of page images in it.
    pub image_bytes: u64,
    /// Findings of the renderer's own that it told with the record.
    pub findings: u64,
}

/// Listed, with so many bytes of page images, and nothing found.
impl From<u64> for Rendered {
    fn from(image_bytes: u64) -> Rendered {
        Rendered { listed: true, image_bytes, findings: 0 }
    }
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
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Listed, ListError> {
    let (outcome, sight, already) = match once(source, wanted, render, sink, Pass::Text)? {
        FirstPass::Whole(outcome, sum, segments) => return Ok(listed(*outcome, sum, 0, Cost::default(), segments)),
        FirstPass::Judged(outcome, sight, already) => (*outcome, Some(sight), already),
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
    /// What is known of the archive.
    pub outcome: Outcome,
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
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(R, Gathered), ListError> {
    let render = make();
    let unlimited = ListRequest { options: same(&wanted.options), limit: None };
    let (outcome, sight) = match once(source, &unlimited, &render, sink, Pass::Sums)? {
        FirstPass::Whole(outcome, _, segments) => {
            let findings = told(&outcome, &unlimited, &render, sink)?;
            return Ok((render, Gathered { complete: true, refuted: false, segments, findings, outcome: *outcome }));
        }
        FirstPass::Judged(outcome, sight, _) => (*outcome, Some(sight)),
        FirstPass::Unread(_) => examine(source, &wanted.options).map_err(ListError::Verify)?,
    };
    let render = make();
    let listed = match sight {
        Some(sight) => again(&unlimited, &render, outcome, &sight, sink, ListSum::default())?,
        None => findings_alone(&render, outcome, sink)?,
    };
    let Listed { complete, refuted, segments, findings, outcome, .. } = listed;
    Ok((render, Gathered { complete, refuted, segments, findings, outcome }))
}

/// Tells findings that cost nothing, behind what was gathered.
fn told<R: Render>(
    outcome: &Outcome,
    wanted: &ListRequest<'_>,
    render: &R,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, ListError> {
    let Some(layout) = &outcome.layout else { return Ok(0) };
    let range = Range::of(&wanted.options, layout);
    let mut text = Vec::new();
    let told: Vec<&Finding> = outcome.findings.iter().filter(|f| plan::is_in(f, range)).collect();
    told.iter().for_each(|finding| render.finding(finding, Some(layout), &mut text));
    sink(&text).map_err(ListError::Output)?;
    Ok(told.len() as u64)
}

/// The same options.
fn same<'a>(options: &Options<'a>) -> Options<'a> {
    Options { severities: options.severities.clone(), ..*options }
}

/// What a first pass is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Text that is written as it comes.
    Text,
    /// Sums that can be thrown away.
    Sums,
}

/// What a first pass came to.
enum FirstPass<'a> {
    /// Everything, of so many segments.
    Whole(Box<Outcome>, ListSum, u64),
    /// The archive was read and judged, and listed up to something that is not right.
    Judged(Box<Outcome>, ExaminedArchive<'a>, ListSum),
    /// It was not read to its end, and listed so far.
    Unread(ListSum),
}

/// Why reading ends early.
enum Halt {
    Error(ListError),
    /// As many records as were asked for.
    Full,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Halt {
        Halt::Error(ListError::Verify(error))
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Halt {
        Halt::Error(ListError::Output(error))
    }
}

/// Reads an archive of which names tell that it may be whole, and lists it as far as nothing is wrong.
fn once<'a, R: Render>(
    source: &'a dyn Source,
    wanted: &ListRequest<'a>,
    render: &R,
    sink: &mut LineSink<'_>,
    pass: Pass,
) -> Result<FirstPass<'a>, ListError> {
    let Some((outcome, sight)) = names(source, &wanted.options)? else {
        return Ok(FirstPass::Unread(ListSum::default()));
    };
    let archive = &sight.archive;
    let layout = &archive.cluster.layout;
    let range = Range::of(&wanted.options, layout);
    let target = if let Which::Number(timeline) = wanted.options.timeline { Some(timeline) } else { None };
    let plan = ListPlan::new(&sight, &outcome.findings, range, target);
    let Some(last) = plan.files.last().map(|f| f.segment.number).filter(|_| is_simple(&sight, &plan, pass)) else {
        return Ok(FirstPass::Unread(ListSum::default()));
    };
    let segments = plan.files.len() as u64;
    let look = Look { progress: wanted.options.progress, ..wanted.options.look() };
    let Opened::Archive(mut archive) = Archive::open(source, look).map_err(ListError::Verify)? else {
        return Ok(FirstPass::Unread(ListSum::default()));
    };
    if archive.cluster.layout != *layout {
        return Ok(FirstPass::Unread(ListSum::default()));
    }
    let mut desk = PartRenderer::new(render, layout, archive.cluster.system_id, range, wanted.limit);
    desk.quiet = pass == Pass::Sums;
    let jobs = wanted.options.jobs.max(1);
    let crew = ListWorkers::new(&desk, jobs);
    let (seen, sum, whole) = std::thread::scope(|scope| {
        let _ending = WorkersGuard(&crew);
        let start = |_: &usize| std::thread::Builder::new().spawn_scoped(scope, || crew.work()).is_ok();
        let crew = (jobs > 1 && (0..jobs).filter(start).count() > 0).then_some(&crew);
        let mut list = Lister::new(&desk, crew, sink, &[], ListSum::default());
        let mut whole = true;
        let seen = archive.read::<Halt>(&mut |reader, segment, buffers| {
            if !whole {
                return Ok(None);
            }
            let (stretch, goes_on) = one(&mut list, reader, segment, (segment.number == last, pass), buffers)?;
            whole = goes_on;
            if list.is_full() { Err(Halt::Full) } else { Ok(Some(stretch)) }
        });
        (seen, list.sum, whole)
    });
    match seen {
        Err(Halt::Full) => Ok(FirstPass::Whole(Box::new(outcome), sum, segments)),
        Err(Halt::Error(error)) => Err(error),
        Ok(None) => Ok(FirstPass::Unread(sum)),
        Ok(Some(seen)) => {
            let (judged, sight) = judge(archive, seen, &wanted.options);
            let plan = ListPlan::new(&sight, &judged.findings, range, target);
            let in_order = match pass {
                Pass::Text => plan.notes.is_empty(),
                Pass::Sums => is_mild(&plan),
            };
            if whole && in_order {
                return Ok(FirstPass::Whole(Box::new(judged), sum, segments));
            }
            drop(plan);
            Ok(FirstPass::Judged(Box::new(judged), sight, sum))
        }
    }
}

/// Lists a segment of an archive of which nothing is known to be wrong. Says what it came to, and whether the list goes
/// on.
fn one<R: Render>(
    list: &mut Lister<'_, '_, R>,
    reader: &Reader<'_>,
    segment: &Segment,
    (is_last, pass): (bool, Pass),
    buffers: &mut Buffers,
) -> Result<(Stretch, bool), Halt> {
    let entry = reader.entries.get(segment.entry);
    let size = list.desk.layout.segment.bytes();
    // A server uses nothing of a file that does not decompress whole, which shows at its end only.
    let packed = entry.is_none_or(|e| e.size != Some(size) || !e.suffix().is_empty());
    let check_first = packed && pass == Pass::Text;
    let (mut stretch, mut listed, mut begun) = (None, false, false);
    if check_first {
        stretch = Some(reader.look(segment, buffers));
    }
    let known = stretch.as_ref().and_then(run_of);
    if !check_first || known.is_some_and(|run| is_sound(run, segment, is_last)) {
        let mut parts = list.parts(segment);
        let seen = reader.look_by(segment, Some(&mut parts), buffers);
        listed = run_of(&seen).is_some_and(|run| parts.is_whole(run));
        if !listed {
            begun = parts.give_up();
        }
        list.check()?;
        stretch = stretch.or(Some(seen));
    }
    let stretch = stretch.unwrap_or_default();
    if list.is_full() {
        return Ok((stretch, true));
    }
    let Some(run) = run_of(&stretch).filter(|run| is_sound(run, segment, is_last)) else { return Ok((stretch, false)) };
    if listed {
        return Ok((stretch, true));
    }
    let joint = list.chain.meet(run);
    if joint.as_ref().is_some_and(|joint| !joint.fits()) {
        return Ok((stretch, false));
    }
    list.scan(reader, (segment, segment.entry), (run, joint.as_ref()), (begun, None), buffers)?;
    list.push(segment, run);
    Ok((stretch, true))
}

fn run_of(stretch: &Stretch) -> Option<&Run<pgwal_archive::Tally>> {
    match stretch.pieces.as_slice() {
        [piece] => match &piece.kind {
            PieceKind::Run(run) => Some(run),
            PieceKind::Bad(_) => None,
        },
        _ => None,
    }
}

/// What names tell of an archive, if they tell of one timeline without gaps, in files that may be good.
fn names<'a>(source: &'a dyn Source, asked: &Options<'a>) -> Result<Option<(Outcome, ExaminedArchive<'a>)>, ListError> {
    let mut names = Options::default();
    (names.depth, names.timeline, names.start, names.end) = (Depth::Names, asked.timeline, asked.start, asked.end);
    (names.jobs, names.map, names.interrupt) = (asked.jobs, asked.map, asked.interrupt);
    let (outcome, sight) = examine(source, &names).map_err(ListError::Verify)?;
    let simple = |s: &ExaminedArchive<'_>| {
        !s.archive.live && s.way.legs.len() == 1 && s.way.holes.is_empty() && s.unusable.is_empty()
    };
    Ok(sight.filter(simple).map(|sight| (outcome, sight)))
}

/// A file a segment, none missing, and no finding that would have to stand between records.
fn is_simple(sight: &ExaminedArchive<'_>, plan: &ListPlan<'_>, pass: Pass) -> bool {
    let alone = plan.files.iter().all(|f| f.segment.copies <= 1 && f.unusable.is_none());
    let unbroken =
        plan.files.windows(2).all(|pair| matches!(pair, [a, b] if a.segment.number.next() == b.segment.number));
    // What a checksum in a name says, is compared when verifying.
    let named = |entry: usize| sight.archive.entries.get(entry).is_none_or(|entry| entry.archived_sha1().is_some());
    let inventory = &sight.archive.inventory;
    let bare = || {
        let summed = plan.files.iter().any(|f| named(f.segment.entry));
        inventory.timelines().len() == 1 && inventory.partials.is_empty() && plan.notes.is_empty() && !summed
    };
    alone && unbroken && if pass == Pass::Text { bare() } else { is_mild(plan) }
}

fn is_mild(plan: &ListPlan<'_>) -> bool {
    plan.notes.iter().all(|n| !n.costs && n.finding.severity == Severity::Info)
}

/// Whether nothing is wrong in a segment.
fn is_sound<F: Fold>(run: &Run<F>, segment: &Segment, is_last: bool) -> bool {
    let sound = run.damages.is_empty()
        && run.more_damages == 0
        && run.slack.is_empty()
        && run.last_timeline == Some(segment.timeline);
    let headed = !matches!(run.head, Head::Damaged | Head::Contradicted { .. });
    let ended = match &run.tail {
        Tail::Stopped(stop) => {
            is_last && stop.rest.clean && stop.rest.leftover == Leftover::default() && !stop.begun_before
        }
        _ => true,
    };
    sound && headed && ended && (run.first.is_some() || run.is_through() || matches!(run.head, Head::Rest(_)))
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
