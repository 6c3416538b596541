//! Writers: a file a format. They say what was found and decide nothing.

pub mod digits;
pub mod dump_json;
pub mod dump_text;
pub mod explain_json;
pub mod explain_text;
pub mod hex_json;
pub mod hex_text;
pub mod json;
pub mod time;
pub mod timelines_json;
pub mod timelines_text;
pub mod verify_text;
pub mod waldump;
