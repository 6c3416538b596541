//! Whether a server takes the value of one of its settings (`set_config_option` in `guc.c`).

use crate::SettingsError;
use crate::values::fault::{invalid, needs_boolean, says};
use crate::values::value::{self, NumberKind};
use jiff::tz::TimeZone;
use pgwal_format::recovery::parameters::{NumberRange, ParameterValues, ServerParameter};
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::{SegmentSize, Version};

/// Refuses what a server of this version refuses by type and range. What a setting makes of its text by itself (a list,
/// a locale) is not looked at.
pub(crate) fn check(version: Version, name: &str, text: &str) -> Result<(), SettingsError> {
    // Up to 11 it stands in recovery.conf, and is looked at when that is read.
    if name.eq_ignore_ascii_case("primary_slot_name") && !is_slot_name(text) {
        return Err(invalid("primary_slot_name", text));
    }
    let Some(parameter) = ServerParameter::named(version, name) else { return Ok(()) };
    let name = parameter.name;
    match parameter.values {
        ParameterValues::Boolean => value::boolean(text).map(|_| ()).ok_or_else(|| needs_boolean(name, text)),
        ParameterValues::Word(words) => match words.split(',').any(|word| word.eq_ignore_ascii_case(text)) {
            true => Ok(()),
            false => Err(invalid(name, text)),
        },
        ParameterValues::Integer(range) => number(version, name, text, range, NumberKind::Whole),
        ParameterValues::Real(range) => number(version, name, text, range, NumberKind::Fraction),
        ParameterValues::Fixed => Err(says(name, text, format!("parameter \"{name}\" cannot be changed"))),
        ParameterValues::Text if matches!(name, "TimeZone" | "log_timezone") && is_no_zone(text) => {
            Err(invalid(name, text))
        }
        ParameterValues::Text => Ok(()),
    }
}

/// `ReplicationSlotValidateName`; none is none.
fn is_slot_name(text: &str) -> bool {
    text.len() < 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Refuses settings that do not go together (`PostmasterMain`). What is not set is as it is by default.
pub(crate) fn together(version: Version, given: &[(&str, &str)]) -> Result<(), SettingsError> {
    let last = |name: &str| given.iter().rev().find(|(own, _)| *own == name).map(|(_, text)| *text);
    let number = |name: &str, default: i32| last(name).and_then(value::integer).unwrap_or(default);
    let rules = SettingRules::of(version);
    let counted = ["max_wal_senders", "max_connections", "superuser_reserved_connections"];
    if let Some(name) = counted.into_iter().find(|name| rules.senders_are_connections && last(name).is_some()) {
        let (senders, all) = (number("max_wal_senders", 10), number("max_connections", 100));
        let reserved = number("superuser_reserved_connections", 3);
        if reserved.saturating_add(senders) >= all {
            let said = format!(
                "superuser_reserved_connections ({reserved}) plus max_wal_senders ({senders}) must be less than max_connections ({all})"
            );
            return Err(says(name, last(name).unwrap_or(""), said));
        }
    }
    if !ServerParameter::are_known(version) {
        return Ok(());
    }
    let quoted = rules.quotes_names;
    let named = |name: &str| if quoted { format!("\"{name}\"") } else { name.to_owned() };
    let (level, senders) = (last("wal_level").unwrap_or("replica"), "max_wal_senders");
    let minimal = level.eq_ignore_ascii_case("minimal");
    let archives = last("archive_mode").is_some_and(|mode| value::boolean(mode) != Some(false));
    if minimal && archives {
        let said = format!("WAL archival cannot be enabled when {} is \"minimal\"", named("wal_level"));
        return Err(says("wal_level", level, said));
    }
    let streams = number(senders, 10);
    if minimal && streams > 0 {
        let requires = if quoted { "\"wal_level\" to be" } else { "wal_level" };
        let said = format!("WAL streaming ({} > 0) requires {requires} \"replica\" or \"logical\"", named(senders));
        return Err(says("wal_level", level, said));
    }
    let summarizes = last("summarize_wal").and_then(value::boolean) == Some(true);
    if minimal && summarizes {
        let said = format!("WAL cannot be summarized when {} is \"minimal\"", named("wal_level"));
        return Err(says("wal_level", level, said));
    }
    let (reserved, connections) = ("superuser_reserved_connections", "max_connections");
    let (of_superusers, all) = (number(reserved, 3), number(connections, 100));
    let others = ServerParameter::named(version, "reserved_connections").map(|_| number("reserved_connections", 0));
    if last(reserved).is_some() && of_superusers.saturating_add(others.unwrap_or(0)) >= all {
        let plus = others.map(|n| format!(" plus {} ({n})", named("reserved_connections"))).unwrap_or_default();
        let said =
            format!("{} ({of_superusers}){plus} must be less than {} ({all})", named(reserved), named(connections));
        return Err(says(reserved, last(reserved).unwrap_or(""), said));
    }
    Ok(())
}

/// Sizes, and what they are in MB where they are not set.
const SIZES: [(&str, f64); 2] = [("min_wal_size", 80.0), ("max_wal_size", 1024.0)];

/// Refuses sizes of `pg_wal` that do not hold two segments. `configured`: what is not set has its default.
pub(crate) fn hold_segments(
    segment: SegmentSize,
    given: &[(&str, &str)],
    configured: bool,
) -> Result<(), SettingsError> {
    for (name, default) in SIZES {
        let text = given.iter().rev().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, text)| *text);
        let mb = match text {
            Some(text) => value::amount(text, "MB", NumberKind::Whole),
            None => configured.then_some(default),
        };
        let holds = |mb: f64| mb * f64::from(1 << 20) >= 2.0 * segment.bytes() as f64;
        if mb.is_some_and(|mb| !holds(mb)) {
            let said = format!("\"{name}\" must be at least twice \"wal_segment_size\"");
            return Err(says(name, text.unwrap_or(""), said));
        }
    }
    Ok(())
}

/// Whether a text has the form of a zone's name and is none. Whoever has no names of zones on this machine cannot tell.
fn is_no_zone(text: &str) -> bool {
    let named = text.split_once('/').is_some_and(|(area, place)| {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic() || b"_-+/".contains(&b));
        is_word(area) && is_word(place)
    });
    named && TimeZone::get(text).is_err() && TimeZone::get("Europe/Berlin").is_ok()
}

fn number(version: Version, name: &str, text: &str, range: NumberRange, kind: NumberKind) -> Result<(), SettingsError> {
    let value = value::amount(text, range.unit, kind).ok_or_else(|| invalid(name, text))?;
    // More than the integers of C: no range is told.
    if kind == NumberKind::Whole && !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) {
        return Err(invalid(name, text));
    }
    let within = |least: f64, most: f64| (least..=most).contains(&value);
    match (range.least.parse(), range.most.parse()) {
        (Ok(least), Ok(most)) if !within(least, most) => {
            let NumberRange { unit, least, most } = range;
            let space = if unit.is_empty() { "" } else { " " };
            let ends = match SettingRules::of(version).quotes_names {
                true => format!("{least}{space}{unit} .. {most}{space}{unit}"),
                false => format!("{least} .. {most}"),
            };
            let said = format!("{value}{space}{unit} is outside the valid range for parameter \"{name}\" ({ends})");
            Err(says(name, text, said))
        }
        _ => Ok(()),
    }
}
