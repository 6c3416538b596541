//! How fast files are read: a bucket of bytes that fills at a rate, shared by all threads.
//!
//! Each reader sleeps after a read until its bytes are paid for. Nobody waits for a lock meanwhile: readers queue up in
//! time.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes in one read: below the rate's share of a second, so that a slow pace is an even one.
const LEAST: u64 = 16 << 10;
/// The part of a second for which bytes may be saved up.
const SAVED: Duration = Duration::from_millis(100);

/// Time, and waiting.
pub trait Clock: Send + Sync {
    /// Time since some moment before.
    fn now(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration);
}

struct Real(Instant);

impl Clock for Real {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// Bytes a second.
pub struct Pace {
    bytes_per_second: u64,
    clock: Box<dyn Clock>,
    /// When all bytes taken so far will have come.
    paid: Mutex<Duration>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("bytes_per_second", &self.bytes_per_second).finish_non_exhaustive()
    }
}

impl Pace {
    /// At most so many bytes a second, at least one.
    pub fn new(bytes_per_second: u64) -> Pace {
        Pace::with_clock(bytes_per_second, Box::new(Real(Instant::now())))
    }

    /// The same by another clock.
    pub fn with_clock(bytes_per_second: u64, clock: Box<dyn Clock>) -> Pace {
        let paid = Mutex::new(clock.now());
        Pace { bytes_per_second: bytes_per_second.max(1), clock, paid }
    }

    /// Waits until so many bytes may be read.
    pub fn take(&self, bytes: u64) {
        let cost = Duration::from_nanos(
            u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second)).unwrap_or(u64::MAX),
        );
        let now = self.clock.now();
        let due = {
            let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
            *paid = (*paid).max(now.saturating_sub(SAVED)).saturating_add(cost);
            *paid
        };
        if due > now {
            self.clock.sleep(due - now);
        }
    }

    /// Bytes to ask for at once.
    pub(crate) fn portion(&self, wanted: usize) -> usize {
        let share = (self.bytes_per_second / 8).max(LEAST);
        wanted.min(usize::try_from(share).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;

    /// Sleeping moves it; between sleeps, nothing does.
    #[derive(Clone, Default)]
    pub(crate) struct Fake(Arc<Mutex<Duration>>);

    impl Clock for Fake {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, duration: Duration) {
            *self.0.lock().unwrap() += duration;
        }
    }

    #[test]
    fn a_megabyte_a_second_takes_ten_seconds_for_ten() {
        let clock = Fake::default();
        let pace = Pace::with_clock(1_000_000, Box::new(clock.clone()));
        (0..1000).for_each(|_| pace.take(10_000));
        assert_eq!(clock.now(), Duration::from_secs(10));
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let clock = Fake::default();
        let pace = Pace::with_clock(1_000_000, Box::new(clock.clone()));
        clock.sleep(Duration::from_secs(3600));
        pace.take(1_100_000);
        assert_eq!(clock.now(), Duration::from_secs(3601));
    }

    #[test]
    fn threads_share_one_pace() {
        let clock = Fake::default();
        let pace = Pace::with_clock(1 << 20, Box::new(clock.clone()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..64).for_each(|_| pace.take(64 << 10)));
            }
        });
        assert!(clock.now() >= Duration::from_secs(16) - SAVED, "{:?}", clock.now());
    }

    #[test]
    fn a_slow_pace_is_an_even_one() {
        assert_eq!(Pace::new(100_000).portion(1 << 20), LEAST as usize);
        assert_eq!(Pace::new(1 << 30).portion(1 << 20), 1 << 20);
    }
}
