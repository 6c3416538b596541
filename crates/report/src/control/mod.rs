//! A control file.

pub mod json;
pub mod text;
