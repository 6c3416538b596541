//! What reading an archive would take.

use crate::figures::{bytes, counted, grouped};
use crate::outside::Lines;
use crate::words::depth;
use pgwal_verify::estimate::{DepthEstimate, ReadEstimate};
use serde_json::{Value, json};
use std::io;

/// `walproof.estimate/1`.
pub fn json(place: &str, estimate: &ReadEstimate) -> Value {
    let row = |row: &DepthEstimate| json!({"depth": depth(row.depth), "objects": row.objects, "requests": row.requests, "bytes": row.bytes});
    json!({
        "schema": "walproof.estimate/1",
        "place": place,
        "segments": estimate.segments,
        "small_files": estimate.small,
        "known_segments": estimate.known,
        "stored_bytes": estimate.stored,
        "files_of_unknown_size": estimate.unsized_files,
        "depths": estimate.depths.iter().map(row).collect::<Vec<_>>(),
    })
}

/// A sentence, and a line for each depth.
pub fn write(out: &mut Lines<'_>, place: &str, estimate: &ReadEstimate) -> io::Result<()> {
    let small = match estimate.small {
        0 => String::new(),
        n => format!(" and {}", counted(n.into(), "small file")),
    };
    let segments = counted(estimate.segments.into(), "segment");
    writeln!(out, "{place} holds {segments}{small}, {} as stored.", bytes(estimate.stored.into()))?;
    if estimate.known > 0 {
        writeln!(out, "KNOWN    {} unchanged in the index: not read", counted(estimate.known.into(), "segment"))?;
    }
    for row in &estimate.depths {
        let (objects, requests) = (grouped(row.objects.into()), grouped(row.requests.into()));
        let name = depth(row.depth);
        writeln!(out, "{name:<8} {objects} objects in {requests} requests, {}", bytes(row.bytes.into()))?;
    }
    if estimate.unsized_files > 0 {
        writeln!(out, "UNKNOWN  {} of unknown size, not counted", counted(estimate.unsized_files.into(), "file"))?;
    }
    writeln!(out, "Listing comes on top of it, and what is damaged or comes meanwhile is read once more.")
}
