//! An index as bytes.
//!
//! ```text
//! "walproof index\n"   version u8   system identifier, layout   number of the run   records   XXH3-128 of all that
//! ```
//! What has another version, or does not have the checksum that stands at its end, is no index.

use super::record::{Owner, RememberedFile};
use pgwal_format::wire::Wire;
use twox_hash::XxHash3_128;

pub(super) const MAGIC: &[u8] = b"walproof index\n";
/// Rises whenever records mean something else, or a scan comes to something else.
const VERSION: u8 = 3;

/// What an index holds.
#[derive(Debug)]
pub(super) struct IndexContent {
    pub owner: Owner,
    /// Runs so far.
    pub runs: u64,
    pub records: Vec<RememberedFile>,
}

/// Unusable bytes are no index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoIndex {
    /// They begin as no index does.
    Foreign,
    /// Another version of this program wrote it.
    Version,
    /// It is not whole.
    Damaged,
}

pub(super) fn encode(content: &IndexContent) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    (content.owner.system_id, (content.owner.layout, content.runs)).put(&mut out);
    content.records.len().put(&mut out);
    content.records.iter().for_each(|record| record.put(&content.owner, &mut out));
    let sum = XxHash3_128::oneshot(&out);
    sum.put(&mut out);
    out
}

pub(super) fn decode(bytes: &[u8]) -> Result<IndexContent, NoIndex> {
    let body = bytes.strip_prefix(MAGIC).ok_or(NoIndex::Foreign)?;
    let (whole, sum) = bytes.split_last_chunk::<16>().ok_or(NoIndex::Damaged)?;
    if XxHash3_128::oneshot(whole).to_le_bytes() != *sum {
        return Err(NoIndex::Damaged);
    }
    match body.split_first() {
        Some((&VERSION, rest)) => {
            content(rest.get(..rest.len().saturating_sub(16)).unwrap_or(&[])).ok_or(NoIndex::Damaged)
        }
        _ => Err(NoIndex::Version),
    }
}

fn content(mut input: &[u8]) -> Option<IndexContent> {
    let input = &mut input;
    let system_id = u64::take(input)?;
    let (layout, runs) = Wire::take(input)?;
    let owner = Owner { layout, system_id };
    let count = usize::take(input).filter(|&n| n <= input.len())?;
    let mut records = Vec::new();
    for _ in 0..count {
        records.push(RememberedFile::take(&owner, input)?);
    }
    input.is_empty().then_some(IndexContent { owner, runs, records })
}
