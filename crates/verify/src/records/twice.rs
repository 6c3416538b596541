//! Lists an archive that was judged: findings stand at their places among the records.

use super::lister::Lister;
use super::part::ListSink;
use super::plan::{ListPlan, PlannedFile};
use super::range::Range;
use super::rendered::PartRenderer;
use super::sum::{Cost, ListSum, listed};
use super::workers::{ListWorkers, WorkersGuard};
use super::{ListError, ListPart, ListRequest, Listed, Render};
use crate::codes::Code;
use crate::finding::{Detail, Finding};
use crate::outcome::{Outcome, Verdict};
use crate::verify::ExaminedArchive;
use pgwal_archive::names::Segment;
use pgwal_archive::read::Reader;
use pgwal_archive::stretch::PieceKind;
use pgwal_archive::{Buffers, Depth, Error, Readable, Tally, Unusable, Which};
use pgwal_format::Lsn;
use std::io;

/// Lists what was verified; `already`: records that were listed before, in order, from the first on.
pub(super) fn again<R: Render>(
    wanted: &ListRequest<'_>,
    render: &R,
    outcome: Outcome,
    sight: &ExaminedArchive<'_>,
    sink: &mut ListSink<'_, R::Event>,
    already: ListSum,
) -> Result<Listed, ListError> {
    let options = &wanted.options;
    let layout = &sight.archive.cluster.layout;
    let range = Range::of(options, layout);
    let target = if let Which::Number(timeline) = options.timeline { Some(timeline) } else { None };
    let mut plan = ListPlan::new(sight, &outcome.findings, range, (target, options.unfinished));
    let segments = plan.files.len() as u64;
    // What was listed already need not be read again.
    let range = Range { start: already.end.or(range.start), ..range };
    plan.files.retain(|f| range.reaches(f.segment.number, layout));
    let renderer = PartRenderer::new(render, layout, sight.archive.cluster.system_id, range, wanted.limit);
    let reader = Reader { depth: Depth::Records, known: None, facts: false, ..sight.archive.reader() };
    let jobs = options.jobs.max(1);
    let workers = ListWorkers::new(&renderer, jobs);
    let made = std::thread::scope(|scope| {
        let _ending = WorkersGuard(&workers);
        let start = |_: &usize| std::thread::Builder::new().spawn_scoped(scope, || workers.work()).is_ok();
        let workers = (jobs > 1 && (0..jobs).filter(start).count() > 0).then_some(&workers);
        let mut list = Lister::new(&renderer, workers, sink, &plan.notes, already);
        let mut buffers = Buffers::default();
        for file in &plan.files {
            if list.is_full() {
                break;
            }
            if options.interrupt.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed)) {
                return Err(ListError::Verify(Error::Interrupted));
            }
            segment(&mut list, &reader, file, &plan, &mut buffers).map_err(ListError::Output)?;
        }
        if !list.is_full() {
            list.notes(|_| true).map_err(ListError::Output)?;
        }
        Ok((list.sum, list.findings, list.cost))
    });
    let (sum, findings, cost) = made?;
    let last = plan.files.last().filter(|file| file.unfinished);
    let unfinished = last.and_then(|file| sight.archive.entries.get(file.segment.entry)).map(|entry| entry.shown());
    Ok(Listed { unfinished, ..listed(outcome, sum, findings, cost, segments) })
}

