//! What a destination holds of a file and of the segment before it: each is asked for once, since every question to an
//! object store costs time and money.

use crate::destination::Destination;
use crate::fault::ShipFault;
use pgwal_archive::alone::{SegmentAlone, SegmentEnd};
use pgwal_archive::whose::FirstPage;
use pgwal_format::{FileName, SegmentName};

/// What a destination holds.
pub(super) struct DestinationHolds {
    /// Under which names the file itself lies there.
    pub(super) own: Vec<String>,
    /// The segment before it that was asked for, and under which name it lies there.
    pub(super) before: Option<(SegmentName, Option<String>)>,
    /// The first page of the one before, once that was read.
    pub(super) first: Option<FirstPage>,
}

/// The largest segment.
const WHOLE: u64 = 1 << 30;

impl DestinationHolds {
    /// Asks a destination.
    pub(super) fn of(
        place: &dyn Destination,
        file: FileName,
        before: Option<SegmentName>,
    ) -> Result<DestinationHolds, ShipFault> {
        let Some(before) = before else {
            return Ok(DestinationHolds { own: place.holds(file)?, before: None, first: None });
        };
        let [stored, own] = place.hold_both([FileName::Segment(before), file])?;
        Ok(DestinationHolds { own, before: Some((before, stored.into_iter().next())), first: None })
    }

    /// No file there has the name.
    pub(super) fn is_free(&self) -> bool {
        self.own.is_empty()
    }

    /// Reads the segment before whole, for where it ends.
    pub(super) fn end_of_before(&mut self, place: &dyn Destination, before: SegmentName) -> Option<SegmentEnd> {
        let stored = self.before.as_ref()?.1.as_ref()?;
        let bytes = place.read(stored, WHOLE).ok()?;
        self.first = FirstPage::of(&bytes).ok();
        Some(SegmentAlone::scan(&bytes, Some(before.timeline), None).ok()?.end)
    }
}
