//! A proxy in front of a server's unix socket, which cuts connections.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A port of its own.
pub struct Proxy {
    pub port: u16,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    /// Each of the first connections is cut after so many bytes of the server's; the others are left alone.
    pub fn start(socket: &Path, cuts: Vec<u64>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (socket, done) = (socket.to_path_buf(), Arc::new(AtomicUsize::new(0)));
        let (told, cuts) = (Arc::clone(&done), Arc::new(Mutex::new(cuts)));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (socket, told, cuts) = (socket.clone(), Arc::clone(&told), Arc::clone(&cuts));
                std::thread::spawn(move || {
                    let limit = cuts.lock().unwrap().pop();
                    let before = told.load(Ordering::Relaxed);
                    carry(client, &socket, limit, &told);
                    // Who went away by himself leaves it to the next one.
                    if told.load(Ordering::Relaxed) == before {
                        cuts.lock().unwrap().extend(limit);
                    }
                });
            }
        });
        Proxy { port, cuts: done }
    }

    /// Connections that were cut.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

fn carry(client: TcpStream, socket: &Path, limit: Option<u64>, cuts: &AtomicUsize) {
    let Ok(server) = UnixStream::connect(socket) else { return };
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let left = AtomicU64::new(limit.unwrap_or(u64::MAX));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let _ = std::io::copy(&mut from, &mut to);
            let _ = server.shutdown(std::net::Shutdown::Both);
        });
        let mut bytes = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            let room = left.load(Ordering::Relaxed).min(read as u64);
            left.fetch_sub(room, Ordering::Relaxed);
            if to.write_all(&bytes[..room as usize]).is_err() {
                break;
            }
            if room < read as u64 {
                cuts.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        let _ = (server.shutdown(std::net::Shutdown::Both), client.shutdown(std::net::Shutdown::Both));
    });
}
