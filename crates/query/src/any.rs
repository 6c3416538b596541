//! Whether there is a record at all.

use pgwal_format::TimelineId;
use pgwal_format::record::Record;
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};

/// Any record will do, and nothing is told of it.
pub struct Any;

impl Render for Any {
    type Scratch = ();
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn record(&self, _: &Record<'_>, _: TimelineId, (): &mut (), _: &mut ListPart<NoEvent>) -> Option<Rendered> {
        Some(0.into())
    }
}
