//! Runs in binary: what a segment came to, to be stored or sent, and joined later.
//!
//! Decoded runs join as the original ones do. What is not needed for that is left out by [`Run::compact`]: of a record
//! that crosses into or out of the segment, only the bytes that tell its structure are kept, for the rest its checksum.

use crate::begin::{Begin, Link};
use crate::fault::{Damage, Fault};
use crate::head::{Continuation, Head};
use crate::open::Open;
use crate::rest::{Leftover, Rest};
use crate::run::{Run, Stop, Tail};
use crate::slack::{Slack, SlackKind};
use crate::{Chain, Fold, Ignore, KEEP};
use pgwal_format::wire::{Wire, bytes};
use pgwal_format::{Generation, Layout, wire_fields, wire_variants};

wire_fields!(Chain { layout, left });

impl Wire for Ignore {
    fn put(&self, _: &mut Vec<u8>) {}

    fn take(_: &mut &[u8]) -> Option<Ignore> {
        Some(Ignore)
    }
}

wire_variants!(Fault {
    0 => Page(fault),
    1 => Header(fault),
    2 => Checksum { stored, computed },
    3 => Body(fault),
    4 => PrevLink { found, expected },
    5 => NoContrecord,
    6 => UnexpectedContrecord { rem_len },
    7 => ContrecordLength { found, expected },
    8 => LengthAgainstPage { page, rem_len, missing },
    9 => OverwriteMismatch { found, expected },
    10 => CutOff,
});
wire_variants!(SlackKind { 0 => PageHeader, 1 => Padding, 2 => AfterSwitch, 3 => AfterEnd, 4 => Recycled });
wire_fields!(Slack { offset, segment, kind });
wire_fields!(Leftover { recycled, junk });
wire_fields!(Rest { clean, leftover });
wire_fields!(Stop { lsn, begun_before, at, fault, end, rest, told });
wire_fields!(Link { lsn, prev, linked, overwrites });
wire_fields!(Begin { lsn, prev });
wire_variants!(Head { 0 => Record, 1 => Rest(rest), 2 => Overwrite, 3 => Damaged, 4 => Contradicted { rem_len } });
wire_variants!(Tail { 0 => Clean, 1 => Open(open), 2 => Switched { at }, 3 => Stopped(stop) });

fn put_bytes(kept: &[u8], out: &mut Vec<u8>) {
    kept.len().put(out);
    out.extend_from_slice(kept);
}

fn take_bytes(input: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::take(input)?;
    bytes(input, length).map(<[u8]>::to_vec)
}

impl Wire for Continuation {
    fn put(&self, out: &mut Vec<u8>) {
        self.rem_len.put(out);
        self.got.put(out);
        put_bytes(&self.kept, out);
        self.crc.to_le_bytes().put(out);
        self.end.put(out);
        self.at_seam.put(out);
        self.aborted.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Continuation> {
        let read = Continuation {
            rem_len: Wire::take(input)?,
            got: Wire::take(input)?,
            kept: take_bytes(input)?,
            crc: u32::from_le_bytes(Wire::take(input)?),
            end: Wire::take(input)?,
            at_seam: Wire::take(input)?,
            aborted: Wire::take(input)?,
        };
        (read.kept.len() as u64 <= read.got && read.got <= u64::from(read.rem_len)).then_some(read)
    }
}

impl Wire for Open {
    fn put(&self, out: &mut Vec<u8>) {
        self.start.put(out);
        self.tot_len.put(out);
        self.got.put(out);
        self.unproven.put(out);
        self.overwrites.put(out);
        let header = self.header_so_far();
        put_bytes(header, out);
        self.crc_so_far().to_le_bytes().put(out);
        put_bytes(&self.kept, out);
    }

