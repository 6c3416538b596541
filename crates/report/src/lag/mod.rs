//! How far apart two positions are. The document of `walproof.lag/1` is the answer itself, as it serialises.

pub mod live;
pub mod text;

use pgwal_format::Lsn;
use serde::Serialize;

/// A document of `walproof.lag/1`.
#[derive(Serialize)]
pub struct LagAnswer<'a> {
    /// `walproof.lag/1`.
    pub schema: &'static str,
    /// A minus B.
    pub bytes: Option<i128>,
    /// Whole segments of that.
    pub segments: Option<i128>,
    /// Records between the two, as an archive has them; so the next two.
    pub records: Option<i128>,
    /// Commits among them.
    pub commits: Option<i128>,
    /// Between the last commits at or before each.
    pub seconds: Option<f64>,
    /// Every record between the two is in the archive and right.
    pub complete: Option<bool>,
    /// A.
    pub a: LagSide<'a>,
    /// B.
    pub b: LagSide<'a>,
    /// Bytes of a segment.
    pub segment_size: u64,
    /// Nothing told it.
    pub segment_size_assumed: bool,
    /// How positions map to segments.
    pub scheme: &'static str,
    /// Nothing told it.
    pub scheme_assumed: bool,
    /// The server asked.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One of the two positions.
#[derive(Serialize)]
pub struct LagSide<'a> {
    /// As it was written.
    pub input: &'a str,
    /// The position.
    pub lsn: Option<Lsn>,
}
