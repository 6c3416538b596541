//! Foretold against seen.
use serde_json::Value;
pub fn differences(_foretold: &Value, _observed: &Value) -> Vec<String> {
    Vec::new()
}
pub fn in_short(observed: &Value) -> String {
    let said = |name: &str| observed[name].as_str().unwrap_or("-").to_owned();
    format!(
        "{}, redo done at {}, {}",
        said("outcome"),
        said("redo_end"),
        if observed["server_says"].is_null() { said("stopping") } else { said("server_says") }
    )
}
