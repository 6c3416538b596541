//! How times and names are asked for, and read.

use pgwal_format::rmgr::xact::Timestamp;

/// SQL for microseconds since 1970, as text.
pub(super) fn micros(time: &str) -> String {
    format!("(extract(epoch from {time}) * 1000000)::bigint::text")
}

pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_unix_micros)
}

/// What hexadecimal digits of UTF-8 say.
pub(super) fn unhex(text: &str) -> Option<String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    String::from_utf8(text.as_bytes().chunks(2).map(pair).collect::<Option<Vec<u8>>>()?).ok()
}
