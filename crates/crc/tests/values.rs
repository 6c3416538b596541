//! Check values, and the laws that callers rely on.

#![allow(clippy::unwrap_used)]

use pgwal_crc::{castagnoli, legacy};

type Append = fn(u32, &[u8]) -> u32;
type Combine = fn(u32, u32, u64) -> u32;

const BOTH: [(&str, Append, Combine); 2] =
    [("castagnoli", castagnoli::append, castagnoli::combine), ("legacy", legacy::append, legacy::combine)];

fn sample(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 19) as u8).collect()
}

#[test]
fn check_values_of_castagnoli() {
    for (bytes, value) in [(&b""[..], 0), (b"a", 0xC1D0_4330), (b"123456789", 0xE306_9283), (&[0; 32], 0x8A91_36AA)] {
        assert_eq!(castagnoli::append(0, bytes), value, "{bytes:?}");
        assert_eq!(castagnoli::engine().append(0, bytes), value, "{bytes:?}");
    }
}

#[test]
fn check_values_of_the_legacy_checksum() {
    for (bytes, value) in
        [(&b""[..], 0), (&[0], 0x2D02_EF72), (b"a", 0x17B7_BEBC), (b"123456789", 0xC40E_D0B0), (&[0; 32], 0xD4B3_C4F5)]
    {
        assert_eq!(legacy::append(0, bytes), value, "{bytes:?}");
    }
}

#[test]
fn pieces_give_the_value_of_the_whole() {
    let bytes = sample(3000);
    for (name, append, _) in BOTH {
        let whole = append(0, &bytes);
        for cut in (0..bytes.len()).step_by(7) {
            assert_eq!(append(append(0, &bytes[..cut]), &bytes[cut..]), whole, "{name} {cut}");
        }
    }
}

#[test]
fn combined_values_equal_the_value_of_the_whole() {
    let bytes = sample(5000);
    for (name, append, combine) in BOTH {
        let whole = append(0, &bytes);
        for cut in (0..=bytes.len()).step_by(13) {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(combine(append(0, a), append(0, b), b.len() as u64), whole, "{name} {cut}");
        }
        assert_eq!(combine(7, 0, 0), 7, "{name}");
    }
}

#[test]
fn combining_is_associative_for_any_length() {
    for (name, _, combine) in BOTH {
        let (a, b, c) = (0x1234_5678, 0x9ABC_DEF0, 0x0F1E_2D3C);
        for (of_b, of_c) in [(0, 1), (1, u64::from(u32::MAX)), (1 << 40, 12_345), (u64::MAX / 2, u64::MAX / 2)] {
            let left = combine(combine(a, b, of_b), c, of_c);
            let right = combine(a, combine(b, c, of_c), of_b + of_c);
            assert_eq!(left, right, "{name} {of_b} {of_c}");
        }
    }
}

#[test]
fn a_record_in_one_call_equals_body_then_header() {
    let bytes = sample(10_000);
    let engine = castagnoli::engine();
    let header = bytes[100..].first_chunk::<20>().unwrap();
    for length in (0..600).chain([1000, 4096, 9000]) {
        let body = &bytes[..length];
        assert_eq!(engine.record(header, body), castagnoli::append(castagnoli::append(0, body), header), "{length}");
    }
}

#[test]
fn every_flipped_bit_of_a_record_changes_the_value() {
    let bytes = sample(120);
    for (name, append, _) in BOTH {
        let value = append(0, &bytes);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(append(0, &damaged), value, "{name} bit {bit}");
        }
    }
}
