//! Whether a server takes the value of one of its settings (`set_config_option` in `guc.c`).

use crate::SettingsError;
use crate::fault::{invalid, needs_boolean, says};
use crate::value::{self, NumberKind};
use pgwal_format::Version;
use pgwal_format::recovery::parameters::{NumberRange, ParameterValues, ServerParameter};
use pgwal_format::recovery::settings::SettingRules;

/// Refuses what a server of this version refuses by type and range. What a setting makes of its text by itself (a list,
/// a locale) is not looked at.
pub(crate) fn check(version: Version, name: &str, text: &str) -> Result<(), SettingsError> {
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
        ParameterValues::Text => Ok(()),
    }
}

fn number(
    version: Version,
    name: &str,
    text: &str,
    range: NumberRange,
    kind: NumberKind,
) -> Result<(), SettingsError> {
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
            let ends = match SettingRules::of(version).ranges_have_units {
                true => format!("{least}{space}{unit} .. {most}{space}{unit}"),
                false => format!("{least} .. {most}"),
            };
            let said =
                format!("{value}{space}{unit} is outside the valid range for parameter \"{name}\" ({ends})");
            Err(says(name, text, said))
        }
        _ => Ok(()),
    }
}
