//! Values as the server reads them.

/// A number as `strtoul` with base 0 reads it, in 64 bits: what follows it is the rest. `None` beyond 64 bits.
pub(crate) fn number(text: &str) -> Option<(u64, &str)> {
    let start = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let (negative, digits) = match start.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, start.strip_prefix('+').unwrap_or(start)),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
        .filter(|hex| hex.starts_with(|c: char| c.is_ascii_hexdigit()));
    let (radix, digits) = match hex {
        Some(hex) => (16, hex),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    if length == 0 {
        return Some((0, text));
    }
    let (digits, rest) = digits.split_at_checked(length)?;
    let value = u64::from_str_radix(digits, radix).ok()?;
    Some((if negative { value.wrapping_neg() } else { value }, rest))
}

/// A truth value: `true`, `false`, `yes`, `no`, `on`, `off`, their unambiguous beginnings, 1 and 0.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let starts = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if starts("true", 1) || starts("yes", 1) || starts("on", 2) || text == "1" {
        return Some(true);
    }
    (starts("false", 1) || starts("no", 1) || starts("off", 2) || text == "0").then_some(false)
}

/// A whole number without a unit.
pub(crate) fn integer(text: &str) -> Option<i32> {
    let value = amount(text, "", NumberKind::Whole)?;
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value).then_some(value as i32)
}

/// What a number is rounded to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NumberKind {
    Whole,
    Fraction,
}

/// A number of the configuration in the unit of its parameter (`parse_int`, `parse_real` in `guc.c`); `None` where a
/// server does not read it. `base`: `8kB`, `kB`, `MB`, `B`, `ms`, `s`, `min`, or empty where it takes no unit.
pub(crate) fn amount(text: &str, base: &str, kind: NumberKind) -> Option<f64> {
    let text = text.trim_start();
    let (value, rest) = match (kind, number(text)) {
        // A whole number may be hexadecimal or octal; what goes on as a fraction is none.
        (NumberKind::Whole, Some((whole, rest))) if rest.len() < text.len() && !rest.starts_with(['.', 'e', 'E']) => {
            (whole as i64 as f64, rest)
        }
        _ => fraction(text)?,
    };
    let unit = rest.trim();
    let value = match unit {
        "" => value,
        unit => value * factor(unit, base)?,
    };
    Some(if kind == NumberKind::Whole { value.round_ties_even() } else { value })
}

/// The digits in front, and what follows them.
fn fraction(text: &str) -> Option<(f64, &str)> {
    let digits = |from: usize| text.get(from..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(sign);
    let mut end = sign + whole;
    if text.get(end..)?.starts_with('.') {
        let behind = digits(end + 1);
        if whole + behind == 0 {
            return None;
        }
        end += 1 + behind;
    } else if whole == 0 {
        return None;
    }
    if let Some(rest) = text.get(end..)?.strip_prefix(['e', 'E']) {
        let sign = usize::from(rest.starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let (number, rest) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, rest))
}

/// One of a unit in the base unit of a parameter. Units are written as here, not otherwise.
fn factor(unit: &str, base: &str) -> Option<f64> {
    let bytes = |unit: &str| {
        Some(match unit {
            "B" => 1.0,
            "kB" => 1024.0,
            "8kB" => 8192.0,
            "MB" => 1024.0 * 1024.0,
            "GB" => 1024.0 * 1024.0 * 1024.0,
            "TB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        })
    };
    let millis = |unit: &str| {
        Some(match unit {
            "us" => 0.001,
            "ms" => 1.0,
            "s" => 1000.0,
            "min" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        })
    };
    if unit == "8kB" {
        return None;
    }
    match (bytes(base), millis(base)) {
        (Some(base), _) => Some(bytes(unit)? / base),
        (None, Some(base)) => Some(millis(unit)? / base),
        (None, None) => None,
    }
}

/// A duration in milliseconds, which is also its unit where none is given.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-' && c != '+').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let factor = match unit.trim() {
        "us" => 0.001,
        "" | "ms" => 1.0,
        "s" => 1000.0,
        "min" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * factor;
    (0.0..=f64::from(i32::MAX)).contains(&value).then_some(value.round_ties_even() as i64)
}

/// An amount of memory in bytes, which is also its unit where none is given.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '+').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let shift = match unit.trim() {
        "" | "B" => 0,
        "kB" => 10,
        "MB" => 20,
        "GB" => 30,
        "TB" => 40,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * (1u64 << shift) as f64;
    (0.0..=1e15).contains(&value).then_some(value.round_ties_even() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_reads_them() {
        assert_eq!(number("12"), Some((12, "")));
        assert_eq!(number(" 0x1Fz"), Some((31, "z")));
        assert_eq!(number("010"), Some((8, "")));
        assert_eq!(number("-1"), Some((u64::MAX, "")));
        assert_eq!(number("latest"), Some((0, "latest")));
        assert_eq!(number(""), Some((0, "")));
        assert_eq!(number("0x"), Some((0, "x")));
        assert_eq!(number("99999999999999999999"), None);
    }

    /// "invalid value" and "outside the valid range" of 15 and 18.
    #[test]
    fn amounts_in_the_unit_of_their_parameter() {
        let whole = |text, base| amount(text, base, NumberKind::Whole);
        assert_eq!(
            (whole("64kB", "8kB"), whole("16 MB", "8kB"), whole("128", "8kB")),
            (Some(8.0), Some(2048.0), Some(128.0))
        );
        assert_eq!((whole("1.5MB", "kB"), whole("64KB", "kB"), whole("1x", "8kB")), (Some(1536.0), None, None));
        assert_eq!((whole("5min", "s"), whole("5s", "s"), whole("1h", "kB")), (Some(300.0), Some(5.0), None));
        assert_eq!((whole("8kB", ""), whole("", ""), whole(".", "")), (None, None, None));
        assert_eq!(amount("0.25", "", NumberKind::Fraction), Some(0.25));
        assert_eq!(amount("abc", "", NumberKind::Fraction), None);
    }

    #[test]
    fn truth_numbers_and_durations() {
        assert_eq!(["on", "TRUE", "t", "y", "1"].map(boolean), [Some(true); 5]);
        assert_eq!(["512kB", "1MB", "524288", "1 kb"].map(bytes), [Some(524_288), Some(1 << 20), Some(524_288), None]);
        assert_eq!(["off", "of", "f", "no", "0"].map(boolean), [Some(false); 5]);
        assert_eq!(["o", "", "2", "truex"].map(boolean), [None; 4]);
        assert_eq!(
            (integer("100"), integer("0x10"), integer("x"), integer(""), integer("5000000000")),
            (Some(100), Some(16), None, None, None)
        );
        assert_eq!(
            (integer("50.6"), integer(" 1e2 "), integer("10x"), integer("-1")),
            (Some(51), Some(100), None, Some(-1))
        );
        assert_eq!(
            (milliseconds("5"), milliseconds("1.5min"), milliseconds("1 h"), milliseconds("1y")),
            (Some(5), Some(90_000), Some(3_600_000), None)
        );
    }
}
