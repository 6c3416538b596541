//! What was seen of files beside their records, as findings.

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding, PackingFlaw};
use crate::judge::{Ruled, RulingCase, by_name};
use crate::outcome::Verdict;
use pgwal_archive::lineage::{Disagreement, HistoryFlaw};
use pgwal_archive::settle::Expired;
use pgwal_archive::whose::beginning;
use pgwal_archive::{Archive, ArchiveSurvey, BackupFileFlaw, Depth, Flaw, Unowned};
use pgwal_format::sniff::{self, Content};
use pgwal_format::text::history::HistoryFault;
use pgwal_format::{FileName, Layout, SegmentName};
use pgwal_source::codec::{Container, HEAD, of_noise};
use pgwal_source::name::{self, NamePlace, Placed};
use pgwal_source::{Codec, Entry, ReadFault, ReadState, Source, SourceError, tar};

/// The findings that need no judgement of the way.
pub(crate) fn facts_of(archive: &Archive<'_>, seen: &ArchiveSurvey) -> Vec<Finding> {
    let layout = &archive.cluster.layout;
    let shown = |i: usize| archive.entries.get(i).map(Entry::shown).unwrap_or_default();
    let mut out: Vec<Finding> =
        archive.unreadable.iter().map(|(file, error)| placed(refused(file, error), layout)).collect();
    // A file given by hand that has neither the name of WAL nor its content.
    out.extend(archive.strangers().map(|entry| name_file(archive.source, entry)));
    out.extend(archive.history_flaws.iter().map(history));
    out.extend(archive.backup_flaws.iter().map(backup_history));
    out.extend(seen.expired.map(|expired| vanished(&expired, archive)));
    for (&timeline, stretch) in &seen.stretches {
        // One that nobody gives out is told where replay stops for it.
        let told = stretch.copies.iter().filter(|copies| !copies.withheld);
        out.extend(told.map(|copies| Finding {
            timeline: Some(timeline),
            file: Some(shown(copies.first)),
            detail: Detail::Copies { other: shown(copies.second), faults: copies.faults, withheld: false },
            ..Finding::of(Code::CopiesDiffer)
        }));
    }
    let of = |i: usize, code, detail| Finding { file: Some(shown(i)), detail, ..Finding::of(code) };
    let renamed = seen.renamed.iter().map(|&(i, found)| of(i, Code::NameChecksum, Detail::NameChecksum { found }));
    let changed = seen.changed.iter().map(|&i| of(i, Code::SegmentChanged, Detail::Plain));
    let name = |(timeline, number)| SegmentName::new(timeline, number, layout.address(), layout.segment).to_string();
    out.extend(seen.gone.map(|gone| Finding {
        timeline: Some(gone.first.0),
        file: Some(name(gone.first)),
        detail: Detail::Gap { last: name(gone.last), count: gone.count, partial: false },
        ..Finding::of(Code::NewestGone)
    }));
    let behind =
        seen.behind.iter().map(|&(i, what)| of(i, Code::BytesBehind, Detail::Packing(PackingFlaw::Behind(what))));
    out.extend(renamed.chain(changed).chain(behind).map(|finding| placed(finding, layout)));
    out
}

fn history(flaw: &HistoryFlaw) -> Finding {
    let (code, detail) = match &flaw.flaw {
        Flaw::Unreadable(what) => {
            return Finding { timeline: Some(flaw.timeline), ..unreadable(&flaw.file, what.clone()) };
        }
        Flaw::NotWhole(codec) => {
            (Code::HistorySyntax, Detail::History { what: format!("the file cannot be read whole ({codec})") })
        }
        &Flaw::Closed(codec, wrong_key) => {
            (Code::of_closed(codec, wrong_key), Detail::Packed { codec, bytes: 0, cut: false })
        }
        Flaw::Empty => (Code::HistoryEmpty, Detail::History { what: "it names no ancestor".into() }),
        Flaw::Fault(fault) => (code_of(fault), Detail::History { what: said(fault) }),
    };
    Finding { timeline: Some(flaw.timeline), file: Some(flaw.file.clone()), detail, ..Finding::of(code) }
}

