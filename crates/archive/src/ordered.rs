//! Work that is done in parallel and taken in order, with a bound on what waits.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Where workers and the one who takes meet.
struct Meeting<T> {
    state: Mutex<MeetingState<T>>,
    changed: Condvar,
}

struct MeetingState<T> {
    /// The next piece of work to begin.
    next: usize,
    /// Pieces that were taken.
    taken: usize,
    ready: BTreeMap<usize, T>,
    /// Nothing more is to be begun.
    stop: bool,
    /// Workers that have nothing to begin, and whether the one who takes waits: nobody else is woken.
    idle: usize,
    waiting: bool,
}

/// As many threads as are ever started at once.
pub const MOST_JOBS: usize = 1024;

/// Does pieces 0 to `count` of `work` on `jobs` threads, this one among them, and hands each result to `take`, on this
/// thread and in order. At most 2 × `jobs` pieces are begun and not yet taken. `take` may break off.
///
/// # Errors
/// Those of `take`, and `no_threads` where not a single one can be started.
pub fn in_order<W: Default, T: Send, E>(
    jobs: usize,
    count: usize,
    work: &(dyn Fn(usize, &mut W) -> T + Sync),
    take: &mut dyn FnMut(T) -> Result<ControlFlow<()>, E>,
    no_threads: impl FnOnce() -> E,
) -> Result<(), E> {
    let jobs = jobs.min(MOST_JOBS).min(count);
    if jobs <= 1 {
        let mut tools = W::default();
        for i in 0..count {
            if take(work(i, &mut tools))?.is_break() {
                break;
            }
        }
        return Ok(());
    }
    let meeting = Meeting {
        state: Mutex::new(MeetingState {
            next: 0,
            taken: 0,
            ready: BTreeMap::new(),
            stop: false,
            idle: 0,
            waiting: false,
        }),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        // Whatever happens here, the workers end.
        let _ending = MeetingGuard(&meeting);
        let start =
            |_: &usize| std::thread::Builder::new().spawn_scoped(scope, || meeting.work(jobs, count, work)).is_ok();
        if (1..jobs).filter(start).count() == 0 {
            return Err(no_threads());
        }
        let mut tools = W::default();
        for i in 0..count {
            let Some(result) = meeting.wait_for(i, jobs, count, work, &mut tools) else { break };
            if take(result)?.is_break() {
                break;
            }
            let mut state = meeting.lock();
            state.taken = i + 1;
            if state.idle > 0 {
                meeting.changed.notify_all();
            }
        }
        Ok(())
    })
}

/// Stops everyone when it is dropped, in a panic too: nobody waits for one who is gone.
struct MeetingGuard<'a, T>(&'a Meeting<T>);

impl<T> Drop for MeetingGuard<'_, T> {
    fn drop(&mut self) {
        self.0.lock().stop = true;
        self.0.changed.notify_all();
    }
}

impl<T> Meeting<T> {
    fn lock(&self) -> MutexGuard<'_, MeetingState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, MeetingState<T>>) -> MutexGuard<'a, MeetingState<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn work<W: Default>(&self, jobs: usize, count: usize, work: &(dyn Fn(usize, &mut W) -> T + Sync)) {
        let mut tools = W::default();
        loop {
            let mut state = self.lock();
            while !state.stop && state.next < count && state.next >= state.taken + 2 * jobs {
                state.idle += 1;
                state = self.wait(state);
                state.idle -= 1;
            }
            let i = state.next;
            if state.stop || i >= count {
                return;
            }
            state.next += 1;
            drop(state);
            let ending = MeetingGuard(self);
            let result = work(i, &mut tools);
            std::mem::forget(ending);
            let mut state = self.lock();
            state.ready.insert(i, result);
            if state.waiting {
                self.changed.notify_all();
            }
        }
    }

    /// The result of a piece; until it is there, others are done. `None` where a worker failed.
    fn wait_for<W>(
        &self,
        i: usize,
        jobs: usize,
        count: usize,
        work: &(dyn Fn(usize, &mut W) -> T + Sync),
        tools: &mut W,
    ) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(result) = state.ready.remove(&i) {
                return Some(result);
            }
            if state.stop {
                return None;
            }
            if state.next < count && state.next < state.taken + 2 * jobs {
                let next = state.next;
                state.next += 1;
                drop(state);
                let result = work(next, tools);
                if next == i {
                    return Some(result);
                }
                state = self.lock();
                state.ready.insert(next, result);
                continue;
            }
            state.waiting = true;
            state = self.wait(state);
            state.waiting = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_order_and_few_are_in_flight() {
        for jobs in [1, 2, 3, 8] {
            let (begun, done, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
            let work = |i: usize, _: &mut ()| {
                let now = begun.fetch_add(1, Ordering::SeqCst) + 1 - done.load(Ordering::SeqCst);
                most.fetch_max(now, Ordering::SeqCst);
                i * i
            };
            let mut seen = Vec::new();
            let mut take = |n: usize| {
                seen.push(n);
                done.fetch_add(1, Ordering::SeqCst);
                Ok::<_, ()>(ControlFlow::Continue(()))
            };
            in_order(jobs, 200, &work, &mut take, || ()).unwrap();
            assert_eq!(seen, (0..200).map(|i| i * i).collect::<Vec<_>>());
            assert!(most.load(Ordering::SeqCst) <= 2 * jobs + 1, "{jobs}: {most:?}");
        }
    }

    #[test]
    fn the_taker_may_end_it_early() {
        for jobs in [1, 4] {
            let mut seen = 0;
            let mut take = |n: usize| {
                seen += 1;
                if n == 3 { Err("full") } else { Ok(ControlFlow::Continue(())) }
            };
            assert_eq!(in_order(jobs, 1000, &|i, _: &mut ()| i, &mut take, || ""), Err("full"));
            assert_eq!(seen, 4);
        }
    }
}
