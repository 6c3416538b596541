//! What a restore would come to.

pub mod json;
pub mod text;
