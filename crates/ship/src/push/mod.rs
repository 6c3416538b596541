//! Archives a file: whole and checked, once, under a name that no other file has.
//!
//! ```text
//!             ┌── inspect: what check refuses, and the seam to the segment before, there or in the state ──┐
//! %p ── read ─┤                                                                                            ├─► a name
//!             └── stage: packed, written and flushed at each destination, meanwhile ───────────────────────┘
//! ```
//! A destination in which the name is taken already has the same content, and all is well, or another, which is told
//! and never replaced.

mod along;
mod held;
mod parting;
mod recycled;
mod there;

pub use along::{push_along, waiting};
pub use parting::Parting;

use crate::check::{Strictness, predecessor_of};
use crate::destination::{Destination, ToStage};
use crate::ends::PassedEnds;
use crate::fault::{ShipFault, ShipStep};
use crate::handed::HandedFile;
use crate::inspect::{Inspection, Predecessor, inspect};
use crate::objection::{Doubt, LeftThere, Objection};
use crate::server::ServerDirectory;
use held::DestinationHolds;
use pgwal_archive::index::Index;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId, Version};
use pgwal_source::WalPacking;
use pgwal_source::name::DAMAGED;
use pgwal_verify::Code;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use there::DestinationThere;

/// How a file is archived.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// What becomes of a segment that is damaged where the server has it.
    pub on_damage: OnDamage,
    /// How it is packed.
    pub packing: Option<WalPacking>,
    /// Where the ends of segments are kept that were archived.
    pub state: Option<PathBuf>,
    /// The index of the first destination that learns what is archived: whoever verifies it need not read that again.
    pub index: Option<PathBuf>,
    /// What becomes of a segment of a timeline that was left in front of it, by a history file at the destination.
    pub strictness: Strictness,
}

/// What becomes of a segment that is damaged where the server has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDamage {
    /// It is refused, again and again, and archiving waits.
    #[default]
    Refuse,
    /// It is stored, with a note beside it.
    Store,
}

/// What became of a file.
#[derive(Debug)]
pub struct PushAnswer {
    /// The file.
    pub file: FileName,
    /// What it is.
    pub inspection: Inspection,
    /// It is none that anybody needs: nothing was stored of it, and the server need not keep it.
    pub recycled: bool,
    /// What became of it at each destination; nothing where it was not let pass.
    pub each: Vec<(String, Result<PushEnd, PushRefusal>)>,
}

impl PushAnswer {
    /// The server may forget the file.
    pub fn is_done(&self) -> bool {
        self.recycled || !self.each.is_empty() && self.each.iter().all(|(_, end)| end.is_ok())
    }
}

/// How well it went at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushEnd {
    /// It was stored.
    Stored,
    /// It was stored although it is damaged, with a note.
    StoredDamaged,
    /// It was there already.
    There,
}

/// Why a destination did not take a file.
#[derive(Clone, Debug, PartialEq)]
pub enum PushRefusal {
    /// Another file has its name.
    Other {
        /// The file there.
        stored: String,
        /// How the two differ.
        parting: Parting,
        /// What is wrong with the file there, where its bytes say so, and this one is whole.
        wrong: Option<String>,
    },
    /// A whole segment of this cluster has its name, and the one that was handed out is damaged or another.
    GoodThere {
        /// The file there.
        stored: String,
    },
    /// The WAL there is another cluster's.
    OtherCluster {
        /// A file there.
        stored: String,
        /// The cluster there.
        there: u64,
        /// The cluster of the file.
        own: u64,
    },
    /// The WAL there is of another version.
    OtherVersion {
        /// A file there.
        stored: String,
        /// The version there.
        there: Version,
        /// The version of the file.
        own: Version,
    },
    /// By the history file there, the timeline comes from elsewhere than here.
    OtherTimeline {
        /// The timeline.
        timeline: TimelineId,
        /// Where it left its parent, by the file there and by the server's own.
        there: (TimelineId, Option<Lsn>),
        /// The server's own.
        own: (TimelineId, Option<Lsn>),
    },
    /// By the history file there, the timeline begins behind the segment.
    BeforeTimeline {
        /// The timeline.
        timeline: TimelineId,
        /// Its first segment.
        first: SegmentName,
    },
    /// By a history file there, its timeline was left in front of the segment, and that is not let pass.
    Left(LeftThere),
    /// Something could not be done.
    Fault(ShipFault),
}

