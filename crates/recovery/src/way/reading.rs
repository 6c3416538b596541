//! Reads a segment as recovery does: a file that is not whole is not used, the records of one that is come up to the
//! first that cannot be read.

use crate::at_hand::{FilePlace, FilesAtHand, FoundFile};
use crate::command::FileTaking;
use crate::delivered::named_files::NamedFiles;
use crate::events::{Ask, Events};
use pgwal_archive::fresh::settled;
use pgwal_archive::names::Segment;
use pgwal_archive::read::{Reader, Scanned};
use pgwal_archive::whose::{Cluster, beginning};
use pgwal_archive::{Buffers, Depth, Unusable};
use pgwal_format::{FileName, Lsn, TimelineId};
use pgwal_source::guard::MapGuard;
use pgwal_source::{Codec, Entry, How, OpeningRule};
use pgwal_walk::Run;
use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes that are kept of a record that crosses pages: the end of a transaction with that many subtransactions is read.
const KEEP: usize = 64 << 20;

/// A file, read.
pub enum FileRead<'a> {
    /// Records.
    Records(Box<Run<Events<'a>>>),
    /// Not as large as a segment is: bytes.
    Size(u64),
    /// It cannot be unpacked whole, read or opened, or it is gone: `restore_command` fails.
    Nothing(NoRecords),
}

/// Why there is nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoRecords {
    /// Packed, and not whole.
    Packed,
    /// Encrypted, packed in a way that is not read, or refused: what it holds is not known.
    Closed,
    /// Gone.
    Unreadable,
    /// Who keeps the archive gives out neither this file nor the others of its name.
    Withheld,
}

/// Reads files of a shelf.
pub struct EventReader<'a> {
    /// The files.
    pub shelf: &'a FilesAtHand<'a>,
    /// What is looked for.
    pub ask: &'a Ask,
    /// The cluster.
    pub system_id: u64,
    /// Memory-map plain files.
    pub map: Option<MapGuard>,
    /// How long to wait for a file that is being written.
    pub settle: Duration,
    /// `restore_command` takes files by name.
    pub named: Option<Arc<NamedFiles>>,
    /// Timelines of the history that is followed.
    pub history: Arc<[TimelineId]>,
    /// The room for a large segment that is needed whole.
    pub permit: Mutex<Vec<u8>>,
}

