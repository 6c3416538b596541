//! Writers: a file a format. They say what was found and decide nothing.

pub mod csv;
pub mod digits;
pub mod dump_json;
pub mod dump_text;
pub mod explain_json;
pub mod explain_text;
pub mod fields_json;
pub mod fields_text;
pub mod hex_json;
pub mod hex_text;
pub mod json;
pub mod json_sink;
pub mod stats_csv;
pub mod stats_json;
pub mod stats_text;
pub mod stats_waldump;
pub mod target;
pub mod time;
pub mod timelines_json;
pub mod timelines_text;
pub mod verify_text;
pub mod waldump;
pub mod when_json;
pub mod when_text;
