//! A copy of a file in an archive: read whole and checked, before anybody gets it.

use pgwal_archive::alone::SegmentEnd;
use pgwal_format::layout::NotWal;
use pgwal_format::text::history::{self, HistoryFault, Switch};
use pgwal_format::{FileName, Layout, Lsn, SegmentName, TimelineId, Version};
use pgwal_source::{Codec, Entry, How, ReadState, Scratch, Source, SourceError};
use pgwal_verify::segment::{Checked, Expect, WalExtent, check_segment};
use pgwal_verify::{Code, Finding, Severity};
use std::fmt;
use std::ops::ControlFlow;

/// Why a copy is not handed out.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyFault {
    /// It cannot be read.
    Unreadable(SourceError),
    /// It is packed or encrypted, and does not come out whole.
    NotWhole(Codec, ReadState),
    /// Its first page is none.
    NotWal(NotWal),
    /// What is wrong with it as a segment.
    Finding(Box<Finding>),
    /// It is of another version, or of other sizes, than the server.
    OtherLayout {
        /// The version that wrote it, and its segment size in bytes.
        found: (Version, u64),
        /// Those of the server.
        server: (Version, u64),
    },
    /// Its records end here, inside of it, and WAL goes on in another file.
    StopsInside {
        /// The record that is not there.
        at: Lsn,
        /// A segment behind it.
        there: SegmentName,
    },
    /// The record that goes over into the next segment is wrong with this copy, and right with another.
    PartsAhead {
        /// The record.
        at: Lsn,
    },
    /// A history file that names no ancestor.
    EmptyHistory,
    /// A history file whose last line breaks off.
    CutHistory,
    /// A history file that a server does not take.
    History(HistoryFault),
    /// A history file that leaves out where its timeline comes from, by the WAL of that timeline.
    FalseHistory {
        /// The timeline that it says was left last.
        says: TimelineId,
        /// The one that the timeline's first records say.
        records: TimelineId,
    },
}

/// A file that may be handed out.
pub(super) struct GoodCopy {
    /// Its plain bytes.
    pub bytes: Vec<u8>,
    /// What its records came to, of a segment.
    pub checked: Option<Checked>,
}

/// What a segment has to be.
#[derive(Clone, Debug, Default)]
pub(super) struct SegmentWanted {
    /// Its cluster.
    pub system_id: Option<u64>,
    /// How the server's WAL is laid out.
    pub layout: Option<Layout>,
    /// Where the segment before it ended.
    pub before: Option<SegmentEnd>,
}

/// Bytes of a history file, or of one of a backup: more than any has.
const SMALL: u64 = 1 << 20;
/// Bytes of the largest segment.
const LARGEST: u64 = 1 << 30;

/// Reads all of a file. `None`: it is gone.
pub(super) fn read(source: &dyn Source, entry: &Entry, limit: u64) -> Result<Option<Vec<u8>>, CopyFault> {
    let room = entry.size.filter(|_| entry.suffix().is_empty()).unwrap_or(0).min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    let how = How { limit: limit.saturating_add(1), window: 1 << 20, ..How::default() };
    let read = source.read(entry, &how, &mut Scratch::default(), &mut |window| {
        bytes.extend_from_slice(window);
        ControlFlow::Continue(())
    });
    match read {
        Ok(read) if read.state == ReadState::Vanished => Ok(None),
        Ok(read) if read.state == ReadState::Whole && bytes.len() as u64 <= limit => Ok(Some(bytes)),
        Ok(read) => Err(CopyFault::NotWhole(read.codec, read.state)),
        Err(error) => Err(CopyFault::Unreadable(error)),
    }
}

/// The first bytes of a file, where they can be read.
pub(super) fn head(source: &dyn Source, entry: &Entry, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let how = How { limit, window: 1 << 16, ..How::default() };
    let read = source.read(entry, &how, &mut Scratch::default(), &mut |window| {
        bytes.extend_from_slice(window);
        ControlFlow::Continue(())
    });
    read.is_ok_and(|read| matches!(read.state, ReadState::Whole | ReadState::LimitReached)).then_some(bytes)
}

/// A segment, whole and right in itself.
pub(super) fn segment(
    source: &dyn Source,
    entry: &Entry,
    name: SegmentName,
    wanted: &SegmentWanted,
) -> Result<Option<GoodCopy>, CopyFault> {
    let Some(bytes) = read(source, entry, LARGEST)? else { return Ok(None) };
    let checked = check(&bytes, name, wanted, WalExtent::Whole)?;
    Ok(Some(GoodCopy { bytes, checked: Some(checked) }))
}

/// An unfinished segment, filled up with zeros behind its last whole record.
pub(super) fn partial(
    source: &dyn Source,
    entry: &Entry,
    name: SegmentName,
    wanted: &SegmentWanted,
) -> Result<Option<GoodCopy>, CopyFault> {
    let Some(mut bytes) = read(source, entry, LARGEST)? else { return Ok(None) };
    let layout = Layout::detect(&bytes).map_err(CopyFault::NotWal)?;
    let size = usize::try_from(layout.segment.bytes()).unwrap_or(usize::MAX);
    if bytes.len() < size {
        bytes.resize(size, 0);
    }
    let checked = check(&bytes, name, wanted, WalExtent::Unfinished)?;
    if let Some(at) = checked.end.stops() {
        let whole = usize::try_from(layout.address().offset(at, layout.segment)).unwrap_or(0);
        let in_it = layout.address().segment(at, layout.segment)
            == layout.address().segment(checked_start(&checked), layout.segment);
        // A record that began before is not for this file to cut.
        if in_it && let Some(rest) = bytes.get_mut(whole..) {
            rest.fill(0);
        }
    }
    Ok(Some(GoodCopy { bytes, checked: Some(checked) }))
}

