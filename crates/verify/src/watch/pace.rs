//! How fast WAL comes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What came in the last minutes counts.
const WINDOW: Duration = Duration::from_secs(300);
/// Samples that are kept.
const SAMPLES: usize = 600;

/// Positions, and when they were seen, by a clock that nobody sets.
#[derive(Default)]
pub(super) struct WalPace(VecDeque<(Instant, i128)>);

impl WalPace {
    /// Takes a position; bytes a second since the oldest that is kept, `None` before there is a second one.
    pub fn at(&mut self, now: Instant, bytes: i128) -> Option<f64> {
        // A timeline that was left: what comes counts anew.
        if self.0.back().is_some_and(|(_, last)| *last > bytes) {
            self.0.clear();
        }
        self.0.push_back((now, bytes));
        while self.0.len() > SAMPLES || self.0.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        let (first, from) = *self.0.front()?;
        let seconds = now.duration_since(first).as_secs_f64();
        (seconds > 0.0).then(|| (bytes - from) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_positions() {
        let (mut pace, begun) = (WalPace::default(), Instant::now());
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        assert_eq!(pace.at(at(0), 0), None);
        assert_eq!(pace.at(at(10), 1000), Some(100.0));
        // Nothing comes any more.
        assert_eq!(pace.at(at(310), 1000), Some(0.0));
        assert_eq!(pace.at(at(320), 500), None);
        for second in 0..2000 {
            pace.at(at(400 + second), 600);
        }
        assert!(pace.0.len() <= SAMPLES);
    }
}
