//! The settings that a server takes, with their types and ranges, by version: `parameters.tsv`, which
//! `parameters/make.py` makes from servers (`pg_settings`).
//!
//! ```text
//! shared_buffers  12  18  integer  8kB  16  1073741823
//! name            since until type  unit least most
//! archive_mode  12  18  enum        0,1,always,false,no,off,on,true,yes
//! ```
//! Names with a dot belong to extensions and are not here.

use crate::version::{V12, V18, Version};

const TABLE: &str = include_str!("parameters.tsv");

/// A setting of a server, as one version has it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ServerParameter {
    /// As the server writes it.
    pub name: &'static str,
    /// What it takes.
    pub values: ParameterValues,
}

/// What a setting takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ParameterValues {
    /// A truth value.
    Boolean,
    /// A whole number in a unit; without one it takes none.
    Integer(NumberRange),
    /// A number with a fraction.
    Real(NumberRange),
    /// One of these words, in capitals or small letters.
    Word(&'static str),
    /// A text, or what is not known here.
    Text,
    /// Nothing: it is a property of the server.
    Fixed,
}

/// A range in a unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NumberRange {
    /// `8kB`, `kB`, `MB`, `B`, `ms`, `s`, `min`; none: empty.
    pub unit: &'static str,
    /// The least value, as the server writes it.
    pub least: &'static str,
    /// The greatest value, as the server writes it.
    pub most: &'static str,
}

impl ServerParameter {
    /// Whether the settings of this version are known: else [`ServerParameter::named`] says nothing.
    pub fn are_known(version: Version) -> bool {
        (V12..=V18).contains(&version)
    }

    /// That of a name; `None` where a server of this version has none of it.
    pub fn named(version: Version, name: &str) -> Option<ServerParameter> {
        TABLE.lines().filter(|line| !line.starts_with('#')).find_map(|line| row(line, version, name))
    }
}

fn row(line: &'static str, version: Version, name: &str) -> Option<ServerParameter> {
    let mut fields = line.split('\t');
    let own = fields.next().filter(|own| own.eq_ignore_ascii_case(name))?;
    let (since, until): (Version, Version) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    if !(since..=until).contains(&version) {
        return None;
    }
    let kind = fields.next()?;
    let mut next = || fields.next().unwrap_or("");
    let range = NumberRange { unit: next(), least: next(), most: next() };
    let values = match kind {
        "bool" => ParameterValues::Boolean,
        "integer" => ParameterValues::Integer(range),
        "real" => ParameterValues::Real(range),
        "enum" => ParameterValues::Word(next()),
        "fixed" => ParameterValues::Fixed,
        _ => ParameterValues::Text,
    };
    Some(ServerParameter { name: own, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{V14, V15, V17};

    #[test]
    fn settings_of_a_server_come_and_go() {
        let named = ServerParameter::named;
        assert!(named(V14, "recovery_prefetch").is_none() && named(V15, "recovery_prefetch").is_some());
        assert!(named(V15, "vacuum_defer_cleanup_age").is_some() && named(V17, "vacuum_defer_cleanup_age").is_none());
        assert_eq!(named(V15, "datestyle").map(|p| p.name), Some("DateStyle"));
        assert!(named(V15, "nonsense").is_none());
        let range = NumberRange { unit: "8kB", least: "16", most: "1073741823" };
        assert_eq!(named(V12, "shared_buffers").map(|p| p.values), Some(ParameterValues::Integer(range)));
        let Some(ParameterValues::Word(words)) = named(V18, "archive_mode").map(|p| p.values) else { panic!() };
        assert!(words.split(',').any(|word| word == "always"));
    }

    #[test]
    fn every_row_is_read() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split('\t').next().unwrap();
            let since: Version = line.split('\t').nth(1).unwrap().parse().unwrap();
            let found = ServerParameter::named(since, name).unwrap_or_else(|| panic!("{line}"));
            if let ParameterValues::Integer(range) | ParameterValues::Real(range) = found.values {
                assert!(range.least.parse::<f64>().is_ok() && range.most.parse::<f64>().is_ok(), "{line}");
            }
        }
    }
}
