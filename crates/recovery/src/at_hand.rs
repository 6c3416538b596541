//! The files that recovery can get: from the archive with `restore_command`, then from `pg_wal` of the restored backup.

use crate::machine::readable::may_read;
use pgwal_archive::lineage::Descent;
use pgwal_archive::names::{Inventory, Segment};
use pgwal_archive::whose::{FirstPage, beginning};
use pgwal_archive::{Flaw, HistoryFlaw, Lineage};
use pgwal_format::text::history::{Ancestor, HistoryFault};
use pgwal_format::{FileName, Layout, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{Codec, Entry, Source};

/// A place with files.
pub struct FilePlace<'a> {
    /// Where they are.
    pub source: &'a dyn Source,
    /// All of them.
    pub entries: Vec<Entry>,
    /// By what their names say.
    pub inventory: Inventory,
    /// Timelines, as history files tell of them.
    pub lineage: Lineage,
    /// History files that cannot be used.
    pub history_flaws: Vec<HistoryFlaw>,
    /// Names of WAL that stand for what nobody here can look at: a pipe, a device, what is forbidden; of folders of 256
    /// segments, too, their 16 digits.
    pub refused: Vec<String>,
    /// What `restore_command` gets: its size is checked.
    pub archive: bool,
}

/// All places, in the order in which recovery asks them.
pub struct FilesAtHand<'a> {
    /// The archive first.
    pub places: Vec<FilePlace<'a>>,
    /// How segments lie.
    pub layout: Layout,
    /// `.partial` files count as if they had been renamed.
    pub partials: bool,
}

/// A file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FoundFile {
    /// The place.
    pub place: usize,
    /// Its index among the entries there.
    pub entry: usize,
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
}

impl<'a> FilesAtHand<'a> {
    /// The name of a segment.
    pub fn name(&self, timeline: TimelineId, number: SegmentNo) -> String {
        SegmentName::new(timeline, number, self.layout.address(), self.layout.segment).to_string()
    }

    /// The files of a segment, in the order in which they would be taken.
    pub fn files(&self, timeline: TimelineId, number: SegmentNo) -> Vec<FoundFile> {
        self.files_or_partials(timeline, number, self.partials)
    }

