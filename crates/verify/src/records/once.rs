//! Lists an archive in which nothing is wrong in one reading: each segment is checked and rendered at once.
//!
//! ```text
//! names ──► plan ──► worker: stream (or scan) a segment ──► in order: seam, record over it, text
//!                        └── anything that is not right ──► verify, and list from behind the last record that was written
//! ```
//! Only records that are right are written, in order, so the list can go on in the longer way at any of them: that way
//! writes the
//! same up to there. One thread writes its text piece by piece, as long as it is in the processor's cache.

use super::plan::{File, Plan};
use super::quick::{Reader, is_sound, is_unbroken, names};
use super::range::Range;
use super::segment::Tools;
use super::sequence::{self, Cost};
use super::sheet::{Desk, Sheet, Sum};
use super::{ListError, Listed, Render, Wanted, ordered};
use crate::error::Error;
use crate::look::Looker;
use crate::options::{Depth, Which};
use pgwal_format::TimelineId;
use pgwal_format::record::Record;
use pgwal_source::{How, Source};
use pgwal_walk::seam::seam;
use pgwal_walk::{Fold, Head, KEEP, Run, Stream, Tail};
use std::io;
use std::ops::ControlFlow;
use std::sync::Mutex;

/// What came of it.
pub(super) enum Once {
    /// The whole list.
    Whole(Box<Listed>),
    /// The list up to something that is not right, or nothing yet.
    Until(Sum),
}

/// Bytes of WAL, whole pages of every size, after which text is written.
const WINDOW: usize = 128 * 1024;
/// The least text that is worth writing.
const PIECE: usize = 256 * 1024;

