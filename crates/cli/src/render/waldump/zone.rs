//! Times as `timestamptz_to_str` of the dump programs prints them (`src/bin/pg_waldump/compat.c`): `2026-11-22 03:17:02.513016 UTC`.

use crate::render::digits::decimal;
use jiff::tz::TimeZone;
use pgwal::format::rmgr::xact::Timestamp;
use std::cell::RefCell;

/// The zone of this machine.
pub struct Zone {
    zone: TimeZone,
}

thread_local! {
    /// The last second that was told, and its text before and behind the fraction: commits come many to a second.
    static LAST: RefCell<(i64, Vec<u8>, Vec<u8>)> = const { RefCell::new((i64::MIN, Vec::new(), Vec::new())) };
}

impl Zone {
    /// The zone of this machine.
    pub fn system() -> Zone {
        Zone { zone: TimeZone::system() }
    }

    /// Appends a time. The fraction is what C's division leaves, negative before 2000.
    pub fn write(&self, out: &mut Vec<u8>, time: Timestamp) {
        let (second, micros) = (time.0 / 1_000_000, time.0 % 1_000_000);
        LAST.with_borrow_mut(|(last, before, behind)| {
            if *last != second || before.is_empty() {
                let unix = second.saturating_add(946_684_800);
                let zoned = jiff::Timestamp::from_second(unix).map(|t| t.to_zoned(self.zone.clone()));
                let Ok(zoned) = zoned else {
                    out.extend_from_slice(b"(no date: ");
                    decimal(out, time.0.unsigned_abs(), 0);
                    out.push(b')');
                    return;
                };
                *before = zoned.strftime("%Y-%m-%d %H:%M:%S.").to_string().into_bytes();
                *behind = zoned.strftime(" %Z").to_string().into_bytes();
                *last = second;
            }
            out.extend_from_slice(before);
            if micros < 0 {
                // `%06d` of a negative number.
                out.push(b'-');
            }
            let from = out.len();
            decimal(out, micros.unsigned_abs(), 0);
            let width = if micros < 0 { 5 } else { 6 };
            while out.len() < from + width {
                out.insert(from, b'0');
            }
            out.extend_from_slice(behind);
        });
    }
}
