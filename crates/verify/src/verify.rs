//! The whole of verification, in order.

use crate::codes::Code;
use crate::consensus::{Consensus, beginning, consensus};
use crate::error::Error;
use crate::finding::{Detail, Finding};
use crate::index::{Known, Parts, Session};
use crate::inventory::{Inventory, Segment};
use crate::judge::{Judge, Partial, Reports, whole_way};
use crate::look::{Buffers, Looker};
use crate::options::{Depth, Options};
use crate::outcome::{Backup, Outcome, Verdict};
use crate::path::Way;
use crate::settle::{Field, Settled, settled};
use crate::stretch::{Kind, Piece, Readable, Stretch, Why};
use crate::tally::Tally;
use crate::tree::{Tree, switch_segment};
use pgwal_format::sniff::{self, Content};
use pgwal_format::text::backup_history::{self, BackupHistory};
use pgwal_format::text::control::checkpoint_timeline;
use pgwal_format::{FileName, Layout, SegmentName, SegmentNo, TimelineId};
use pgwal_source::name::{self, Place, Placed};
use pgwal_source::{Codec, Entry, How, Ignored, ReadState, Source};
use pgwal_walk::Run;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Verifies what lies in a source.
///
/// # Errors
/// The source cannot be listed, nothing there has the name of WAL, or the caller asked for an early end. What is wrong
/// with files is in the outcome.
pub fn verify(source: &dyn Source, options: &Options<'_>) -> Result<Outcome, Error> {
    let mut outcome = examine(source, options)?.0;
    // Whatever was asked whose WAL this is went away meanwhile.
    let gone =
        |outcome: &Outcome| outcome.layout.is_none() && outcome.findings.iter().any(|f| f.code == Code::Vanished);
    for _ in 0..LOOKS {
        if gone(&outcome) {
            outcome = examine(source, options)?.0;
        }
    }
    // A server writes while we read: what was looked at before it was written does not fit what was looked at after.
    // What
    // is still wrong when looked at again is wrong.
    let mut again = 0;
    while outcome.live && outcome.verdict != Verdict::Proven && options.depth == Depth::Records && again < LOOKS {
        std::thread::sleep(Duration::from_millis(200));
        outcome = examine(source, options)?.0;
        again += 1;
    }
    Ok(outcome)
}

/// Verifies an archive of which other processes summarised the parts: what one run over all of it would say. Of
/// `options`,
/// an index is not looked at.
///
/// # Errors
/// As [`verify`]; also where the parts do not say enough.
pub fn verify_parts(parts: Parts, options: &Options<'_>) -> Result<Outcome, Error> {
    let used = parts.used();
    let (kept, joined) = parts.join();
    let options = Options { index: None, joined: Some(&joined), severities: options.severities.clone(), ..*options };
    let mut outcome = examine(&kept, &options)?.0;
    outcome.parts = Some(used);
    match joined.unclear() {
        Some(file) => Err(Error::Unclear { file }),
        None => Ok(outcome),
    }
}

/// How often a live directory that does not prove itself is looked at again.
const LOOKS: u32 = 4;

/// What a second look at the same files needs to know.
pub(crate) struct Sight {
    pub whose: Consensus,
    pub entries: Vec<Entry>,
    pub inventory: Inventory,
    /// The way of recovery.
    pub way: Way,
    /// Files on it that a server cannot use.
    pub unusable: Vec<(TimelineId, SegmentNo, Readable)>,
    pub live: bool,
}

/// Verifies, and keeps what was learned of the files. No sight where no file could be read.
pub(crate) fn examine(source: &dyn Source, options: &Options<'_>) -> Result<(Outcome, Option<Sight>), Error> {
    let (mut trusting, mut again) = (true, LOOKS);
    loop {
        match attempt(source, options, trusting, again > 0)? {
            Attempt::Seen(seen) => return Ok(*seen),
            Attempt::Misled => trusting = false,
            Attempt::StartAgain => again = again.saturating_sub(1),
        }
    }
}

