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

    /// A record that was not wanted: only its header, for counting.
    fn pass(&mut self, header: &RecordHeader);

    /// A record that was wanted. Its body may be cut: [`Record::is_whole`].
    fn record(&mut self, record: &Record<'_>);

    /// Goes on with what was gathered from the records that follow.
    fn join(&mut self, right: Self);
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
