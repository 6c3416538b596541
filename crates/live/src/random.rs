//! Choices that a seed repeats: SplitMix64, whose constants are Steele, Lea and Flood's.

/// A stream of numbers that is the same for the same seed on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xA076_1D64_78BD_642F) ^ 0xE703_7ED1_A0B4_28DB)
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end` - 1; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The remainder's bias is some 2^-40 for the ends of tests.
        usize::try_from(self.bits() % (end.max(1) as u64)).unwrap_or(0)
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let chosen = self.below(choices.len());
        choices.get(chosen)
    }

    /// The index of a weight, chosen as often as it is heavy.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_weights_hold() {
        let (mut one, mut same) = (Random::seeded(7), Random::seeded(7));
        assert_eq!((one.bits(), one.bits()), (same.bits(), same.bits()));
        assert_ne!(Random::seeded(8).bits(), Random::seeded(7).bits());
        let mut counts = [0; 3];
        for _ in 0..3000 {
            counts[one.weighted(&[1, 0, 2])] += 1;
        }
        assert!(counts[1] == 0 && (800..1200).contains(&counts[0]), "{counts:?}");
        assert_eq!(one.of::<u8>(&[]), None);
    }
}
