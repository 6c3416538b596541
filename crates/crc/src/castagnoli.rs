//! CRC-32C (Castagnoli, reflected polynomial `82F63B78`), as 9.5 and later put it into `xl_crc`
//! (`src/include/port/pg_crc32c.h`).
//!
//! Records are short: mostly 30 to 200 bytes, checked as two pieces. Most implementations are made for long input and
//! spend their time on the ends of it, so input of up to `SHORT` bytes takes the processor's own instruction here,
//! and only longer input goes to the `crc32c` crate, which works on several streams at once.

use crate::hardware::{self, Hardware};
use crate::zeros::Zeros;

/// Up to this many bytes, the loop over the processor's instruction is at least as fast as the interleaved streams.
const SHORT: usize = 512;

/// How this processor computes the checksum, found out once: get it before a loop, so that the question is not asked
/// for every record.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    hardware: Hardware,
}

/// The engine of this processor.
#[inline]
pub fn engine() -> Engine {
    Engine { hardware: Hardware::detect() }
}

/// Work with many short checksums, such as a page of records.
pub trait Task {
    /// What it comes to.
    type Output;
    /// Does it. Should be `#[inline(always)]`, as should what it calls in its loops.
    fn run(self, engine: Engine) -> Self::Output;
}

/// Does a task with this processor's engine; the engine's own code becomes part of the task's loops.
#[inline]
pub fn run<T: Task>(task: T) -> T::Output {
    struct Of<T>(T);
    impl<T: Task> hardware::HardwareTask for Of<T> {
        type Output = T::Output;
        #[inline(always)]
        fn run(self, hardware: Hardware) -> T::Output {
            self.0.run(Engine { hardware })
        }
    }
    hardware::run(Of(task))
}

impl Engine {
    /// The value of all bytes so far (`crc`, 0 for none) followed by `bytes`.
    #[inline(always)]
    pub fn append(self, crc: u32, bytes: &[u8]) -> u32 {
        match self.hardware {
            #[cfg(target_arch = "x86_64")]
            Hardware::Wide(present) => present.append(crc, bytes),
            Hardware::Short(present) if bytes.len() <= SHORT => present.append(crc, bytes),
            _ => crc32c::crc32c_append(crc, bytes),
        }
    }

    /// The value of a whole record of 9.5 and later: its `body` (from byte 24 to `xl_tot_len`), then the first 20 bytes
    /// of its header. The same as two calls of [`Engine::append`], in less time.
    #[inline(always)]
    pub fn record(self, header: &[u8; 20], body: &[u8]) -> u32 {
        match self.hardware {
            #[cfg(target_arch = "x86_64")]
            Hardware::Wide(present) => present.record(header, body),
            Hardware::Short(present) if body.len() <= SHORT => present.record(header, body),
            Hardware::Short(present) => present.append(crc32c::crc32c_append(0, body), header),
            Hardware::None => crc32c::crc32c_append(crc32c::crc32c_append(0, body), header),
        }
    }
}

/// The value of all bytes so far (`crc`, 0 for none) followed by `bytes`.
#[inline]
pub fn append(crc: u32, bytes: &[u8]) -> u32 {
    engine().append(crc, bytes)
}

/// The value of two pieces from the value of each: `crc_b` belongs to `len_b` bytes that follow those of `crc_a`.
/// Takes some 100 ns, so it is for large pieces.
pub fn combine(crc_a: u32, crc_b: u32, len_b: u64) -> u32 {
    ZEROS.after(crc_a, len_b) ^ crc_b
}

static ZEROS: Zeros = Zeros::new(one_zero_byte());

const fn one_zero_byte() -> [u32; 32] {
    let mut matrix = [0; 32];
    let mut column = 0;
    while column < 32 {
        let mut state = 1u32 << column;
        let mut bit = 0;
        while bit < 8 {
            state = if state & 1 == 1 { (state >> 1) ^ 0x82F6_3B78 } else { state >> 1 };
            bit += 1;
        }
        matrix[column] = state;
        column += 1;
    }
    matrix
}
