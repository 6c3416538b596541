//! The first pass: an archive is read once, judged from that, and listed as far as nothing is wrong.

use super::lister::Lister;
use super::part::ListSink;
use super::plan::ListPlan;
use super::range::Range;
use super::rendered::{PartRenderer, RenderedRecords};
use super::sum::ListSum;
use super::workers::{ListWorkers, WorkersGuard};
use super::{ListError, ListRequest, Render};
use crate::codes::Severity;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::verify::{ExaminedArchive, examine, judge};
use pgwal_archive::names::Segment;
use pgwal_archive::ordered::in_order;
use pgwal_archive::read::{GatheredBeside, Reader};
use pgwal_archive::stretch::{PieceKind, Stretch};
use pgwal_archive::{Archive, Buffers, Error, Opened, Turn, Which};
use pgwal_format::SegmentNo;
use pgwal_source::Source;
use pgwal_walk::{Fold, Head, Leftover, Run, Tail};
use std::io;
use std::ops::ControlFlow;

/// What a first pass is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Text that is written as it comes.
    Text,
    /// Sums that can be thrown away.
    Sums,
}

/// What a first pass came to.
pub(super) enum FirstPass<'a> {
    /// Everything, of so many segments.
    Whole(Box<Outcome>, ListSum, u64),
    /// The same of whole segments, to the end of the sum; an unfinished one behind them is still to be listed.
    Unfinished(Box<Outcome>, ExaminedArchive<'a>, ListSum),
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
pub(super) fn once<'a, R: Render>(
    source: &'a dyn Source,
    wanted: &ListRequest<'a>,
    render: &R,
    sink: &mut ListSink<'_, R::Event>,
    pass: Pass,
) -> Result<FirstPass<'a>, ListError> {
    let Some((outcome, sight)) = names(source, &wanted.options)? else {
        return Ok(FirstPass::Unread(ListSum::default()));
    };
    // Which line is listed, only reading all of them tells.
    if outcome.lines.len() > 1 {
        return Ok(FirstPass::Unread(ListSum::default()));
    }
    let archive = &sight.archive;
    let layout = &archive.cluster.layout;
    let range = Range::of(&wanted.options, layout);
    let target = if let Which::Number(timeline) = wanted.options.timeline { Some(timeline) } else { None };
    let plan = ListPlan::new(&sight, &outcome.findings, range, (target, wanted.options.unfinished));
    let last_whole = plan.files.iter().rfind(|f| !f.unfinished);
    let Some(last) = last_whole.map(|f| f.segment.number).filter(|_| is_simple(&sight, &plan, pass)) else {
        return Ok(FirstPass::Unread(ListSum::default()));
    };
    let segments = plan.files.len() as u64;
    let Opened::Archive(mut archive) = Archive::open(source, wanted.options.look()).map_err(ListError::Verify)? else {
        return Ok(FirstPass::Unread(ListSum::default()));
    };
    if archive.cluster.layout != *layout {
        return Ok(FirstPass::Unread(ListSum::default()));
    }
    let mut renderer = PartRenderer::new(render, layout, archive.cluster.system_id, range, wanted.limit);
    renderer.quiet = pass == Pass::Sums;
    let jobs = wanted.options.jobs.max(1);
    let workers = ListWorkers::new(&renderer, jobs);
    let (seen, sum, whole, end) = std::thread::scope(|scope| {
        let _ending = WorkersGuard(&workers);
        let start = |_: &usize| std::thread::Builder::new().spawn_scoped(scope, || workers.work()).is_ok();
        // Sums are made of whole segments, by threads of their own.
        let in_parts = jobs > 1 && pass == Pass::Text;
        let workers = (in_parts && (0..jobs).filter(start).count() > 0).then_some(&workers);
        let mut list = Lister::new(&renderer, workers, sink, &[], ListSum::default());
        let mut whole = true;
        let seen = archive.read::<Halt>(&mut |turn| match pass {
            Pass::Text => text(&mut list, turn, last, &mut whole),
            Pass::Sums => sums(&mut list, turn, (last, jobs), &mut whole),
        });
        (seen, list.sum, whole, list.chain.end())
    });
    match seen {
        Err(Halt::Full) => Ok(FirstPass::Whole(Box::new(outcome), sum, segments)),
        Err(Halt::Error(error)) => Err(error),
        Ok(None) => Ok(FirstPass::Unread(sum)),
        Ok(Some(seen)) => {
            let (judged, sight) = judge(archive, seen, &wanted.options).map_err(ListError::Verify)?;
            let plan = ListPlan::new(&sight, &judged.findings, range, (target, wanted.options.unfinished));
            let in_order = match pass {
                Pass::Text => plan.notes.is_empty(),
                Pass::Sums => is_mild(&plan),
            };
            let goes_on = plan.files.iter().any(|f| f.unfinished);
            drop(plan);
            Ok(match whole && in_order {
                true if goes_on && end.is_some() => {
                    FirstPass::Unfinished(Box::new(judged), sight, ListSum { end, ..sum })
                }
                true if !goes_on => FirstPass::Whole(Box::new(judged), sum, segments),
                _ => FirstPass::Judged(Box::new(judged), sight, sum),
            })
        }
    }
}