/// Lists as far as nothing is wrong.
pub(super) fn run<R: Render>(
    source: &dyn Source,
    wanted: &Wanted<'_>,
    render: &R,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Once, ListError> {
    let asked = &wanted.options;
    let nothing = Once::Until(Sum::default());
    if wanted.limit.is_some() {
        return Ok(nothing);
    }
    let Some((outcome, sight)) = names(source, asked)? else { return Ok(nothing) };
    let layout = &sight.whose.layout;
    let range = Range::of(asked, layout);
    let target = if let Which::Number(timeline) = asked.timeline { Some(timeline) } else { None };
    let plan = Plan::new(&sight, &outcome.findings, range, target);
    // What a checksum in a name says, is compared when verifying.
    let summed = |f: &File| sight.entries.get(f.segment.entry).is_none_or(|entry| entry.archived_sha1().is_some());
    let simple = sight.inventory.timelines().len() == 1 && sight.inventory.partials.is_empty() && plan.notes.is_empty();
    if !simple || !is_unbroken(&plan) || plan.files.iter().any(summed) {
        return Ok(nothing);
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
    let reader = Reader { looker: &looker, keep: if render.whole() { usize::MAX } else { KEEP } };
    let desk = Desk { render, layout, range, notes: &[], limit: None, free: Mutex::new(Vec::new()) };
    let mut list = List {
        desk: &desk,
        sink,
        left: None,
        sum: Sum::default(),
        begun: false,
        scratch: R::Scratch::default(),
        line: Vec::new(),
    };
    let last = plan.files.len() - 1;
    if let Some(progress) = asked.progress {
        progress.begin(plan.files.len() as u64);
    }
    let stopped = || asked.interrupt.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed));
    let read = || {
        if let Some(progress) = asked.progress {
            progress.file(layout.segment.bytes());
        }
        if stopped() { Err(ListError::Verify(Error::Interrupted)) } else { Ok(()) }
    };
    let mut whole = true;
    if asked.jobs <= 1 {
        let mut tools = Tools::default();
        for (i, file) in plan.files.iter().enumerate() {
            whole = list.piecewise(&reader, file, i == last, &mut tools).map_err(ListError::Output)?;
            if !whole {
                break;
            }
            read()?;
        }
    } else {
        let work = |i: usize, tools: &mut Tools| {
            let file = plan.files.get(i)?;
            let sheet = || Sheet::new(&desk, file.segment.timeline, 0..0);
            Some((*file, reader.read(file, i == last, tools, &sheet)?))
        };
        let mut take = |piece| {
            read()?;
            whole = match piece {
                Some((file, run)) => list.take(&file, run),
                None => Ok(false),
            }
            .map_err(ListError::Output)?;
            Ok(if whole { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        };
        ordered::in_order(asked.jobs, plan.files.len(), &work, &mut take, || ListError::Verify(Error::Threads))?;
    }
    let (sum, segments) = (list.sum, plan.files.len() as u64);
    Ok(if whole {
        Once::Whole(Box::new(sequence::listed(outcome, sum, 0, Cost::default(), segments)))
    } else {
        Once::Until(sum)
    })
}

/// Segments in order.
struct List<'a, 's, R: Render> {
    desk: &'a Desk<'a, R>,
    sink: &'a mut (dyn FnMut(&[u8]) -> io::Result<()> + 's),
    /// What lies right before the next segment, and the timeline of the file in which its last record starts.
    left: Option<(Run<Sheet<'a, R>>, TimelineId)>,
    /// Records that were written.
    sum: Sum,
    /// The segment fits what lies before it, and the record over the seam was written.
    begun: bool,
    scratch: R::Scratch,
    line: Vec<u8>,
}

impl<'a, R: Render> List<'a, '_, R> {
    /// Lists a segment while it is read. `false` where something is not right.
    fn piecewise(&mut self, reader: &Reader<'_>, file: &File, is_last: bool, tools: &mut Tools) -> io::Result<bool> {
        self.begun = false;
        let desk = self.desk;
        let sheet = || Sheet::new(desk, file.segment.timeline, 0..0);
        let mut failed = None;
        // A server uses nothing of a file that is too short or that does not decompress whole, which shows at its end
        // only.
        let size = desk.layout.segment.bytes();
        let is_plain = reader
            .looker
            .entries
            .get(file.segment.entry)
            .is_some_and(|e| e.size == Some(size) && e.suffix().is_empty());
        let after = if is_plain { WINDOW } else { usize::MAX };
        let streamed = {
            let mut go_on = |stream: &mut Stream<'_, Sheet<'a, R>>| {
                let piece = if is_plain { self.piece(stream) } else { Ok(true) };
                piece.unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
            };
            reader.stream(file, tools, sheet(), after, &mut go_on)
        };
        if let Some(error) = failed {
            return Err(error);
        }
        let run = match streamed {
            None => {
                // It may end the archive. What was written of it is not written again.
                let mut rest = sheet();
                rest.range.start = self.sum.end.or(rest.range.start);
                reader.scan(file, tools, rest)
            }
            run => run,
        };
        let Some(run) = run.filter(|run| is_sound(run, file, is_last)) else { return Ok(false) };
        if self.begun { self.end(file, run).map(|()| true) } else { self.take(file, run) }
    }

    /// Lists a segment that was read. `false` where it does not fit what lies before it.
    fn take(&mut self, file: &File, run: Run<Sheet<'a, R>>) -> io::Result<bool> {
        let fits = self.begin(&run)?;
        if fits {
            self.end(file, run)?;
        }
        Ok(fits)
    }

    /// Writes what there is of a segment, if it is worth it. `false` where the segment does not fit what lies before
    /// it.
    fn piece(&mut self, stream: &mut Stream<'_, Sheet<'a, R>>) -> io::Result<bool> {
        if stream.fold().text.len() < PIECE {
            return Ok(true);
        }
        if !self.begun {
            let Some(beginning) = stream.beginning() else { return Ok(true) };
            if !self.begin(&beginning)? {
                return Ok(false);
            }
        }
        self.write(stream.fold())?;
        Ok(true)
    }

    /// Writes the record over the seam with the segment before. `false` where the two do not fit.
    fn begin<B: Fold>(&mut self, right: &Run<B>) -> io::Result<bool> {
        self.begun = true;
        let Some((left, timeline)) = &self.left else { return Ok(true) };
        let Desk { render, layout, range, .. } = self.desk;
        let seam = seam(layout, left, right);
        if seam.damage.is_some() || seam.second.is_some() || seam.first_page.is_some() {
            self.begun = false;
            return Ok(false);
        }
        let Some((lsn, header)) = seam.completed else { return Ok(true) };
        let end = match &right.head {
            Head::Rest(rest) => rest.end.unwrap_or(right.to),
            _ => right.to,
        };
        let record = Record { lsn, end, header, body: &seam.body, layout };
        if render.wants(&header) && range.holds(&record) {
            self.line.clear();
            if let Some(images) = render.record(&record, *timeline, &mut self.scratch, &mut self.line) {
                self.sum.count(&record, images);
                render.done(&mut self.scratch);
                (self.sink)(&self.line)?;
            }
        }
        Ok(true)
    }

    fn write(&mut self, sheet: &mut Sheet<'a, R>) -> io::Result<()> {
        self.desk.render.done(&mut sheet.scratch);
        (self.sink)(&sheet.text)?;
        sheet.text.clear();
        self.sum.add(std::mem::take(&mut sheet.sum));
        Ok(())
    }

    /// Writes the rest of a segment.
    fn end(&mut self, file: &File, mut run: Run<Sheet<'a, R>>) -> io::Result<()> {
        self.write(&mut run.acc)?;
        if let Ok(mut free) = self.desk.free.lock() {
            free.push(std::mem::take(&mut run.acc.text));
        }
        let left = self.left.take();
        let open = left.as_ref().and_then(|(left, _)| seam(self.desk.layout, left, &run).open);
        self.left = Some(match (open, left) {
            // All of this segment is the inside of a record begun before.
            (Some(open), Some((mut left, timeline))) => {
                left.tail = Tail::Open(open);
                left.to = run.to;
                (left, timeline)
            }
            _ => (run, file.segment.timeline),
        });
        Ok(())
    }
}
