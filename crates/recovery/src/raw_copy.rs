//! A `restore_command` that copies what lies there as it is: nothing is unpacked, and no other name is looked at.

use crate::at_hand::{FilesAtHand, FoundFile};
use crate::command::Delivery;
use crate::settings::{Mode, Settings};
use pgwal_format::FileName;
use std::path::Path;

/// Such a command, of the folder that the archive is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawCopy {
    /// What it puts behind a file's name.
    suffix: String,
}

impl RawCopy {
    /// That of a server that will be started as it lies; `None` for other commands, and those of other folders.
    pub fn of(settings: &Settings, shelf: &FilesAtHand<'_>) -> Option<RawCopy> {
        let command =
            settings.restore_command.as_ref().filter(|_| !settings.planned && settings.mode != Mode::Crash)?;
        let (folder, suffix) = Delivery::plain_copy(command)?;
        let folder = folder.canonicalize().ok()?;
        let mut archives = shelf.places.iter().filter(|place| place.archive);
        let own = |place: &crate::at_hand::FilePlace<'_>| {
            let local = place.source.local()?;
            let entry = place.entries.iter().find(|entry| matches!(entry.name, Some(FileName::Segment(_))))?;
            local.path(entry).parent().and_then(|parent| parent.canonicalize().ok())
        };
        archives.all(|place| own(place).is_some_and(|own| own == folder)).then_some(RawCopy { suffix })
    }

    /// Whether it takes this file.
    pub fn takes(&self, shelf: &FilesAtHand<'_>, found: &FoundFile) -> bool {
        let Some((place, entry)) = shelf.places.get(found.place).zip(shelf.entry(found)) else { return true };
        let Some(local) = place.source.local().filter(|_| place.archive) else { return true };
        let name = shelf.name(found.timeline, found.number) + &self.suffix;
        local.path(entry).file_name().is_none_or(|own| Path::new(own) == Path::new(&name))
    }

    /// The size of what a server gets, where that is no segment.
    pub fn size(&self, shelf: &FilesAtHand<'_>, found: &FoundFile) -> Option<u64> {
        let (place, entry) = shelf.places.get(found.place).zip(shelf.entry(found))?;
        entry.size.filter(|size| place.archive && *size != shelf.layout.segment.bytes())
    }
}