/// How an attempt ended.
enum Attempt {
    /// With an outcome.
    Seen(Box<(Outcome, Option<Sight>)>),
    /// What the index had shortened because the segment before tells the rest, turned out to be behind another one.
    Misled,
    /// What came meanwhile asks for a new beginning.
    StartAgain,
}

/// `trusting`: takes from the index what was shortened, too. `again`: may ask for a new beginning.
fn attempt(source: &dyn Source, options: &Options<'_>, trusting: bool, again: bool) -> Result<Attempt, Error> {
    let mut listing = source.list()?;
    let mut added = std::mem::take(&mut listing.entries);
    let entries = &added;
    let live = source.is_live();
    let mut findings: Vec<Finding> =
        listing.unreadable.iter().map(|(file, error)| unreadable(file, error.to_string())).collect();
    let has_wal = entries.iter().any(|e| matches!(e.name, None | Some(FileName::Segment(_) | FileName::Partial(_))));
    if !has_wal && findings.is_empty() {
        return Err(Error::NoWal { place: source.describe(), unknown: listing.unknown });
    }
    let remembered = options.index.filter(|_| options.depth == Depth::Records);
    let mut session = remembered.map(|index| Session::begin(index, source, entries, live, trusting));
    let (whose, names) = consensus(source, entries, &|entry| match options.joined {
        Some(joined) => joined.first(entry),
        None => session.as_ref()?.first(entry),
    });
    let Some(whose) = whose else {
        let nobody = nobody(source, entries, findings, options, live, (listing.ignored.count, listing.unknown));
        return Ok(Attempt::Seen(Box::new((nobody, None))));
    };
    let named = |index: usize| names.iter().find(|(i, _)| *i == index).map(|(_, name)| *name);
    let mut inventory = Inventory::new(entries, &named, &whose.layout);
    if let Some(session) = &mut session {
        session.settle(&whose, &inventory)?;
    }
    findings.iter_mut().for_each(|finding| place(finding, &whose.layout));
    // A file given by hand that has neither the name of WAL nor its content.
    let strangers = entries.iter().enumerate().filter(|(i, e)| e.name.is_none() && named(*i).is_none());
    findings.extend(strangers.map(|(_, entry)| name_file(source, entry)));
    let tree = Tree::read(source, entries, &inventory, &mut findings);
    let backups = backups(source, entries, &inventory, &mut findings);
    let how = How { map: options.map.filter(|_| !live), ..How::default() };
    let known =
        session.as_ref().map(|session| session as &dyn Known).or(options.joined.map(|joined| joined as &dyn Known));
    let looker =
        Looker { source, entries, consensus: &whose, how, live, depth: options.depth, known, facts: options.facts };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs.max(1)).build().map_err(|_| Error::Threads)?;
    let mut stretches = pool.install(|| look_at_all(&looker, &inventory, &tree, options));
    let field = Field { source, consensus: &whose, names: &names, tree: &tree, options };
    // Parts are what they were when they were made.
    match if live || options.joined.is_some() {
        Settled::As(Vec::new())
    } else {
        field.settle(&mut added, &mut inventory, &mut stretches)
    } {
        Settled::As(told) => findings.extend(told),
        Settled::StartAgain if again => return Ok(Attempt::StartAgain),
        Settled::StartAgain => {}
    }
    let entries = &added;
    let looker =
        Looker { source, entries, consensus: &whose, how, live, depth: options.depth, known, facts: options.facts };
    if options.interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
        return Err(Error::Interrupted);
    }
    for (timeline, first, second) in stretches.iter().flat_map(|(t, s)| s.copies.iter().map(move |(a, b)| (*t, *a, *b)))
    {
        let shown = |i: usize| entries.get(i).map(Entry::shown).unwrap_or_default();
        findings.push(Finding {
            timeline: Some(timeline),
            file: Some(shown(first)),
            detail: Detail::Copies { other: shown(second) },
            ..Finding::of(Code::CopiesDiffer)
        });
    }
    let (partials, renamed) = partials(&looker, &inventory);
    let renamed = stretches.values().flat_map(|s| &s.renamed).chain(&renamed);
    findings
        .extend(renamed.filter_map(|&(index, found)| Some(renamed_file(entries.get(index)?, found, &whose.layout))));
    if let Some(session) = &session {
        if session.misled(&inventory) {
            return Ok(Attempt::Misled);
        }
        let changed = session.changed().into_iter().filter_map(|index| entries.get(index));
        findings.extend(changed.map(|entry| changed_file(entry, &whose.layout)));
    }
    let pieces = stretches.into_iter().map(|(t, s)| (t, s.pieces)).collect();
    let start = source.control_file().and_then(|bytes| checkpoint_timeline(&bytes, &whose.layout, whose.system_id));
    let judge =
        Judge::new(&whose, entries, &inventory, &tree, options, live, start, backups, pieces, partials, findings);
    let mut reports = judge.judge();
    let (way, unusable) = (std::mem::take(&mut reports.way), std::mem::take(&mut reports.unusable));
    let mut outcome = outcome(reports, &whose, &tree, options, live, (listing.ignored.count, listing.unknown));
    // One that is accepted has become what is proven; one that is only ignored has not.
    let accepted = outcome.findings.iter().filter(|f| f.code == Code::SegmentChanged && f.accepted);
    let accepted: HashSet<&str> = accepted.filter_map(|f| f.file.as_deref()).collect();
    outcome.index = session.map(|session| session.end(&whose, &inventory, &accepted));
    Ok(Attempt::Seen(Box::new((outcome, Some(Sight { whose, entries: added, inventory, way, unusable, live })))))
}

