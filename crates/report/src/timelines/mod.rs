//! The timelines of an archive.

pub mod json;
pub mod text;
