//! What of an index holds in this run.

use super::encoding::IndexContent;
use super::record::{Owner, RememberedFile};
use super::store::Index;
use super::usage::IndexUse;
use super::wire::timestamp;
use crate::error::Error;
use crate::names::Inventory;
use crate::read::{CountedFile, Remember, View};
use crate::stretch::Unusable;
use crate::whose::{Cluster, FirstPage};
use pgwal_format::{FileName, SegmentNo, TimelineId};
use pgwal_source::{Codec, Entry, Source, Stamp};
use pgwal_walk::Tail;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// An index and the files of a run.
pub struct IndexSession<'a> {
    index: &'a Index,
    live: bool,
    now: SystemTime,
    slots: Vec<IndexSlot<'a>>,
    learned: Mutex<HashMap<usize, RememberedFile>>,
    used: Mutex<IndexUse>,
}

/// Segments behind the last one that is here, which were here in an earlier run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewestGone {
    /// The first.
    pub first: (TimelineId, SegmentNo),
    /// The last.
    pub last: (TimelineId, SegmentNo),
    /// How many.
    pub count: u64,
}

#[derive(Default)]
struct IndexSlot<'a> {
    file: String,
    stamp: Option<Stamp>,
    /// What is remembered of a file of this name.
    old: Option<&'a RememberedFile>,
    /// The file is the one that was read then.
    same: bool,
    /// It is not read in this run.
    taken: bool,
}

