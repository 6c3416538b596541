//! An archive, from its names to what all of its files came to.

use crate::backup_files::{BackupFile, BackupFileFlaw, backup_files};
use crate::error::Error;
use crate::index::{IndexSession, IndexUse, Joined, NewestGone};
use crate::lineage::{HistoryFlaw, Lineage, Node};
use crate::look::{Depth, Look, Which};
use crate::names::{Inventory, Segment};
use crate::ordered::MOST_JOBS;
use crate::read::{Buffers, Reader, Remember};
use crate::settle::{Expired, Settled, Settling};
use crate::stretch::{PieceKind, Stretch, Unusable};
use crate::tally::Tally;
use crate::way::{Leg, Way, cuts, whole_way};
use crate::whose::{Cluster, whose};
use pgwal_format::text::control::checkpoint_timeline;
use pgwal_format::{FileName, Lsn, SegmentNo, TimelineId};
use pgwal_source::{Entry, How, Ignored, LeftBehind, MisfiledFile, Source, SourceError};
use pgwal_walk::Run;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;

/// What is known of an archive before its files are read.
#[derive(Clone, Copy, Default)]
pub enum Prior<'a> {
    /// Nothing.
    #[default]
    None,
    /// What earlier runs proved; counts where every record is looked at.
    Index(&'a crate::index::Index),
    /// What parts say of the files.
    Parts(&'a Joined),
}

/// What opening came to.
pub enum Opened<'a> {
    /// An archive.
    Archive(Box<Archive<'a>>),
    /// No file says whose WAL it is.
    NoOwner(Unowned),
}

/// Files of which none says whose WAL it is.
#[derive(Debug)]
pub struct Unowned {
    /// What lies there.
    pub entries: Vec<Entry>,
    /// What could not be looked at.
    pub unreadable: Vec<(String, SourceError)>,
    /// Files of other tools.
    pub ignored: u64,
    /// Files whose names say nothing.
    pub unknown: Ignored,
    /// A server may be writing there.
    pub live: bool,
}

/// An archive whose names are known.
pub struct Archive<'a> {
    /// Where it lies.
    pub source: &'a dyn Source,
    /// A server may be writing there.
    pub live: bool,
    /// What lies there; what came while it was read stands at the end.
    pub entries: Vec<Entry>,
    /// What could not be looked at.
    pub unreadable: Vec<(String, SourceError)>,
    /// Files of other tools.
    pub ignored: u64,
    /// Notes that a segment was stored although it is damaged; the first of them.
    pub notes: Vec<String>,
    /// Files of WAL that the tool which keeps the place does not find.
    pub misfiled: Vec<MisfiledFile>,
    /// Files whose names say nothing.
    pub unknown: Ignored,
    /// Whose WAL it is.
    pub cluster: Cluster,
    /// Segments and other files, by their names.
    pub inventory: Inventory,
    /// Timelines.
    pub lineage: Lineage,
    /// History files of others, which a server would read all the same.
    pub others_histories: Vec<Node>,
    /// History files that cannot be used.
    pub history_flaws: Vec<HistoryFlaw>,
    /// Backup history files, in the order of their starts.
    pub backups: Vec<BackupFile>,
    /// Those that cannot be used.
    pub backup_flaws: Vec<BackupFileFlaw>,
    /// Files of others, and those around them.
    pub(crate) left_out: BTreeSet<usize>,
    /// Of the files that were asked, some said otherwise.
    pub(crate) mixed: bool,
    pub(crate) look: Look<'a>,
    pub(crate) memory: Prior<'a>,
    pub(crate) session: Option<IndexSession<'a>>,
    /// Names of files that have none, by index.
    pub(crate) names: Vec<(usize, FileName)>,
    pub(crate) permit: Mutex<Vec<u8>>,
}

/// The way of recovery to the timeline that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// Where recovery starts: a live server's own timeline, else the lowest one here.
    pub start: TimelineId,
    /// The timeline that must replay.
    pub target: TimelineId,
    /// The target and its ancestors, oldest first, with the segments in which they begin.
    pub line: Vec<(TimelineId, SegmentNo)>,
    /// The files on the way.
    pub way: Way,
}

/// A `.partial` file.
#[derive(Clone, Debug)]
pub struct Partial {
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
    /// Its index among the entries.
    pub entry: usize,
    /// What could be read of it.
    pub run: Option<Run<Tally>>,
    /// Why it is not a segment that is merely unfinished.
    pub why: Option<Unusable>,
}

