//! A place that holds another cluster's WAL: that a name is not there says nothing of this one's.

use super::answer::GetNote;
use super::asker::AskingServer;
use super::place::{GetPlace, PlaceOut};
use pgwal_archive::whose::{FirstPage, beginning, whose};
use pgwal_format::{FileName, SegmentName, SegmentNo};
use pgwal_source::{Entry, NameSought};

/// The places of which all that was looked at is another cluster's. Only one whose segment in front of `asked` is not
/// this cluster's is listed.
pub(super) fn foreign(
    places: &mut [GetPlace],
    server: &AskingServer,
    asked: SegmentName,
) -> Result<Vec<GetNote>, PlaceOut> {
    let (Some(own), Some(layout)) = (server.system_id(), server.layout()) else { return Ok(Vec::new()) };
    let number = asked.number(layout.address(), layout.segment).and_then(|number| number.0.checked_sub(1));
    let before =
        number.map(|number| SegmentName::new(asked.timeline, SegmentNo(number), layout.address(), layout.segment));
    let mut notes = Vec::new();
    for place in places.iter_mut() {
        let mut near = Vec::new();
        if let Some(before) = before {
            near = place.find(NameSought::One(FileName::Segment(before)))?.entries;
        }
        let source = place.source()?;
        let is_own = |entry: &Entry| {
            let first = beginning(source, entry).and_then(|(bytes, _, _)| FirstPage::of(&bytes).ok());
            first.is_some_and(|first| first.system_id == own)
        };
        if near.iter().any(is_own) {
            continue;
        }
        let mut entries = place.list()?.entries;
        entries.retain(|entry| matches!(entry.name, Some(FileName::Segment(_))));
        let votes = whose(place.source()?, &entries, &|_| None, false);
        let Some(most) = votes.most() else { continue };
        if votes.all.iter().all(|(cluster, _)| cluster.system_id != own) {
            notes.push(GetNote::Foreign { place: place.shown(), there: most.system_id, own });
        }
    }
    Ok(notes)
}