    /// The same, where `.partial` files count.
    pub fn files_or_partials(&self, timeline: TimelineId, number: SegmentNo, partials: bool) -> Vec<FoundFile> {
        let mut out = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let partial = || if partials && place.archive { place.inventory.partial(timeline, number) } else { None };
            if let Some(segment) = place.inventory.get(timeline, number).or_else(partial) {
                out.extend((segment.entry..segment.entry + segment.copies).map(|entry| FoundFile {
                    place: index,
                    entry,
                    timeline,
                    number,
                }));
            }
        }
        out
    }

    /// The segments of a timeline in a place, without the files behind them that its server has renamed ahead of use,
    /// which hold older WAL, wherever they were copied to. In its own directory those of zeros are ahead of use, too:
    /// the names of both are the highest in its `pg_wal`.
    pub fn written<'p>(&self, place: &'p FilePlace<'_>, timeline: TimelineId) -> &'p [Segment] {
        let all = place.inventory.of(timeline);
        let is_ahead = |segment: &&Segment| {
            let head = place.entries.get(segment.entry).and_then(|entry| beginning(place.source, entry));
            let start = self.layout.address().segment_start(segment.number, self.layout.segment);
            head.is_some_and(|(bytes, ..)| match FirstPage::of(&bytes) {
                Ok(first) => first.address < start,
                Err(_) => place.source.is_live() && bytes.iter().all(|byte| *byte == 0),
            })
        };
        let ahead = all.iter().rev().take_while(is_ahead).count();
        all.get(..all.len() - ahead).unwrap_or(all)
    }

    /// The entry of a file.
    pub fn entry(&self, found: &FoundFile) -> Option<&Entry> {
        self.places.get(found.place)?.entries.get(found.entry)
    }

    /// Whether a history file is there. What cannot be unpacked or decrypted no command gives out.
    pub fn has_history(&self, timeline: TimelineId) -> bool {
        let lost = |place: &FilePlace<'_>| {
            let own = |flaw: &&HistoryFlaw| flaw.timeline == timeline;
            let packed = |flaw: &HistoryFlaw| matches!(flaw.flaw, Flaw::NotWhole(codec) if codec != Codec::Plain);
            place.lineage.get(timeline).is_some_and(|node| node.broken)
                && place.history_flaws.iter().filter(own).all(packed)
        };
        let has = |place: &FilePlace<'_>| place.inventory.histories.iter().any(|(t, _)| *t == timeline);
        self.places.iter().any(|place| has(place) && !lost(place))
    }

    /// Whether a history file is in the archive.
    pub fn archives_history(&self, timeline: TimelineId) -> bool {
        let mut archive = self.places.iter().filter(|place| place.archive);
        archive.any(|place| place.inventory.histories.iter().any(|(t, _)| *t == timeline))
    }

    /// Whether a user may not read a history file of the archive.
    pub fn hides_history(&self, timeline: TimelineId, user: u32) -> bool {
        let name = Some(FileName::History(timeline));
        self.places.iter().filter(|place| place.archive).any(|place| {
            let own = place.entries.iter().filter(|entry| entry.name == name);
            let mut paths = own.filter_map(|entry| Some(place.source.local()?.path(entry)));
            paths.any(|path| !may_read(&path, user))
        })
    }

    /// Whether a file is one of the archive that a user may not read.
    pub fn hides(&self, found: &FoundFile, user: u32) -> bool {
        let archived = self.places.get(found.place).filter(|place| place.archive);
        let path = archived.and_then(|place| Some(place.source.local()?.path(place.entries.get(found.entry)?)));
        path.is_some_and(|path| !may_read(&path, user))
    }

    /// The newest timeline from `start` on: one number after another is tried.
    pub fn newest(&self, start: TimelineId) -> TimelineId {
        let mut newest = start;
        while let Some(next) = newest.0.checked_add(1).map(TimelineId).filter(|&next| self.has_history(next)) {
            newest = next;
        }
        newest
    }

    /// Whether something has this name that nobody here can look at.
    pub fn is_refused(&self, name: &str) -> bool {
        // Of a folder of 256 segments, each of them may be there.
        let is_in = |own: &str| own == name || own.len() == 16 && name.len() == 24 && name.starts_with(own);
        self.places.iter().any(|place| place.refused.iter().any(|own| is_in(own)))
    }

    /// Whether a history file is there, and what it says is not known here.
    pub fn is_history_closed(&self, timeline: TimelineId) -> bool {
        let nodes = || self.places.iter().filter_map(|place| place.lineage.get(timeline));
        timeline != TimelineId::FIRST
            && nodes().next().is_some_and(|node| node.closed)
            && nodes().all(|node| node.broken)
    }

    /// The line of a timeline. Without a history file it has no ancestors; the first one has none in any case.
    ///
    /// # Errors
    /// The file makes no sense.
    pub fn line(&self, target: TimelineId) -> Result<Descent, HistoryFault> {
        let mut ancestors: &[Ancestor] = &[];
        for place in self.places.iter().filter(|_| target != TimelineId::FIRST) {
            let flaw = place.history_flaws.iter().find(|flaw| flaw.timeline == target).map(|flaw| &flaw.flaw);
            match (place.lineage.get(target), flaw) {
                (Some(node), _) if !node.broken => ancestors = &node.written,
                (_, Some(Flaw::Fault(fault))) => return Err(fault.clone()),
                // One that names nothing is read all the same; one that cannot be had is looked for elsewhere.
                (Some(_), Some(Flaw::Empty)) => {}
                _ => continue,
            }
            break;
        }
        Ok(Descent::of(target, ancestors, &self.layout))
    }
}
