//! Where a position lies. One line of `walproof.locate/1` is the answer itself, as it serialises.

pub mod text;

use pgwal_format::{Lsn, TimelineId};
use serde::Serialize;

/// The answer about one position.
#[derive(Default, Serialize)]
pub struct LocateAnswer<'a> {
    /// `walproof.locate/1`.
    pub schema: &'static str,
    /// As it was written.
    pub input: &'a str,
    /// The position.
    pub lsn: Option<Lsn>,
    /// The segment that holds the byte there.
    pub segment: Option<String>,
    /// Where in it.
    pub offset: Option<u64>,
    /// Where recovery from the checkpoint of a control file begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redo: Option<Lsn>,
    /// What the answer rests on.
    #[serde(flatten)]
    pub ground: Option<Ground>,
    /// What a server says.
    #[serde(flatten)]
    pub server: Option<ServerAnswer>,
    /// What an archive has.
    #[serde(flatten)]
    pub held: Option<HeldSegment>,
    /// Why there is no segment, where the LSN has one spelling too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why there is no answer at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// For people only.
    #[serde(skip)]
    pub assumed: Vec<String>,
}

/// What the answer rests on.
#[derive(Serialize)]
pub struct Ground {
    /// The timeline in the segment's name.
    pub timeline: TimelineId,
    /// Bytes of a segment.
    pub segment_size: u64,
    /// Nothing told it.
    pub segment_size_assumed: bool,
    /// How positions map to segments: `split` (9.2 and earlier) or `linear`.
    pub scheme: &'static str,
    /// Nothing told it.
    pub scheme_assumed: bool,
    /// Of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What the server of the version asked for says.
#[derive(Default, Serialize)]
pub struct ServerAnswer {
    /// The version.
    #[serde(rename = "as")]
    pub version: String,
    /// `pg_walfile_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walfile_name: Option<String>,
    /// `pg_walfile_name_offset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walfile_name_offset: Option<(String, u32)>,
    /// `pg_split_walfile_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_walfile_name: Option<(u64, u32)>,
    /// Its error, which takes the place of every answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The function that says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<&'static str>,
}

/// What an archive has of a segment.
#[derive(Serialize)]
pub struct HeldSegment {
    /// The file that recovery takes; else an unfinished one of that timeline.
    pub file: Option<String>,
    /// Where it lies.
    pub path: Option<String>,
    /// It is unfinished.
    pub partial: bool,
    /// Every file with the name of the segment.
    pub files: Vec<HeldFile>,
}

/// A file with the name of a segment.
#[derive(Serialize)]
pub struct HeldFile {
    /// The timeline in the name.
    pub timeline: TimelineId,
    /// The file, relative to the archive.
    pub file: String,
    /// Where it lies, if on a disk.
    pub path: Option<String>,
    /// It is unfinished.
    pub partial: bool,
}
