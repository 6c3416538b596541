//! Files side by side: runs that follow each other are joined, files that cannot be used stand between them.
//!
//! Concatenation of stretches is associative, as joining runs is, so that any grouping gives one result.

use crate::tally::Tally;
use crate::whose::Cluster;
use pgwal_format::{Dialect, Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::{Codec, LeftBehind};
use pgwal_walk::{Joint, Run};

/// Segments that follow each other without a gap.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The first.
    pub first: SegmentNo,
    /// The last.
    pub last: SegmentNo,
    /// What it is.
    pub kind: PieceKind,
}

/// What a piece is.
#[derive(Clone, Debug)]
pub enum PieceKind {
    /// WAL.
    Run(Box<Run<Tally>>),
    /// A file that a server cannot use.
    Bad(Box<Bad>),
}

/// A file that a server cannot use.
#[derive(Clone, Debug)]
pub struct Bad {
    /// Its index among the entries.
    pub entry: usize,
    /// Unusable not.
    pub why: Unusable,
    /// Written just now, and perhaps not to its end.
    pub fresh: bool,
    /// It was seen to change between two looks: somebody is writing it.
    pub grew: bool,
    /// What of it could be read all the same.
    pub run: Option<Run<Tally>>,
}

/// Unusable a file cannot be used.
#[derive(Clone, PartialEq, Debug)]
pub enum Unusable {
    /// Its size in bytes, and whether that is too small.
    Size {
        /// Bytes.
        found: u64,
        /// Too few.
        short: bool,
        /// They came out of a packed file that ends properly: it is not being written any more.
        packed: bool,
    },
    /// Packed twice: what comes out is packed or encrypted, too.
    Twice {
        /// In which way.
        outer: Codec,
        /// What lies inside.
        inner: Codec,
        /// Bytes that came out.
        bytes: u64,
    },
    /// Packed otherwise than whoever gives it out unpacks it.
    Otherwise {
        /// How.
        how: PackedOtherwise,
        /// Bytes that are given out; `None`: nothing is.
        given: Option<u64>,
    },
    /// Packed, and not whole.
    Packed {
        /// In which way.
        codec: Codec,
        /// Bytes of WAL that came out.
        bytes: u64,
        /// The stream ends too early; otherwise it is damaged.
        cut: bool,
    },
    /// Encrypted.
    Encrypted(Codec),
    /// Encrypted, and none of the keys given opens it.
    WrongKey(Codec),
    /// Packed in a way that is not read.
    Unknown(Codec),
    /// Another segment's.
    Belongs {
        /// The position on its first page.
        address: Lsn,
        /// The timeline there.
        timeline: TimelineId,
    },
    /// Perhaps another cluster's: the neighbours must tell.
    Cluster {
        /// The identifier found.
        found: u64,
    },
    /// Another version's.
    Version(&'static Dialect),
    /// Of other sizes.
    Geometry(Layout),
    /// Zeros.
    Unwritten,
    /// WAL of a version that is not read.
    Magic(u16),
    /// No WAL.
    NotWal(&'static str),
    /// An older timeline's.
    OldTimeline(TimelineId),
    /// Refused by the operating system.
    Refused(String),
    /// Changed while it was read.
    Changed,
    /// Gone.
    Vanished,
    /// Others of its name lie beside it, and who keeps the archive gives out none of them.
    Withheld,
}

/// How a file is packed otherwise than whoever gives it out unpacks it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackedOtherwise {
    /// It is not what its name says.
    Named {
        /// What the name says.
        named: Codec,
        /// What it is.
        found: Codec,
    },
    /// Several members of this format follow each other, and the first alone is unpacked.
    Members(Codec),
}

/// What can be had of a file that a server cannot use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readable {
    /// Its beginning is WAL of this segment.
    Beginning,
    /// Nothing.
    Nothing,
}

impl Unusable {
    /// What files that are no WAL hold, as [`Unusable::NotWal`] says it. New ones go to the end.
    pub const CONTENTS: [&'static str; 4] =
        ["a program (ELF)", "text", "as random as encrypted data", "no WAL of any version"];

    /// What a file may be that somebody has not written to its end yet.
    pub fn is_unfinished(&self) -> bool {
        matches!(
            self,
            Unusable::Size { short: true, packed: false, .. }
                | Unusable::Packed { .. }
                | Unusable::Unknown(_)
                | Unusable::Unwritten
                | Unusable::Changed
        )
    }

    /// What can be had of such a file.
    pub fn readable(&self) -> Readable {
        match self {
            // Whoever asks what records there are is shown those of one of them.
            Unusable::Size { .. } | Unusable::Packed { .. } | Unusable::Changed | Unusable::Withheld => {
                Readable::Beginning
            }
            _ => Readable::Nothing,
        }
    }
}

/// Two files of one segment that differ: the entries of both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DifferingCopies {
    /// The one that comes first by name, or is the better one.
    pub first: usize,
    /// The other.
    pub second: usize,
    /// What is wrong with either by itself.
    pub faults: [Option<TwinFault>; 2],
    /// Who keeps the archive gives out neither.
    pub withheld: bool,
}

