//! Who touched a block.

pub mod json;
pub mod text;

use pgwal_forensics::{BlameAnswer, BlameWish, BlockTouch};
use pgwal_format::Lsn;
use pgwal_format::rmgr::Rmgr;
use pgwal_format::rmgr::tuple_changes::TuplePlace;

/// What is told of a block.
pub struct BlameReport<'a> {
    /// Where the WAL lies.
    pub place: String,
    /// What was asked.
    pub wish: &'a BlameWish,
    /// What was found.
    pub answer: &'a BlameAnswer,
}

/// What was told of a block, or of all versions of a row.
#[derive(Default)]
pub struct BlameTold {
    /// Versions: 1 where none was followed.
    pub versions: usize,
    /// Records of all of them.
    pub records: u64,
    /// Further records that are not listed.
    pub more_records: u64,
    /// Updates that put the row further, where nobody followed it.
    pub not_followed: Vec<(Lsn, TuplePlace)>,
}

impl BlameTold {
    /// One more version.
    pub fn add(&mut self, report: &BlameReport<'_>) {
        self.versions += 1;
        self.records += report.answer.touches.len() as u64;
        self.more_records += report.answer.more;
    }
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
