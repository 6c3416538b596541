//! What a server of that version says (`src/backend/access/transam/xlogreader.c`, `xlog.c`, `timeline.c`).

use crate::codes::Code;
use crate::finding::{Detail, Finding, PackingFlaw};
use pgwal_format::dialect::LengthWording;
use pgwal_format::page::{CONTRECORD, PageFault};
use pgwal_format::record::{BodyFault, HeaderFault};
use pgwal_format::{Layout, Lsn, SegmentName, TimelineId};
use pgwal_recovery::backup::FlawKind;
use pgwal_recovery::failure::Failure;
use pgwal_walk::Fault;

pub(super) fn says(f: &Finding, layout: &Layout) -> Option<String> {
    // A server knows no place in front of a name.
    let name = f.file.as_deref().and_then(|file| file.rsplit('/').next()).unwrap_or("");
    let show = |lsn: Lsn| if layout.dialect.wording.padded { lsn.to_string() } else { lsn.unpadded().to_string() };
    match (&f.detail, f.code) {
        // Up to 12 it promotes without a word.
        (Detail::Restore { failure: Failure::NotReached, .. }, _) if !layout.dialect.unreached_target_is_fatal => None,
        // It says nothing, or that it waits.
        (Detail::Restore { failure: Failure::Waits { .. }, .. }, _) => None,
        (Detail::Restore { failure, .. }, _) => failure.is_in_its_words().then(|| failure.server_says(layout.dialect)),
        (Detail::Stopped { failure, .. }, _) => Some(failure.server_says(layout.dialect)),
        (Detail::Wal(fault) | Detail::Parted { fault, .. } | Detail::Reset { fault: Some(fault), .. }, _) => {
            wal(f, fault, layout)
        }
        (Detail::Size { found, expected }, Code::Size) => {
            Some(format!("archive file \"{name}\" has wrong size: {found} instead of {expected}"))
        }
        (Detail::Packing(PackingFlaw::Otherwise { given: Some(bytes), .. }), _) => {
            Some(format!("archive file \"{name}\" has wrong size: {bytes} instead of {}", layout.segment.bytes()))
        }
        (Detail::Belongs { address, .. }, _) => {
            Some(format!("unexpected pageaddr {} {}", show(*address), place(f, layout)))
        }
        // No server reads the manifest.
        (Detail::Flaw(FlawKind::Cluster { .. }), _) if name == "backup_manifest" => None,
        (Detail::Cluster { found, expected } | Detail::Flaw(FlawKind::Cluster { found, expected }), _) => {
            Some(format!(
                "WAL file is from different database system: WAL file database system identifier is {found}, pg_control database system identifier is {expected}"
            ))
        }
        (Detail::Version { found, .. }, _) => {
            let magic = found.dialect().map_or(0, |d| d.magic);
            Some(format!("invalid magic number {magic:04X} {}", place(f, layout)))
        }
        (Detail::Magic { found }, _) => Some(format!("invalid magic number {found:04X} {}", place(f, layout))),
        (Detail::Plain, Code::Unwritten) => Some(format!("invalid magic number 0000 {}", place(f, layout))),
        (Detail::History { .. }, Code::HistorySyntax) => Some("syntax error in history file".into()),
        (Detail::History { .. }, Code::HistoryOrder) => Some("invalid data in history file".into()),
        (Detail::History { .. }, Code::HistoryEmpty) => Some("could not locate required checkpoint record".into()),
        (Detail::History { .. }, Code::Unreachable) => Some(format!(
            "requested timeline {} is not a child of this server's history",
            f.timeline.map_or(0, |t| t.0)
        )),
        (Detail::InvalidPages(_), _) => Some(Failure::InvalidPages.server_says(layout.dialect)),
        (Detail::OthersHistory { .. } | Detail::Astray { .. }, _) => Some(format!(
            "requested timeline {} is not a child of this server's history",
            f.timeline.map_or(0, |t| t.0)
        )),
        // It does not look for what another one hides.
        (Detail::Hidden { .. }, _) => None,
        (_, Code::HistoryMissing) => {
            Some(format!("recovery target timeline {} does not exist", f.timeline.map_or(0, |t| t.0)))
        }
        _ => None,
    }
}

/// The tail of a message about a page.
fn place(f: &Finding, layout: &Layout) -> String {
    let words = layout.dialect.wording;
    let at = f.at.unwrap_or(Lsn::ZERO);
    let number = layout.address().segment(at, layout.segment);
    let timeline = f.timeline.unwrap_or(TimelineId::FIRST);
    let own = SegmentName::new(timeline, number, layout.address(), layout.segment);
    let offset = layout.address().offset(at, layout.segment);
    if words.log_file {
        return format!("in log file {}, segment {}, offset {offset}", own.log, own.seg);
    }
    let name = f.file.as_deref().and_then(|file| SegmentName::parse(file.get(..24)?)).unwrap_or(own);
    if words.wal_segment {
        let lsn = if words.padded { at.to_string() } else { at.unpadded().to_string() };
        format!("in WAL segment {name}, LSN {lsn}, offset {offset}")
    } else {
        format!("in log segment {name}, offset {offset}")
    }
}