/// What is wrong with one of several files of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TwinFault {
    /// A server cannot use it.
    Unusable,
    /// Its records are damaged here.
    Records(Lsn),
    /// Its content is not what the SHA-1 in its name says.
    Checksum,
}

/// Pieces in order.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// In order of their numbers.
    pub pieces: Vec<Piece>,
    /// Files that were read and their bytes.
    pub bytes: u64,
    /// Copies that differ.
    pub copies: Vec<DifferingCopies>,
    /// Files whose content is not what the checksum in their name says: the entry, and the SHA-1 found.
    pub renamed: Vec<(usize, [u8; 20])>,
    /// Files with something behind the end of what they are packed in, which is passed over.
    pub behind: Vec<(usize, LeftBehind)>,
}

impl Stretch {
    /// Goes on with what does not follow, or is not to be joined.
    pub fn append(&mut self, right: Stretch) {
        self.bytes += right.bytes;
        self.copies.extend(right.copies);
        self.renamed.extend(right.renamed);
        self.behind.extend(right.behind);
        self.pieces.extend(right.pieces);
    }

    /// Goes on with what follows.
    pub fn join(mut self, right: Stretch, layout: &Layout) -> Stretch {
        self.bytes += right.bytes;
        self.copies.extend(right.copies);
        self.renamed.extend(right.renamed);
        self.behind.extend(right.behind);
        let mut pieces = right.pieces.into_iter();
        match (self.pieces.pop(), pieces.next()) {
            (
                Some(Piece { first, last, kind: PieceKind::Run(a) }),
                Some(Piece { first: next, last: to, kind: PieceKind::Run(b) }),
            ) if last.next() == next => {
                let run = Box::new((*a).join(*b, layout));
                self.pieces.push(Piece { first, last: to, kind: PieceKind::Run(run) });
            }
            (a, b) => self.pieces.extend(a.into_iter().chain(b)),
        }
        self.pieces.extend(pieces);
        self
    }
}

impl Stretch {
    /// A file that names another cluster belongs here: a record crosses into it or out of it and its checksum is right,
    /// or the first record names the last one of the neighbour. Only the field in its first page is wrong then.
    pub fn goes_on(&self, index: usize, own: &Cluster) -> bool {
        goes_on(&self.pieces, index, own)
    }
}

/// Bits of a system identifier that damage may change.
const DAMAGED_BITS: u32 = 8;

/// As [`Stretch::goes_on`], of pieces.
pub fn goes_on(pieces: &[Piece], index: usize, own: &Cluster) -> bool {
    let layout = &own.layout;
    let Some(Piece { kind: PieceKind::Bad(bad), first, last }) = pieces.get(index) else { return false };
    let Bad { why: Unusable::Cluster { found }, run: Some(run), .. } = bad.as_ref() else { return false };
    // Clusters that were made and used in the same way can fit by chance; their identifiers differ in many bits.
    if *found != 0 && (found ^ own.system_id).count_ones() > DAMAGED_BITS {
        return false;
    }
    let before = index.checked_sub(1).and_then(|i| pieces.get(i)).filter(|p| p.last.next() == *first);
    let behind = pieces.get(index + 1).filter(|p| last.next() == p.first);
    let fits = |a: &Run<Tally>, b: &Run<Tally>| {
        let joint = Joint::between(layout, a, b);
        joint.damage.is_none() && (joint.over.is_some() || (a.last.is_some() && b.first.is_some_and(|f| f.linked)))
    };
    before.and_then(Piece::run).is_some_and(|left| fits(left, run))
        || behind.and_then(Piece::run).is_some_and(|right| fits(run, right))
}

impl Piece {
    /// The WAL, where it is WAL.
    pub fn run(&self) -> Option<&Run<Tally>> {
        match &self.kind {
            PieceKind::Run(run) => Some(run),
            PieceKind::Bad(_) => None,
        }
    }
}