impl<'a> IndexSession<'a> {
    /// Looks at the stamps of all segments. `trusting`: takes what was shortened, too.
    pub fn begin(
        index: &'a Index,
        source: &dyn Source,
        entries: &[Entry],
        live: bool,
        trusting: bool,
    ) -> IndexSession<'a> {
        let slot = |entry: &Entry| {
            if !matches!(entry.name, Some(FileName::Segment(_) | FileName::Partial(_))) {
                return IndexSlot::default();
            }
            let file = entry.shown();
            let stamp = source.stamp(entry);
            let old = index.records.get(&file);
            // What this user may not read is told, whoever proved it.
            let same = old.is_some_and(|old| Some(old.stamp) == stamp) && source.may_read(entry);
            let whole = trusting || old.is_some_and(|old| old.needs_left.is_none());
            IndexSlot { file, stamp, old, same, taken: same && whole }
        };
        let slots = entries.iter().map(slot).collect();
        let used = Mutex::new(index.usage());
        let mut session = IndexSession { index, live, now: SystemTime::now(), slots, learned: Mutex::default(), used };
        session.choose_again();
        session
    }

    /// Takes those out that are to be read again: the ones that were not read for longest. They follow each other, so
    /// that few segments lose the one before.
    fn choose_again(&mut self) {
        let Some((part, of)) = self.index.share else { return };
        let mut known: Vec<usize> =
            (0..self.slots.len()).filter(|&i| self.slots.get(i).is_some_and(|s| s.taken)).collect();
        let count = (known.len() as u64 * u64::from(part)).div_ceil(u64::from(of)) as usize;
        known.sort_by_key(|&i| self.slots.get(i).and_then(|s| s.old).map(|old| old.run));
        for &i in known.iter().take(count) {
            if let Some(slot) = self.slots.get_mut(i) {
                slot.taken = false;
            }
        }
        self.count(|used| used.segments_reread += count as u64);
    }

    /// Checks that the index is of this archive, and takes those out whose summary needs a segment before that is not
    /// here any more.
    pub fn settle(&mut self, whose: &Cluster, inventory: &Inventory) -> Result<(), Error> {
        let here = Owner { layout: whose.layout, system_id: whose.system_id };
        let same = |owner: &Owner| {
            let facts = |o: &Owner| (o.system_id, o.layout.dialect.magic, o.layout.segment, o.layout.page);
            facts(owner) == facts(&here) || self.slots.iter().any(|slot| slot.same)
        };
        // Damage may make the files of a small archive say something else of themselves; but they stay the same files.
        if let Some(owner) = self.index.owner.filter(|owner| !same(owner)) {
            let file = self.index.path().display().to_string();
            return Err(Error::ForeignIndex { file, found: owner.system_id, expected: whose.system_id });
        }
        let files = Neighbours::of(inventory);
        let lost = |slot: &IndexSlot<'_>| {
            let Some((old, needed)) = slot.old.and_then(|old| Some((old, old.needs_left?))) else { return false };
            match files.before(old.view.timeline, old.view.number) {
                Before::Nothing => false,
                Before::One(entry) => {
                    !self.slots.get(entry).is_some_and(|left| left.same && left.old.is_some_and(|l| l.sum == needed))
                }
                Before::Others => true,
            }
        };
        let lost: Vec<bool> = self.slots.iter().map(|slot| slot.taken && lost(slot)).collect();
        for (slot, lost) in self.slots.iter_mut().zip(lost) {
            slot.taken &= !lost;
        }
        Ok(())
    }

    /// Whether a file is not read in this run, as far as names and stamps tell.
    pub fn is_taken(&self, entry: usize) -> bool {
        self.slots.get(entry).is_some_and(|slot| slot.taken)
    }

    fn count(&self, add: impl FnOnce(&mut IndexUse)) {
        add(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn learned(&self) -> std::sync::MutexGuard<'_, HashMap<usize, RememberedFile>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files whose bytes are others than those that were proven.
    pub fn changed(&self) -> Vec<usize> {
        let mut out: Vec<usize> = self.proven_before(&self.learned()).into_keys().collect();
        out.sort_unstable();
        out
    }

    /// Good segments of an earlier run that lie behind the last one that is here now. Of a directory in use nothing
    /// follows: a server takes its files for others.
    fn behind(&self, inventory: &Inventory) -> Vec<&'a RememberedFile> {
        let newest = inventory.segments.iter().map(|segment| segment.number).max();
        let is_gone = |old: &&RememberedFile| old.good && is_segment(&old.file) && Some(old.view.number) > newest;
        let all = self.index.records.values().filter(|_| newest.is_some() && !self.live);
        let mut all: Vec<&RememberedFile> = all.filter(is_gone).collect();
        all.sort_by_key(|old| (old.view.number, old.view.timeline));
        all
    }

    /// WAL that reached farther in an earlier run.
    pub fn gone(&self, inventory: &Inventory) -> Option<NewestGone> {
        let all = self.behind(inventory);
        let (first, last) = (all.first()?.view, all.last()?.view);
        let place = |view: View| (view.timeline, view.number);
        Some(NewestGone { first: place(first), last: place(last), count: all.len() as u64 })
    }

    /// What is remembered of files whose bytes are others now. A file of a new name may be an old one that was packed.
    fn proven_before(&self, learned: &HashMap<usize, RememberedFile>) -> HashMap<usize, &'a RememberedFile> {
        let here: HashSet<&str> = self.slots.iter().map(|slot| slot.file.as_str()).collect();
        let old = self.index.records.values().filter(|old| !here.contains(old.file.as_str()) && is_segment(&old.file));
        let renamed: HashMap<_, &RememberedFile> =
            old.map(|old| ((old.view.system_id, old.view.timeline, old.view.number), old)).collect();
        let before = |(&i, new): (&usize, &RememberedFile)| {
            let old = match self.slots.get(i)?.old {
                // What a .partial holds is written on.
                _ if !is_segment(&new.file) => return None,
                None => *renamed.get(&(new.view.system_id, new.view.timeline, new.view.number))?,
                Some(named) => named,
            };
            (old.good && old.sum != new.sum && old.view.number == new.view.number).then_some((i, old))
        };
        learned.iter().filter_map(before).collect()
    }

    /// Whether something was taken whose segment before turned out to be another one.
    pub fn misled(&self, inventory: &Inventory) -> bool {
        let files = Neighbours::of(inventory);
        let learned = self.learned();
        self.slots.iter().filter(|slot| slot.taken).any(|slot| {
            let Some((old, needed)) = slot.old.and_then(|old| Some((old, old.needs_left?))) else { return false };
            let Before::One(left) = files.before(old.view.timeline, old.view.number) else { return false };
            learned.get(&left).is_some_and(|left| left.sum != needed)
        })
    }

    /// What was saved; what is known now is kept for [`Index::save`]. A changed file stays what it was, and is read and
    /// told again each time, until somebody accepts the change.
    pub fn end(self, whose: &Cluster, inventory: &Inventory, accepted: &HashSet<&str>) -> IndexUse {
        let proven = self.proven_before(&self.learned());
        // They are told of until WAL reaches as far again.
        let gone: Vec<RememberedFile> = self.behind(inventory).into_iter().cloned().collect();
        let mut used = self.used.into_inner().unwrap_or_else(PoisonError::into_inner);
        let learned = self.learned.into_inner().unwrap_or_else(PoisonError::into_inner);
        let owner = Owner { layout: whose.layout, system_id: whose.system_id };
        let mut now: HashMap<usize, RememberedFile> = learned;
        for (i, old) in proven {
            let Some(slot) = self.slots.get(i).filter(|slot| !accepted.contains(slot.file.as_str())) else { continue };
            // No file has this stamp.
            let stamp = Stamp { size: 0, modified: 0, changed: 0, inode: 0 };
            now.insert(i, RememberedFile { file: slot.file.clone(), stamp, ..old.clone() });
        }
        for (i, slot) in self.slots.iter().enumerate() {
            // What was read and is not remembered, because it was just written, is compared with what it was the next
            // time.
            if let Some(old) = slot.old {
                if slot.taken {
                    used.oldest_proof = Some(used.oldest_proof.map_or(old.at, |at| at.min(old.at)));
                }
                now.entry(i).or_insert_with(|| old.clone());
            }
        }
        shorten(&mut now, inventory, whose);
        let mut records: Vec<RememberedFile> = now.into_values().chain(gone).collect();
        records.sort_by(|a, b| a.file.cmp(&b.file));
        self.index.keep(IndexContent { owner, runs: self.index.runs + 1, records });
        used
    }

    /// Whether it holds in the next run, too, as long as the file does.
    fn lasts(&self, stamp: &Stamp, read: &CountedFile) -> bool {
        let settled = match &read.why {
            None => true,
            // It may be written on.
            Some(Unusable::Size { short, .. }) => !short,
            Some(Unusable::Changed | Unusable::Vanished | Unusable::Refused(_)) => false,
            Some(why) if asks_for_more(why) => false,
            Some(_) => true,
        };
        // A server writes on where WAL ends.
        let closed = !self.live
            || read.run.as_ref().is_some_and(|run| !matches!(run.tail, Tail::Stopped(_))) && read.why.is_none();
        settled && closed && !stamp.is_young(self.now)
    }
}

