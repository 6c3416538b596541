//! The guard: what happens when a mapped file shrinks.
//!
//! [`install`] sets a handler for `SIGBUS`. If the address that faulted lies in a map of ours, the handler puts a page
//! of zeros over the hole, marks the map and returns, and the reader goes on; afterwards it learns from the mark that
//! what it saw proves nothing. Any other `SIGBUS` goes to the handler that was there before, and the guard stays in
//! force as long as the process lives: what that handler puts in its own place is remembered as the one that was there
//! before. Where somebody else has set a handler since, nothing is mapped any more.
//!
//! A library must not change signal handlers behind its user's back, so only a program calls [`install`]; the
//! [`MapGuard`] that it returns is what mapping needs.
//!
//! Why the handler may do what it does: it reads atomics, calls `mmap` (one system call), and in the other case
//! `sigaction` and the handler before it; it takes no lock and allocates nothing, so it can interrupt anything. The
//! map's own memory is replaced only in pages that have no file behind them, and only while the map is registered,
//! which is undone before it is unmapped.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

/// Proof that the handler is installed.
#[derive(Clone, Copy, Debug)]
pub struct MapGuard(());

/// Installs the handler, once; later calls return the same answer. For programs, not for libraries.
///
/// # Errors
/// The system has no such signal, or refuses.
pub fn install() -> io::Result<MapGuard> {
    static DONE: OnceLock<Result<(), i32>> = OnceLock::new();
    match DONE.get_or_init(|| handler::install().map_err(|error| error.raw_os_error().unwrap_or(0))) {
        Ok(()) => Ok(MapGuard(())),
        Err(0) => Err(io::ErrorKind::Unsupported.into()),
        Err(code) => Err(io::Error::from_raw_os_error(*code)),
    }
}

/// Maps at one time; more are refused, and read in windows.
const PLACES: usize = 256;

/// A place in the table of maps: an address range.
struct MapSlot {
    taken: AtomicBool,
    /// Even while the range is that of a map; another number for each map.
    version: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
    faulted: AtomicBool,
}

static TABLE: [MapSlot; PLACES] = [const { MapSlot::new() }; PLACES];

impl MapSlot {
    const fn new() -> MapSlot {
        MapSlot {
            taken: AtomicBool::new(false),
            version: AtomicUsize::new(1),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            faulted: AtomicBool::new(false),
        }
    }

    /// Takes the place for a range, if it is free.
    fn take(&self, start: usize, end: usize) -> bool {
        let free = self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if free {
            self.faulted.store(false, Ordering::Relaxed);
            self.start.store(start, Ordering::Relaxed);
            self.end.store(end, Ordering::Relaxed);
            self.version.fetch_add(1, Ordering::Release);
        }
        free
    }

    fn leave(&self) {
        self.version.fetch_add(1, Ordering::Relaxed);
        // The next range is seen only together with another version.
        fence(Ordering::Release);
        self.end.store(0, Ordering::Relaxed);
        self.taken.store(false, Ordering::Release);
    }

    /// Whether its map holds an address that is being looked at. `between`: what happens meanwhile, for tests.
    fn holds(&self, address: usize, between: impl FnOnce()) -> bool {
        let version = self.version.load(Ordering::Acquire);
        let end = self.end.load(Ordering::Relaxed);
        between();
        let start = self.start.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        // The map that is being looked at does not go away meanwhile: a place that changed is not its.
        version & 1 == 0 && self.version.load(Ordering::Relaxed) == version && (start..end).contains(&address)
    }
}

/// A range in the handler's table, until it is dropped.
#[derive(Debug)]
pub(super) struct Watched(usize);

impl MapGuard {
    pub(super) fn watch(self, bytes: &[u8]) -> Option<Watched> {
        let start = bytes.as_ptr().addr();
        let free = |place: &MapSlot| place.take(start, start + bytes.len());
        let in_force = handler::is_in_force();
        TABLE.iter().position(|place| in_force && free(place)).map(Watched)
    }
}

impl Watched {
    pub(super) fn faulted(&self) -> bool {
        TABLE[self.0].faulted.load(Ordering::Acquire)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        TABLE[self.0].leave();
    }
}

/// The place of a map that holds this address.
#[cfg(unix)]
fn place_of(address: usize) -> Option<&'static MapSlot> {
    TABLE.iter().find(|place| place.holds(address, || ()))
}

#[cfg(not(unix))]
mod handler {
    pub(super) fn install() -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub(super) fn is_in_force() -> bool {
        false
    }
}

#[cfg(unix)]
mod handler {
    use super::{AtomicUsize, Ordering, io, place_of};
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::atomic::AtomicI32;