/// What the files of an archive came to.
#[derive(Debug, Default)]
pub struct ArchiveSurvey {
    /// Of each timeline, its runs and the files between them that no server can use.
    pub stretches: BTreeMap<TimelineId, Stretch>,
    /// Unfinished segments.
    pub partials: Vec<Partial>,
    /// Files whose content is not what the checksum in their name says: the entry, and the SHA-1 found.
    pub renamed: Vec<(usize, [u8; 20])>,
    /// Files with something behind the end of what they are packed in, which is passed over.
    pub behind: Vec<(usize, LeftBehind)>,
    /// Files whose bytes are others than those that were proven before.
    pub changed: Vec<usize>,
    /// What was here in an earlier run, behind all that is here now.
    pub gone: Option<NewestGone>,
    /// What expired while it was read.
    pub expired: Option<Expired>,
}

/// The segments on the way of recovery, for somebody who takes records in order.
pub struct Turn<'t> {
    /// Reads them.
    pub reader: Reader<'t>,
    /// In order.
    pub segments: Vec<Segment>,
    look: &'t Look<'t>,
}

impl Turn<'_> {
    /// One more was read.
    ///
    /// # Errors
    /// The caller asked for an early end.
    pub fn read(&self, stretch: &Stretch) -> Result<(), Error> {
        if let Some(progress) = self.look.progress {
            progress.file(stretch.bytes);
        }
        if self.look.is_stopped() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Reads segments of the way in order, as long as it wants to, and says what they came to.
pub type InOrder<'v, E> = dyn FnMut(&Turn<'_>) -> Result<Vec<(Segment, Stretch)>, E> + 'v;

/// How an attempt to read ended.
pub(crate) enum AttemptEnd {
    /// With what was seen.
    Seen(ArchiveSurvey),
    /// What the index had shortened because the segment before tells the rest, turned out to be behind another one.
    Misled,
    /// What came meanwhile asks for a new beginning.
    StartAgain,
}

