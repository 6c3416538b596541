//! The text format of Prometheus: heads and rows.
//!
//! ```text
//! # HELP walproof_verdict 1 for the verdict of the last run, 0 for the others.
//! # TYPE walproof_verdict gauge
//! walproof_verdict{archive="/srv/wal",verdict="proven"} 1
//! ```

use crate::outside::Shown;
use pgwal_format::rmgr::xact::Timestamp;
use std::fmt::{Display, Write};

/// Metrics as they are written; each name has its rows together.
pub(crate) struct Metrics {
    pub text: String,
    /// The labels of every row.
    own: String,
}

impl Metrics {
    /// None yet; every row will have these labels.
    pub fn of(own: &[(&str, &str)]) -> Metrics {
        Metrics { text: String::new(), own: joined(own) }
    }

    /// A gauge of one row.
    pub fn one(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help);
        self.row(name, &[], value);
    }

    /// Rows of a gauge follow.
    pub fn head(&mut self, name: &str, help: &str) {
        self.typed(name, help, "gauge");
    }

    /// Rows of a counter follow.
    pub fn counter(&mut self, name: &str, help: &str) {
        self.typed(name, help, "counter");
    }

    fn typed(&mut self, name: &str, help: &str, kind: &str) {
        let _ = write!(self.text, "# HELP walproof_{name} {help}.\n# TYPE walproof_{name} {kind}\n");
    }

    /// A row.
    pub fn row(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let all: Vec<String> =
            [self.own.clone(), joined(labels)].into_iter().filter(|labels| !labels.is_empty()).collect();
        let _ = match all.join(",").as_str() {
            "" => writeln!(self.text, "walproof_{name} {value}"),
            all => writeln!(self.text, "walproof_{name}{{{all}}} {value}"),
        };
    }
}

fn joined(labels: &[(&str, &str)]) -> String {
    labels.iter().map(|(name, value)| format!("{name}=\"{}\"", label(value))).collect::<Vec<_>>().join(",")
}

/// Every character may stand there but a backslash and a quote; who reads the value on another screen is spared what
/// does harm.
fn label(value: &str) -> String {
    Shown(value).to_string().replace('\\', "\\\\").replace('"', "\\\"")
}

/// Since 1970.
pub(crate) fn seconds(time: Timestamp) -> String {
    format!("{:.6}", time.unix_micros() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(label("a\"b\\c\nd\u{1b}"), "a\\\"b\\\\c\\\\nd\\\\x1B");
    }

    #[test]
    fn labels_of_all_rows_stand_first() {
        let mut own = Metrics::of(&[("a", "b")]);
        own.row("x", &[("c", "d")], 1);
        let mut none = Metrics::of(&[]);
        none.row("x", &[], 1);
        assert_eq!(own.text + &none.text, "walproof_x{a=\"b\",c=\"d\"} 1\nwalproof_x 1\n");
    }
}