impl From<ShipFault> for PushRefusal {
    fn from(fault: ShipFault) -> PushRefusal {
        PushRefusal::Fault(fault)
    }
}

/// Archives a file as a server hands it out.
///
/// # Errors
/// It cannot be read, or has no name of WAL. What a destination does not take is in the answer.
pub fn push(path: &Path, destinations: &[&dyn Destination], options: &PushOptions) -> Result<PushAnswer, ShipFault> {
    let file = HandedFile::read(path)?;
    let server = ServerDirectory::of(path);
    let stored = format!("{}{}", file.name, options.packing.map_or("", WalPacking::suffix));
    let packed: OnceLock<Result<Vec<u8>, ShipFault>> = OnceLock::new();
    let before = predecessor_of(&file, server.as_ref());
    let mut there: Vec<Result<DestinationHolds, ShipFault>> =
        destinations.iter().map(|place| DestinationHolds::of(*place, file.name, before)).collect();
    let bytes_to_store = || -> Result<&[u8], ShipFault> {
        let Some(packing) = options.packing else { return Ok(&file.bytes) };
        let pack = || packing.pack(&file.bytes).map_err(|e| ShipFault::of(ShipStep::Pack, file.name.to_string(), e));
        packed.get_or_init(pack).as_deref().map_err(Clone::clone)
    };
    std::thread::scope(|scope| {
        // Writing takes longer than looking: both at once. Where the name is taken, nothing is written.
        let staged: Vec<_> = destinations
            .iter()
            .zip(&there)
            .map(|(place, held)| {
                let is_free = held.as_ref().is_ok_and(DestinationHolds::is_free);
                let (stored, mode) = (stored.as_str(), file.mode);
                let bring = move || place.stage(ToStage { stored, bytes: bytes_to_store()?, mode });
                is_free.then(|| scope.spawn(bring))
            })
            .collect();
        let mut pushing = Pushing { file: &file, server: server.as_ref(), options, ends: None };
        let (inspection, passes) = pushing.inspect(before, destinations, &mut there);
        let damaged = !inspection.objections.is_empty();
        let recycled = damaged && recycled::is_recycled(&file, &inspection, server.as_ref());
        let (mut each, mut lefts) = (Vec::new(), Vec::new());
        for ((place, held), staged) in destinations.iter().zip(there).zip(staged) {
            let there = held.map(|held| DestinationThere {
                place: *place,
                file: &file,
                server: server.as_ref(),
                inspection: &inspection,
                held,
            });
            // What it is to lie beside is looked at while it is packed.
            let goes_there = passes && !recycled && staged.is_some();
            let admitted = there.as_ref().ok().filter(|_| goes_there).map(|there| there.admit(options.strictness));
            // Whoever was begun is waited for: what is not published goes with it.
            let staged = staged.map(|thread| thread.join());
            if !passes || recycled {
                // Where another file has its name, that says more than what is wrong with this one.
                let other = there.ok().filter(|there| !recycled && !there.held.is_free());
                let refusal = other.and_then(|there| there.compare(&there.held.own).err());
                each.extend(refusal.map(|refusal| (place.describe(), Err(refusal))));
                continue;
            }
            let there = match there {
                Ok(there) => there,
                Err(fault) => {
                    each.push((place.describe(), Err(fault.into())));
                    continue;
                }
            };
            let end = match (admitted, staged) {
                (None, _) | (_, None) => there.compare(&there.held.own),
                (_, Some(Err(_))) => Err(ShipFault::of(ShipStep::Write, place.describe(), "a thread ended").into()),
                (Some(admitted), Some(Ok(staged))) => admitted.and_then(|left| {
                    lefts.extend(left);
                    there.publish(staged?)
                }),
            };
            let end = if damaged { end.and_then(|end| there.note(end)) } else { end };
            each.push((place.describe(), end));
        }
        let mut inspection = inspection;
        inspection.doubts.extend(lefts.into_iter().map(Doubt::Left));
        let mut answer = PushAnswer { file: file.name, inspection, recycled, each };
        if answer.is_done() && !recycled {
            pushing.passed(&mut answer.inspection);
            let learned = options
                .index
                .as_ref()
                .zip(destinations.first())
                .map(|(index, place)| learn(index, *place, file.name).err().map(Doubt::Index));
            answer.inspection.doubts.extend(learned.flatten());
        }
        Ok(answer)
    })
}