/// Lists segments in order, as far as nothing is wrong.
fn text<R: Render>(
    list: &mut Lister<'_, '_, R>,
    turn: &Turn<'_>,
    last: SegmentNo,
    whole: &mut bool,
) -> Result<Vec<(Segment, Stretch)>, Halt> {
    let (mut taken, mut buffers) = (Vec::new(), Buffers::default());
    for segment in &turn.segments {
        let (stretch, goes_on) = one(list, &turn.reader, segment, segment.number == last, &mut buffers)?;
        if list.is_full() {
            return Err(Halt::Full);
        }
        turn.read(&stretch)?;
        taken.push((*segment, stretch));
        if !goes_on {
            *whole = false;
            break;
        }
    }
    Ok(taken)
}

/// Hands on the sums of segments in order, as far as nothing is wrong: each is read by one thread, as a whole.
fn sums<R: Render>(
    list: &mut Lister<'_, '_, R>,
    turn: &Turn<'_>,
    (last, jobs): (SegmentNo, usize),
    whole: &mut bool,
) -> Result<Vec<(Segment, Stretch)>, Halt> {
    let (renderer, reader) = (list.renderer, &turn.reader);
    let work = |i: usize, buffers: &mut Buffers| {
        let segment = *turn.segments.get(i)?;
        let mut own = GatheredBeside::new(reader.expect(&segment, renderer.keep()), renderer.records(segment.timeline));
        let stretch = reader.look_by(&segment, Some(&mut own), buffers);
        Some((segment, stretch, own.gathered()))
    };
    let (mut taken, mut buffers) = (Vec::new(), Buffers::default());
    let mut take = |piece| {
        let Some((segment, stretch, rendered)) = piece else { return Ok(ControlFlow::Break(())) };
        let goes_on = put(list, reader, (&segment, segment.number == last), &stretch, rendered, &mut buffers)?;
        turn.read(&stretch)?;
        taken.push((segment, stretch));
        *whole &= goes_on;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    };
    in_order(jobs, turn.segments.len(), &work, &mut take, || Halt::from(Error::Threads))?;
    Ok(taken)
}

/// Puts a segment behind those before it. Says whether the list goes on.
fn put<R: Render>(
    list: &mut Lister<'_, '_, R>,
    reader: &Reader<'_>,
    (segment, is_last): (&Segment, bool),
    stretch: &Stretch,
    rendered: Option<RenderedRecords<'_, R>>,
    buffers: &mut Buffers,
) -> Result<bool, Halt> {
    let Some(run) = run_of(stretch).filter(|run| is_sound(run, segment, is_last)) else { return Ok(false) };
    let joint = list.chain.meet(run);
    if joint.as_ref().is_some_and(|joint| !joint.fits()) {
        return Ok(false);
    }
    match rendered {
        Some(mut rendered) => {
            if let Some(over) = joint.as_ref().and_then(|joint| joint.over.as_ref()) {
                list.between(&over.record(list.renderer.layout))?;
            }
            list.renderer.render.done(&mut rendered.scratch);
            list.renderer.give_back((rendered.text, rendered.scratch));
        }
        None => list.scan(reader, (segment, segment.entry), (run, joint.as_ref()), (false, None), buffers)?,
    }
    list.push(segment, run);
    Ok(true)
}

/// Lists a segment of an archive of which nothing is known to be wrong. Says what it came to, and whether the list goes
/// on.
fn one<R: Render>(
    list: &mut Lister<'_, '_, R>,
    reader: &Reader<'_>,
    segment: &Segment,
    is_last: bool,
    buffers: &mut Buffers,
) -> Result<(Stretch, bool), Halt> {
    let entry = reader.entries.get(segment.entry);
    let size = list.renderer.layout.segment.bytes();
    // A server uses nothing of a file that does not decompress whole, which shows at its end only.
    let packed = entry.is_none_or(|e| e.size != Some(size) || !e.suffix().is_empty());
    let (mut stretch, mut listed, mut begun) = (None, false, false);
    if packed {
        stretch = Some(reader.look(segment, buffers));
    }
    let known = stretch.as_ref().and_then(run_of);
    if !packed || known.is_some_and(|run| is_sound(run, segment, is_last)) {
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
    let (outcome, sight) = examine(source, &asked.names()).map_err(ListError::Verify)?;
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
