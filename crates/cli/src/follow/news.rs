//! What happened since somebody last asked. However much it was, it takes no room.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What happened.
#[derive(Clone, Copy, Default, Debug)]
pub struct News {
    /// A file was written to.
    pub written: bool,
    /// Files came or went.
    pub renamed: bool,
    /// Nothing happened in all that time.
    pub nothing: bool,
    /// It is over.
    pub over: bool,
}

/// Where it is told and asked.
#[derive(Default)]
pub struct Board {
    news: Mutex<News>,
    changed: Condvar,
}

impl Board {
    pub fn tell(&self, tell: impl FnOnce(&mut News)) {
        tell(&mut self.lock());
        self.changed.notify_all();
    }

    /// It is over; stays so.
    pub fn is_over(&self) -> bool {
        self.lock().over
    }

    /// Waits for news: no less than `least`, no more than `most`, and not at all once it is over.
    pub fn wait(&self, least: Duration, most: Duration) -> News {
        let begun = Instant::now();
        let mut news = self.lock();
        loop {
            let passed = begun.elapsed();
            let goal = if news.written || news.renamed { least } else { most.max(least) };
            if news.over || passed >= goal {
                break;
            }
            news = self.changed.wait_timeout(news, goal - passed).unwrap_or_else(PoisonError::into_inner).0;
        }
        let told = *news;
        *news = News { over: told.over, ..News::default() };
        News { nothing: !told.written && !told.renamed && !told.over, ..told }
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_end_the_wait_and_are_told_once() {
        let board = Board::default();
        board.tell(|n| n.written = true);
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(60));
        let news = board.wait(short, long);
        assert!(news.written && !news.nothing);
        assert!(board.wait(short, short * 5).nothing);
        std::thread::scope(|scope| {
            scope.spawn(|| board.tell(|n| n.over = true));
            assert!(board.wait(long, long).over);
        });
        assert!(board.is_over());
    }
}
