//! Lag as a monitoring plugin tells it: a line, and performance data of each standby.

use super::LiveLagAnswer;
use crate::verify::nagios::said;
use pgwal_query::lag::LagLimit;
use std::fmt::Write;

/// The line.
pub fn line(answer: &LiveLagAnswer<'_>) -> String {
    let mut out = said(answer.status(), answer.headline());
    out += " |";
    let bytes = limits(answer, |limit| match limit {
        LagLimit::Bytes(bytes) => Some(bytes.to_string()),
        LagLimit::Time(_) => None,
    });
    let time = limits(answer, |limit| match limit {
        LagLimit::Time(time) => Some(time.as_secs().to_string()),
        LagLimit::Bytes(_) => None,
    });
    let mut named: Vec<String> = vec!["archiver".to_owned()];
    for follower in &answer.lag.followers {
        // A label must not hold what has a meaning there; and it stays the same whoever else comes and goes.
        let word = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let own: String = follower.name.chars().take(40).map(word).collect();
        let own = if own.is_empty() { "standby".to_owned() } else { own };
        // Two may have one name.
        let name = match named.iter().filter(|name| **name == own).count() {
            0 => own.clone(),
            same => format!("{own}_{}", same + 1),
        };
        named.push(own);
        if let Some(stage) = follower.last() {
            let _ = write!(out, " {name}_bytes={}B;{bytes};0", stage.bytes);
            if let Some(micros) = stage.waits_micros() {
                let _ = write!(out, " {name}_seconds={:.3}s;{time};0", micros as f64 / 1e6);
            }
        }
    }
    if let Some(owed) = answer.lag.archiver.as_ref().and_then(|archiver| archiver.owed_bytes) {
        let _ = write!(out, " archiver_bytes={owed}B;{bytes};0");
    }
    if let Some(micros) = answer.lag.archiver.as_ref().and_then(|archiver| archiver.owed_micros) {
        let _ = write!(out, " archiver_seconds={:.3}s;{time};0", micros as f64 / 1e6);
    }
    out + "\n"
}

fn limits(answer: &LiveLagAnswer<'_>, of: impl Fn(&LagLimit) -> Option<String>) -> String {
    let first = |limits: &[LagLimit]| limits.iter().find_map(&of).unwrap_or_default();
    format!("{};{}", first(&answer.limits.warn), first(&answer.limits.crit))
}
