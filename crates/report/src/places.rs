//! What each of several places has.

use crate::figures::counted;
use crate::time::{Zone, rfc3339};
use pgwal_verify::{PlaceReport, SegmentSpan};
use serde_json::{Value, json};

/// Spans that are told one by one.
const TOLD: usize = 3;

/// What is assumed of whoever takes files from several places.
pub(crate) const ASSUMED: &str = "each file is taken from the first place with a good copy, as walproof archive-get takes it; a restore_command that takes the first file there is (cp A/%f %p || cp B/%f %p) takes a bad one, too";

/// As a part of other documents.
pub(crate) fn json(places: &[PlaceReport]) -> Value {
    let name = |number: usize| places.get(number).map(|place| place.name.as_str());
    let place = |place: &PlaceReport| {
        let fills: Vec<Value> = place
            .fills
            .iter()
            .map(|(other, spans)| json!({"place": name(*other), "segments": spans_json(spans)}))
            .collect();
        json!({
            "place": place.name,
            "unreadable": place.unreadable,
            "segments": place.segments,
            "first_segment": place.names.map(|(first, _)| first.to_string()),
            "last_segment": place.names.map(|(_, last)| last.to_string()),
            "taken": place.taken,
            "to": place.to,
            "last_commit_time": place.last_commit.and_then(rfc3339),
            "only": spans_json(&place.only),
            "fills": fills,
            "passed_over": place.passed_over,
        })
    };
    places.iter().map(place).collect()
}

fn spans_json(spans: &[SegmentSpan]) -> Value {
    let span = |span: &SegmentSpan| json!({"first": span.first.to_string(), "last": span.last.to_string(), "count": span.count});
    spans.iter().map(span).collect()
}

/// A row each.
pub(crate) fn rows(places: &[PlaceReport], zone: &Zone) -> Vec<String> {
    places.iter().map(|place| row(place, places, zone)).collect()
}

fn row(place: &PlaceReport, all: &[PlaceReport], zone: &Zone) -> String {
    if let Some(why) = &place.unreadable {
        return format!("{}: cannot be looked at: {why}", place.name);
    }
    let Some((_, last)) = place.names else { return format!("{}: no WAL", place.name) };
    let mut parts = vec![format!("{} up to {last}", counted(place.segments.into(), "segment"))];
    parts.push(match place.to {
        Some(to) => format!("its WAL ends at {to}"),
        None => "its last segments hold no record that can be read".to_owned(),
    });
    parts.extend(place.last_commit.and_then(|time| zone.local(time)).map(|time| format!("last commit {time}")));
    parts.push(format!("{} taken from here", place.taken));
    if !place.only.is_empty() {
        parts.push(format!("only here: {}", spans(&place.only)));
    }
    for (other, filled) in &place.fills {
        let other = all.get(*other).map_or("another", |other| other.name.as_str());
        parts.push(format!("fills what {other} lacks: {}", spans(filled)));
    }
    if let Some(first) = place.passed_over.first() {
        let more = if place.passed_over.len() > 1 { " and others" } else { "" };
        parts.push(format!("bad, and passed over: {first}{more}"));
    }
    format!("{}: {}", place.name, parts.join("; "))
}

fn spans(spans: &[SegmentSpan]) -> String {
    let span = |span: &SegmentSpan| match span.count {
        1 => span.first.to_string(),
        count => format!("{} to {} ({})", span.first, span.last, count),
    };
    let told: Vec<String> = spans.iter().take(TOLD).map(span).collect();
    let more = spans.iter().skip(TOLD).map(|span| span.count).sum::<u64>();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    told.join(", ") + &more
}

/// Where to look for what comes next.
pub(crate) fn look_in(places: &[PlaceReport]) -> Option<String> {
    let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(" and "))
}
