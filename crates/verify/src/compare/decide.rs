//! Which of two copies is right, by themselves and by what stands before and behind them.

use super::marks::difference;
use super::side::{ComparedSide, ReadCopies, ReadCopy};
use super::{ComparedSegment, Comparison, CopyDifference, CopyState, RightCopy, segment};
use crate::codes::Code;
use crate::finding::Finding;
use crate::options::Options;
use crate::place_report::SegmentSpan;
use crate::places::NumberedSegment;
use pgwal_archive::{Error, Tally};
use pgwal_format::{Layout, SegmentName, SegmentNo};
use pgwal_source::Entry;
use pgwal_walk::{Damage, Joint, Run};

/// Is told which copy of a segment to take.
type Chosen<'c> = dyn FnMut(SegmentName, usize, &Entry) -> Result<(), Error> + 'c;

/// Takes the copies of each segment in order, and decides when the next one is known.
pub(super) struct Deciding<'a, 'b> {
    sides: &'a [ComparedSide<'b>; 2],
    out: &'a mut Comparison,
    /// The one before, not decided yet.
    last: Option<Undecided>,
}

struct Undecided {
    at: NumberedSegment,
    copies: [Option<ReadCopy>; 2],
    same: bool,
    /// What does not fit, where a copy meets the one before it or behind it, and the same side's is to blame for it.
    blamed: [Option<Finding>; 2],
}

