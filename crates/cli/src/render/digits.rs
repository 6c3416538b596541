//! Numbers into bytes, without the formatting machinery: a list of records is mostly numbers.

/// Decimal, with spaces in front up to `width`.
pub fn decimal(out: &mut Vec<u8>, mut n: u64, width: usize) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    let shown = &digits[at..];
    for _ in shown.len()..width {
        out.push(b' ');
    }
    out.extend_from_slice(shown);
}

/// Hexadecimal in capitals, with zeros in front up to `width`.
pub fn hexadecimal(out: &mut Vec<u8>, n: u32, width: usize) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let needed = (32 - n.leading_zeros() as usize).div_ceil(4).max(1).max(width);
    for place in (0..needed).rev() {
        out.push(DIGITS[(n >> (4 * place) & 0xF) as usize]);
    }
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
        for n in [0, 1, 9, 10, 99, 12345, u64::MAX] {
            let mut out = Vec::new();
            decimal(&mut out, n, 7);
            assert_eq!(out, format!("{n:>7}").into_bytes());
        }
        for lsn in [Lsn::ZERO, Lsn::MAX, Lsn::new(0x15F_F758), Lsn::from_halves(0xAB, 1)] {
            let mut out = Vec::new();
            position(&mut out, lsn, 12);
            assert_eq!(out, format!("{:<12}", lsn.to_string()).into_bytes());
        }
    }
}
