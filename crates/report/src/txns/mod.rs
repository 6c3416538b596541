//! Transactions.

pub mod csv;
pub mod json;
pub mod text;

use crate::outside_times::AskedTimes;
use pgwal_forensics::{XactOrder, XactsAnswer};

/// What is told of an archive.
pub struct TxnsReport<'a> {
    /// Where it lies.
    pub place: String,
    /// What they are ordered by.
    pub by: XactOrder,
    /// From when to when, or where, it was asked for.
    pub asked: AskedTimes,
    /// What was found.
    pub answer: &'a XactsAnswer,
}

/// Microseconds as seconds.
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
