//! Metrics and health over HTTP/1.0: `GET /metrics`, `GET /health`, nothing else, and no request lasts longer than some
//! seconds, whoever sends it.

use anyhow::Context;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A request and its answer together.
const LASTS: Duration = Duration::from_secs(5);
/// More than a request for a page has.
const LONGEST: usize = 8 << 10;
/// Clients at once; further ones are turned away.
const CLIENTS: usize = 16;
/// After so long without a sign of life, it is not well, whatever it said last.
const STALLED: Duration = Duration::from_secs(600);

/// What is answered.
pub struct EndpointPage {
    /// For `/metrics`.
    pub metrics: Vec<u8>,
    /// For `/health`.
    pub health: String,
    /// Whether all is well.
    pub well: bool,
}

struct EndpointShared {
    page: Mutex<(EndpointPage, Instant)>,
    clients: AtomicUsize,
}

/// Where it is answered.
pub struct Endpoint {
    shared: Arc<EndpointShared>,
    address: SocketAddr,
}

impl Endpoint {
    /// Listens.
    ///
    /// # Errors
    /// The address is taken, or none of this machine.
    pub fn open(address: SocketAddr) -> anyhow::Result<Endpoint> {
        let shown = || format!("cannot listen on {address}");
        let listener = TcpListener::bind(address).with_context(shown)?;
        let address = listener.local_addr().with_context(shown)?;
        let first =
            EndpointPage { metrics: Vec::new(), health: "the first look is under way\n".to_owned(), well: false };
        let page = Mutex::new((first, Instant::now()));
        let shared = Arc::new(EndpointShared { page, clients: AtomicUsize::new(0) });
        let own = Arc::clone(&shared);
        std::thread::Builder::new().name("endpoint".into()).spawn(move || {
            loop {
                match listener.accept() {
                    Ok((stream, _)) => attend(&own, stream),
                    // Too many open files: that passes.
                    Err(_) => std::thread::sleep(Duration::from_millis(100)),
                }
            }
        })?;
        Ok(Endpoint { shared, address })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What is answered from now on.
    pub fn publish(&self, page: EndpointPage) {
        *self.shared.page.lock().unwrap_or_else(PoisonError::into_inner) = (page, Instant::now());
    }

    /// It is alive.
    pub fn beat(&self) {
        self.shared.page.lock().unwrap_or_else(PoisonError::into_inner).1 = Instant::now();
    }
}

/// Has a thread answer.
fn attend(shared: &Arc<EndpointShared>, stream: TcpStream) {
    if shared.clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS {
        shared.clients.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    let own = Arc::clone(shared);
    let spawned = std::thread::Builder::new().name("client".into()).spawn(move || {
        // Who goes away is not missed.
        let _ = answer(&own, stream);
        own.clients.fetch_sub(1, Ordering::Relaxed);
    });
    if spawned.is_err() {
        shared.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

fn answer(shared: &EndpointShared, mut stream: TcpStream) -> io::Result<()> {
    let until = Instant::now() + LASTS;
    let request = request(&mut stream, until)?;
    let line = request.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let said = match (method, path) {
        _ if request.len() >= LONGEST => EndpointAnswer::text("431 Request Header Fields Too Large", "too long\n"),
        ("GET" | "HEAD", "/metrics") => shared.metrics(),
        ("GET" | "HEAD", "/health") => shared.health(),
        ("GET" | "HEAD", _) => EndpointAnswer::text("404 Not Found", "/metrics or /health\n"),
        (_, "") => EndpointAnswer::text("400 Bad Request", "this is HTTP\n"),
        _ => EndpointAnswer::text("405 Method Not Allowed", "GET\n"),
    };
    let head = format!(
        "HTTP/1.0 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        said.status,
        said.kind,
        said.body.len()
    );
    let body = if method == "HEAD" { Vec::new() } else { said.body };
    send(&mut stream, &[head.into_bytes(), body].concat(), until)
}

/// What comes up to the empty line.
fn request(stream: &mut TcpStream, until: Instant) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while request.len() < LONGEST && !ends(&request) {
        stream.set_read_timeout(Some(left(until)?))?;
        let read = stream.read(&mut piece)?;
        if read == 0 {
            break;
        }
        request.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
    Ok(request)
}

fn ends(request: &[u8]) -> bool {
    request.windows(4).any(|end| end == b"\r\n\r\n") || request.windows(2).any(|end| end == b"\n\n")
}

/// In pieces, so that a reader who takes a byte at a time does not take for ever.
fn send(stream: &mut TcpStream, mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.set_write_timeout(Some(left(until)?))?;
        let sent = stream.write(bytes)?;
        bytes = bytes.get(sent..).filter(|_| sent > 0).ok_or(io::ErrorKind::WriteZero)?;
    }
    Ok(())
}

fn left(until: Instant) -> io::Result<Duration> {
    until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or(io::ErrorKind::TimedOut.into())
}

/// An answer.
struct EndpointAnswer {
    status: &'static str,
    kind: &'static str,
    body: Vec<u8>,
}

impl EndpointAnswer {
    fn text(status: &'static str, body: &str) -> EndpointAnswer {
        EndpointAnswer { status, kind: "text/plain; charset=utf-8", body: body.as_bytes().to_vec() }
    }
}

impl EndpointShared {
    fn metrics(&self) -> EndpointAnswer {
        let (page, _) = &*self.page.lock().unwrap_or_else(PoisonError::into_inner);
        EndpointAnswer {
            status: "200 OK",
            kind: "text/plain; version=0.0.4; charset=utf-8",
            body: page.metrics.clone(),
        }
    }

    fn health(&self) -> EndpointAnswer {
        let (page, alive) = &*self.page.lock().unwrap_or_else(PoisonError::into_inner);
        match (page.well, alive.elapsed() > STALLED) {
            (_, true) => EndpointAnswer::text("503 Service Unavailable", "no look has ended for a long time\n"),
            (true, false) => EndpointAnswer::text("200 OK", &page.health),
            (false, false) => EndpointAnswer::text("503 Service Unavailable", &page.health),
        }
    }
}