fn code_of(fault: &HistoryFault) -> Code {
    match fault {
        HistoryFault::NotRising { .. } | HistoryFault::NotBelow { .. } => Code::HistoryOrder,
        _ => Code::HistorySyntax,
    }
}

fn said(fault: &HistoryFault) -> String {
    match fault {
        HistoryFault::Syntax { line, text, .. } => format!("line {line}: {text}"),
        HistoryFault::NotRising { line, text } => {
            format!("line {line} does not name a higher timeline than the line before: {text}")
        }
        HistoryFault::NotBelow { timeline } => format!("timeline {timeline} cannot be an ancestor of this one"),
        _ => "it is no text".into(),
    }
}

pub(super) fn disagree(found: Disagreement) -> Finding {
    let Disagreement { timeline, file, parent, says, other, other_says } = found;
    Finding {
        timeline: Some(timeline),
        file: Some(file),
        detail: Detail::Disagree { parent, says, other, other_says },
        ..Finding::of(Code::HistoryDisagree)
    }
}

fn backup_history(flaw: &BackupFileFlaw) -> Finding {
    let BackupFileFlaw { file, timeline, refused, what } = flaw;
    if *refused {
        return Finding { timeline: Some(*timeline), ..unreadable(file, what.clone()) };
    }
    Finding {
        timeline: Some(*timeline),
        file: Some(file.clone()),
        detail: Detail::History { what: what.clone() },
        ..Finding::of(Code::BackupHistory)
    }
}

fn vanished(expired: &Expired, archive: &Archive<'_>) -> Finding {
    let layout = &archive.cluster.layout;
    let name = |t, n| SegmentName::new(t, n, layout.address(), layout.segment).to_string();
    let oldest = archive.inventory.segments.first().map(|s| name(s.timeline, s.number));
    Finding {
        timeline: Some(expired.timeline),
        at: Some(layout.address().segment_start(expired.last, layout.segment)),
        file: Some(name(expired.timeline, expired.last)),
        detail: Detail::Expired { count: expired.count, oldest },
        severity: Severity::Info,
        ..Finding::of(Code::Vanished)
    }
}

/// Says where the segment lies whose name a file has.
fn placed(mut finding: Finding, layout: &Layout) -> Finding {
    let file = finding.file.as_deref().and_then(|file| file.rsplit('/').next());
    let Some(NamePlace::Wal(Placed { name: FileName::Segment(name) | FileName::Partial(name), .. })) =
        file.map(name::place)
    else {
        return finding;
    };
    if let Some(number) = name.number(layout.address(), layout.segment) {
        finding.timeline = Some(name.timeline);
        finding.at = Some(layout.address().segment_start(number, layout.segment));
        finding.offset = Some(0);
    }
    finding
}

/// What a listing refuses. What stands for no file is missing to a server; a folder of segments is not.
fn refused(file: &str, error: &SourceError) -> Finding {
    let finding = unreadable(file, error.to_string());
    if let SourceError::BrokenTar { may_be_whole, .. } = error {
        let severity = if *may_be_whole { Severity::Warning } else { Code::BrokenTar.severity() };
        return Finding { code: Code::BrokenTar, severity, ..finding };
    }
    let name = match name::place(file.rsplit('/').next().unwrap_or(file)) {
        NamePlace::Wal(placed) if error.is_no_file() => placed.name,
        _ => return finding,
    };
    let severity = if matches!(name, FileName::Segment(_)) { Code::NoFile.severity() } else { Severity::Warning };
    Finding { code: Code::NoFile, severity, ..finding }
}

