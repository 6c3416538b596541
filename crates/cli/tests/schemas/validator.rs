//! A validator of JSON Schema, as far as our schemas go. Stricter than the standard: a field that the schema does not
//! name is an error, and so is a keyword that is not known here.

use serde_json::Value;
use std::path::Path;

/// A schema, which refers to nothing but itself.
pub struct Schema {
    root: Value,
}

impl Schema {
    /// Reads `crates/cli/schema/NAME.json`.
    pub fn named(name: &str) -> Schema {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
        let root = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        Schema { root }
    }

    /// What is wrong with a document; empty where nothing is.
    pub fn problems(&self, document: &Value) -> Vec<String> {
        let mut out = Vec::new();
        self.check(&self.root, document, "", &mut out);
        out
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
        for (keyword, rule) in schema.as_object().unwrap() {
            let mut wrong = |what: String| out.push(format!("{at}: {what}"));
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "additionalProperties" => {}
                "$ref" => self.follow(rule.as_str().unwrap(), value, at, out),
                "type" if !types(rule).any(|t| is_a(t, value)) => wrong(format!("{value} is no {rule}")),
                "enum" if !rule.as_array().unwrap().contains(value) => wrong(format!("{value} is none of {rule}")),
                "const" if rule != value => wrong(format!("{value} is not {rule}")),
                "minimum" if value.as_i64().is_some_and(|n| n < rule.as_i64().unwrap()) => {
                    wrong(format!("{value} < {rule}"))
                }
                "maximum" if value.as_i64().is_some_and(|n| n > rule.as_i64().unwrap()) => {
                    wrong(format!("{value} > {rule}"))
                }
                "minItems" if value.as_array().is_some_and(|v| (v.len() as u64) < rule.as_u64().unwrap()) => {
                    wrong("too few items".into())
                }
                "maxItems" if value.as_array().is_some_and(|v| (v.len() as u64) > rule.as_u64().unwrap()) => {
                    wrong("too many items".into())
                }
                "pattern" if value.as_str().is_some_and(|text| !fits(rule.as_str().unwrap(), text)) => {
                    wrong(format!("{value} does not fit {rule}"))
                }
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.as_object().is_some_and(|o| !o.contains_key(name.as_str().unwrap())) {
                            out.push(format!("{at}: {name} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (name, field) in value.as_object().into_iter().flatten() {
                        match rule.get(name) {
                            Some(own) => self.check(own, field, &format!("{at}/{name}"), out),
                            None => match schema.get("additionalProperties") {
                                Some(other) => self.check(other, field, &format!("{at}/{name}"), out),
                                None => out.push(format!("{at}: {name} is not in the schema")),
                            },
                        }
                    }
                }
                "items" => {
                    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{at}/{i}"), out);
                    }
                }
                "oneOf" | "anyOf" => {
                    let tries: Vec<Vec<String>> =
                        rule.as_array().unwrap().iter().map(|schema| self.tried(schema, value, at)).collect();
                    let fitting = tries.iter().filter(|problems| problems.is_empty()).count();
                    if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
                        out.push(format!("{at}: fits {fitting} of {keyword}: {tries:?}"));
                    }
                }
                "type" | "enum" | "const" | "minimum" | "maximum" | "minItems" | "maxItems" | "pattern" => {}
                other => panic!("{at}: the validator does not know {other}"),
            }
        }
    }

    fn tried(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut out = Vec::new();
        self.check(schema, value, at, &mut out);
        out
    }

    /// `#/$defs/name`.
    fn follow(&self, reference: &str, value: &Value, at: &str, out: &mut Vec<String>) {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is in another file"));
        self.check(self.root.pointer(pointer).unwrap(), value, at, out);
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let list = rule.as_array().map_or(std::slice::from_ref(rule), Vec::as_slice);
    list.iter().map(|t| t.as_str().unwrap())
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    }
}

/// The patterns in our schemas, by hand.
fn fits(pattern: &str, text: &str) -> bool {
    let hex = |t: &str| t.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    match pattern {
        "^[0-9A-F]{1,8}/[0-9A-F]{8}$" => text
            .split_once('/')
            .is_some_and(|(high, low)| (1..=8).contains(&high.len()) && low.len() == 8 && hex(high) && hex(low)),
        "^[0-9A-F]{24}$" => text.len() == 24 && hex(text),
        "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "^\\d+$" => digits(text),
        "^\\d+/\\d+/\\d+$" => text.split('/').count() == 3 && text.split('/').all(digits),
        "^WP[1-5]\\d\\d$" => {
            text.len() == 5
                && matches!(text.as_bytes(), [b'W', b'P', b'1'..=b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
        }
        "^WP[1-5]xx$" => matches!(text.as_bytes(), [b'W', b'P', b'1'..=b'5', b'x', b'x']),
        "^\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$" => {
            let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            shape.trim_start_matches('9') == "-99-99T99:99:99.999999Z"
                && shape.len() >= "9999-99-99T99:99:99.999999Z".len()
        }
        other => panic!("the validator does not know the pattern {other}"),
    }
}

#[test]
fn the_validator_notices() {
    let schema = Schema::named("lag.json");
    let good = serde_json::json!({"schema": "walproof.lag/1", "bytes": -8, "segments": 0, "records": null, "commits": null, "seconds": 0.5, "complete": null,
        "a": {"input": "x", "lsn": "0/00000001"}, "b": {"input": "y", "lsn": null}, "segment_size": 1, "segment_size_assumed": true, "scheme": "split", "scheme_assumed": false});
    assert_eq!(schema.problems(&good), Vec::<String>::new());
    for (field, value) in [
        ("bytes", serde_json::json!("8")),
        ("scheme", serde_json::json!("other")),
        ("segment_size", serde_json::json!(-1)),
        ("a", serde_json::json!({"input": "x", "lsn": "0/1"})),
        ("a", serde_json::json!({"lsn": null})),
        ("moon", serde_json::json!(1)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(schema.problems(&bad).len(), 1, "{bad}");
    }
}
