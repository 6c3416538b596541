//! Threads that check and render parts, taken in the order in which they were given out.
//!
//! ```text
//! who reads a file ──► put (waits while 2 × threads are under way) ──► workers ──► take, in order
//! ```
//! Memory is threads × a few parts and their text, whatever a segment weighs.

use super::Render;
use super::rendered::{PartPlace, PartRenderer, RenderedPart};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Threads and the parts that they work on.
pub(super) struct ListWorkers<'a, R: Render> {
    renderer: &'a PartRenderer<'a, R>,
    jobs: usize,
    state: Mutex<WorkersState<'a, R>>,
    changed: Condvar,
}

struct WorkersState<'a, R: Render> {
    waiting: VecDeque<(u64, PartPlace, Vec<u8>)>,
    done: BTreeMap<u64, Done<'a, R>>,
    /// Number of the part that is given out next, and of the one that is taken next.
    given: u64,
    taken: u64,
    /// Buffers of WAL that are not in use.
    free: Vec<Vec<u8>>,
    stop: bool,
}

/// A part that was worked on.
pub(super) struct Done<'a, R: Render> {
    pub part: RenderedPart<'a, R>,
    /// Its bytes.
    pub length: usize,
    pub place: PartPlace,
}

impl<'a, R: Render> ListWorkers<'a, R> {
    pub fn new(renderer: &'a PartRenderer<'a, R>, jobs: usize) -> Self {
        let (waiting, done) = (VecDeque::new(), BTreeMap::new());
        let state = WorkersState { waiting, done, given: 0, taken: 0, free: Vec::new(), stop: false };
        ListWorkers { renderer, jobs, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Threads.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Works until [`ListWorkers::stop`].
    pub fn work(&self) {
        // A worker that panics must not be waited for.
        let _ending = WorkersGuard(self);
        loop {
            let mut state = self.lock();
            let (number, place, bytes) = loop {
                if state.stop {
                    std::mem::forget(_ending);
                    return;
                }
                match state.waiting.pop_front() {
                    Some(next) => break next,
                    None => state = self.wait(state),
                }
            };
            drop(state);
            let part = self.renderer.part(place, &bytes);
            let mut state = self.lock();
            state.done.insert(number, Done { part, length: bytes.len(), place });
            state.free.push(bytes);
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Whether another part may be given out before one is taken.
    pub fn has_room(&self) -> bool {
        let state = self.lock();
        state.given - state.taken < 2 * self.jobs as u64
    }

    /// Gives a part out.
    pub fn put(&self, place: PartPlace, bytes: &[u8]) {
        let mut state = self.lock();
        let mut buffer = state.free.pop().unwrap_or_default();
        drop(state);
        buffer.clear();
        buffer.extend_from_slice(bytes);
        state = self.lock();
        let number = state.given;
        state.given += 1;
        state.waiting.push_back((number, place, buffer));
        drop(state);
        self.changed.notify_all();
    }

    /// The next part in order; `None` where none is under way.
    pub fn take(&self) -> Option<Done<'a, R>> {
        let mut state = self.lock();
        let next = state.taken;
        if next == state.given {
            return None;
        }
        let done = loop {
            if let Some(done) = state.done.remove(&next) {
                break done;
            }
            if state.stop {
                return None;
            }
            state = self.wait(state);
        };
        state.taken += 1;
        Some(done)
    }

    /// Ends the threads.
    pub fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, WorkersState<'a, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, WorkersState<'a, R>>) -> MutexGuard<'s, WorkersState<'a, R>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops everyone when it is dropped, in a panic too.
pub(super) struct WorkersGuard<'c, 'a, R: Render>(pub &'c ListWorkers<'a, R>);

impl<R: Render> Drop for WorkersGuard<'_, '_, R> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
