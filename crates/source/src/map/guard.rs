//! The guard: what happens when a mapped file shrinks.
//!
//! [`install`] sets a handler for `SIGBUS`. If the address that faulted lies in a map of ours, the handler puts a page
//! of zeros
//! over the hole, marks the map and returns, and the reader goes on; afterwards it learns from the mark that what it
//! saw proves nothing. Any other `SIGBUS` gets the handler that was there before, and happens again.
//!
//! A library must not change signal handlers behind its user's back, so only a program calls [`install`]; the
//! [`Guard`] that it returns is what mapping needs.
//!
//! Why the handler may do what it does: it reads atomics, calls `mmap` (one system call), and in the other case
//! `sigaction`; it takes no lock and allocates nothing, so it can interrupt anything. The map's own memory is replaced
//! only in
//! pages that have no file behind them, and only while the map is registered, which is undone before it is unmapped.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Proof that the handler is installed.
#[derive(Clone, Copy, Debug)]
pub struct Guard(());

/// Installs the handler, once; later calls return the same answer. For programs, not for libraries.
///
/// # Errors
/// The system has no such signal, or refuses.
pub fn install() -> io::Result<Guard> {
    static DONE: OnceLock<Result<(), i32>> = OnceLock::new();
    match DONE.get_or_init(|| handler::install().map_err(|error| error.raw_os_error().unwrap_or(0))) {
        Ok(()) => Ok(Guard(())),
        Err(0) => Err(io::ErrorKind::Unsupported.into()),
        Err(code) => Err(io::Error::from_raw_os_error(*code)),
    }
}

/// Maps at one time; more are refused, and read in windows.
const PLACES: usize = 256;

/// A place in the table of maps: an address range, empty where `end` is 0.
struct Place {
    taken: AtomicBool,
    start: AtomicUsize,
    end: AtomicUsize,
    faulted: AtomicBool,
}

static TABLE: [Place; PLACES] = [const {
    Place {
        taken: AtomicBool::new(false),
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        faulted: AtomicBool::new(false),
    }
}; PLACES];

/// A range in the handler's table, until it is dropped.
#[derive(Debug)]
pub(super) struct Watched(usize);

impl Guard {
    pub(super) fn watch(self, bytes: &[u8]) -> Option<Watched> {
        let free =
            |place: &Place| place.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        let at = TABLE.iter().position(free)?;
        let place = &TABLE[at];
        let start = bytes.as_ptr().addr();
        place.faulted.store(false, Ordering::Relaxed);
        place.start.store(start, Ordering::Relaxed);
        place.end.store(start + bytes.len(), Ordering::Release);
        Some(Watched(at))
    }
}

impl Watched {
    pub(super) fn faulted(&self) -> bool {
        TABLE[self.0].faulted.load(Ordering::Acquire)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let place = &TABLE[self.0];
        place.end.store(0, Ordering::Relaxed);
        place.taken.store(false, Ordering::Release);
    }
}

/// The place of a map that holds this address.
#[cfg(unix)]
fn place_of(address: usize) -> Option<&'static Place> {
    TABLE
        .iter()
        .find(|place| address < place.end.load(Ordering::Acquire) && address >= place.start.load(Ordering::Relaxed))
}

#[cfg(not(unix))]
mod handler {
    pub(super) fn install() -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

#[cfg(unix)]
mod handler {
    use super::{AtomicUsize, OnceLock, Ordering, io, place_of};
    use std::mem::MaybeUninit;
    use std::ptr;

    static PAGE: AtomicUsize = AtomicUsize::new(0);
    static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

    pub(super) fn install() -> io::Result<()> {
        // SAFETY: asks for a number, touches no memory.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        PAGE.store(usize::try_from(page).map_err(|_| io::ErrorKind::Unsupported)?, Ordering::Relaxed);
        // SAFETY: all-zero bytes are a valid `sigaction`: numbers, an empty set, no function.
        let mut before: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        // SAFETY: as above.
        let mut ours: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        ours.sa_sigaction = on_bus_error as *const () as libc::sighandler_t;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: both point to valid structures. The old handler is asked for first, so that it is known before ours
        // can run.
        let done = unsafe {
            libc::sigemptyset(&mut ours.sa_mask);
            libc::sigaction(libc::SIGBUS, ptr::null(), &mut before) == 0 && {
                BEFORE.get_or_init(|| before);
                libc::sigaction(libc::SIGBUS, &ours, ptr::null_mut()) == 0
            }
        };
        if done { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
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
        // Not ours: as it was before; the access happens again when we return, a sent signal is sent again.
        if let Some(before) = BEFORE.get() {
            // SAFETY: `before` is what the system gave us. Both calls are safe in a handler.
            unsafe {
                libc::sigaction(signal, before, ptr::null_mut());
                if code <= 0 {
                    libc::raise(signal);
                }
            }
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
