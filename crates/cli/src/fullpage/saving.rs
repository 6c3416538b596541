//! Images in a list: events between its lines.

use pgwal::format::record::{Block, BlockRef, Image, Record, RecordHeader};
use pgwal::format::{Layout, Lsn, TimelineId};
use pgwal::verify::Finding;
use pgwal::verify::records::{ListPart, Render, Rendered};

/// An image that waits to be saved.
#[derive(Clone)]
pub struct Waiting {
    /// How to read it.
    pub layout: Layout,
    /// The timeline of the file in which its record starts.
    pub timeline: TimelineId,
    /// Where its record starts.
    pub lsn: Lsn,
    /// Where its record ends.
    pub end: Lsn,
    /// The block.
    pub block: BlockRef,
    /// What is stored.
    pub image: Image,
    /// The bytes.
    pub stored: Vec<u8>,
}

/// What happens between lines.
#[derive(Clone)]
pub enum SavingEvent<E> {
    /// What the other renderer says.
    Inner(E),
    /// An image of the record before.
    Image(Box<Waiting>),
}

/// A renderer that keeps the images of the records that another one renders.
pub struct Saving<'a, R>(pub &'a R);

impl<R: Render> Render for Saving<'_, R> {
    type Scratch = (R::Scratch, Vec<Block>, ListPart<R::Event>);
    type Event = SavingEvent<R::Event>;

    fn wants(&self, header: &RecordHeader) -> bool {
        self.0.wants(header)
    }

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        (scratch, blocks, lines): &mut Self::Scratch,
        out: &mut ListPart<Self::Event>,
    ) -> Option<Rendered> {
        lines.clear();
        let rendered = self.0.record(record, timeline, scratch, lines)?;
        out.append(lines, SavingEvent::Inner);
        if rendered.image_bytes > 0 && record.blocks(blocks).is_ok() {
            for block in blocks.iter() {
                let Some(image) = block.reference.image else { continue };
                out.event(SavingEvent::Image(Box::new(Waiting {
                    layout: *record.layout,
                    timeline,
                    lsn: record.lsn,
                    end: record.end,
                    block: block.reference,
                    image,
                    stored: block.image(record).to_vec(),
                })));
            }
        }
        Some(rendered)
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<Self::Event>) {
        let mut lines = ListPart::default();
        self.0.finding(finding, layout, &mut lines);
        out.append(&mut lines, SavingEvent::Inner);
    }
}
