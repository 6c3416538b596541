//! Times as descriptions show them: up to 9.2 as the server does (`EncodeDateTime`, ISO dates), later as
//! `timestamptz_to_str` of the dump programs (`src/bin/pg_waldump/compat.c`): `2026-11-22 03:17:02.513016 UTC`.

use crate::dump::line::LineBuffer;
use crate::time::Zone;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use pgwal_format::dialect::TimeText;
use pgwal_format::rmgr::xact::Timestamp;
use std::cell::RefCell;
use std::io::Write;

/// The zone of this machine, as the programs have it, or another one that was asked for.
pub struct LocalZone {
    zone: TimeZone,
}

/// A second's texts.
struct Second {
    second: i64,
    /// Date and time.
    before: Vec<u8>,
    /// The zone's name.
    zone: Vec<u8>,
    /// Seconds east of UTC.
    east: i32,
}

thread_local! {
    /// The last second that was told: commits come many to a second.
    static LAST: RefCell<Second> = const { RefCell::new(Second { second: i64::MIN, before: Vec::new(), zone: Vec::new(), east: 0 }) };
}

const SECOND: i64 = 1_000_000;

impl LocalZone {
    /// The zone of this machine.
    pub fn system() -> LocalZone {
        LocalZone { zone: TimeZone::system() }
    }

    /// The one that was asked for, else this machine's.
    pub fn of(zone: &Zone) -> LocalZone {
        let asked = zone.asked().and_then(|name| DateTimeParser::new().parse_time_zone(name).ok());
        asked.map_or_else(LocalZone::system, |zone| LocalZone { zone })
    }

    /// Appends a time. `float`: it lies in the record as float seconds.
    pub fn write(&self, line: &mut LineBuffer<'_>, time: Timestamp, text: TimeText, float: bool) {
        let (second, micros) = match text {
            // The fraction of whole numbers is what C's division leaves, negative before 2000.
            TimeText::Micros if !float => (time.0 / SECOND, time.0 % SECOND),
            _ => (time.0.div_euclid(SECOND), time.0.rem_euclid(SECOND)),
        };
        LAST.with_borrow_mut(|last| {
            if (last.second != second || last.before.is_empty()) && !self.fill(last, second, text) {
                match text {
                    TimeText::Micros => {
                        line.all(b"(no date: ");
                        line.decimal(time.0.unsigned_abs());
                        line.byte(b')');
                    }
                    _ => line.all(b"(timestamp out of range)"),
                }
                return;
            }
            line.words(&last.before);
            match text {
                TimeText::Second => {}
                TimeText::Trimmed(least) => {
                    if micros != 0 {
                        let text = format!("{micros:06}");
                        let shown = text.trim_end_matches('0').len().max(usize::from(least));
                        line.byte(b'.');
                        line.words(text.get(..shown).unwrap_or(&text).as_bytes());
                    }
                    line.with(|out| east(out, last.east));
                }
                TimeText::Micros => {
                    // Float seconds go through `%.6f`, which has a zero and a point of its own.
                    line.words(if float { b".0." } else { b"." });
                    // `%06d`: a sign takes a place of its own.
                    match u32::try_from(micros) {
                        Ok(micros) => line.six(micros),
                        Err(_) => line.with(|out| drop(write!(out, "{micros:06}"))),
                    }
                    line.byte(b' ');
                    line.words(&last.zone);
                }
            }
        });
    }

    /// `false`: no such date.
    fn fill(&self, last: &mut Second, second: i64, text: TimeText) -> bool {
        let unix = second.saturating_add(946_684_800);
        let cycles = far_cycles(unix);
        let Ok(zoned) = jiff::Timestamp::from_second(unix - cycles * CYCLE).map(|t| t.to_zoned(self.zone.clone()))
        else {
            return false;
        };
        let year = i64::from(zoned.year()) + cycles * 400;
        last.before.clear();
        let _ = match text {
            // `%Y` of C is as wide as the number.
            TimeText::Micros => write!(last.before, "{year}"),
            _ => write!(last.before, "{year:04}"),
        };
        last.before.extend_from_slice(zoned.strftime("-%m-%d %H:%M:%S").to_string().as_bytes());
        last.second = second;
        last.zone = zoned.strftime("%Z").to_string().into_bytes();
        last.east = zoned.offset().seconds();
        true
    }
}

/// Seconds of 400 years, after which dates and weekdays, and so the rules of every zone, repeat.
const CYCLE: i64 = 146_097 * 86_400;

/// How many cycles a Unix time lies beyond what the calendar of this program holds (years -9999 to 9999): far origin
/// times, infinity.
fn far_cycles(unix: i64) -> i64 {
    const HELD: i64 = 19;
    let cycles = unix / CYCLE;
    if cycles.abs() > HELD { cycles - HELD * cycles.signum() } else { 0 }
}

/// `+00`, `-03:30`, with seconds where a zone had any.
fn east(out: &mut Vec<u8>, seconds: i32) {
    let (sign, distance) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let _ = write!(out, "{sign}{:02}", distance / 3600);
    let (minutes, seconds) = (distance / 60 % 60, distance % 60);
    if minutes != 0 || seconds != 0 {
        let _ = write!(out, ":{minutes:02}");
    }
    if seconds != 0 {
        let _ = write!(out, ":{seconds:02}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_style() {
        let shown = |zone: &str, micros: i64, text: TimeText, float: bool| {
            let mut out = Vec::new();
            LAST.with_borrow_mut(|last| last.before.clear());
            LocalZone { zone: TimeZone::posix(zone).unwrap() }.write(
                &mut LineBuffer::new(&mut out),
                Timestamp(micros),
                text,
                float,
            );
            String::from_utf8(out).unwrap()
        };
        let half = 848_000_000_500_000;
        assert_eq!(shown("UTC0", half, TimeText::Second, false), "2026-11-14 19:33:20");
        assert_eq!(shown("UTC0", half, TimeText::Trimmed(2), true), "2026-11-14 19:33:20.50+00");
        assert_eq!(shown("UTC0", half, TimeText::Trimmed(1), false), "2026-11-14 19:33:20.5+00");
        assert_eq!(shown("UTC0", half - 500_000, TimeText::Trimmed(1), false), "2026-11-14 19:33:20+00");
        assert_eq!(shown("<-0330>3:30", half, TimeText::Trimmed(1), false), "2026-11-14 16:03:20.5-03:30");
        assert_eq!(shown("UTC0", half, TimeText::Micros, false), "2026-11-14 19:33:20.500000 UTC");
        assert_eq!(shown("UTC0", half, TimeText::Micros, true), "2026-11-14 19:33:20.0.500000 UTC");
        assert_eq!(shown("UTC0", -1, TimeText::Micros, false), "2000-01-01 00:00:00.-00001 UTC");
        // "infinity", "-infinity" and other far times of a replication origin, as pg_waldump 15 and 18 print them
        assert_eq!(shown("UTC0", i64::MAX, TimeText::Micros, false), "294277-01-09 04:00:54.775807 UTC");
        assert_eq!(shown("UTC0", i64::MIN, TimeText::Micros, false), "-290278-12-22 19:59:06.-775808 UTC");
        assert_eq!(shown("UTC0", -63_113_904_000_000_000, TimeText::Micros, false), "0-01-01 00:00:00.000000 UTC");
    }
}
