//! Which files of a place are sought, where not all of them are.

use crate::Listing;
use crate::name::{self, NamePlace};
use pgwal_format::{FileName, SegmentName};

/// Which files of a place are sought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameSought {
    /// Those of this name, whatever tools put behind it.
    One(FileName),
    /// Complete segments of the same timeline behind this one: the nearest, and perhaps more.
    Behind(SegmentName),
}

impl NameSought {
    /// Whether a file of this name is sought.
    pub fn holds(&self, name: FileName) -> bool {
        match (self, name) {
            (NameSought::One(sought), name) => *sought == name,
            (NameSought::Behind(before), FileName::Segment(name)) => name.timeline == before.timeline && name > *before,
            (NameSought::Behind(_), _) => false,
        }
    }

    /// The files that are sought, of a list of all.
    pub fn among(&self, mut listing: Listing) -> Listing {
        listing.entries.retain(|entry| entry.name.is_some_and(|name| self.holds(name)));
        // A folder that could not be looked into may hold it.
        listing.unreadable.retain(|(shown, _)| match name::place(shown.rsplit('/').next().unwrap_or(shown)) {
            NamePlace::Wal(placed) => self.holds(placed.name),
            NamePlace::Temporary | NamePlace::Unknown => true,
        });
        listing
    }

    /// The name that it is about: of a segment, or of a history file.
    pub(crate) fn segment(&self) -> Option<SegmentName> {
        match self {
            NameSought::One(FileName::History(_)) => None,
            NameSought::Behind(name)
            | NameSought::One(FileName::Segment(name) | FileName::Partial(name) | FileName::BackupHistory(name, _)) => {
                Some(*name)
            }
        }
    }
}

/// The subfolder of 256 segments in which tools keep a segment.
pub(crate) fn log_folder(name: &SegmentName) -> String {
    format!("{:08X}{:08X}", name.timeline.0, name.log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entry;

    #[test]
    fn what_is_sought_is_found_among_all() {
        let segment = |n: u32| format!("0000000100000000{n:08X}");
        let name = |n: u32| SegmentName::parse(&segment(n)).unwrap();
        let all = || {
            let other = "000000020000000000000009".to_owned();
            let names = [segment(1), segment(2) + ".gz", segment(2), segment(3) + ".partial", segment(9), other];
            Listing::of(names.iter().map(|name| Entry::named(name, Some(1))).collect())
        };
        let shown =
            |sought: NameSought| -> Vec<String> { sought.among(all()).entries.iter().map(Entry::shown).collect() };
        assert_eq!(shown(NameSought::One(FileName::Segment(name(2)))), [segment(2), segment(2) + ".gz"]);
        assert_eq!(shown(NameSought::One(FileName::Partial(name(3)))), [segment(3) + ".partial"]);
        assert_eq!(shown(NameSought::Behind(name(2))), [segment(9)]);
    }
}