impl<'a> EventReader<'a> {
    /// Reads a file, from `from` on where that lies inside. One that is still being written is waited for.
    pub fn read(&self, found: &FoundFile, from: Option<Lsn>, buffers: &mut Buffers) -> FileRead<'a> {
        let Some((place, entry)) = self.place_of(found) else { return FileRead::Nothing(NoRecords::Unreadable) };
        let named = place.inventory.get(found.timeline, found.number);
        if named.is_some_and(|segment| segment.is_withheld(&place.entries)) {
            return FileRead::Nothing(NoRecords::Withheld);
        }
        let cluster = Cluster { layout: self.shelf.layout, system_id: self.system_id };
        let reader = self.reader(place, &cluster);
        let segment = segment_of(found);
        let buffers = RefCell::new(buffers);
        let read = || {
            let mut make = || Events::new(self.ask).of_file(Some(found.timeline));
            let buffers = &mut **buffers.borrow_mut();
            Some(match from {
                Some(from) => reader.scan_from(&segment, found.entry, (from, KEEP), &mut make, buffers),
                None => reader.gather(&segment, found.entry, KEEP, &mut make, buffers),
            })
        };
        let unfinished = |scanned: &Scanned<Events<'a>>| scanned.why.as_ref().is_some_and(Unusable::is_unfinished);
        let Some(scanned) = settled(place.source, entry, self.settle, unfinished, read) else {
            return FileRead::Nothing(NoRecords::Unreadable);
        };
        // A server finds a page there that it does not take for one of this segment.
        let events = || Events::new(self.ask).of_file(Some(found.timeline));
        let nothing = || Box::new(reader.nothing(&segment, KEEP, events()));
        let taking = self.named.as_ref().and_then(|named| named.taking(self.shelf, found));
        match taking {
            Some(FileTaking::AsItIs) => {
                // It may have grown since it was listed.
                let path = place.source.local().map(|local| local.path(entry));
                let now = path.and_then(|path| path.metadata().ok()).map(|metadata| metadata.len());
                let odd = now.or(entry.size).filter(|size| *size != self.shelf.layout.segment.bytes());
                if let Some(bytes) = odd {
                    return FileRead::Size(bytes);
                }
            }
            Some(FileTaking::Unpacked) => {
                let is_plain = || beginning(place.source, entry).is_some_and(|(_, codec, _)| codec == Codec::Plain);
                // What has a suffix is nearly always packed.
                let doubtful = entry.has_bare_name() || entry.size == Some(self.shelf.layout.segment.bytes());
                if doubtful && is_plain() {
                    return FileRead::Nothing(NoRecords::Packed);
                }
            }
            _ => {}
        }
        // Of its own pg_wal a server unpacks nothing.
        let unpacked_before = entry.opening() != OpeningRule::ByContent;
        let odd = !place.archive
            && !unpacked_before
            && entry.size.is_some_and(|size| size != self.shelf.layout.segment.bytes());
        if odd && beginning(place.source, entry).is_some_and(|(_, codec, _)| codec != Codec::Plain) {
            return FileRead::Records(nothing());
        }
        // Who hands out what is unfinished fills it up with zeros; who takes it by its name does not.
        let is_filled = taking.is_none() && matches!(entry.name, Some(FileName::Partial(_)));
        match scanned.why {
            Some(Unusable::Size { found, .. }) if place.archive && !is_filled => FileRead::Size(found),
            // Unpacked once, as its name says.
            Some(Unusable::Twice { bytes, .. }) if place.archive => FileRead::Size(bytes),
            Some(Unusable::Otherwise { given: Some(bytes), .. }) if place.archive => FileRead::Size(bytes),
            Some(Unusable::Packed { .. } | Unusable::Otherwise { .. }) => FileRead::Nothing(NoRecords::Packed),
            // A server may be allowed what we are not.
            Some(Unusable::Encrypted(_) | Unusable::WrongKey(_) | Unusable::Unknown(_) | Unusable::Refused(_)) => {
                FileRead::Nothing(NoRecords::Closed)
            }
            Some(Unusable::Withheld) => FileRead::Nothing(NoRecords::Withheld),
            Some(Unusable::Vanished) => FileRead::Nothing(NoRecords::Unreadable),
            Some(Unusable::Cluster { .. }) => FileRead::Records(nothing()),
            _ => FileRead::Records(scanned.run.map_or_else(nothing, Box::new)),
        }
    }

    /// The record of a file that lies over a position ([`Reader::record_over`]).
    pub fn record_over(&self, found: &FoundFile, at: Lsn) -> Option<Lsn> {
        let (place, _) = self.place_of(found)?;
        let cluster = Cluster { layout: self.shelf.layout, system_id: self.system_id };
        self.reader(place, &cluster).record_over(&segment_of(found), at)
    }

    fn place_of(&self, found: &FoundFile) -> Option<(&FilePlace<'a>, &Entry)> {
        self.shelf.places.get(found.place).zip(self.shelf.entry(found))
    }

    fn reader<'r>(&'r self, place: &'r FilePlace<'a>, cluster: &'r Cluster) -> Reader<'r> {
        Reader {
            source: place.source,
            entries: &place.entries,
            cluster,
            how: How { map: self.map, ..How::default() },
            live: false,
            depth: Depth::Records,
            known: None,
            facts: false,
            history: &self.history,
            by_pages: !place.archive,
            permit: &self.permit,
        }
    }
}

fn segment_of(found: &FoundFile) -> Segment {
    Segment { timeline: found.timeline, number: found.number, entry: found.entry, copies: 1 }
}
