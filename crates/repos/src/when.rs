//! Times as tools write them, in seconds since 1970.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `2026-11-28 15:56:14.095517+00:00`, `2026-11-28T15:20:00.000000Z`, `2026-11-28 15:59:16+00`; without a zone, UTC.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    // A zone of two digits is not ISO 8601's.
    let short = text.len() > 3 && text.as_bytes().get(text.len() - 3).is_some_and(|c| matches!(c, b'+' | b'-'));
    let spelled = if short && text.contains(':') { format!("{text}:00") } else { text.to_owned() };
    let spelled = spelled.replacen(' ', "T", 1);
    let zoned = spelled.parse::<Timestamp>().ok();
    let plain = || spelled.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    Some(zoned.or_else(plain)?.as_second())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_of_every_tool_are_read() {
        let at = Some(1_795_881_374);
        for text in [
            "2026-11-28 15:56:14.095517+00:00",
            "2026-11-28T15:56:14.000000Z",
            "2026-11-28 15:56:14+00",
            "2026-11-28T17:56:14+02:00",
            "2026-11-28 15:56:14",
        ] {
            assert_eq!(seconds(text), at, "{text}");
        }
        for text in ["", "None", "yesterday", "2026-13-01 00:00:00", "+00", "é+0"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
