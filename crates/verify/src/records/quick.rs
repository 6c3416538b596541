//! Gathers from an archive that is whole in one reading: each segment is checked and handed to the renderer at once.
//!
//! ```text
//! names ──► plan ──► worker: stream (or scan) a segment ──► in order: seam, record over it, Render::done
//!                        └── anything that is not right ──► None: verify, then list
//! ```
//! What is wrong is said in one place only. Here it is enough to know that nothing is: no damage in a segment, none at
//! a seam,
//! nothing behind the end but zeros, no second file of a segment, no segment missing, one timeline.

use super::plan::{File, Plan};
use super::range::Range;
use super::segment::Tools;
use super::{Gathered, ListError, Render, Wanted, ordered};
use crate::codes::Severity;
use crate::error::Error;
use crate::look::Looker;
use crate::options::{Depth, Options, Which};
use crate::outcome::Outcome;
use crate::verify::{Sight, examine};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, TimelineId};
use pgwal_source::{Codec, How, ReadState, Source};
use pgwal_walk::seam::seam;
use pgwal_walk::{Expect, Fold, Head, KEEP, Run, Stream, Tail, scan};
use std::io;
use std::ops::ControlFlow;

/// Gathers, or says that the archive is not whole, or not simple enough to tell without verifying it.
pub(super) fn run<R: Render>(
    source: &dyn Source,
    wanted: &Wanted<'_>,
    render: &R,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Option<Gathered>, ListError> {
    let asked = &wanted.options;
    let Some((outcome, sight)) = names(source, asked)? else { return Ok(None) };
    let layout = &sight.whose.layout;
    let range = Range::of(asked, layout);
    let target = if let Which::Number(timeline) = asked.timeline { Some(timeline) } else { None };
    let plan = Plan::new(&sight, &outcome.findings, range, target);
    let mild = plan.notes.iter().all(|n| !n.costs && n.finding.severity == Severity::Info);
    if !mild || !is_unbroken(&plan) {
        return Ok(None);
    }
    let how = How { map: asked.map, ..How::default() };
    let looker = Looker {
        source,
        entries: &sight.entries,
        consensus: &sight.whose,
        how,
        live: false,
        depth: Depth::Records,
        known: None,
        facts: false,
    };
    let last = plan.files.len() - 1;
    let reader = Reader { looker: &looker, keep: if render.whole() { usize::MAX } else { KEEP } };
    let quick = Quick { render, range: Some(range).filter(|r| r.start.is_some() || r.end.is_some()) };
    let work = |i: usize, tools: &mut Tools| {
        let file = plan.files.get(i)?;
        Some((*file, reader.read(file, i == last, tools, &|| quick.pass(file.segment.timeline))?))
    };
    if let Some(progress) = asked.progress {
        progress.begin(plan.files.len() as u64);
    }
    let mut chain = Chain { quick: &quick, layout, left: None, scratch: R::Scratch::default(), whole: true };
    let stopped = || asked.interrupt.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed));
    let mut take = |piece| {
        if stopped() {
            return Err(ListError::Verify(Error::Interrupted));
        }
        if let Some(progress) = asked.progress {
            progress.file(layout.segment.bytes());
        }
        chain.whole = match piece {
            Some((file, run)) => chain.take(&file, run),
            None => false,
        };
        Ok(if chain.whole { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    };
    ordered::in_order(asked.jobs, plan.files.len(), &work, &mut take, || ListError::Verify(Error::Threads))?;
    if !chain.whole {
        return Ok(None);
    }
    let mut text = Vec::new();
    for note in &plan.notes {
        render.finding(note.finding, Some(layout), &mut text);
    }
    sink(&text).map_err(ListError::Output)?;
    let (segments, findings) = (plan.files.len() as u64, plan.notes.len() as u64);
    Ok(Some(Gathered { complete: true, refuted: false, segments, findings, outcome }))
}

/// What names tell of an archive, if they tell of one timeline without gaps, in files that may be good.
pub(super) fn names(source: &dyn Source, asked: &Options<'_>) -> Result<Option<(Outcome, Sight)>, ListError> {
    let mut names = Options::default();
    (names.depth, names.timeline, names.start, names.end) = (Depth::Names, asked.timeline, asked.start, asked.end);
    (names.jobs, names.map, names.interrupt) = (asked.jobs, asked.map, asked.interrupt);
    let (outcome, sight) = examine(source, &names).map_err(ListError::Verify)?;
    let simple = |s: &Sight| !s.live && s.way.legs.len() == 1 && s.way.holes.is_empty() && s.unusable.is_empty();
    Ok(sight.filter(simple).map(|sight| (outcome, sight)))
}

/// A file a segment, and none missing.
pub(super) fn is_unbroken(plan: &Plan<'_>) -> bool {
    let alone = plan.files.iter().all(|f| f.segment.copies <= 1 && f.unusable.is_none());
    alone
        && !plan.files.is_empty()
        && plan.files.windows(2).all(|pair| matches!(pair, [a, b] if a.segment.number.next() == b.segment.number))
}

struct Quick<'a, R> {
    render: &'a R,
    /// Not all records.
    range: Option<Range>,
}

