//! Zones as times name them: abbreviations, names, distances from UTC (`DecodeTimezone…`,
//! `src/timezone/tznames/Default`).

use jiff::tz::{Offset, TimeZone};

/// What a zone's name came to.
pub(crate) enum ZoneRead {
    /// This one.
    Known(TimeZone),
    /// A server does not know it here.
    Refused,
    /// A server may know it.
    Unknown,
}

/// Abbreviations that PostgreSQL knows by default and prints for the most usual zones, in minutes east of UTC; and
/// whether a zone has that name, too.
const ABBREVIATIONS: [(&str, i32, bool); 44] = [
    ("UTC", 0, true),
    ("GMT", 0, true),
    ("UCT", 0, true),
    ("Zulu", 0, true),
    ("Z", 0, false),
    ("WET", 0, true),
    ("BST", 60, false),
    ("WEST", 60, false),
    ("WETDST", 60, false),
    ("CET", 60, true),
    ("MET", 60, true),
    ("CEST", 120, false),
    ("CETDST", 120, false),
    ("MEST", 120, false),
    ("MESZ", 120, false),
    ("MEZ", 60, false),
    ("EET", 120, true),
    ("EEST", 180, false),
    ("MSK", 180, false),
    ("MSD", 240, false),
    ("IST", 120, false),
    ("PKT", 300, false),
    ("ICT", 420, false),
    ("HKT", 480, false),
    ("AWST", 480, false),
    ("JST", 540, false),
    ("KST", 540, false),
    ("ACST", 570, false),
    ("ACDT", 630, false),
    ("AEST", 600, false),
    ("AEDT", 660, false),
    ("NZST", 720, false),
    ("NZDT", 780, false),
    ("AST", -240, false),
    ("ADT", -180, false),
    ("EST", -300, true),
    ("EDT", -240, false),
    ("CST", -360, false),
    ("CDT", -300, false),
    ("MST", -420, true),
    ("MDT", -360, false),
    ("PST", -480, false),
    ("PDT", -420, false),
    ("HST", -600, true),
];

/// Reads a zone; `bare`: abbreviations are not loaded yet, and only what is a zone's name, too, is known.
pub(crate) fn of_name(name: &str, bare: bool) -> ZoneRead {
    let fixed = |seconds: i32| Offset::from_seconds(seconds).ok().map(TimeZone::fixed);
    let known = |zone: Option<TimeZone>| zone.map_or(ZoneRead::Unknown, ZoneRead::Known);
    if let Some((_, minutes, named)) = ABBREVIATIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)) {
        return if bare && !named { ZoneRead::Refused } else { known(fixed(minutes * 60)) };
    }
    let Some(digits) = name.strip_prefix(['+', '-']) else {
        return match TimeZone::get(name) {
            Ok(zone) => ZoneRead::Known(zone),
            // Without the names of zones on this machine nothing can be said of one.
            Err(_) if bare && is_word(name) && TimeZone::get("Europe/Berlin").is_ok() => ZoneRead::Refused,
            Err(_) => ZoneRead::Unknown,
        };
    };
    known(distance(digits).and_then(|seconds| fixed(if name.starts_with('-') { -seconds } else { seconds })))
}

fn is_word(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphabetic())
}

/// `01`, `0530`, `05:30:15`, in seconds.
fn distance(digits: &str) -> Option<i32> {
    let mut parts: Vec<&str> = digits.split(':').collect();
    if let ([packed], true) = (parts.as_slice(), digits.len() > 2) {
        let (hour, minute) = packed.split_at_checked(packed.len() - 2)?;
        parts = vec![hour, minute];
    }
    let mut seconds = 0;
    for (part, unit) in parts.iter().zip([3600, 60, 1]) {
        let value = part
            .parse::<i32>()
            .ok()
            .filter(|value| (0..60).contains(value) && part.bytes().all(|b| b.is_ascii_digit()))?;
        seconds += value * unit;
    }
    (parts.len() <= 3 && seconds < 16 * 3600).then_some(seconds)
}
