//! Writers: a file a format. They say what was found and decide nothing.

pub mod json;
pub mod time;
pub mod verify_text;
