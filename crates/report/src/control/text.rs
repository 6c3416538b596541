//! `walproof control`: what `pg_controldata` of the version prints, with `LC_ALL=C`, in a time zone.

use crate::outside;
use pgwal_format::rmgr::timestamp;
use pgwal_format::text::control::printed::{self, NOT_TOLD, PrintedValue, WIDTH};
use pgwal_format::text::control::{ControlImage, ControlValue, members::ControlField};
use pgwal_verify::recovery::ServerZone;
use std::io::Write;

/// What goes to standard output, and the messages for standard error.
#[derive(Default)]
pub struct Printed {
    /// For standard output.
    pub out: Vec<u8>,
    /// For standard error.
    pub messages: Vec<String>,
}

/// Prints a control file.
pub fn print(image: &ControlImage<'_>, zone: &ServerZone) -> Printed {
    let mut printed = Printed::default();
    warn(image, &mut printed);
    for line in printed::lines(image.dialect) {
        let _ = write!(printed.out, "{:<WIDTH$}", line.label);
        show(image, line.shown, zone, &mut printed.out);
        printed.out.push(b'\n');
    }
    printed
}

fn warn(image: &ControlImage<'_>, printed: &mut Printed) {
    let warnings = printed::warnings(image.dialect);
    let mut say = |lines: Vec<String>| {
        if warnings.on_stderr {
            printed.messages.extend(lines);
        } else {
            printed.out.extend(lines.iter().flat_map(|line| format!("{line}\n").into_bytes()));
            printed.out.push(b'\n');
        }
    };
    if !image.crc_ok {
        say(warnings.crc.iter().map(|&line| line.to_owned()).collect());
    }
    let size = image.number(ControlField::XlogSegSize) as u32 as i32;
    let [before, behind] = warnings.segment_size;
    if let ([before @ .., last], [first, behind @ ..]) = (before, behind)
        && pgwal_format::SegmentSize::new(image.number(ControlField::XlogSegSize)).is_none()
    {
        let number = format!("{last}{size} byte{}{first}", if size == 1 { "" } else { "s" });
        say(before
            .iter()
            .map(|&line| line.to_owned())
            .chain([number])
            .chain(behind.iter().map(|&line| line.to_owned()))
            .collect());
    }
}

fn show(image: &ControlImage<'_>, shown: PrintedValue, zone: &ServerZone, out: &mut Vec<u8>) {
    let _ = match shown {
        PrintedValue::Words(words) => write!(out, "{words}"),
        PrintedValue::Either(field, yes, no) => {
            write!(out, "{}", if image.switch(field) == Some(true) { yes } else { no })
        }
        PrintedValue::NextXid => {
            let next = image.next_xid();
            write!(out, "{}{}{}", next.epoch, image.dialect.epoch_separator, next.xid)
        }
        PrintedValue::RedoFile => match image.redo_segment() {
            Some(name) => write!(out, "{name}"),
            None => write!(out, "{NOT_TOLD}"),
        },
        PrintedValue::Plain(field) => match image.value(field) {
            Some(ControlValue::Unsigned(number)) => write!(out, "{number}"),
            Some(ControlValue::Signed(number)) => write!(out, "{number}"),
            Some(ControlValue::Timeline(timeline)) => write!(out, "{timeline}"),
            Some(ControlValue::Lsn(lsn)) if image.dialect.wording.padded => write!(out, "{lsn}"),
            Some(ControlValue::Lsn(lsn)) => write!(out, "{}", lsn.unpadded()),
            Some(ControlValue::Seconds(seconds)) => {
                write!(out, "{}", date(seconds, zone).unwrap_or_else(|| NOT_TOLD.to_owned()))
            }
            Some(ControlValue::State(state)) => {
                write!(out, "{}", state.map_or(printed::UNKNOWN_STATE, |state| state.name()))
            }
            Some(ControlValue::WalLevel(level)) => {
                write!(out, "{}", level.map_or(printed::warnings(image.dialect).wal_level, |level| level.name()))
            }
            Some(ControlValue::Chars(text)) => write!(out, "{}", outside::shown(text)),
            Some(ControlValue::Bytes(bytes)) => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
            _ => Ok(()),
        },
        _ => Ok(()),
    };
}

const DAY: i64 = 86_400;

/// `strftime("%c")` of Unix seconds in a zone. Control files that are damaged have years that no calendar library
/// counts; `None` where the C library does not either: its year has 32 bits.
fn date(seconds: i64, zone: &ServerZone) -> Option<String> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let local = seconds.checked_add(i64::from(zone.seconds_east(seconds)))?;
    let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let (year, month, day) = timestamp::civil(days);
    i32::try_from(year - 1900).ok()?;
    let (weekday, month) = (DAYS.get(days.rem_euclid(7) as usize)?, MONTHS.get(month)?);
    Some(format!("{weekday} {month} {day:>2} {:02}:{:02}:{:02} {year}", second / 3600, second / 60 % 60, second % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_c_library() {
        for (seconds, text) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (-1, "Wed Dec 31 23:59:59 1969"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (1_795_317_508, "Sun Nov 22 03:18:28 2026"),
            (i64::from(u32::MAX) << 8, "Mon Feb 20 00:32:00 36812"),
            (67_767_976_233_532_799, "Tue Dec 31 23:59:59 2147483647"),
        ] {
            assert_eq!(date(seconds, &ServerZone::UTC).as_deref(), Some(text));
        }
        assert_eq!(date(i64::MAX, &ServerZone::UTC), None);
        assert_eq!(date(i64::MIN, &ServerZone::UTC), None);
    }
}
