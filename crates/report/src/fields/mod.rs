//! Every field of every type of records.

pub mod json;
pub mod text;