/// Where the segment starts that was checked.
fn checked_start(checked: &Checked) -> Lsn {
    let (address, size) = (checked.layout.address(), checked.layout.segment);
    checked.name.number(address, size).map_or(Lsn::ZERO, |number| address.segment_start(number, size))
}

/// Checks the bytes of a segment.
pub(super) fn check(
    bytes: &[u8],
    name: SegmentName,
    wanted: &SegmentWanted,
    extent: WalExtent,
) -> Result<Checked, CopyFault> {
    let mut expect = Expect::named(name).of_cluster(wanted.system_id);
    expect.extent = extent;
    expect.after.clone_from(&wanted.before);
    let checked = check_segment(bytes, &expect).map_err(CopyFault::NotWal)?;
    if let Some(own) = wanted.layout {
        let of = |layout: &Layout| (layout.dialect.version, layout.segment.bytes());
        let differs = own.dialect.magic != checked.layout.dialect.magic
            || (own.segment, own.page, own.endian)
                != (checked.layout.segment, checked.layout.page, checked.layout.endian);
        if differs {
            return Err(CopyFault::OtherLayout { found: of(&checked.layout), server: of(&own) });
        }
    }
    // A record that breaks off ends WAL, where nothing follows: whether anything does, the caller sees.
    let is_wrong = |f: &&Finding| f.severity == Severity::Error && f.code != Code::Torn;
    match checked.findings.iter().find(is_wrong) {
        Some(finding) => Err(CopyFault::Finding(Box::new(finding.clone()))),
        None => Ok(checked),
    }
}

/// A history file.
pub(super) fn history(source: &dyn Source, entry: &Entry, timeline: TimelineId) -> Result<Option<GoodCopy>, CopyFault> {
    let Some(bytes) = read(source, entry, SMALL)? else { return Ok(None) };
    let ancestors = history::parse(&bytes, timeline).map_err(CopyFault::History)?;
    let Some(last) = ancestors.last() else {
        // The first timeline has none, whatever lies there.
        return if timeline > TimelineId::FIRST { Err(CopyFault::EmptyHistory) } else { Ok(Some(as_it_is(bytes))) };
    };
    let is_open = !bytes.ends_with(b"\n") && matches!(last.switch, Switch::At(_)) && last.reason.is_empty();
    if is_open {
        return Err(CopyFault::CutHistory);
    }
    Ok(Some(as_it_is(bytes)))
}

/// A file that is handed out as it is.
pub(super) fn other(source: &dyn Source, entry: &Entry, name: FileName) -> Result<Option<GoodCopy>, CopyFault> {
    let limit = if matches!(name, FileName::Partial(_)) { LARGEST } else { SMALL };
    Ok(read(source, entry, limit)?.map(as_it_is))
}

fn as_it_is(bytes: Vec<u8>) -> GoodCopy {
    GoodCopy { bytes, checked: None }
}

impl fmt::Display for CopyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyFault::Unreadable(error) => write!(f, "cannot be read: {error}"),
            CopyFault::NotWhole(codec, state) => match state {
                ReadState::Closed => write!(f, "cannot be opened: {codec}"),
                ReadState::WrongKey => write!(f, "cannot be opened with the keys that are here: {codec}"),
                ReadState::Changed => f.write_str("changed while it was read"),
                ReadState::LimitReached | ReadState::Whole => f.write_str("is larger than such a file can be"),
                ReadState::CutOff => write!(f, "breaks off: {codec}"),
                _ => write!(f, "does not come out whole: {codec}"),
            },
            CopyFault::NotWal(why) => write!(f, "is {why}"),
            CopyFault::Finding(finding) => write!(f, "{} ({})", finding.message(None), finding.code),
            CopyFault::OtherLayout { found, server } => write!(
                f,
                "is WAL of {} with segments of {} bytes, the server is {} with {}",
                found.0, found.1, server.0, server.1
            ),
            CopyFault::StopsInside { at, there } => {
                write!(f, "holds no record at {at} and nothing behind it, and WAL goes on in {there}")
            }
            CopyFault::PartsAhead { at } => {
                write!(f, "does not go on in the next segment: the record at {at} is wrong with this copy (WP201)")
            }
            CopyFault::EmptyHistory => f.write_str("is empty: a server that follows it finds nothing"),
            CopyFault::CutHistory => f.write_str("breaks off in its last line"),
            CopyFault::History(fault) => write!(f, "is no history file that a server takes: {}", of_history(fault)),
            CopyFault::FalseHistory { says, records } => write!(
                f,
                "says that timeline {says} was left last, and the first records of the timeline itself that it was {records}: lines are missing at its end"
            ),
        }
    }
}

fn of_history(fault: &HistoryFault) -> String {
    match fault {
        HistoryFault::Syntax { line, text, .. } => format!("line {line} cannot be read: {text}"),
        HistoryFault::NotRising { line, text } => format!("timelines do not rise in line {line}: {text}"),
        HistoryFault::NotBelow { timeline } => format!("it names timeline {timeline}, which is not older"),
        _ => "it is no text".to_owned(),
    }
}
