//! Numbers into bytes, without the formatting machinery: a list of records is mostly numbers.

/// Decimal, with spaces in front up to `width`.
///
/// Digits are made eight at a time inside of a register: written one by one, they would have to reach memory before
/// they could be copied as a whole, and that wait was nearly half the time of a list.
#[inline]
pub fn decimal(out: &mut Vec<u8>, n: u64, width: usize) {
    const EIGHT: u64 = 100_000_000;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    if n >= EIGHT {
        decimal(out, n / EIGHT, width.saturating_sub(8));
        return append(out, &(digits((n % EIGHT) as u32) | ZEROS).to_le_bytes(), 8);
    }
    for _ in 8..width {
        out.push(b' ');
    }
    let digits = digits(n as u32);
    let zeros_in_front = (digits | 1 << 56).trailing_zeros() / 8;
    let shown = (8 - zeros_in_front as usize).max(width.min(8));
    // A space is a zero without the bit 0x10.
    let spaces = 0x1010_1010_1010_1010 & ((1 << (8 * zeros_in_front)) - 1);
    let text = ((digits | ZEROS) & !spaces) >> (8 * (8 - shown));
    append(out, &text.to_le_bytes(), shown);
}

/// The digits of numbers below 1000, the first in the lowest byte, and in the highest byte how many they are: most
/// numbers of a list are that small.
pub static SMALL: [u32; 1000] = {
    let mut all = [0; 1000];
    let mut n = 0;
    while n < 1000 {
        let (hundreds, tens, ones) = (n / 100, n / 10 % 10, n % 10);
        let (digits, count) = if n < 10 {
            (ones, 1)
        } else if n < 100 {
            (tens | ones << 8, 2)
        } else {
            (hundreds | tens << 8 | ones << 16, 3)
        };
        all[n as usize] = digits | 0x0030_3030 | count << 24;
        n += 1;
    }
    all
};

/// Decimal with spaces in front, as wide as a column of at most 8; `None` where the number is wider.
#[inline(always)]
pub fn columns<const N: usize>(n: u64) -> Option<[u8; N]> {
    if let Some(small) = SMALL.get(n as usize)
        && N > 3
    {
        let free = 24 - 8 * (small >> 24);
        let text = (small & 0x00FF_FFFF) << free | 0x0020_2020 & ((1 << free) - 1);
        let text = (u64::from(text) << 40 | 0x20_2020_2020) >> (8 * (8 - N));
        return text.to_le_bytes().first_chunk::<N>().copied();
    }
    if n >= 10u64.pow(N as u32) {
        return None;
    }
    let digits = digits(n as u32);
    let zeros_in_front = (digits | 1 << 56).trailing_zeros() / 8;
    let spaces = 0x1010_1010_1010_1010 & ((1 << (8 * zeros_in_front)) - 1);
    let text = (((digits | 0x3030_3030_3030_3030) & !spaces) >> (8 * (8 - N))).to_le_bytes();
    text.first_chunk::<N>().copied()
}

/// Decimal in a column of ten: the first two and the last eight.
#[inline(always)]
pub fn column10(n: u32) -> ([u8; 2], [u8; 8]) {
    match columns::<8>(n.into()) {
        Some(eight) => (*b"  ", eight),
        None => {
            let first = columns::<2>(u64::from(n / 100_000_000)).unwrap_or_default();
            (first, (digits(n % 100_000_000) | 0x3030_3030_3030_3030).to_le_bytes())
        }
    }
}

/// Decimal with spaces in front up to `N`, at most 8.
#[inline(always)]
pub fn column<const N: usize>(out: &mut Vec<u8>, n: u64) {
    match columns::<N>(n) {
        Some(text) => out.extend_from_slice(&text),
        None => decimal(out, n, N),
    }
}

/// The eight digits of a number below 10⁸, a byte each, the first in the lowest byte: halves, then pairs, then digits.
#[inline(always)]
pub fn digits(n: u32) -> u64 {
    let halves = u64::from(n / 10_000) | u64::from(n % 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    tens | (pairs - 10 * tens) << 8
}

/// Appends the first bytes of an array: all of them with a copy of known size, then what is too much goes.
#[inline(always)]
fn append<const N: usize>(out: &mut Vec<u8>, bytes: &[u8; N], length: usize) {
    let end = out.len() + length;
    out.extend_from_slice(bytes);
    out.truncate(end);
}

/// Hexadecimal in capitals, with zeros in front up to `width`, at most 8.
#[inline]
pub fn hexadecimal(out: &mut Vec<u8>, n: u32, width: usize) {
    let needed = (35 - n.leading_zeros() as usize) / 4;
    let count = needed.max(1).max(width).min(8);
    let digits = eight(n << (32 - 4 * count as u32));
    append(out, &digits, count);
}

/// Eight hexadecimal digits at once: each half byte in a byte of its own, then `0` or `A` less ten added.
#[inline(always)]
pub fn eight(n: u32) -> [u8; 8] {
    let mut x = u64::from(n);
    x = (x << 16 | x) & 0x0000_FFFF_0000_FFFF;
    x = (x << 8 | x) & 0x00FF_00FF_00FF_00FF;
    x = (x << 4 | x) & 0x0F0F_0F0F_0F0F_0F0F;
    let letters = ((x + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (x + 0x3030_3030_3030_3030 + letters * 7).to_be_bytes()
}

/// A position, with spaces behind up to `width`.
pub fn position(out: &mut Vec<u8>, lsn: pgwal_format::Lsn, width: usize) {
    let from = out.len();
    hexadecimal(out, lsn.high(), 1);
    out.push(b'/');
    hexadecimal(out, lsn.low(), 8);
    pad(out, from, width);
}

/// Spaces behind what was written since `from`, up to `width`.
pub fn pad(out: &mut Vec<u8>, from: usize, width: usize) {
    const SPACES: [u8; 16] = [b' '; 16];
    let mut missing = (from + width).saturating_sub(out.len());
    while missing > 0 {
        let some = missing.min(SPACES.len());
        append(out, &SPACES, some);
        missing -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal_format::Lsn;

    #[test]
    fn as_format_would() {
        for n in (0..100_000_000u64).step_by(9_973) {
            let mut out = Vec::new();
            decimal(&mut out, n, 0);
            assert_eq!(out, n.to_string().into_bytes());
        }
        for n in (0..1100).chain([0, 1, 9, 10, 99, 100, 101, 999, 1000, 1001, 12345, 100_000, 1_000_001, u64::MAX]) {
            let mut out = Vec::new();
            decimal(&mut out, n, 7);
            assert_eq!(out, format!("{n:>7}").into_bytes());
            out.clear();
            column::<5>(&mut out, n);
            assert_eq!(out, format!("{n:>5}").into_bytes());
            let (first, last) = column10(n as u32);
            assert_eq!([&first[..], &last[..]].concat(), format!("{:>10}", n as u32).as_bytes());
            assert_eq!(columns::<6>(n), format!("{n:>6}").as_bytes().first_chunk().copied().filter(|_| n < 1_000_000));
        }
        for lsn in [Lsn::ZERO, Lsn::MAX, Lsn::new(0x15F_F758), Lsn::new(0x9A9A_90A9), Lsn::from_halves(0xAB, 1)] {
            let mut out = Vec::new();
            position(&mut out, lsn, 12);
            assert_eq!(out, format!("{:<12}", lsn.to_string()).into_bytes());
        }
    }
}
