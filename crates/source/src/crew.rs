//! Many things of one kind, looked at by several threads.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Has every one of `count` things looked at, by so many threads. Each makes a result of its own with `begin` and adds
/// to it; `join` puts them together, in no order.
pub fn by_crew<T: Send>(
    count: usize,
    jobs: usize,
    begin: &(dyn Fn() -> T + Sync),
    look: &(dyn Fn(usize, &mut T) + Sync),
    join: &mut dyn FnMut(&mut T, T),
) -> T {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = begin();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return own;
            }
            look(at, &mut own);
        }
    };
    let threads = jobs.clamp(1, count.max(1));
    std::thread::scope(|scope| {
        // Where there are no threads to be had, this one does it alone.
        let start = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(own) => join(&mut all, own),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::by_crew;

    #[test]
    fn every_thing_is_looked_at_once() {
        for (count, jobs) in [(0, 4), (1, 4), (100, 1), (100, 3)] {
            let look = |at: usize, own: &mut Vec<usize>| own.push(at);
            let mut all = by_crew(count, jobs, &Vec::new, &look, &mut |all, own| all.extend(own));
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }
}
