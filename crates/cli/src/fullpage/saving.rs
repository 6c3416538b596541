//! Marks in a list for the images in it.
//!
//! ```text
//! 0  length u32  lines
//! 1  number u64          an image that waits under this number
//! ```

use pgwal::format::record::{Block, BlockRef, Image, Record, RecordHeader};
use pgwal::format::{Layout, Lsn, TimelineId};
use pgwal::verify::Finding;
use pgwal::verify::records::{Render, Rendered};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

const LINES: u8 = 0;
const IMAGE: u8 = 1;

/// An image that waits to be saved.
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

/// A renderer that keeps the images of the records that another one renders.
pub struct Saving<'a, R> {
    inner: &'a R,
    waiting: Mutex<(u64, HashMap<u64, Waiting>)>,
}

impl<'a, R: Render> Saving<'a, R> {
    pub fn new(inner: &'a R) -> Self {
        Saving { inner, waiting: Mutex::default() }
    }

    /// Hands the lines to `sink`, and the images between them to `save`, which may add a line.
    pub fn unmark(
        &self,
        mut marked: &[u8],
        save: &mut dyn FnMut(&Waiting, &mut Vec<u8>) -> io::Result<()>,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut lines = Vec::new();
        while let Some((&kind, rest)) = marked.split_first() {
            if kind == LINES {
                let Some((length, rest)) = rest.split_first_chunk::<4>() else { break };
                let Some((text, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
                lines.extend_from_slice(text);
                marked = rest;
            } else {
                let Some((number, rest)) = rest.split_first_chunk::<8>() else { break };
                let image =
                    self.waiting.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&u64::from_le_bytes(*number));
                if let Some(image) = image {
                    save(&image, &mut lines)?;
                }
                marked = rest;
            }
        }
        if lines.is_empty() { Ok(()) } else { sink(&lines) }
    }

    fn keep(&self, image: Waiting) -> u64 {
        let (next, waiting) = &mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *next += 1;
        waiting.insert(*next, image);
        *next
    }
}

fn lines<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let from = out.len();
    out.extend_from_slice(&[LINES, 0, 0, 0, 0]);
    let written = write(out);
    let length = (out.len() - from - 5) as u32;
    if length == 0 {
        out.truncate(from);
    } else if let Some(place) = out.get_mut(from + 1..from + 5) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    written
}

impl<R: Render> Render for Saving<'_, R> {
    type Scratch = (R::Scratch, Vec<Block>);

    fn whole(&self) -> bool {
        true
    }

    fn wants(&self, header: &RecordHeader) -> bool {
        self.inner.wants(header)
    }

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        (inner, blocks): &mut Self::Scratch,
        out: &mut Vec<u8>,
    ) -> Option<Rendered> {
        let rendered = lines(out, |out| self.inner.record(record, timeline, inner, out))?;
        if rendered.image_bytes > 0 && record.blocks(blocks).is_ok() {
            for block in blocks.iter() {
                let Some(image) = block.reference.image else { continue };
                let waiting = Waiting {
                    layout: *record.layout,
                    timeline,
                    lsn: record.lsn,
                    end: record.end,
                    block: block.reference,
                    image,
                    stored: block.image(record).to_vec(),
                };
                out.push(IMAGE);
                out.extend_from_slice(&self.keep(waiting).to_le_bytes());
            }
        }
        Some(rendered)
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>) {
        lines(out, |out| self.inner.finding(finding, layout, out));
    }
}
