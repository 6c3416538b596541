//! What is made of records while they are walked.

use pgwal_format::record::{Record, RecordHeader};

/// Gathers something from records, in parts that can be joined.
pub trait Fold: Sized {
    /// What was gathered up to a point, as far as a [`crate::Damage`] there should say.
    type Mark: Clone + std::fmt::Debug;

    /// What was gathered so far.
    fn mark(&self) -> Self::Mark;

    /// Adds to a mark what `left` gathered before the run in which the mark was made.
    fn after(mark: &mut Self::Mark, left: &Self);

    /// Whether [`Fold::record`] wants this record. Those that it does not want are checked all the same.
    fn wants(&self, header: &RecordHeader) -> bool;

    /// Whether [`Fold::record`] needs more of a record that crosses pages than its block references; `record` has the
    /// beginning of its body. Where this says no, its structure must be readable from that, and whoever walks may cut
    /// it there ([`Record::is_whole`]).
    #[inline(always)]
    fn needs_rest(&self, _record: &Record<'_>) -> bool {
        true
    }

    /// A record that was not wanted: only its header, for counting.
    fn pass(&mut self, header: &RecordHeader);

    /// A record that was wanted. Its body may be cut: [`Record::is_whole`].
    fn record(&mut self, record: &Record<'_>);

    /// Goes on with what was gathered from the records that follow.
    fn join(&mut self, right: Self);
}

/// Two gatherers at once, each with what it wants.
impl<A: Fold, B: Fold> Fold for (A, B) {
    type Mark = (A::Mark, B::Mark);

    fn mark(&self) -> Self::Mark {
        (self.0.mark(), self.1.mark())
    }

    fn after(mark: &mut Self::Mark, left: &Self) {
        A::after(&mut mark.0, &left.0);
        B::after(&mut mark.1, &left.1);
    }

    #[inline(always)]
    fn wants(&self, header: &RecordHeader) -> bool {
        self.0.wants(header) || self.1.wants(header)
    }

    #[inline(always)]
    fn needs_rest(&self, record: &Record<'_>) -> bool {
        (self.0.wants(&record.header) && self.0.needs_rest(record))
            || (self.1.wants(&record.header) && self.1.needs_rest(record))
    }

    #[inline(always)]
    fn pass(&mut self, header: &RecordHeader) {
        self.0.pass(header);
        self.1.pass(header);
    }

    #[inline(always)]
    fn record(&mut self, record: &Record<'_>) {
        if self.0.wants(&record.header) {
            self.0.record(record)
        } else {
            self.0.pass(&record.header)
        }
        if self.1.wants(&record.header) { self.1.record(record) } else { self.1.pass(&record.header) }
    }

    fn join(&mut self, right: Self) {
        self.0.join(right.0);
        self.1.join(right.1);
    }
}

/// Gathers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore;

impl Fold for Ignore {
    type Mark = ();
    fn mark(&self) {}
    fn after(_: &mut (), _: &Ignore) {}
    fn wants(&self, _: &RecordHeader) -> bool {
        false
    }
    fn pass(&mut self, _: &RecordHeader) {}
    fn record(&mut self, _: &Record<'_>) {}
    fn join(&mut self, _: Ignore) {}
}
