//! Records that are gathered by others beside being counted: of a part of a segment, or of a segment as it comes.

use super::TakeBytes;
use crate::tally::Tally;
use pgwal_walk::{Fold, Run, ScanExpect, Stream, is_zero};

/// What a part of a segment came to.
pub enum ScannedPart<F: Fold> {
    /// Records, and nothing wrong.
    Run(Box<Run<(Tally, F)>>),
    /// Nothing but zeros.
    Zeros,
    /// Something is not right.
    Declined,
}

impl<F: Fold> ScannedPart<F> {
    /// Checks the part of a segment that begins at `offset`.
    pub fn of(expect: ScanExpect<'_>, offset: usize, fold: F, bytes: &[u8]) -> ScannedPart<F> {
        let Ok(mut stream) = Stream::part(expect, (Tally::default(), fold), offset..offset + bytes.len()) else {
            return ScannedPart::Declined;
        };
        if stream.push(bytes).is_ok() {
            return stream.finish().map_or(ScannedPart::Declined, |run| ScannedPart::Run(Box::new(run)));
        }
        if is_zero(bytes) { ScannedPart::Zeros } else { ScannedPart::Declined }
    }
}

/// A segment that one thread reads as it comes.
pub struct GatheredBeside<'x, F: Fold> {
    stream: Option<Stream<'x, (Tally, F)>>,
    gathered: Option<F>,
}

impl<'x, F: Fold> GatheredBeside<'x, F> {
    /// Gathers in `fold`.
    pub fn new(expect: ScanExpect<'x>, fold: F) -> Self {
        GatheredBeside { stream: Stream::new(expect, (Tally::default(), fold)).ok(), gathered: None }
    }

    /// What was gathered, where nothing was wrong.
    pub fn gathered(self) -> Option<F> {
        self.gathered
    }
}

impl<F: Fold> TakeBytes for GatheredBeside<'_, F> {
    fn push(&mut self, bytes: &[u8]) -> bool {
        self.stream.as_mut().is_some_and(|stream| stream.push(bytes).is_ok())
    }

    fn finish(&mut self) -> Option<Run<Tally>> {
        let (run, gathered) = self.stream.take()?.finish().ok()?.unzip();
        self.gathered = Some(gathered);
        Some(run)
    }
}
