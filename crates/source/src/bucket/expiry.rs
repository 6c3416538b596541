//! The time at which keys expire: `2026-12-01T12:00:00Z`, with a fraction or an offset as some say it.

use std::time::{Duration, SystemTime};

/// `None`: it is no such time, or one before 1970.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.trim().split_once(['T', 't', ' '])?;
    let offset_at = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(offset_at)?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock.split('.').next()?, ':')?;
    let ahead = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign, hours) => {
            let (hours, minutes) = hours.split_once(':')?;
            let seconds = 3600 * hours.parse::<u16>().ok()? as i64 + 60 * minutes.parse::<u16>().ok()? as i64;
            if sign == "-" { -seconds } else { seconds }
        }
    };
    let in_range = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_range || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - ahead;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between).map(|part| part.parse::<u16>().ok().map(i64::from));
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

/// Days since 1970 of a day of the Gregorian calendar, whose years are counted from March here.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year / 4 - year / 100 + year / 400;
    before + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_clouds_write_it() {
        let seconds = |text: &str| Some(parse(text)?.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-12-01T12:00:00Z", Some(1_796_126_400)),
            ("2024-02-29T23:59:59.123Z", Some(1_709_251_199)),
            ("2024-03-01T01:59:59+02:00", Some(1_709_251_199)),
            ("2024-02-29T18:59:59-05:00", Some(1_709_251_199)),
            ("2024-02-29", None),
            ("2024-02-29T23:59:59", None),
            ("2024-13-01T00:00:00Z", None),
            ("1960-01-01T00:00:00Z", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