/// Lists one segment, and the findings in it.
fn segment<R: Render>(
    list: &mut Lister<'_, '_, R>,
    reader: &Reader<'_>,
    file: &PlannedFile,
    plan: &ListPlan<'_>,
    buffers: &mut Buffers,
) -> io::Result<()> {
    let PlannedFile { segment, start, unusable, .. } = file;
    let layout = list.renderer.layout;
    if list.chain.to().is_some_and(|to| to != *start) {
        list.chain.cut();
    }
    if *unusable == Some(Readable::Nothing) {
        list.chain.cut();
        return list.notes(|place| place < *start);
    }
    let end = layout.address().normal(start.plus_within(layout.segment.bytes()), layout.segment);
    let entry = pick(reader, segment, buffers);
    let alone = Segment { entry, copies: 1, ..*segment };
    let mut begun = false;
    if unusable.is_none() && plan.notes_in(file, end).is_empty() {
        let mut parts = list.parts(&alone);
        let seen = reader.look_by(&alone, Some(&mut parts), buffers);
        let good = seen.pieces.first().and_then(|piece| piece.run()).is_some_and(|run| parts.is_whole(run));
        if good {
            return Ok(());
        }
        begun = parts.give_up();
        list.check()?;
        if list.is_full() {
            return Ok(());
        }
    }
    let keep = list.renderer.keep();
    let scanned = reader.scan_as(&alone, entry, keep, &mut Tally::default, buffers);
    let trouble = trouble(&scanned.why, file, reader, entry);
    let Some(run) = scanned.run else {
        list.chain.cut();
        list.notes(|place| place < *start)?;
        return list.trouble(trouble.as_ref());
    };
    let joint = list.chain.meet(&run);
    list.scan(reader, (&alone, entry), (&run, joint.as_ref()), (begun, trouble.as_ref()), buffers)?;
    list.push(segment, &run);
    Ok(())
}

/// What the file is not any more that it was when it was verified.
fn trouble(why: &Option<Unusable>, file: &PlannedFile, reader: &Reader<'_>, entry: usize) -> Option<Finding> {
    let (code, detail) = match why {
        None => return None,
        Some(Unusable::Refused(why)) => (Code::Unreadable, Detail::Refused(why.clone())),
        Some(_) if file.unusable.is_some() => return None,
        Some(Unusable::Vanished) => (Code::Vanished, Detail::Plain),
        Some(
            Unusable::Changed
            | Unusable::Packed { .. }
            | Unusable::Otherwise { .. }
            | Unusable::Encrypted(_)
            | Unusable::WrongKey(_)
            | Unusable::Unknown(_)
            | Unusable::Size { .. },
        ) => (Code::Changed, Detail::Plain),
        Some(_) => return None,
    };
    let layout = &reader.cluster.layout;
    Some(Finding {
        timeline: Some(file.segment.timeline),
        lsn: Some(first_record(file.start, layout)),
        at: Some(file.start),
        file: reader.entries.get(entry).map(|e| e.shown()),
        offset: Some(0),
        detail,
        ..Finding::of(code)
    })
}

fn first_record(start: Lsn, layout: &pgwal_format::Layout) -> Lsn {
    start.plus_within(layout.long_header() as u64)
}

/// The file that counts, where a segment has several: the first that a server can use.
fn pick(reader: &Reader<'_>, segment: &Segment, buffers: &mut Buffers) -> usize {
    if segment.copies <= 1 {
        return segment.entry;
    }
    let is_good = |entry: &usize| {
        let stretch = reader.look(&Segment { entry: *entry, copies: 1, ..*segment }, buffers);
        matches!(stretch.pieces.first().map(|piece| &piece.kind), Some(PieceKind::Run(_)))
    };
    (segment.entry..segment.entry + segment.copies).find(is_good).unwrap_or(segment.entry)
}

/// No file can be read: the findings say why.
pub(super) fn findings_alone<R: Render>(
    render: &R,
    outcome: Outcome,
    sink: &mut ListSink<'_, R::Event>,
) -> Result<Listed, ListError> {
    let mut text = ListPart::default();
    for finding in &outcome.findings {
        render.finding(finding, None, &mut text);
    }
    sink(&text).map_err(ListError::Output)?;
    let findings = outcome.findings.len() as u64;
    let cost = Cost { complete: false, refuted: outcome.verdict == Verdict::Refuted };
    Ok(listed(outcome, ListSum::default(), findings, cost, 0))
}