fn wal(f: &Finding, fault: &Fault, layout: &Layout) -> Option<String> {
    let words = layout.dialect.wording;
    let show = |lsn: Lsn| if words.padded { lsn.to_string() } else { lsn.unpadded().to_string() };
    let lsn = show(f.lsn?);
    let file = || f.file.as_deref().unwrap_or("").to_owned();
    let size = layout.record_header();
    Some(match fault {
        Fault::Page(PageFault::Magic { found }) => format!("invalid magic number {found:04X} {}", place(f, layout)),
        Fault::Page(PageFault::Info { found }) if found & !layout.dialect.page.all == 0 && found & CONTRECORD != 0 => {
            // Every flag is known: the page announces an aborted record and goes on with one, and the second is
            // noticed.
            let at = f.at?;
            let first = layout.address().offset(at, layout.segment) == 0;
            let header = if first { layout.long_header() } else { layout.short_header() };
            format!("contrecord is requested by {}", show(at.plus_within(header as u64)))
        }
        Fault::Page(PageFault::Info { found }) => format!("invalid info bits {found:04X} {}", place(f, layout)),
        Fault::Page(PageFault::SystemId { found, expected }) => format!(
            "WAL file is from different database system: WAL file database system identifier is {found}, pg_control database system identifier is {expected}"
        ),
        Fault::Page(PageFault::SegmentSize { .. }) if words.xlog_seg_size => {
            "WAL file is from different database system: incorrect XLOG_SEG_SIZE in page header".into()
        }
        Fault::Page(PageFault::SegmentSize { .. }) => {
            "WAL file is from different database system: incorrect segment size in page header".into()
        }
        Fault::Page(PageFault::PageSize { .. }) => {
            "WAL file is from different database system: incorrect XLOG_BLCKSZ in page header".into()
        }
        Fault::Page(PageFault::Address { found }) => {
            format!("unexpected pageaddr {} {}", show(*found), place(f, layout))
        }
        Fault::Page(PageFault::Timeline { found, after }) if f.timeline.is_some_and(|own| *after > own) => {
            // The page claims a timeline that is too high, and a server notices only at the next one.
            let next = Finding { at: f.at.map(|at| at.plus_within(layout.page.bytes())), file: None, ..f.clone() };
            format!("out-of-sequence timeline ID {found} (after {after}) {}", place(&next, layout))
        }
        Fault::Page(PageFault::Timeline { found, after }) => {
            format!("out-of-sequence timeline ID {found} (after {after}) {}", place(f, layout))
        }
        Fault::Header(HeaderFault::Length { found }) => match words.length {
            LengthWording::ZeroLength | LengthWording::Bare => format!("invalid record length at {lsn}"),
            LengthWording::Wanted => format!("invalid record length at {lsn}: wanted {size}, got {found}"),
            LengthWording::ExpectedAtLeast => {
                format!("invalid record length at {lsn}: expected at least {size}, got {found}")
            }
        },
        Fault::Header(HeaderFault::ZeroLength) => format!("record with zero length at {lsn}"),
        Fault::Header(HeaderFault::SwitchWithData) => format!("invalid xlog switch record at {lsn}"),
        Fault::Header(HeaderFault::Rmgr { id }) => format!("invalid resource manager ID {id} at {lsn}"),
        Fault::Checksum { .. } => format!("incorrect resource manager data checksum in record at {lsn}"),
        Fault::Body(BodyFault::FragmentId { id }) => format!("invalid block_id {id} at {lsn}"),
        Fault::Body(BodyFault::OutOfOrder { id }) => format!("out-of-order block_id {id} at {lsn}"),
        Fault::Body(BodyFault::Hole) => format!("incorrect hole size in record at {lsn}"),
        Fault::Body(_) => format!("record with invalid length at {lsn}"),
        Fault::PrevLink { found, .. } => format!("record with incorrect prev-link {} at {lsn}", show(*found)),
        Fault::NoContrecord if words.log_file => format!("there is no contrecord flag {}", place(f, layout)),
        Fault::NoContrecord => format!("there is no contrecord flag at {lsn}"),
        Fault::UnexpectedContrecord { .. } => format!("contrecord is requested by {lsn}"),
        Fault::ContrecordLength { found, expected } if words.contrecord_expected => {
            format!("invalid contrecord length {found} (expected {expected}) at {lsn}")
        }
        Fault::ContrecordLength { found, .. } if words.log_file => {
            format!("invalid contrecord length {found} {}", place(f, layout))
        }
        Fault::ContrecordLength { found, .. } => format!("invalid contrecord length {found} at {lsn}"),
        Fault::LengthAgainstPage { page, rem_len, missing } => {
            let fault = match rem_len {
                Some(found) => Fault::ContrecordLength { found: *found, expected: *missing },
                None => Fault::NoContrecord,
            };
            return wal(&Finding { at: Some(*page), file: None, ..f.clone() }, &fault, layout);
        }
        Fault::OverwriteMismatch { found, expected } => {
            format!("mismatching overwritten LSN {} -> {}", show(found.unwrap_or(Lsn::ZERO)), show(*expected))
        }
        _ => format!("could not read from log segment {}", file()),
    })
}
