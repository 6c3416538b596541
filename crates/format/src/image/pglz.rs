//! PostgreSQL's own compression (`src/common/pg_lzcompress.c`).
//!
//! ```text
//! control byte, its bits from the lowest up, one for each of the next eight items:
//!   0   a byte as it is
//!   1   oooo llll  oooooooo [llllllll]    copy l + 3 bytes from o bytes before; with l = 15, the third byte adds to the length
//! ```

/// The packed bytes make no sense, or more comes out of them than there is room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Corrupt;

/// Unpacks into the beginning of `out`. Returns how many bytes came out. All packed bytes are used.
///
/// # Errors
/// [`Corrupt`]. What is in `out` then means nothing.
pub fn unpack(packed: &[u8], out: &mut [u8]) -> Result<usize, Corrupt> {
    let mut input = packed.iter().copied();
    let mut filled = 0usize;
    while let Some(control) = input.next() {
        for bit in 0..8 {
            let Some(first) = input.next() else {
                return Ok(filled);
            };
            if control >> bit & 1 == 0 {
                *out.get_mut(filled).ok_or(Corrupt)? = first;
                filled += 1;
                continue;
            }
            let second = input.next().ok_or(Corrupt)?;
            let offset = usize::from(first & 0xF0) << 4 | usize::from(second);
            let mut length = usize::from(first & 0x0F) + 3;
            if length == 18 {
                length += usize::from(input.next().ok_or(Corrupt)?);
            }
            let from = filled.checked_sub(offset).filter(|_| offset > 0).ok_or(Corrupt)?;
            if out.len() - filled < length {
                return Err(Corrupt);
            }
            copy(out, from, filled, length);
            filled += length;
        }
    }
    Ok(filled)
}

/// Copies bytes that may be repeated while they are copied. Both ranges are known to fit.
fn copy(out: &mut [u8], from: usize, to: usize, length: usize) {
    let period = to - from;
    let mut done = 0;
    while done < length {
        // What was copied already can be copied again: each step is longer.
        let step = (period + done).min(length - done);
        out.copy_within(from..from + step, to + done);
        done += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpacked(packed: &[u8], room: usize) -> Result<Vec<u8>, Corrupt> {
        let mut out = vec![0; room];
        let length = unpack(packed, &mut out)?;
        out.truncate(length);
        Ok(out)
    }

    #[test]
    fn literals_matches_and_long_matches() {
        assert_eq!(unpacked(&[], 10), Ok(vec![]));
        assert_eq!(unpacked(&[0, b'a', b'b'], 10), Ok(b"ab".to_vec()));
        // "ab", then five bytes from two before.
        assert_eq!(unpacked(&[0b100, b'a', b'b', 0x02, 2], 10), Ok(b"abababa".to_vec()));
        // Eighteen and 255 more.
        assert_eq!(unpacked(&[0b10, b'x', 0x0F, 1, 255], 1000), Ok(vec![b'x'; 274]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for packed in [
            &[1, 0x00, 1][..],
            &[0b10, b'a', 0x00, 0],
            &[0b10, b'a', 0x00, 2],
            &[0b10, b'a', 0x00],
            &[0b10, b'a', 0x0F, 1],
        ] {
            assert_eq!(unpacked(packed, 100), Err(Corrupt), "{packed:?}");
        }
        assert_eq!(unpacked(&[0, b'a', b'b'], 1), Err(Corrupt));
        assert_eq!(unpacked(&[0b10, b'a', 0x00, 1], 3), Err(Corrupt));
    }

    /// The plain way to pack: a literal wherever no earlier place has three equal bytes.
    fn pack(plain: &[u8]) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < plain.len() {
            let control = out.len();
            out.push(0);
            for bit in 0..8 {
                if at >= plain.len() {
                    break;
                }
                let same = |from: &usize| {
                    plain[*from..].iter().zip(&plain[at..]).take(273).take_while(|(a, b)| a == b).count()
                };
                let best = (at.saturating_sub(4095)..at)
                    .map(|from| (same(&from), at - from))
                    .max()
                    .filter(|&(length, _)| length >= 3);
                match best {
                    Some((length, offset)) => {
                        out[control] |= 1 << bit;
                        out.push((offset >> 4 & 0xF0) as u8 | (length - 3).min(15) as u8);
                        out.push(offset as u8);
                        if length >= 18 {
                            out.push((length - 18) as u8);
                        }
                        at += length;
                    }
                    None => {
                        out.push(plain[at]);
                        at += 1;
                    }
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(plain in prop::collection::vec(0u8..4, 0..1500)) {
            prop_assert_eq!(unpacked(&pack(&plain), 1500), Ok(plain));
        }

        #[test]
        fn any_bytes_end_without_a_panic_and_within_the_room(packed in prop::collection::vec(any::<u8>(), 0..400), room in 0usize..9000) {
            if let Ok(out) = unpacked(&packed, room) {
                prop_assert!(out.len() <= room);
            }
        }
    }
}