fn unreadable(file: &str, why: String) -> Finding {
    // What could not be read is named once.
    let why = why.split_once(&format!("{file}: ")).map_or(why.clone(), |(_, why)| why.to_owned());
    Finding { file: Some(file.to_owned()), detail: Detail::Refused(why), ..Finding::of(Code::Unreadable) }
}

/// No file says whose WAL it is: each is named for what it is.
pub(crate) fn nobody(source: &dyn Source, found: Unowned, depth: Depth) -> (RulingCase, Ruled) {
    let Unowned { entries, unreadable: unreadable_of, ignored, unknown, live } = found;
    let mut findings: Vec<Finding> = unreadable_of.iter().map(|(file, error)| refused(file, error)).collect();
    let segments =
        entries.iter().filter(|e| !matches!(e.name, Some(FileName::History(_) | FileName::BackupHistory(..))));
    // A file that was given by hand and has neither the name nor the content of WAL is no archive that is refuted.
    let (named, strangers): (Vec<&Entry>, Vec<&Entry>) = segments.partition(|e| e.name.is_some());
    findings.extend(named.into_iter().map(|entry| name_file(source, entry)));
    let refuted = findings.iter().any(|f| f.severity == Severity::Error && !f.code.is_could_not_look());
    findings.extend(strangers.into_iter().map(|entry| name_file(source, entry)));
    if findings.iter().any(|f| f.code.is_could_not_look()) {
        findings.extend(by_name::gaps(&entries));
    }
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let verdict = if refuted { Verdict::Refuted } else { Verdict::Unproven };
    (RulingCase { ignored, unknown, live, ..RulingCase::without_wal(findings, depth) }, Ruled::unread(verdict))
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
        (_, ReadState::Closed | ReadState::WrongKey) => {
            return of(Code::of_closed(codec, state == ReadState::WrongKey), packed);
        }
        (Codec::Unknown(_), _) | (_, ReadState::Undecodable(ReadFault::Unsupported)) => {
            return of(Code::UnknownCodec, packed);
        }
        (_, ReadState::CutOff | ReadState::Undecodable(_)) => return of(Code::Undecodable, packed),
        (_, ReadState::Vanished) => return of(Code::Vanished, Detail::Plain),
        _ => {}
    }
    let inner = Codec::detect(start.get(..HEAD).unwrap_or(&start), "");
    match inner {
        Codec::Plain => {}
        _ if codec == Codec::Plain => {}
        Codec::Encrypted(_) => return of(Code::Encrypted, Detail::Packed { codec: inner, bytes: 0, cut: false }),
        Codec::Unknown(_) => return of(Code::UnknownCodec, Detail::Packed { codec: inner, bytes: 0, cut: false }),
        _ => return of(Code::PackedTwice, Detail::Packing(PackingFlaw::Twice { outer: codec, inner })),
    }
    if tar::is_header(&start) {
        let codec = Codec::Unknown(Container::Tar);
        return of(Code::UnknownCodec, Detail::Packed { codec, bytes: 0, cut: false });
    }
    match sniff::content(start.get(..4096).unwrap_or(&start)) {
        Content::Empty => of(Code::NotWal, Detail::Content("empty")),
        Content::Zeros => of(Code::Unwritten, Detail::Plain),
        Content::UnknownVersion(found) => of(Code::UnknownVersion, Detail::Magic { found }),
        Content::Elf => of(Code::NotWal, Detail::Content("a program (ELF)")),
        Content::Text => of(Code::NotWal, Detail::Content("text")),
        Content::Random if let Some(codec) = of_noise(entry.size) => {
            of(Code::Encrypted, Detail::Packed { codec, bytes: 0, cut: false })
        }
        Content::Random => of(Code::NotWal, Detail::Content("as random as encrypted data")),
        Content::DamagedWal => of(Code::NotWal, Detail::Content("WAL with a first page that cannot be read")),
        _ => of(Code::NotWal, Detail::Content("no WAL of any version")),
    }
}
