//! Who touched a block.

pub mod json;
pub mod text;

use pgwal_forensics::{BlameAnswer, BlameWish, BlockTouch};
use pgwal_format::rmgr::Rmgr;

/// What is told of a block.
pub struct BlameReport<'a> {
    /// Where the WAL lies.
    pub place: String,
    /// What was asked.
    pub wish: &'a BlameWish,
    /// What was found.
    pub answer: &'a BlameAnswer,
}

impl BlameReport<'_> {
    /// The resource manager and the operation of a record.
    fn operation(&self, touch: &BlockTouch) -> (String, String) {
        let (rmid, info) = touch.operation;
        match self.answer.gathered.outcome.layout.as_ref() {
            Some(layout) => {
                let dialect = layout.dialect;
                (Rmgr(rmid).name(dialect).to_string(), crate::stats::waldump::operation(rmid, info >> 4, dialect))
            }
            None => (rmid.to_string(), format!("{info:x}")),
        }
    }
}