fn outcome(
    reports: Reports,
    whose: &Consensus,
    tree: &Tree,
    options: &Options<'_>,
    live: bool,
    (ignored, unknown): (u64, Ignored),
) -> Outcome {
    Outcome {
        verdict: reports.verdict,
        depth: options.depth,
        layout: Some(whose.layout),
        system_id: Some(whose.system_id),
        path: reports.path,
        timelines: reports.timelines,
        branches: tree.branches(),
        backups: reports.backups,
        findings: reports.findings,
        lowered: reports.lowered,
        replay: reports.replay,
        replayed: reports.replayed,
        facts: reports.facts,
        not_checked: reports.not_checked,
        ignored,
        unknown,
        replay_segments: reports.replay_segments,
        live,
        restore: None,
        index: None,
        parts: None,
        fresh: None,
    }
}

/// Scans every segment asked for: each timeline's in stretches that end where another timeline begins, so that runs can
/// be joined along any way.
fn look_at_all(
    looker: &Looker<'_>,
    inventory: &Inventory,
    tree: &Tree,
    options: &Options<'_>,
) -> BTreeMap<TimelineId, Stretch> {
    let layout = &looker.consensus.layout;
    let cuts = cuts(inventory, tree, layout);
    let address = layout.address();
    let asked = |s: &&Segment| {
        let start = options.start.is_none_or(|lsn| s.number >= address.segment(lsn, layout.segment));
        start && options.end.is_none_or(|lsn| address.segment_start(s.number, layout.segment) < lsn)
    };
    let mut out = BTreeMap::new();
    let all: Vec<(TimelineId, Vec<Segment>)> = inventory
        .timelines()
        .into_iter()
        .map(|t| (t, inventory.of(t).iter().filter(asked).copied().collect()))
        .collect();
    if let Some(progress) = options.progress {
        progress.begin(all.iter().map(|(_, s)| s.len() as u64).sum());
    }
    for (timeline, segments) in all {
        let mut whole = Stretch::default();
        for part in segments.chunk_by(|a, b| a.number.next() == b.number && cuts.binary_search(&b.number).is_err()) {
            let look = |buffers: &mut Buffers, segment: &Segment| {
                if options.interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    return Stretch::default();
                }
                let seen = match options.depth {
                    Depth::Names => looker.name_only(segment),
                    Depth::Pages | Depth::Records => looker.look(segment, buffers),
                };
                if let Some(progress) = options.progress {
                    progress.file(seen.bytes);
                }
                seen
            };
            let stretch = if options.jobs <= 1 {
                let mut buffers = Buffers::default();
                part.iter().map(|s| look(&mut buffers, s)).reduce(|a, b| a.join(b, layout)).unwrap_or_default()
            } else {
                part.par_iter()
                    .map_init(Buffers::default, look)
                    .reduce_with(|a, b| a.join(b, layout))
                    .unwrap_or_default()
            };
            whole.bytes += stretch.bytes;
            whole.copies.extend(stretch.copies);
            whole.renamed.extend(stretch.renamed);
            whole.pieces.extend(stretch.pieces);
        }
        out.insert(timeline, whole);
    }
    out
}