/// What is gathered of one segment.
struct Pass<'a, R: Render> {
    render: &'a R,
    range: Option<Range>,
    timeline: TimelineId,
    scratch: R::Scratch,
    /// Nothing is ever written there.
    text: Vec<u8>,
}

impl<R: Render> std::fmt::Debug for Pass<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass").field("timeline", &self.timeline).finish_non_exhaustive()
    }
}

impl<R: Render> Fold for Pass<'_, R> {
    type Mark = ();

    fn mark(&self) {}

    fn after(_: &mut (), _: &Self) {}

    #[inline(always)]
    fn wants(&self, header: &RecordHeader) -> bool {
        self.render.wants(header)
    }

    #[inline(always)]
    fn pass(&mut self, _: &RecordHeader) {}

    #[inline(always)]
    fn record(&mut self, record: &Record<'_>) {
        if self.range.is_none_or(|range| range.holds(record)) {
            self.render.record(record, self.timeline, &mut self.scratch, &mut self.text);
        }
    }

    /// Segments are taken one by one.
    fn join(&mut self, _: Self) {}
}

impl<'a, R: Render> Quick<'a, R> {
    fn pass(&self, timeline: TimelineId) -> Pass<'a, R> {
        Pass { render: self.render, range: self.range, timeline, scratch: R::Scratch::default(), text: Vec::new() }
    }
}

/// Reads segments in which nothing is wrong.
pub(super) struct Reader<'a> {
    pub looker: &'a Looker<'a>,
    /// Bytes kept of a record that crosses pages.
    pub keep: usize,
}