    static PAGE: AtomicUsize = AtomicUsize::new(0);
    /// The handler before ours: its function, or `SIG_DFL`, or `SIG_IGN`; and its flags.
    static BEFORE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);
    static BEFORE_FLAGS: AtomicI32 = AtomicI32::new(0);

    pub(super) fn install() -> io::Result<()> {
        // SAFETY: asks for a number, touches no memory.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        PAGE.store(usize::try_from(page).map_err(|_| io::ErrorKind::Unsupported)?, Ordering::Relaxed);
        let before = current().ok_or_else(io::Error::last_os_error)?;
        // Before ours can run.
        remember(&before);
        if set(on_bus_error as *const () as usize, before.sa_mask) { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Whether ours is the handler.
    pub(super) fn is_in_force() -> bool {
        current().is_some_and(|now| now.sa_sigaction == on_bus_error as *const () as usize)
    }

    fn current() -> Option<libc::sigaction> {
        // SAFETY: all-zero bytes are a valid `sigaction`: numbers, an empty set, no function.
        let mut now: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        // SAFETY: `now` is a valid structure, and nothing is set.
        (unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &mut now) } == 0).then_some(now)
    }

    fn remember(before: &libc::sigaction) {
        BEFORE_FLAGS.store(before.sa_flags, Ordering::Relaxed);
        BEFORE.store(before.sa_sigaction, Ordering::Release);
    }

    fn set(action: usize, mask: libc::sigset_t) -> bool {
        // SAFETY: as in `current`.
        let mut ours: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        (ours.sa_sigaction, ours.sa_mask) = (action, mask);
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: it points to a valid structure, whose function is ours and has the signature that SA_SIGINFO asks
        // for, or is SIG_DFL.
        unsafe { libc::sigaction(libc::SIGBUS, &ours, ptr::null_mut()) == 0 }
    }

    extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the system calls this with SA_SIGINFO, so `info` points to a filled structure.
        let (address, code) = unsafe { ((*info).si_addr().addr(), (*info).si_code) };
        // Zero and below: sent by a process, not by an access.
        if code > 0
            && let Some(place) = place_of(address)
            && cover(address & !(PAGE.load(Ordering::Relaxed) - 1))
        {
            place.faulted.store(true, Ordering::Release);
            return;
        }
        match BEFORE.load(Ordering::Acquire) {
            libc::SIG_IGN if code <= 0 => {}
            // An access that is ignored ends the process, too.
            libc::SIG_DFL | libc::SIG_IGN => end(signal, code),
            handler => before(handler, signal, info, context),
        }
    }

    /// As the system does it: the access happens again when we return, a sent signal is sent again.
    fn end(signal: libc::c_int, code: libc::c_int) {
        if let Some(now) = current() {
            set(libc::SIG_DFL, now.sa_mask);
        }
        if code <= 0 {
            // SAFETY: safe in a handler.
            unsafe { libc::raise(signal) };
        }
    }

    /// Calls the handler before ours, which may do with the signal what it likes, and stay in force behind it.
    fn before(handler: usize, signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let flags = BEFORE_FLAGS.load(Ordering::Relaxed);
        if flags & libc::SA_RESETHAND != 0 {
            BEFORE.store(libc::SIG_DFL, Ordering::Release);
        }
        if flags & libc::SA_SIGINFO != 0 {
            type Full = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
            // SAFETY: the system gave us this address as that of a function of this signature (SA_SIGINFO).
            let call: Full = unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(handler)) };
            call(signal, info, context);
        } else {
            type Short = extern "C" fn(libc::c_int);
            // SAFETY: as above, of this signature.
            let call: Short = unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(handler)) };
            call(signal);
        }
        // It may have put another in what it takes for its own place, as Rust's own handler does.
        if let Some(now) = current().filter(|now| now.sa_sigaction != on_bus_error as *const () as usize) {
            remember(&now);
            set(on_bus_error as *const () as usize, now.sa_mask);
        }
    }

    /// Puts a page of zeros where the file has none.
    fn cover(page: usize) -> bool {
        let (rights, flags) = (libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED);
        // SAFETY: the page lies in a map of ours (`place_of`), which only reads, and which will unmap it with the rest.
        let covered = unsafe {
            libc::mmap(ptr::with_exposed_provenance_mut(page), PAGE.load(Ordering::Relaxed), rights, flags, -1, 0)
        };
        covered != libc::MAP_FAILED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_used_again_meanwhile_is_not_taken_for_the_one_before() {
        let place = MapSlot::new();
        assert!(!place.holds(0, || ()) && place.take(4096, 8192) && !place.take(0, 1));
        assert!(place.holds(4096, || ()) && place.holds(8191, || ()) && !place.holds(8192, || ()));
        let again = |start, end| {
            move |place: &MapSlot| {
                place.leave();
                assert!(place.take(start, end));
            }
        };
        // Of the map before the end, of the next one the start: together they hold what neither does.
        assert!(!place.holds(6000, || again(0, 4096)(&place)));
        assert!(place.holds(4095, || ()) && !place.holds(6000, || ()));
        assert!(!place.holds(4095, || place.leave()));
        assert!(!place.holds(4095, || ()));
    }
}