/// One file on its way.
struct Pushing<'a> {
    file: &'a HandedFile,
    server: Option<&'a ServerDirectory>,
    options: &'a PushOptions,
    ends: Option<PassedEnds>,
}

impl Pushing<'_> {
    /// What the file is, and whether it may be stored.
    fn inspect(
        &mut self,
        before: Option<SegmentName>,
        destinations: &[&dyn Destination],
        there: &mut [Result<DestinationHolds, ShipFault>],
    ) -> (Inspection, bool) {
        let mut trouble = None;
        if let (Some(state), FileName::Segment(_)) = (&self.options.state, self.file.name) {
            let opened = PassedEnds::open(state);
            (self.ends, trouble) = (Some(opened.0), opened.1);
        }
        let before = before.and_then(|before| self.end_of(before, destinations, there));
        let mut inspection = inspect(self.file, self.server, before);
        inspection.doubts.extend(trouble.map(Doubt::State));
        let stores = || {
            let damage = inspection.objections.iter().all(Objection::is_damage);
            self.options.on_damage == OnDamage::Store && damage && !self.is_anothers(&inspection)
        };
        let passes = inspection.objections.is_empty() || stores();
        (inspection, passes)
    }

    /// It does not go on with the record that the segment before ends in, and is whole by itself: another server wrote
    /// it.
    fn is_anothers(&self, inspection: &Inspection) -> bool {
        let unlinked = inspection.objections.iter().any(|objection| match objection {
            Objection::Finding(finding) => matches!(finding.code, Code::PrevLink | Code::Contrecord),
            _ => false,
        });
        unlinked && inspect(self.file, self.server, None).objections.is_empty()
    }

    /// Where the segment before ended: as it was remembered, or as it lies at the first destination that has it.
    fn end_of(
        &self,
        before: SegmentName,
        destinations: &[&dyn Destination],
        there: &mut [Result<DestinationHolds, ShipFault>],
    ) -> Option<Predecessor> {
        if let Some(end) = self.ends.as_ref().and_then(|ends| ends.of(before)) {
            return Some((before, end.clone()));
        }
        let mut held = destinations.iter().zip(there).filter_map(|(place, held)| Some((*place, held.as_mut().ok()?)));
        held.find_map(|(place, held)| held.end_of_before(place, before)).map(|end| (before, end))
    }

    /// Remembers where it ended.
    fn passed(&mut self, inspection: &mut Inspection) {
        if let (Some(ends), FileName::Segment(name), Some(end)) = (&mut self.ends, self.file.name, &inspection.end) {
            let trouble = ends.passed(name, end.clone()).err();
            inspection.doubts.extend(trouble.map(Doubt::State));
        }
    }
}

/// Has an index know a file that lies at a destination now. Whatever keeps it from that, the file is archived.
fn learn(index: &Path, place: &dyn Destination, file: FileName) -> Result<(), String> {
    let index = Index::open(index).map_err(|error| error.to_string())?;
    let source = place.source().map_err(|fault| fault.to_string())?;
    if index.add(source.as_ref(), file).map_err(|error| error.to_string())? {
        index.save().map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The name of the note beside a damaged segment.
fn note_name(file: FileName) -> String {
    format!("{file}{DAMAGED}")
}