impl Reader<'_> {
    /// `None` where anything is wrong.
    pub fn read<F: Fold>(&self, file: &File, is_last: bool, tools: &mut Tools, make: &dyn Fn() -> F) -> Option<Run<F>> {
        let run =
            self.stream(file, tools, make(), usize::MAX, &mut |_| true).or_else(|| self.scan(file, tools, make()))?;
        is_sound(&run, file, is_last).then_some(run)
    }

    fn expect(&self, file: &File) -> Expect<'_> {
        let consensus = self.looker.consensus;
        let (timeline, system_id) = (Some(file.segment.timeline), Some(consensus.system_id));
        Expect { layout: &consensus.layout, start: file.start, timeline, system_id, keep: self.keep }
    }

    /// As its bytes come; `go_on` looks at the stream after so many bytes, whole pages, and may break off.
    pub fn stream<F: Fold>(
        &self,
        file: &File,
        tools: &mut Tools,
        fold: F,
        after: usize,
        go_on: &mut dyn FnMut(&mut Stream<'_, F>) -> bool,
    ) -> Option<Run<F>> {
        let mut stream = Stream::new(self.expect(file), fold).ok()?;
        let mut good = true;
        self.bytes(file, tools, &mut |window| {
            good = window.chunks(after).all(|part| stream.push(part).is_ok() && go_on(&mut stream));
            if good { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if good { stream.finish().ok() } else { None }
    }

    /// Whole.
    pub fn scan<F: Fold>(&self, file: &File, tools: &mut Tools, fold: F) -> Option<Run<F>> {
        let mut bytes = std::mem::take(&mut tools.bytes);
        bytes.clear();
        let size = self.looker.consensus.layout.segment.bytes();
        let read = self.bytes(file, tools, &mut |window| {
            bytes.extend_from_slice(window);
            if bytes.len() as u64 > size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let whole = read.is_some() && bytes.len() as u64 == size;
        let run = whole.then(|| scan(&bytes, self.expect(file), fold));
        tools.bytes = bytes;
        run
    }

    /// Reads a file that is whole and stays as it is.
    fn bytes(&self, file: &File, tools: &mut Tools, take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Option<()> {
        let looker = self.looker;
        let size = looker.consensus.layout.segment.bytes();
        let entry = looker.entries.get(file.segment.entry)?;
        let how = How { limit: size, ..looker.how };
        let read = looker.source.read(entry, &how, &mut tools.scratch, take).ok()?;
        let whole = read.state == ReadState::Whole && read.plain_bytes == size;
        (whole && (read.codec != Codec::Plain || read.stored_bytes == Some(size))).then_some(())
    }
}

/// Whether nothing is wrong in a segment.
pub(super) fn is_sound<F: Fold>(run: &Run<F>, file: &File, is_last: bool) -> bool {
    let sound = run.damages.is_empty()
        && run.more_damages == 0
        && run.slack.is_empty()
        && run.last_timeline == Some(file.segment.timeline);
    let headed = !matches!(run.head, Head::Damaged | Head::Contradicted { .. });
    let ended = match &run.tail {
        Tail::Stopped(stop) => {
            is_last && stop.rest.clean && stop.rest.leftover == pgwal_walk::Leftover::default() && !stop.begun_before
        }
        _ => true,
    };
    sound && headed && ended && (run.first.is_some() || run.is_through() || matches!(run.head, Head::Rest(_)))
}

/// Segments in order.
struct Chain<'a, R: Render> {
    quick: &'a Quick<'a, R>,
    layout: &'a Layout,
    left: Option<(Run<Pass<'a, R>>, TimelineId)>,
    scratch: R::Scratch,
    whole: bool,
}

impl<'a, R: Render> Chain<'a, R> {
    /// Takes the next segment. `false` where it does not fit.
    fn take(&mut self, file: &File, mut run: Run<Pass<'a, R>>) -> bool {
        let render = self.quick.render;
        let left = self.left.take();
        let mut open = None;
        if let Some((left, timeline)) = &left {
            let seam = seam(self.layout, left, &run);
            if seam.damage.is_some() || seam.second.is_some() || seam.first_page.is_some() {
                return false;
            }
            if let Some((lsn, header)) = seam.completed {
                let end = match &run.head {
                    Head::Rest(rest) => rest.end.unwrap_or(run.to),
                    _ => run.to,
                };
                let record = Record { lsn, end, header, body: &seam.body, layout: self.layout };
                if render.wants(&header) && self.quick.range.is_none_or(|range| range.holds(&record)) {
                    render.record(&record, *timeline, &mut self.scratch, &mut Vec::new());
                    render.done(&mut self.scratch);
                }
            }
            open = seam.open;
        }
        render.done(&mut run.acc.scratch);
        self.left = Some(match (open, left) {
            (Some(open), Some((mut left, timeline))) => {
                left.tail = Tail::Open(open);
                left.to = run.to;
                (left, timeline)
            }
            _ => (run, file.segment.timeline),
        });
        true
    }
}
