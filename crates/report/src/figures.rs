//! Numbers for people.

/// With a comma every three digits: `1,288,490,188`.
pub fn grouped(n: u128) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in the unit that fits: `512 bytes`, `1.2 GiB`.
pub fn bytes(n: u128) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} {}", plural(n, "byte"));
    }
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be rounded to 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value.fract() != 0.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// So many of a thing: `1 segment`, `9,812,345 records`.
pub fn counted(n: u128, word: &str) -> String {
    format!("{} {}", grouped(n), plural(n, word))
}

/// The word, with an s unless there is one of it.
pub fn plural(n: u128, word: &str) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_288_490_188), "1,288,490,188");
        for (n, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (16 << 20, "16 MiB"),
            (1_288_490_188, "1.2 GiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (u128::from(u64::MAX), "16 EiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }
}
