//! Archives that are written, expired and packed while they are read.
//!
//! ```text
//! listed   1 2 3 4 . 6 7 8 9          a listing takes time: 5 came behind the place that had been read, 6 before it
//! read       x x     6 7 8 (9         1 to 3 expired, 4 was packed into 4.gz, 9 is still being copied
//! again          4.gz 5 6 7 8 9       what is missing or unfinished is looked up and read again: 4 to 9, no gap
//! ```
//! Only what the first look left open is looked at again, and only up to the last segment that was listed then: an
//! archive that grows has no end. What is missing together with everything older has expired.

use crate::fresh::IDLE;
use crate::lineage::Lineage;
use crate::look::{Depth, Look};
use crate::names::{Inventory, Segment};
use crate::read::{Buffers, Reader};
use crate::stretch::{Piece, PieceKind, Stretch, Unusable};
use crate::way::{cuts, whole_way};
use pgwal_format::{FileName, SegmentNo, TimelineId};
use pgwal_source::{Entry, How, Listing};
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// Looks, as long as each finds something new.
const ROUNDS: usize = 16;
/// What settling needs to know.
pub struct Settling<'a> {
    /// How files are read; its entries are those of the first look.
    pub reader: Reader<'a>,
    /// Names of files that have none, by index.
    pub names: &'a [(usize, FileName)],
    /// Timelines.
    pub lineage: &'a Lineage,
    /// Files of others.
    pub left_out: &'a BTreeSet<usize>,
    /// How to look.
    pub look: &'a Look<'a>,
}

/// What came of it.
pub enum Settled {
    /// And what expired meanwhile.
    As(Option<Expired>),
    /// Another timeline began meanwhile.
    StartAgain,
}

/// More segments that are not whole, or more holes, are no matter of a moment.
const MANY: u64 = 1000;

/// Segments that a look left open.
#[derive(Clone, Copy, PartialEq, Eq)]
struct StillOpen {
    timeline: TimelineId,
    first: SegmentNo,
    last: SegmentNo,
    /// There is a file, and it is not whole.
    unfinished: bool,
}

type Stretches = BTreeMap<TimelineId, Stretch>;

