//! Dates that are not in ISO 8601, in the orders and with the names of months that PostgreSQL takes (`DecodeDate`).

use jiff::civil::Date;

/// What a date in digits begins with (`DateStyle`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum DateOrder {
    /// `11/28/2026`
    #[default]
    Month,
    /// `28/11/2026`
    Day,
    /// Such dates begin with the year.
    Year,
}

impl DateOrder {
    /// What `DateStyle` says of it.
    pub fn of_style(style: &str) -> DateOrder {
        let mut order = None;
        let mut german = false;
        for word in style.split(',').map(|word| word.trim().to_ascii_lowercase()) {
            match word.as_str() {
                "dmy" => order = Some(DateOrder::Day),
                "ymd" => order = Some(DateOrder::Year),
                "mdy" | "us" => order = Some(DateOrder::Month),
                _ if word.starts_with("euro") => order = Some(DateOrder::Day),
                _ => german |= word.starts_with("german"),
            }
        }
        order.unwrap_or(if german { DateOrder::Day } else { DateOrder::Month })
    }
}

/// What a date came to.
pub(crate) enum DateRead {
    /// This one, and what stands beside it.
    Date(Date, String),
    /// It has the form of one, and no calendar has it.
    None,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Reads a date in another form than `2026-11-28`. `None`: it has none of these forms.
pub(crate) fn date(text: &str, order: DateOrder) -> Option<DateRead> {
    in_digits(text, order).or_else(|| by_name(text))
}

/// `11/28/2026`, `28.11.2026`, `11-28-2026`.
fn in_digits(text: &str, order: DateOrder) -> Option<DateRead> {
    let end = text.find(|c: char| c.is_whitespace()).unwrap_or(text.len());
    let (date, rest) = text.split_at_checked(end)?;
    let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let [first, second, year] = parts.as_slice() else { return None };
    if !digits(first, 2) || !digits(second, 2) || !digits(year, 4) || year.len() != 4 {
        return None;
    }
    let (month, day) = match order {
        DateOrder::Month => (first, second),
        DateOrder::Day => (second, first),
        DateOrder::Year => return None,
    };
    Some(of(year, month.parse().ok()?, day, rest.trim_start().to_owned()))
}

/// `Sat Nov 28 14:57:51 2026 UTC`, `28 Nov 2026`, `November 28, 2026`, `2026-Nov-28`.
fn by_name(text: &str) -> Option<DateRead> {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        let parts: Vec<&str> = word.split('-').collect();
        match parts.as_slice() {
            [_, month, _] if named(month, &MONTHS).is_some() => words.extend(parts),
            _ => words.push(word),
        }
    }
    let (mut month, mut day, mut year, mut rest) = (None, None, None, Vec::new());
    for word in words {
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        match (digits, word.len()) {
            (true, 1 | 2) if day.is_none() => day = Some(word),
            (true, 4) if year.is_none() => year = Some(word),
            _ if month.is_none() && named(word, &MONTHS).is_some() => month = named(word, &MONTHS),
            _ if named(word, &DAYS).is_some() => {}
            _ => rest.push(word),
        }
    }
    Some(of(year?, month?, day?, rest.join(" ")))
}

fn of(year: &str, month: i8, day: &str, rest: String) -> DateRead {
    let parts = year.parse().ok().zip(day.parse().ok());
    let date = parts.and_then(|(year, day)| Date::new(year, month, day).ok());
    date.map_or(DateRead::None, |date| DateRead::Date(date, rest))
}

/// The number of a name, which may be cut behind its third letter or written in full; `Sept` is taken, too.
fn named(word: &str, names: &[&str]) -> Option<i8> {
    let word = word.to_ascii_lowercase();
    let is = |name: &str| name == word || name.get(..3) == Some(word.as_str());
    let found = names.iter().position(|name| is(name)).or_else(|| (word == "sept" && names.len() == 12).then_some(8));
    found.and_then(|at| i8::try_from(at + 1).ok())
}
