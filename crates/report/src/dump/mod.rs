//! Records, and the findings between them.

pub mod aside;
pub mod csv;
mod digits;
pub mod json;
mod json_fields;
mod line;
pub mod names;
mod said;
pub mod text;
mod text_head;
pub mod waldump;
