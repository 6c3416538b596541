//! At least one sample of every wording: real output where a server or tool was there to say it, else its format
//! filled with numbers.
//!
//! ```text
//! kind TAB values TAB line
//! ```

use super::{LogLine, MessageKind, recognise, rows};

const TABLE: &str = include_str!("samples.tsv");

struct Sample {
    kind: &'static str,
    facts: &'static str,
    line: &'static str,
}

fn samples() -> impl Iterator<Item = Sample> {
    TABLE.lines().map(|row| {
        let mut columns = row.splitn(3, '\t');
        let mut next = || columns.next().unwrap();
        Sample { kind: next(), facts: next(), line: next() }
    })
}

pub(super) fn lines() -> impl Iterator<Item = &'static str> {
    samples().map(|s| s.line)
}

fn facts(line: &LogLine) -> String {
    line.facts().iter().map(|f| format!("{}={}", f.slot.name(), f.value)).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_sample_is_recognised_with_its_values() {
    for sample in samples() {
        let line = recognise(sample.line).unwrap_or_else(|| panic!("not recognised: {}", sample.line));
        assert_eq!(
            (format!("{:?}", line.kind()).as_str(), facts(&line).as_str()),
            (sample.kind, sample.facts),
            "{}",
            sample.line
        );
    }
}

#[test]
fn every_wording_of_every_row_has_a_sample() {
    let seen: Vec<LogLine> = lines().filter_map(recognise).collect();
    let outer: Vec<MessageKind> = seen.iter().filter_map(LogLine::within).collect();
    for row in rows() {
        for wording in row.wordings {
            let found = seen.iter().any(|l| l.row() == row && l.wording() == wording);
            assert!(
                found || (wording.pattern.ends_with("{inner}") && outer.contains(&row.kind)),
                "{}: {}",
                row.name,
                wording.pattern
            );
        }
    }
}