/// Segments in front of which runs are not joined, in order.
pub(crate) fn cuts(inventory: &Inventory, tree: &Tree, layout: &Layout) -> Vec<SegmentNo> {
    let mut cuts: Vec<SegmentNo> =
        inventory.timelines().iter().filter_map(|&t| inventory.of(t).first()).map(|s| s.number).collect();
    // Wherever recovery to any timeline goes over from one file list to another.
    cuts.extend(
        inventory
            .timelines()
            .iter()
            .flat_map(|&t| whole_way(inventory, &tree.line(t, layout)).legs)
            .map(|leg| leg.first),
    );
    cuts.extend(tree.nodes.iter().filter_map(|n| switch_segment(&n.ancestors.last()?.switch, layout)));
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// Unfinished segments, and those whose content is not what the checksum in their name says.
fn partials(looker: &Looker<'_>, inventory: &Inventory) -> (Vec<Partial>, Vec<(usize, [u8; 20])>) {
    let mut buffers = Buffers::default();
    let mut renamed = Vec::new();
    let mut look = |s: &Segment| {
        let mut seen = looker.look(&Segment { copies: 1, ..*s }, &mut buffers);
        renamed.append(&mut seen.renamed);
        let piece = seen.pieces.pop();
        let (run, why): (Option<Run<Tally>>, Option<Why>) = match piece.map(|p: Piece| p.kind) {
            Some(Kind::Run(run)) => (Some(*run), None),
            Some(Kind::Bad(bad)) => (bad.run, Some(bad.why)),
            None => (None, None),
        };
        Partial { timeline: s.timeline, number: s.number, entry: s.entry, run, why }
    };
    let partials = inventory.partials.iter().map(&mut look).collect();
    (partials, renamed)
}

fn renamed_file(entry: &Entry, found: [u8; 20], layout: &Layout) -> Finding {
    let mut finding = Finding {
        file: Some(entry.shown()),
        detail: Detail::NameChecksum { found },
        ..Finding::of(Code::NameChecksum)
    };
    place(&mut finding, layout);
    finding
}

fn changed_file(entry: &Entry, layout: &Layout) -> Finding {
    let mut finding = Finding { file: Some(entry.shown()), ..Finding::of(Code::SegmentChanged) };
    place(&mut finding, layout);
    finding
}

fn backups(source: &dyn Source, entries: &[Entry], inventory: &Inventory, findings: &mut Vec<Finding>) -> Vec<Backup> {
    let mut out: Vec<Backup> = Vec::new();
    for &(name, index) in &inventory.backups {
        let Some(entry) = entries.get(index) else { continue };
        let file = entry.shown();
        let read = || match source.small(entry, 1 << 20) {
            Ok((_, read)) if read.state == ReadState::Vanished => None,
            Ok((bytes, _)) => {
                let read = backup_history::parse(&bytes).map_err(|fault| fault.to_string()).and_then(|b| fits(b, name));
                Some(read.map_err(|what| Finding {
                    timeline: Some(name.timeline),
                    file: Some(file.clone()),
                    detail: Detail::History { what },
                    ..Finding::of(Code::BackupHistory)
                }))
            }
            Err(error) => Some(Err(Finding { timeline: Some(name.timeline), ..unreadable(&file, error.to_string()) })),
        };
        let Some(read) = settled(source, entry, Result::is_err, read) else { continue };
        match read {
            Ok(b) => out.push(Backup {
                file: file.clone(),
                timeline: name.timeline,
                start: b.start,
                stop: b.stop,
                label: b.label,
                complete: None,
                reaches: None,
                beside: None,
            }),
            Err(finding) => findings.push(finding),
        }
    }
    out.sort_by_key(|b| (b.start, b.file.clone()));
    out
}

/// The start in a backup history file must be the one in its name.
fn fits(backup: BackupHistory, name: SegmentName) -> Result<BackupHistory, String> {
    if backup.start_file == name {
        Ok(backup)
    } else {
        Err(format!("it names {} as its first segment, against its own name", backup.start_file))
    }
}

/// Says where the segment lies whose name a file has.
fn place(finding: &mut Finding, layout: &Layout) {
    let file = finding.file.as_deref().and_then(|file| file.rsplit('/').next());
    let Some(Place::Wal(Placed { name: FileName::Segment(name) | FileName::Partial(name), .. })) =
        file.map(name::place)
    else {
        return;
    };
    if let Some(number) = name.number(layout.address(), layout.segment) {
        finding.timeline = Some(name.timeline);
        finding.at = Some(layout.address().segment_start(number, layout.segment));
        finding.offset = Some(0);
    }
}

fn unreadable(file: &str, why: String) -> Finding {
    // What could not be read is named once.
    let why = why.split_once(&format!("{file}: ")).map_or(why.clone(), |(_, why)| why.to_owned());
    Finding { file: Some(file.to_owned()), detail: Detail::Refused(why), ..Finding::of(Code::Unreadable) }
}

/// No file says whose WAL it is: each is named for what it is.
fn nobody(
    source: &dyn Source,
    entries: &[Entry],
    mut findings: Vec<Finding>,
    options: &Options<'_>,
    live: bool,
    (ignored, unknown): (u64, Ignored),
) -> Outcome {
    let segments =
        entries.iter().filter(|e| !matches!(e.name, Some(FileName::History(_) | FileName::BackupHistory(..))));
    // A file that was given by hand and has neither the name nor the content of WAL is no archive that is refuted.
    let (named, strangers): (Vec<&Entry>, Vec<&Entry>) = segments.partition(|e| e.name.is_some());
    findings.extend(named.into_iter().map(|entry| name_file(source, entry)));
    let refuted = findings.iter().any(|f| !f.code.is_could_not_look());
    findings.extend(strangers.into_iter().map(|entry| name_file(source, entry)));
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let verdict = if refuted { Verdict::Refuted } else { Verdict::Unproven };
    Outcome { verdict, ignored, unknown, live, ..Outcome::without_wal(findings, options.depth) }
}

fn name_file(source: &dyn Source, entry: &Entry) -> Finding {
    let file = entry.shown();
    let Some((start, codec, state)) = beginning(source, entry) else {
        let why = source.small(entry, 1).err().map_or_else(|| "it cannot be read".into(), |error| error.to_string());
        return unreadable(&file, why);
    };
    let of =
        |code: Code, detail: Detail| Finding { file: Some(file.clone()), offset: Some(0), detail, ..Finding::of(code) };
    let packed = Detail::Packed { codec, bytes: start.len() as u64, cut: state == ReadState::CutOff };
    match (codec, state) {
        (Codec::Encrypted(_), _) => return of(Code::Encrypted, packed),
        (Codec::Unknown(_), _) => return of(Code::UnknownCodec, packed),
        (_, ReadState::CutOff | ReadState::Undecodable(_)) => return of(Code::Undecodable, packed),
        (_, ReadState::Vanished) => return of(Code::Vanished, Detail::Plain),
        _ => {}
    }
    match sniff::content(start.get(..4096).unwrap_or(&start)) {
        Content::Empty => of(Code::NotWal, Detail::Content("empty")),
        Content::Zeros => of(Code::Unwritten, Detail::Plain),
        Content::UnknownVersion(found) => of(Code::UnknownVersion, Detail::Magic { found }),
        Content::Elf => of(Code::NotWal, Detail::Content("a program (ELF)")),
        Content::Text => of(Code::NotWal, Detail::Content("text")),
        Content::Random => of(Code::NotWal, Detail::Content("as random as encrypted data")),
        Content::DamagedWal => of(Code::NotWal, Detail::Content("WAL with a first page that cannot be read")),
        _ => of(Code::NotWal, Detail::Content("no WAL of any version")),
    }
}
