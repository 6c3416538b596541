//! Numbers into bytes, without the formatting machinery: a list of records is mostly numbers.

const PAIRS: &[u8; 200] = &{
    let mut pairs = [0; 200];
    let mut n = 0;
    while n < 100 {
        pairs[2 * n] = b'0' + (n / 10) as u8;
        pairs[2 * n + 1] = b'0' + (n % 10) as u8;
        n += 1;
    }
    pairs
};

/// Decimal, with spaces in front up to `width`, at most 20.
#[inline]
pub fn decimal(out: &mut Vec<u8>, mut n: u64, width: usize) {
    let length = (n.checked_ilog10().unwrap_or(0) as usize + 1).max(width).min(20);
    let mut digits = [b' '; 20];
    let mut at = length;
    while n >= 10 && at >= 2 {
        let pair = 2 * (n % 100) as usize;
        n /= 100;
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
        if n == 0 {
            return append(out, &digits, length);
        }
    }
    if at > 0 {
        digits[at - 1] = b'0' + (n % 10) as u8;
    }
    append(out, &digits, length);
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
fn eight(n: u32) -> [u8; 8] {
    let mut x = u64::from(n);
    x = (x << 16 | x) & 0x0000_FFFF_0000_FFFF;
    x = (x << 8 | x) & 0x00FF_00FF_00FF_00FF;
    x = (x << 4 | x) & 0x0F0F_0F0F_0F0F_0F0F;
    let letters = ((x + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (x + 0x3030_3030_3030_3030 + letters * 7).to_be_bytes()
}

/// A position, with spaces behind up to `width`.
pub fn position(out: &mut Vec<u8>, lsn: pgwal::format::Lsn, width: usize) {
    let from = out.len();
    hexadecimal(out, lsn.high(), 1);
    out.push(b'/');
    hexadecimal(out, lsn.low(), 8);
    pad(out, from, width);
}

/// Spaces behind what was written since `from`, up to `width`.
pub fn pad(out: &mut Vec<u8>, from: usize, width: usize) {
    while out.len() < from + width {
        out.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal::format::Lsn;

    #[test]
    fn as_format_would() {
        for n in [0, 1, 9, 10, 99, 100, 101, 999, 1000, 1001, 12345, 100_000, 1_000_001, u64::MAX] {
            let mut out = Vec::new();
            decimal(&mut out, n, 7);
            assert_eq!(out, format!("{n:>7}").into_bytes());
        }
        for lsn in [Lsn::ZERO, Lsn::MAX, Lsn::new(0x15F_F758), Lsn::new(0x9A9A_90A9), Lsn::from_halves(0xAB, 1)] {
            let mut out = Vec::new();
            position(&mut out, lsn, 12);
            assert_eq!(out, format!("{:<12}", lsn.to_string()).into_bytes());
        }
    }
}
