//! The beginning of an LZ4 block whose end is missing.
//!
//! A block is a row of sequences: a token (literals in the high half, match length less 4 in the low), more bytes of
//! the first length while they are 255, the literals, a distance of two bytes, more bytes of the second length.

/// Unpacks what can be had of the bytes of a block that is cut off. `history` are the plain bytes before it. Returns
/// how many bytes of `room` were filled.
pub(super) fn unpack(block: &[u8], history: &[u8], room: &mut [u8]) -> usize {
    let mut filled = 0;
    let mut rest = block;
    while let [token, after @ ..] = rest {
        let (literals, after) = length(usize::from(token >> 4), after);
        let count = literals.min(after.len()).min(room.len() - filled);
        room[filled..filled + count].copy_from_slice(&after[..count]);
        filled += count;
        let [low, high, after @ ..] = &after[count..] else { break };
        if count < literals {
            break;
        }
        let distance = usize::from(u16::from_le_bytes([*low, *high]));
        if distance == 0 || distance > filled + history.len() {
            break;
        }
        let (matched, after) = length(usize::from(token & 15), after);
        for _ in 0..(matched + 4).min(room.len() - filled) {
            room[filled] =
                if distance <= filled { room[filled - distance] } else { history[history.len() + filled - distance] };
            filled += 1;
        }
        rest = after;
    }
    filled
}

/// A length of 15 goes on in further bytes; where they are cut off, it is at least what they say so far.
fn length(first: usize, mut rest: &[u8]) -> (usize, &[u8]) {
    let mut length = first;
    if first == 15 {
        while let [more, after @ ..] = rest {
            length += usize::from(*more);
            rest = after;
            if *more != 255 {
                break;
            }
        }
    }
    (length, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_of_a_block_gives_a_beginning_of_its_plain_bytes() {
        let history: Vec<u8> = (0..5000u32).map(|i| (i % 251) as u8).collect();
        let mut plain: Vec<u8> = (0..3000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        plain.extend_from_slice(&history[100..1100]);
        plain.extend([7; 900]);
        plain.extend(b"the end of it all");
        let block = lz4_flex::block::compress_with_dict(&plain, &history);
        let mut room = vec![0; 64 << 10];
        let mut last = 0;
        for cut in 0..=block.len() {
            let count = unpack(&block[..cut], &history, &mut room);
            assert!(plain.starts_with(&room[..count]), "{cut}");
            assert!(count >= last, "{cut}");
            last = count;
        }
        assert_eq!(last, plain.len());
    }

    #[test]
    fn nonsense_ends_in_nothing_worse_than_few_bytes() {
        let mut room = [0; 64];
        assert_eq!(unpack(&[0x10, b'x', 0, 0], b"", &mut room), 1);
        assert_eq!(unpack(&[0x10, b'x', 9, 0, 1], b"", &mut room), 1);
        assert_eq!(unpack(&[0x1F, b'x', 1, 0, 255, 255, 255], b"", &mut room), 64);
    }
}