impl Remember for IndexSession<'_> {
    fn first(&self, entry: usize) -> Option<Option<FirstPage>> {
        let slot = self.slots.get(entry).filter(|slot| slot.taken)?;
        slot.old?.read().map(|read| read.first)
    }

    fn recall(&self, entry: usize, view: &View) -> Option<CountedFile> {
        let slot = self.slots.get(entry).filter(|slot| slot.taken)?;
        let read = slot.old.filter(|old| old.view == *view)?.read()?;
        if read.why.as_ref().is_some_and(asks_for_more) {
            return None;
        }
        self.count(|used| used.segments_taken += 1);
        Some(read)
    }

    fn learn(&self, entry: usize, view: &View, read: &CountedFile) {
        self.count(|used| {
            used.segments_read += 1;
            used.bytes_read += read.bytes;
        });
        let Some((slot, stamp)) = self.slots.get(entry).and_then(|slot| Some((slot, slot.stamp?))) else { return };
        if !self.lasts(&stamp, read) {
            return;
        }
        let mut read = read.clone();
        if let Some(run) = &mut read.run {
            run.compact(&view.layout);
        }
        let record = RememberedFile {
            file: slot.file.clone(),
            stamp,
            sum: read.sum,
            good: read.why.is_none(),
            run: self.index.runs + 1,
            at: timestamp(self.now),
            needs_left: None,
            view: *view,
            read: RememberedFile::pack(&read),
        };
        self.learned().insert(entry, record);
    }
}

/// Another key may open it, or a later program.
fn asks_for_more(why: &Unusable) -> bool {
    match why {
        Unusable::Encrypted(_) | Unusable::WrongKey(_) | Unusable::Unknown(_) => true,
        Unusable::Packed { codec, .. } => matches!(codec, Codec::Encrypted(_)),
        _ => false,
    }
}

fn is_segment(file: &str) -> bool {
    matches!(Entry::named(file, None).name, Some(FileName::Segment(_)))
}

/// Drops the bytes of records begun before where the segment before tells all that they could.
fn shorten(now: &mut HashMap<usize, RememberedFile>, inventory: &Inventory, whose: &Cluster) {
    let files = Neighbours::of(inventory);
    let tells: HashMap<usize, u128> = now
        .iter()
        .filter(|(_, record)| record.good)
        .filter_map(|(&i, record)| record.read()?.run?.tells_structure(&whose.layout).then_some((i, record.sum)))
        .collect();
    for record in now.values_mut().filter(|record| record.good && record.needs_left.is_none()) {
        let Before::One(left) = files.before(record.view.timeline, record.view.number) else { continue };
        let Some(&sum) = tells.get(&left) else { continue };
        let Some(mut read) = record.read() else { continue };
        if let Some(run) = read.run.as_mut().filter(|run| run.keeps_rest()) {
            run.drop_rest(&whose.layout);
            record.read = RememberedFile::pack(&read);
            record.needs_left = Some(sum);
        }
    }
}

/// What lies right before a segment.
enum Before {
    Nothing,
    /// One file, of the same timeline.
    One(usize),
    /// More than one file that it could be joined to, or one of another timeline.
    Others,
}

struct Neighbours(HashMap<SegmentNo, Option<(TimelineId, usize)>>);

impl Neighbours {
    fn of(inventory: &Inventory) -> Neighbours {
        let mut map = HashMap::new();
        for segment in inventory.segments.iter().chain(&inventory.partials) {
            let alone = (segment.copies == 1).then_some((segment.timeline, segment.entry));
            map.entry(segment.number).and_modify(|known| *known = None).or_insert(alone);
        }
        Neighbours(map)
    }

    fn before(&self, timeline: TimelineId, number: SegmentNo) -> Before {
        match number.0.checked_sub(1).and_then(|before| self.0.get(&SegmentNo(before))) {
            None => Before::Nothing,
            Some(Some((found, entry))) if *found == timeline => Before::One(*entry),
            Some(_) => Before::Others,
        }
    }
}