impl Settling<'_> {
    /// Looks again at what the first look left open, until nothing is, or nothing changes any more. Entries found
    /// meanwhile are added at the end.
    pub fn settle(&self, entries: &mut Vec<Entry>, inventory: &mut Inventory, stretches: &mut Stretches) -> Settled {
        if self.open(inventory, stretches).is_empty() && !self.has_orphan(inventory) {
            return Settled::As(None);
        }
        let backups = |e: &&Entry| matches!(e.name, Some(FileName::BackupHistory(..)));
        let backups =
            |entries: &[Entry]| entries.iter().filter(backups).map(Entry::shown).collect::<BTreeSet<String>>();
        let known_backups = backups(entries);
        let mut here: BTreeSet<String> = entries.iter().map(Entry::shown).collect();
        let others: BTreeSet<String> = self.left_out.iter().filter_map(|&i| entries.get(i)).map(Entry::shown).collect();
        let mut dropped = self.left_out.clone();
        let mut stamps: BTreeMap<(TimelineId, SegmentNo), Option<(u64, SystemTime)>> = BTreeMap::new();
        let (mut expired, mut idle) = (None::<Expired>, 0);
        for round in 0..ROUNDS {
            let open = self.open(inventory, stretches);
            let orphan = self.has_orphan(inventory);
            if open.is_empty() && !orphan || self.look.is_stopped() {
                break;
            }
            if round > 0 {
                // Names do not wait.
                if self.look.depth == Depth::Names || self.look.settle.is_zero() || idle >= IDLE {
                    break;
                }
                std::thread::sleep(self.look.settle / IDLE);
            }
            let Ok(listing) = self.reader.source.list() else { break };
            let histories = |e: &&Entry| matches!(e.name, Some(FileName::History(_)));
            if listing.entries.iter().filter(histories).any(|e| !here.contains(&e.shown())) {
                return Settled::StartAgain;
            }
            let now: BTreeSet<String> = listing.entries.iter().map(Entry::shown).collect();
            let still = now == here;
            here = now;
            let found = self.found(&open, &listing);
            let mut news = false;
            let mut buffers = Buffers::default();
            let replaced = |e: &Entry| self.place(e).is_some_and(|place| found.contains_key(&place));
            dropped.extend((0..entries.len()).filter(|&i| entries.get(i).is_some_and(replaced)));
            for (&(timeline, number), files) in &found {
                let segment = Segment { timeline, number, entry: entries.len(), copies: files.len() };
                entries.extend(files.iter().cloned());
                news |= self.look_again(&segment, entries, stretches, &mut stamps, &mut buffers);
            }
            for open in open.iter().filter(|o| o.unfinished) {
                news |= take_away(open, &found, stretches);
            }
            let missing = |o: &&StillOpen| {
                !o.unfinished && found.range((o.timeline, o.first)..=(o.timeline, o.last)).next().is_none()
            };
            let oldest = self.oldest(&listing, &others);
            for open in open.iter().filter(missing).filter(|open| is_first(open, &oldest)) {
                let before = dropped.len();
                self.expire(open, entries, stretches, &mut dropped);
                let count = (dropped.len() - before) as u64 + expired.map_or(0, |e| e.count);
                expired = Some(Expired { timeline: open.timeline, last: open.last, count });
                news = true;
            }
            // What goes away with a new backup's coming is no loss.
            if expired.is_some() && backups(&listing.entries) != known_backups {
                return Settled::StartAgain;
            }
            *inventory = self.inventory(entries, &dropped);
            stretches.retain(|timeline, _| !inventory.of(*timeline).is_empty());
            if inventory.segments.is_empty() && inventory.partials.is_empty() {
                return Settled::StartAgain;
            }
            self.join(inventory, stretches);
            let waits = self.open(inventory, stretches).iter().any(|open| open.unfinished);
            if still && !news && !waits {
                break;
            }
            idle = if news { 0 } else { idle + 1 };
        }
        Settled::As(expired)
    }

    fn inventory(&self, entries: &[Entry], dropped: &BTreeSet<usize>) -> Inventory {
        let named = |index: usize| self.names.iter().find(|(i, _)| *i == index).map(|(_, name)| *name);
        Inventory::among(entries, &named, &self.reader.cluster.layout, &|index| !dropped.contains(&index))
    }

    /// What is missing between segments, went away, or is not whole yet.
    fn open(&self, inventory: &Inventory, stretches: &Stretches) -> Vec<StillOpen> {
        let layout = &self.reader.cluster.layout;
        let mut out: Vec<StillOpen> = Vec::new();
        for timeline in inventory.timelines() {
            let holes = whole_way(inventory, &self.lineage.line(timeline, layout), layout).holes;
            let asked = holes.iter().filter(|hole| hole.too_early.is_none() && self.is_asked(hole.last));
            out.extend(asked.map(|hole| StillOpen {
                timeline: hole.timeline,
                first: hole.first,
                last: hole.last,
                unfinished: false,
            }));
        }
        let end = stretches.values().filter_map(|stretch| stretch.pieces.last()).map(|piece| piece.last).max();
        for (&timeline, stretch) in stretches {
            for piece in &stretch.pieces {
                let PieceKind::Bad(bad) = &piece.kind else { continue };
                // Of the last segment nothing more than that is to be known.
                let growing_end = bad.grew && Some(piece.last) == end;
                if bad.why == Unusable::Vanished || bad.fresh && !growing_end {
                    out.push(StillOpen {
                        timeline,
                        first: piece.first,
                        last: piece.last,
                        unfinished: bad.why != Unusable::Vanished,
                    });
                }
            }
        }
        out.sort_by_key(|o| (o.timeline, o.first, o.last));
        out.dedup_by(|next, open| {
            let same = (next.timeline, next.unfinished) == (open.timeline, open.unfinished);
            let follows = same && next.first <= open.last.next();
            if follows {
                open.last = open.last.max(next.last);
            }
            follows
        });
        if out.iter().filter(|o| o.unfinished).map(|o| o.last.0 - o.first.0 + 1).sum::<u64>() > MANY {
            out.retain(|o| !o.unfinished);
        }
        if out.len() as u64 > MANY { Vec::new() } else { out }
    }

    fn is_asked(&self, number: SegmentNo) -> bool {
        self.look.asks_for(number, &self.reader.cluster.layout)
    }

    /// A timeline without its history file, which was archived before it.
    fn has_orphan(&self, inventory: &Inventory) -> bool {
        inventory.timelines().iter().skip(1).any(|&t| self.lineage.get(t).is_none())
    }

    fn place(&self, entry: &Entry) -> Option<(TimelineId, SegmentNo)> {
        let layout = &self.reader.cluster.layout;
        match entry.name {
            Some(FileName::Segment(name)) => Some((name.timeline, name.number(layout.address(), layout.segment)?)),
            _ => None,
        }
    }

    /// The files that are there now for what is open.
    fn found(&self, open: &[StillOpen], listing: &Listing) -> BTreeMap<(TimelineId, SegmentNo), Vec<Entry>> {
        let mut out: BTreeMap<_, Vec<Entry>> = BTreeMap::new();
        for entry in &listing.entries {
            let Some((timeline, number)) = self.place(entry) else { continue };
            // In order, and hardly ever one within another.
            let behind = open.partition_point(|o| (o.timeline, o.first) <= (timeline, number));
            let near = open.get(behind.saturating_sub(2)..behind).unwrap_or_default();
            if near.iter().any(|o| o.timeline == timeline && (o.first..=o.last).contains(&number)) {
                out.entry((timeline, number)).or_default().push(entry.clone());
            }
        }
        out
    }

    /// The oldest segment of each timeline that is not another's.
    fn oldest(&self, listing: &Listing, others: &BTreeSet<String>) -> BTreeMap<TimelineId, SegmentNo> {
        let mut out = BTreeMap::new();
        let own = listing.entries.iter().filter(|e| others.is_empty() || !others.contains(&e.shown()));
        for (timeline, number) in own.filter_map(|e| self.place(e)) {
            out.entry(timeline).and_modify(|oldest: &mut SegmentNo| *oldest = number.min(*oldest)).or_insert(number);
        }
        out
    }

    /// Leaves out what is open and everything older; of an older timeline, what ends there.
    fn expire(&self, open: &StillOpen, entries: &[Entry], stretches: &mut Stretches, dropped: &mut BTreeSet<usize>) {
        for (timeline, stretch) in stretches.iter_mut().filter(|(t, _)| **t <= open.timeline) {
            stretch.pieces.retain(|piece| {
                if *timeline == open.timeline { piece.first > open.last } else { piece.last > open.last }
            });
        }
        let kept = |t: TimelineId, n: SegmentNo| {
            stretches.get(&t).is_some_and(|s| s.pieces.iter().any(|p| (p.first..=p.last).contains(&n)))
        };
        let passed =
            |e: &Entry| self.place(e).is_some_and(|(t, n)| t <= open.timeline && n <= open.last && !kept(t, n));
        dropped.extend((0..entries.len()).filter(|&i| entries.get(i).is_some_and(passed)));
    }

    /// Looks at a segment and puts what is seen in its place. Says whether that is news.
    fn look_again(
        &self,
        segment: &Segment,
        entries: &[Entry],
        stretches: &mut Stretches,
        stamps: &mut BTreeMap<(TimelineId, SegmentNo), Option<(u64, SystemTime)>>,
        buffers: &mut Buffers,
    ) -> bool {
        let depth = self.look.depth;
        let reader = Reader { entries, how: How::default(), live: false, known: None, ..self.reader };
        let stamp = entries.get(segment.entry).and_then(|e| self.reader.source.stamp(e));
        let stamp = stamp.map(|stamp| (stamp.size, stamp.written()));
        let seen = if depth == Depth::Names { reader.name_only(segment) } else { reader.look(segment, buffers) };
        let stretch = stretches.entry(segment.timeline).or_default();
        let old = stretch.pieces.iter().position(|piece| piece.first == segment.number && piece.run().is_none());
        let was_growing = old
            .and_then(|i| stretch.pieces.get(i))
            .is_some_and(|piece| matches!(&piece.kind, PieceKind::Bad(bad) if bad.grew));
        let changed = stamps.insert((segment.timeline, segment.number), stamp).is_some_and(|before| before != stamp);
        let mut whole = false;
        stretch.bytes += seen.bytes;
        stretch.copies.extend(seen.copies);
        stretch.renamed.extend(seen.renamed);
        stretch.behind.extend(seen.behind);
        for mut piece in seen.pieces {
            match &mut piece.kind {
                PieceKind::Bad(bad) => bad.grew = bad.fresh && (changed || was_growing || bad.why == Unusable::Changed),
                PieceKind::Run(_) => whole = true,
            }
            match old {
                Some(index) => {
                    if let Some(place) = stretch.pieces.get_mut(index) {
                        *place = piece;
                    }
                }
                None => {
                    let index = stretch.pieces.partition_point(|p| p.last < segment.number);
                    stretch.pieces.insert(index, piece);
                }
            }
        }
        whole || changed
    }

    /// Joins runs as if they had been read in order.
    fn join(&self, inventory: &Inventory, stretches: &mut Stretches) {
        let layout = &self.reader.cluster.layout;
        let cuts = cuts(inventory, self.lineage, layout);
        for stretch in stretches.values_mut() {
            let mut joined: Vec<Piece> = Vec::with_capacity(stretch.pieces.len());
            for piece in std::mem::take(&mut stretch.pieces) {
                let follows = joined.last().is_some_and(|last| last.last.next() == piece.first)
                    && cuts.binary_search(&piece.first).is_err();
                match joined.pop_if(|_| follows) {
                    Some(last) => {
                        let one = |piece: Piece| Stretch { pieces: vec![piece], ..Stretch::default() };
                        joined.extend(one(last).join(one(piece), layout).pieces);
                    }
                    None => joined.push(piece),
                }
            }
            stretch.pieces = joined;
        }
    }
}

/// What was not whole may be gone by now.
fn take_away(
    open: &StillOpen,
    found: &BTreeMap<(TimelineId, SegmentNo), Vec<Entry>>,
    stretches: &mut Stretches,
) -> bool {
    let mut news = false;
    for piece in stretches.get_mut(&open.timeline).map(|s| s.pieces.as_mut_slice()).unwrap_or_default() {
        let is_open =
            (open.first..=open.last).contains(&piece.first) && !found.contains_key(&(open.timeline, piece.first));
        if let (true, PieceKind::Bad(bad)) = (is_open, &mut piece.kind) {
            (bad.why, bad.fresh, bad.grew, bad.run) = (Unusable::Vanished, false, false, None);
            news = true;
        }
    }
    news
}

/// Nothing older is there any more.
fn is_first(open: &StillOpen, oldest: &BTreeMap<TimelineId, SegmentNo>) -> bool {
    oldest.range(..=open.timeline).all(|(_, &n)| n >= open.first)
}

/// What an expiry took away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expired {
    /// The timeline.
    pub timeline: TimelineId,
    /// The last segment that is gone.
    pub last: SegmentNo,
    /// Files.
    pub count: u64,
}