impl<'a, 'b> Deciding<'a, 'b> {
    pub(super) fn new(sides: &'a [ComparedSide<'b>; 2], out: &'a mut Comparison) -> Deciding<'a, 'b> {
        Deciding { sides, out, last: None }
    }

    /// The next segment.
    pub(super) fn take(
        &mut self,
        at: NumberedSegment,
        copies: [Option<ReadCopies>; 2],
        chosen: &mut Chosen<'_>,
    ) -> Result<(), Error> {
        for ((side, copies), twins) in self.sides.iter().zip(&copies).zip(&mut self.out.twins) {
            twins.extend(copies.as_ref().and_then(|copies| side.differing(at, copies)));
        }
        let copies = copies.map(|copies| copies.map(|copies| copies.taken));
        let same = matches!(&copies, [Some(a), Some(b)] if a.is_same(b));
        let mut next = Undecided { at, copies, same, blamed: [None, None] };
        if let Some(mut last) = self.last.take() {
            if (last.at.0, last.at.1.next()) == at {
                self.meet(&mut last, &mut next);
            }
            self.decide(last, chosen)?;
        }
        self.last = Some(next);
        Ok(())
    }

    /// The last one.
    pub(super) fn finish(mut self, chosen: &mut Chosen<'_>) -> Result<(), Error> {
        match self.last.take() {
            Some(last) => self.decide(last, chosen),
            None => Ok(()),
        }
    }

    /// Blames a copy for what does not fit between two that follow each other, where another copy fits.
    fn meet(&self, last: &mut Undecided, next: &mut Undecided) {
        let blamed = [0, 1].map(|side| self.to_blame(last, next, side));
        for (side, blame) in blamed.into_iter().enumerate() {
            let Some((damage, wrong)) = blame else { continue };
            for (wrong, of) in wrong.into_iter().zip([&mut *last, &mut *next]) {
                let entry = of.copies.get(side).and_then(|copy| Some(copy.as_ref()?.entry));
                let found = entry.zip(self.sides.get(side)).filter(|_| wrong);
                let found = found.map(|(entry, own)| own.damage(&segment(of.at.0, of.at.1, entry), &damage));
                if let Some(blamed) = of.blamed.get_mut(side) {
                    *blamed = blamed.take().or(found);
                }
            }
        }
    }

    /// What does not fit between two copies of one side, and whether that is the fault of the left or the right one.
    fn to_blame(&self, last: &Undecided, next: &Undecided, side: usize) -> Option<(Damage<()>, [bool; 2])> {
        let run = |of: &Undecided, side: usize| -> Option<Run<Tally>> {
            of.copies.get(side)?.as_ref().filter(|copy| copy.wrong.is_none())?.run.clone()
        };
        let joint = |left: usize, right: usize| -> Option<Joint> {
            let (left, right) = (run(last, left)?, run(next, right)?);
            (left.to == right.from).then(|| Joint::between(&self.out.layout, &left, &right))
        };
        let damage = joint(side, side)?.damages().next().cloned()?;
        let other = 1 - side;
        let fits = |left, right| joint(left, right).is_some_and(|joint| joint.fits());
        // With the other side's copy in its place it fits: this one is wrong.
        let wrong = [!last.same && fits(other, side), !next.same && fits(side, other)];
        let both = wrong == [false, false] && fits(other, other);
        Some((damage, if both { [!last.same, !next.same] } else { wrong }))
    }

    fn decide(&mut self, last: Undecided, chosen: &mut Chosen<'_>) -> Result<(), Error> {
        let layout = self.out.layout;
        let Undecided { at, copies, same, blamed } = last;
        let name = SegmentName::new(at.0, at.1, layout.address(), layout.segment);
        let entries = [0, 1].map(|side: usize| copies.get(side).and_then(|copy| Some(copy.as_ref()?.entry)));
        // A server's own folder has files ahead of use: of older segments, or of zeros. No WAL of this name is in them.
        let is_ahead = |side: usize, copy: &ReadCopy| {
            let ahead =
                copy.wrong.as_ref().is_some_and(|wrong| matches!(wrong.code, Code::Misplaced | Code::Unwritten));
            ahead && self.sides.get(side).is_some_and(|side| side.source.is_live())
        };
        let mut states = copies.into_iter().zip(blamed).enumerate().map(|(side, (copy, blamed))| match copy {
            None => CopyState::Missing,
            Some(copy) if is_ahead(side, &copy) => CopyState::Missing,
            Some(copy) => copy.wrong.or(blamed).map_or(CopyState::Good, |wrong| CopyState::Bad(Box::new(wrong))),
        });
        let states = [states.next(), states.next()].map(|state| state.unwrap_or(CopyState::Missing));
        let right = match &states {
            [CopyState::Good, CopyState::Good] if same => RightCopy::Both,
            [CopyState::Good, CopyState::Good] => RightCopy::Unknown,
            [CopyState::Good, _] => RightCopy::A,
            [_, CopyState::Good] => RightCopy::B,
            _ => RightCopy::Neither,
        };
        let mut compared = ComparedSegment { name, copies: states, difference: CopyDifference::Damage, right };
        match &compared.copies {
            _ if same => {
                self.out.same += 1;
                if !compared.copies[0].is_good() {
                    self.out.alike_damaged.push(name);
                }
            }
            [CopyState::Missing, CopyState::Missing] => return Ok(()),
            [CopyState::Missing, CopyState::Good] => extend(&mut self.out.only[1], name, &layout),
            [CopyState::Good, CopyState::Missing] => extend(&mut self.out.only[0], name, &layout),
            [CopyState::Missing, _] | [_, CopyState::Missing] => compared.difference = CopyDifference::Missing,
            [CopyState::Good, CopyState::Good] => {
                if let [Some(a), Some(b)] = entries {
                    compared.difference = difference(self.sides, at, [a, b], &Options::default());
                }
                if compared.difference == CopyDifference::Slack {
                    compared.right = RightCopy::Both;
                }
            }
            _ => {}
        }
        let right = compared.right;
        let is_told = !same
            && !matches!(
                &compared.copies,
                [CopyState::Missing, CopyState::Good] | [CopyState::Good, CopyState::Missing]
            );
        if is_told {
            self.out.segments.push(compared);
        }
        let taken = match right {
            RightCopy::A | RightCopy::Both => 0,
            RightCopy::B => 1,
            RightCopy::Neither | RightCopy::Unknown => return Ok(()),
        };
        let entry = self.sides.get(taken).zip(entries.get(taken).copied().flatten());
        match entry.and_then(|(side, entry)| side.entries.get(entry)) {
            Some(entry) => chosen(name, taken, entry),
            None => Ok(()),
        }
    }
}

/// Adds a segment to the last span, where it follows.
fn extend(spans: &mut Vec<SegmentSpan>, name: SegmentName, layout: &Layout) {
    let number = |name: &SegmentName| name.number(layout.address(), layout.segment);
    let follows =
        |last: &SegmentName| last.timeline == name.timeline && number(last).map(SegmentNo::next) == number(&name);
    match spans.last_mut() {
        Some(span) if follows(&span.last) => (span.last, span.count) = (name, span.count + 1),
        _ => spans.push(SegmentSpan { first: name, last: name, count: 1 }),
    }
}
