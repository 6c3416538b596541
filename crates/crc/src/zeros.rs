//! What zero bytes do to a checksum's state, so that the values of two pieces can be combined.
//!
//! Both checksums are linear: with `Z` for the effect of one zero byte on the state, the finished value of `A ++ B` is
//! `Zⁿ(value of A) ^ (value of B)`, where `n` is the length of `B` (the initial and the final inversion cancel out).
//! `Zⁿ` is put together from `Z¹, Z², Z⁴, …`, each a matrix of 32 × 32 bits and the square of the one before.

/// A matrix over GF(2): what each bit of the state turns into, the lowest first.
pub(crate) type Matrix = [u32; 32];

/// `Z` to the power of each power of two.
pub(crate) struct Zeros([Matrix; 64]);

impl Zeros {
    /// From the matrix of one zero byte.
    pub(crate) const fn new(one: Matrix) -> Zeros {
        let mut powers = [one; 64];
        let mut k = 1;
        while k < 64 {
            powers[k] = square(&powers[k - 1]);
            k += 1;
        }
        Zeros(powers)
    }

    /// The state after `count` zero bytes.
    pub(crate) fn after(&self, state: u32, count: u64) -> u32 {
        self.0
            .iter()
            .enumerate()
            .filter(|(k, _)| count >> k & 1 == 1)
            .fold(state, |state, (_, power)| apply(power, state))
    }
}

const fn apply(matrix: &Matrix, state: u32) -> u32 {
    let mut out = 0;
    let mut bit = 0;
    while bit < 32 {
        // All ones where the bit is set: no branch to mispredict.
        out ^= matrix[bit] & (state >> bit & 1).wrapping_neg();
        bit += 1;
    }
    out
}

const fn square(matrix: &Matrix) -> Matrix {
    let mut out = [0; 32];
    let mut bit = 0;
    while bit < 32 {
        out[bit] = apply(matrix, matrix[bit]);
        bit += 1;
    }
    out
}