impl<'a> Archive<'a> {
    /// Lists a source, and finds out whose WAL it is.
    ///
    /// # Errors
    /// The source cannot be listed, or nothing there has the name of WAL.
    pub fn open(source: &'a dyn Source, look: Look<'a>) -> Result<Opened<'a>, Error> {
        Archive::open_remembered(source, look, Prior::None, true)
    }

    /// `trusting`: takes from an index what was shortened, too.
    pub(crate) fn open_remembered(
        source: &'a dyn Source,
        look: Look<'a>,
        memory: Prior<'a>,
        trusting: bool,
    ) -> Result<Opened<'a>, Error> {
        let listing = source.list()?;
        let (entries, unreadable) = (listing.entries, listing.unreadable);
        let live = source.is_live();
        let is_wal = |e: &Entry| matches!(e.name, None | Some(FileName::Segment(_) | FileName::Partial(_)));
        if !entries.iter().any(is_wal) && unreadable.is_empty() {
            return Err(Error::NoWal { place: source.describe(), unknown: listing.unknown });
        }
        let (ignored, mut unknown) = (listing.ignored.count, listing.unknown);
        let (notes, left) = (listing.ignored.notes, listing.ignored.leftovers);
        let known = std::mem::take(&mut unknown.leftovers).into_iter();
        unknown.leftovers = known.chain(left).take(2 * Ignored::KEPT).collect();
        let mut session = match memory {
            Prior::Index(index) if look.depth == Depth::Records => {
                Some(IndexSession::begin(index, source, &entries, live, trusting))
            }
            _ => None,
        };
        let known = |entry| match memory {
            Prior::Parts(joined) => joined.first(entry),
            _ => session.as_ref()?.first(entry),
        };
        let in_part = look.start.is_some() || look.end.is_some() || look.cluster.is_some();
        let votes = whose(source, &entries, &known, look.depth == Depth::Records && !in_part);
        let wanted = look.cluster.filter(|wanted| votes.has(wanted));
        let mixed = votes.all.len() > 1;
        let Some(cluster) = wanted.or_else(|| votes.most()) else {
            return Ok(Opened::NoOwner(Unowned { entries, unreadable, ignored, unknown, live }));
        };
        let names = votes.names;
        let named = |index: usize| names.iter().find(|(i, _)| *i == index).map(|(_, name)| *name);
        let inventory = Inventory::new(&entries, &named, &cluster.layout);
        if let Some(session) = &mut session {
            session.settle(&cluster, &inventory)?;
        }
        let (lineage, history_flaws) = Lineage::read(source, &entries, &inventory, look.settle);
        let (backups, backup_flaws) = backup_files(source, &entries, &inventory, &cluster.layout, look.settle);
        Ok(Opened::Archive(Box::new(Archive {
            source,
            live,
            entries,
            unreadable,
            ignored,
            notes,
            misfiled: listing.misfiled,
            unknown,
            cluster,
            inventory,
            lineage,
            others_histories: Vec::new(),
            history_flaws,
            backups,
            backup_flaws,
            left_out: BTreeSet::new(),
            mixed,
            look,
            memory,
            session,
            names,
            permit: Mutex::default(),
        })))
    }

    /// Reads what of an archive is another's.
    pub(crate) fn look_at_other(&mut self) -> Result<ArchiveSurvey, Error> {
        Ok(match self.look_at_all::<Error>(&mut |_| Ok(Vec::new()), false)? {
            AttemptEnd::Seen(seen) => seen,
            AttemptEnd::Misled | AttemptEnd::StartAgain => ArchiveSurvey::default(),
        })
    }

    /// Files given by hand that have neither the name of WAL nor its content.
    pub fn strangers(&self) -> impl Iterator<Item = &Entry> {
        let named = |index: &usize| self.names.iter().any(|(i, _)| i == index);
        self.entries.iter().enumerate().filter(move |(i, e)| e.name.is_none() && !named(i)).map(|(_, e)| e)
    }

    /// The way of recovery to the timeline that was asked for.
    pub fn path(&self) -> Path {
        let control = self.source.control_file();
        let own = control.and_then(|b| checkpoint_timeline(&b, &self.cluster.layout, self.cluster.system_id));
        let lowest = self.inventory.timelines().first().copied().unwrap_or(TimelineId::FIRST);
        let start = own.filter(|t| !self.inventory.of(*t).is_empty()).unwrap_or(lowest);
        let target = match self.look.timeline {
            Which::Number(timeline) => timeline,
            Which::Latest | Which::All => self.lineage.latest(start),
        };
        let descent = self.lineage.descent(target, &self.cluster.layout);
        let way = whole_way(&self.inventory, &descent.segments(), &self.cluster.layout);
        Path { start, target, line: descent.passed_segments(), way }
    }

    /// The record of a timeline's own segment that lies over a position ([`Reader::record_over`]).
    pub fn record_over(&self, timeline: TimelineId, at: Lsn) -> Option<Lsn> {
        let number = self.cluster.layout.address().segment(at, self.cluster.layout.segment);
        self.reader().record_over(self.inventory.get(timeline, number)?, at)
    }

    /// Reads the files of the archive.
    pub fn reader(&self) -> Reader<'_> {
        let session = self.session.as_ref().map(|session| session as &dyn Remember);
        let known = match self.memory {
            Prior::Parts(joined) => Some(joined as &dyn Remember),
            _ => session,
        };
        Reader {
            source: self.source,
            entries: &self.entries,
            cluster: &self.cluster,
            how: How { map: self.look.map.filter(|_| !self.live), ..How::default() },
            live: self.live,
            depth: self.look.depth,
            known,
            facts: self.look.facts,
            history: &[],
            by_pages: false,
            permit: &self.permit,
        }
    }

    /// Reads every file once: those on the way of recovery by `in_order`, as long as it wants them, then all others.
    /// `None` where what came meanwhile asks for a new beginning.
    ///
    /// # Errors
    /// Those of `in_order`, and an early end that the caller asked for.
    pub fn read<E: From<Error>>(&mut self, in_order: &mut InOrder<'_, E>) -> Result<Option<ArchiveSurvey>, E> {
        Ok(match self.look_at_all(in_order, true)? {
            AttemptEnd::Seen(seen) => Some(seen),
            AttemptEnd::Misled | AttemptEnd::StartAgain => None,
        })
    }

    /// `again`: may ask for a new beginning.
    pub(crate) fn look_at_all<E: From<Error>>(
        &mut self,
        in_order: &mut InOrder<'_, E>,
        again: bool,
    ) -> Result<AttemptEnd, E> {
        let look = self.look;
        let asked = |s: &&Segment| look.asks_for(s.number, &self.cluster.layout);
        let segments = self.inventory.segments.iter().filter(asked).count();
        let jobs = look.jobs.min(MOST_JOBS).min(segments).max(1);
        if let Some(progress) = look.progress {
            progress.begin(segments as u64);
        }
        let taken = self.take_in_order(in_order)?;
        // No threads but those that were asked for.
        let mut stretches = if jobs == 1 {
            self.look_at_others(taken)
        } else {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().map_err(|_| Error::Threads)?;
            pool.install(|| self.look_at_others(taken))
        };
        let mut entries = std::mem::take(&mut self.entries);
        let mut inventory = std::mem::take(&mut self.inventory);
        let (names, lineage, left_out) = (&self.names, &self.lineage, &self.left_out);
        let settling = Settling { reader: self.reader(), names, lineage, left_out, look: &look };
        // Parts are what they were when they were made.
        let settled = if self.live || matches!(self.memory, Prior::Parts(_)) {
            Settled::As(None)
        } else {
            settling.settle(&mut entries, &mut inventory, &mut stretches)
        };
        (self.entries, self.inventory) = (entries, inventory);
        let expired = match settled {
            Settled::As(expired) => expired,
            Settled::StartAgain if again => return Ok(AttemptEnd::StartAgain),
            Settled::StartAgain => None,
        };
        if look.is_stopped() {
            return Err(Error::Interrupted.into());
        }
        let (partials, mut renamed) = self.partials();
        renamed.splice(0..0, stretches.values().flat_map(|s| s.renamed.iter().copied()));
        let (mut changed, mut gone) = (Vec::new(), None);
        if let Some(session) = &self.session {
            if session.misled(&self.inventory) {
                return Ok(AttemptEnd::Misled);
            }
            (changed, gone) = (session.changed(), session.gone(&self.inventory));
        }
        let behind = stretches.values().flat_map(|s| s.behind.iter().copied()).collect();
        Ok(AttemptEnd::Seen(ArchiveSurvey { stretches, partials, renamed, behind, changed, gone, expired }))
    }

    /// What an index saved; what is known now is kept for it. `accepted`: files whose changed bytes are now what is
    /// proven.
    pub fn remember(&mut self, accepted: &HashSet<&str>) -> Option<IndexUse> {
        let session = self.session.take()?;
        Some(session.end(&self.cluster, &self.inventory, accepted))
    }

    /// Lets the files of the way be read in order.
    fn take_in_order<E: From<Error>>(&self, in_order: &mut InOrder<'_, E>) -> Result<Vec<(Segment, Stretch)>, E> {
        let (look, layout) = (&self.look, &self.cluster.layout);
        let of_leg = |leg: Leg| {
            let own = self.inventory.of(leg.timeline).iter();
            own.filter(move |s| (leg.first..=leg.last).contains(&s.number) && look.asks_for(s.number, layout)).copied()
        };
        let segments = self.path().way.legs.into_iter().flat_map(of_leg).collect();
        in_order(&Turn { reader: self.reader(), segments, look })
    }

    /// Scans every segment asked for that was not taken yet: each timeline's in stretches that end where another
    /// timeline begins, so that runs can be joined along any way.
    fn look_at_others(&self, taken: Vec<(Segment, Stretch)>) -> BTreeMap<TimelineId, Stretch> {
        let (look, layout) = (&self.look, &self.cluster.layout);
        let reader = self.reader();
        let cuts = cuts(&self.inventory, &self.lineage, layout);
        let taken: BTreeMap<(TimelineId, SegmentNo), Mutex<Option<Stretch>>> =
            taken.into_iter().map(|(s, stretch)| ((s.timeline, s.number), Mutex::new(Some(stretch)))).collect();
        let one = |buffers: &mut Buffers, segment: &Segment| {
            let known = taken.get(&(segment.timeline, segment.number));
            if let Some(stretch) = known.and_then(|known| known.lock().ok()?.take()) {
                return stretch;
            }
            if look.is_stopped() {
                return Stretch::default();
            }
            let seen = match look.depth {
                Depth::Names => reader.name_only(segment),
                Depth::Pages | Depth::Records => reader.look(segment, buffers),
            };
            if let Some(progress) = look.progress {
                progress.file(seen.bytes);
            }
            seen
        };
        let mut out = BTreeMap::new();
        for timeline in self.inventory.timelines() {
            let asked = |s: &&Segment| look.asks_for(s.number, layout);
            let segments: Vec<Segment> = self.inventory.of(timeline).iter().filter(asked).copied().collect();
            let mut whole = Stretch::default();
            let follows =
                |a: &Segment, b: &Segment| a.number.next() == b.number && cuts.binary_search(&b.number).is_err();
            for part in segments.chunk_by(follows) {
                let join = |a: Stretch, b: Stretch| a.join(b, layout);
                let stretch = if look.jobs <= 1 {
                    let mut buffers = Buffers::default();
                    part.iter().map(|s| one(&mut buffers, s)).reduce(join)
                } else {
                    part.par_iter().map_init(Buffers::default, one).reduce_with(join)
                };
                whole.append(stretch.unwrap_or_default());
            }
            out.insert(timeline, whole);
        }
        out
    }

    /// Unfinished segments, and those whose content is not what the checksum in their name says.
    fn partials(&self) -> (Vec<Partial>, Vec<(usize, [u8; 20])>) {
        let (reader, mut buffers, mut renamed) = (self.reader(), Buffers::default(), Vec::new());
        let mut look = |s: &Segment| {
            let mut seen = reader.look(&Segment { copies: 1, ..*s }, &mut buffers);
            renamed.append(&mut seen.renamed);
            let (run, why) = match seen.pieces.pop().map(|piece| piece.kind) {
                Some(PieceKind::Run(run)) => (Some(*run), None),
                Some(PieceKind::Bad(bad)) => (bad.run, Some(bad.why)),
                None => (None, None),
            };
            Partial { timeline: s.timeline, number: s.number, entry: s.entry, run, why }
        };
        let partials = self.inventory.partials.iter().map(&mut look).collect();
        (partials, renamed)
    }
}