    fn take(input: &mut &[u8]) -> Option<Open> {
        let mut open = Open::new(Wire::take(input)?, Wire::take(input)?, Vec::new());
        open.got = Wire::take(input)?;
        open.unproven = Wire::take(input)?;
        open.overwrites = Wire::take(input)?;
        let header = take_bytes(input)?;
        let crc = u32::from_le_bytes(Wire::take(input)?);
        open.kept = take_bytes(input)?;
        (open.resume(&header, crc) && open.kept.len() as u64 <= open.got && open.got <= u64::from(open.tot_len))
            .then_some(open)
    }
}

impl<M: Wire> Wire for Damage<M> {
    fn put(&self, out: &mut Vec<u8>) {
        self.lsn.put(out);
        self.begun_before.put(out);
        self.at.put(out);
        self.fault.put(out);
        self.end.put(out);
        self.until.put(out);
        self.until_prev.put(out);
        self.before.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Damage<M>> {
        Some(Damage {
            lsn: Wire::take(input)?,
            begun_before: Wire::take(input)?,
            at: Wire::take(input)?,
            fault: Wire::take(input)?,
            end: Wire::take(input)?,
            until: Wire::take(input)?,
            until_prev: Wire::take(input)?,
            before: Wire::take(input)?,
        })
    }
}

impl<A: Fold + Wire> Wire for Run<A>
where
    A::Mark: Wire,
{
    fn put(&self, out: &mut Vec<u8>) {
        self.from.put(out);
        self.to.put(out);
        self.head.put(out);
        self.begins.put(out);
        self.first.put(out);
        self.last.put(out);
        self.end.put(out);
        self.acc.put(out);
        self.tail.put(out);
        self.damages.put(out);
        self.more_damages.put(out);
        self.slack.put(out);
        self.first_timeline.put(out);
        self.last_timeline.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Run<A>> {
        Some(Run {
            from: Wire::take(input)?,
            to: Wire::take(input)?,
            head: Wire::take(input)?,
            begins: Wire::take(input)?,
            first: Wire::take(input)?,
            last: Wire::take(input)?,
            end: Wire::take(input)?,
            acc: Wire::take(input)?,
            tail: Wire::take(input)?,
            damages: Wire::take(input)?,
            more_damages: Wire::take(input)?,
            slack: Wire::take(input)?,
            first_timeline: Wire::take(input)?,
            last_timeline: Wire::take(input)?,
        })
    }
}

/// More than the fragment headers of a record take: 33 blocks of at most 27 bytes each, and 15 bytes more.
const FRAGMENTS: usize = 1024;

impl<A: Fold> Run<A> {
    /// Drops what no join needs. Records of 9.4 and earlier stay whole, since their block references stand at the end.
    pub fn compact(&mut self, layout: &Layout) {
        if layout.dialect.generation != Generation::Modern {
            return;
        }
        if let Head::Rest(rest) = &mut self.head {
            rest.shorten(layout, FRAGMENTS);
        }
        if let Tail::Open(open) = &mut self.tail
            && let Some(needed) = needed(&self.acc, open, layout)
        {
            open.kept.truncate(needed);
        }
    }

    /// Drops all bytes of the record that was begun before. Only where the run is joined to nothing else but one whose
    /// [`Run::tells_structure`] holds, does that change nothing.
    pub fn drop_rest(&mut self, layout: &Layout) {
        if let Head::Rest(rest) = &mut self.head {
            rest.shorten(layout, 0);
        }
    }

    /// Whether the record that goes on behind this run needs none of its further bytes but their checksum.
    pub fn tells_structure(&self, layout: &Layout) -> bool {
        match &self.tail {
            Tail::Open(open) if layout.dialect.generation == Generation::Modern => {
                needed(&self.acc, open, layout).is_some()
            }
            _ => false,
        }
    }

    /// Whether bytes of a record that was begun before are kept.
    pub fn keeps_rest(&self) -> bool {
        matches!(&self.head, Head::Rest(rest) if !rest.kept.is_empty())
    }
}

/// Bytes of a body that tell the structure of the record, and all that the fold reads of it; `None` where they are not
/// all at hand.
fn needed<A: Fold>(fold: &A, open: &Open, layout: &Layout) -> Option<usize> {
    let header = open.header(layout).filter(|_| open.has_header(layout))?;
    let total = (header.tot_len as usize).saturating_sub(layout.record_header());
    let mut data = 0usize;
    let shape = layout.shape(&header, &open.kept, &mut |block| data += usize::from(block.data_len));
    let shape = shape.ok()?;
    let fragments = total.checked_sub(shape.main_len + shape.image_len + data)?;
    // What a fold looks at is kept as a scan keeps it.
    let needed = if fold.wants(&header) { KEEP.min(total) } else { fragments };
    (open.kept.len() >= needed).then_some(needed)
}

impl Continuation {
    /// Keeps fewer bytes, and sums the others.
    fn shorten(&mut self, layout: &Layout, keep: usize) {
        if self.kept.len() > keep {
            let dropped = self.kept.split_off(keep);
            let behind = self.got - (self.kept.len() + dropped.len()) as u64;
            self.crc = layout.combine(layout.append(0, &dropped), self.crc, behind);
        }
    }
}
