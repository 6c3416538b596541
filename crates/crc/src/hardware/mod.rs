//! The processor's own instructions for CRC-32C. `unsafe` lives here and below.
//!
//! * [`short`]: the `crc32` instruction of SSE4.2 and of the ARMv8 CRC extension, eight bytes at a time. It wins on
//!   short input.
//! * [`wide`]: carry-less multiplication of AVX-512 (`VPCLMULQDQ`), 64 bytes at a time. A record of up to 128 bytes
//!   takes no branch on its length there, which is what most records cost elsewhere, and images take half the time.

pub(crate) mod short;
#[cfg(target_arch = "x86_64")]
pub(crate) mod wide;

/// What this processor has, found out once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hardware {
    /// None of it.
    None,
    /// The instruction for eight bytes.
    Short(short::ShortPresent),
    /// And the one for 64.
    #[cfg(target_arch = "x86_64")]
    Wide(wide::WidePresent),
}

impl Hardware {
    /// Asks the processor; the standard library keeps the answers, so this is a relaxed load or two after the first
    /// time.
    #[inline]
    pub(crate) fn detect() -> Hardware {
        #[cfg(target_arch = "x86_64")]
        if let Some(present) = wide::WidePresent::detect() {
            return Hardware::Wide(present);
        }
        short::ShortPresent::detect().map_or(Hardware::None, Hardware::Short)
    }
}

/// Work that is compiled once more with the instructions at hand, so that they become part of its loops instead of
/// calls.
pub(crate) trait HardwareTask {
    type Output;
    fn run(self, hardware: Hardware) -> Self::Output;
}

/// Runs a task with what there is.
#[inline]
pub(crate) fn run<T: HardwareTask>(task: T) -> T::Output {
    match Hardware::detect() {
        #[cfg(target_arch = "x86_64")]
        Hardware::Wide(present) => present.run(task),
        Hardware::Short(present) => present.run(task),
        Hardware::None => task.run(Hardware::None),
    }
}
