//! What systemd is told (`sd_notify`): that the service is ready, what it does, that it lives.

use std::env;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Who is told; nobody, where the process was not begun by systemd.
pub struct Notify {
    to: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants a sign of life, and when it had the last one.
    watchdog: Option<(Duration, Mutex<Instant>)>,
}

impl Notify {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    pub fn of_process() -> Notify {
        let name = env::var_os("NOTIFY_SOCKET");
        let address = name.and_then(|name| match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name).ok(),
            _ => SocketAddr::from_pathname(&name).ok(),
        });
        let socket = || UnixDatagram::unbound().and_then(|socket| socket.set_nonblocking(true).map(|()| socket)).ok();
        let to = address.and_then(|address| Some((socket()?, address)));
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let every = number("WATCHDOG_USEC").filter(|_| ours && to.is_some()).map(Duration::from_micros);
        // Half of it is what the manual advises.
        Notify { to, watchdog: every.map(|every| (every / 2, Mutex::new(Instant::now()))) }
    }

    /// It is ready.
    pub fn ready(&self) {
        self.send("READY=1\n");
    }

    /// What it does.
    pub fn status(&self, status: &str) {
        self.send(&format!("STATUS={}\n", status.replace(char::is_control, " ")));
    }

    /// It ends.
    pub fn stopping(&self) {
        self.send("STOPPING=1\n");
    }

    /// It lives.
    pub fn beat(&self) {
        let Some((every, last)) = &self.watchdog else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= *every / 2 {
            *last = Instant::now();
            self.send("WATCHDOG=1\n");
        }
    }

    fn send(&self, text: &str) {
        if let Some((socket, address)) = &self.to {
            // Nobody there is nothing to end for.
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}
