//! One record as bytes.

pub mod json;
pub mod text;
