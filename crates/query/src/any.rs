//! Whether there is a record at all.

use pgwal::format::record::{Record, RecordHeader};
use pgwal::format::{Layout, TimelineId};
use pgwal::verify::Finding;
use pgwal::verify::records::{NoEvent, Piece, Render, Rendered};

/// Any record will do, and nothing is told of it.
pub struct Any;

impl Render for Any {
    type Scratch = ();
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }

    fn record(&self, _: &Record<'_>, _: TimelineId, (): &mut (), _: &mut Piece<NoEvent>) -> Option<Rendered> {
        Some(0.into())
    }

    fn finding(&self, _: &Finding, _: Option<&Layout>, _: &mut Piece<NoEvent>) {}
}
