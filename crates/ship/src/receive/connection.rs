//! A connection, and whole messages of it.

use super::conninfo::{ConnInfo, HostPort, TlsMode};
use super::fault::ReceiveFault;
use super::tls;
use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A message of the server's.
pub(super) struct ServerMessage {
    pub tag: u8,
    pub body: Vec<u8>,
}

/// An open connection.
pub(super) struct Connection {
    stream: SocketStream,
    place: String,
    pub is_encrypted: bool,
    /// What was read and not taken yet begins at `taken`.
    inbox: Vec<u8>,
    taken: usize,
    /// Where bytes are read into.
    chunk: Vec<u8>,
    /// How long a read waits, as the stream knows it.
    waits: Duration,
}

enum SocketStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;
/// No message of a server's is longer: a part of the stream has 128 KiB, and 1 MiB where pages have 64.
const LONGEST: usize = 4 << 20;
/// How long a server may take to read what it is told.
const WRITING: Duration = Duration::from_secs(60);

impl Connection {
    /// Connects to one place of a server, encrypted as it is to be.
    pub fn open(info: &ConnInfo, place: &HostPort) -> Result<Connection, ReceiveFault> {
        let failed = |error: io::Error| ReceiveFault::Connection(place.to_string(), error.to_string());
        let opened = |stream, is_encrypted| Connection {
            stream,
            place: place.to_string(),
            is_encrypted,
            inbox: Vec::new(),
            taken: 0,
            chunk: vec![0; CHUNK],
            waits: Duration::ZERO,
        };
        #[cfg(unix)]
        if let Some(path) = place.socket() {
            let stream = UnixStream::connect(path).map_err(failed)?;
            stream.set_write_timeout(Some(WRITING)).map_err(failed)?;
            return Ok(opened(SocketStream::Unix(stream), false));
        }
        let mut stream = dial(info, place).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_write_timeout(Some(WRITING)).map_err(failed)?;
        if info.tls.mode == TlsMode::Disable {
            return Ok(opened(SocketStream::Tcp(stream), false));
        }
        stream.set_read_timeout(Some(info.connect_timeout)).map_err(failed)?;
        let mut ask = BytesMut::new();
        frontend::ssl_request(&mut ask);
        stream.write_all(&ask).map_err(failed)?;
        let mut answer = [0];
        stream.read_exact(&mut answer).map_err(failed)?;
        match answer[0] {
            b'S' => {}
            _ if info.tls.mode == TlsMode::Prefer => return Ok(opened(SocketStream::Tcp(stream), false)),
            _ => return Err(ReceiveFault::Certificate(format!("{place} does not speak TLS"))),
        }
        let unnamed = |_| ReceiveFault::Certificate(format!("\"{}\" is no name of a host", place.host));
        let name = ServerName::try_from(place.host.clone()).map_err(unnamed)?;
        let client = ClientConnection::new(Arc::new(tls::config(&info.tls)?), name);
        let client = client.map_err(|error| ReceiveFault::Certificate(error.to_string()))?;
        let mut stream = StreamOwned::new(client, stream);
        while stream.conn.is_handshaking() {
            if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                let is_ours = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
                return Err(if is_ours { ReceiveFault::Certificate(error.to_string()) } else { failed(error) });
            }
        }
        Ok(opened(SocketStream::Tls(Box::new(stream)), true))
    }

    /// Nobody on the way can read what is said.
    pub fn is_private(&self) -> bool {
        #[cfg(unix)]
        if matches!(self.stream, SocketStream::Unix(_)) {
            return true;
        }
        self.is_encrypted
    }

    /// Says something.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), ReceiveFault> {
        let said = match &mut self.stream {
            SocketStream::Tcp(stream) => stream.write_all(bytes),
            #[cfg(unix)]
            SocketStream::Unix(stream) => stream.write_all(bytes),
            SocketStream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        said.map_err(|error| self.broken(&error))
    }

    /// The next message; `None` where none came whole in that time, however its bytes come.
    pub fn next(&mut self, within: Duration) -> Result<Option<ServerMessage>, ReceiveFault> {
        let until = Instant::now() + within;
        let mut left = within;
        loop {
            if let Some(length) = self.arrived()? {
                let from = self.taken;
                let tag = self.inbox.get(from).copied().unwrap_or(0);
                let body = self.inbox.get(from + 5..from + 1 + length).unwrap_or(&[]).to_vec();
                self.taken += 1 + length;
                return Ok(Some(ServerMessage { tag, body }));
            }
            self.inbox.drain(..self.taken);
            self.taken = 0;
            match self.read(left) {
                Ok(0) => return Err(ReceiveFault::Closed),
                Ok(_) => {
                    left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() && !self.has_next() {
                        return Ok(None);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(None),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(None);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(ReceiveFault::Closed),
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    /// A whole message is here already.
    pub fn has_next(&self) -> bool {
        matches!(self.arrived(), Ok(Some(_)))
    }

    /// The length that the next message says, where all of it is here.
    fn arrived(&self) -> Result<Option<usize>, ReceiveFault> {
        let rest = self.inbox.get(self.taken..).unwrap_or(&[]);
        let Some(length) = rest.get(1..).and_then(|rest| rest.first_chunk()) else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if !(4..=LONGEST).contains(&length) {
            return Err(ReceiveFault::protocol(format!("a message of {length} bytes")));
        }
        Ok((rest.len() > length).then_some(length))
    }

    fn read(&mut self, within: Duration) -> io::Result<usize> {
        // Under load each message would say it anew: a shorter wait that is known serves, and is repeated.
        let within = within.max(Duration::from_millis(1));
        if self.waits > within || self.waits < within / 2 {
            self.waits = within;
            match &self.stream {
                SocketStream::Tcp(stream) => stream.set_read_timeout(Some(self.waits))?,
                #[cfg(unix)]
                SocketStream::Unix(stream) => stream.set_read_timeout(Some(self.waits))?,
                SocketStream::Tls(stream) => stream.sock.set_read_timeout(Some(self.waits))?,
            }
        }
        let room = self.chunk.as_mut_slice();
        let read = match &mut self.stream {
            SocketStream::Tcp(stream) => stream.read(room),
            #[cfg(unix)]
            SocketStream::Unix(stream) => stream.read(room),
            SocketStream::Tls(stream) => stream.read(room),
        };
        let bytes = read.as_ref().ok().and_then(|read| self.chunk.get(..*read));
        self.inbox.extend_from_slice(bytes.unwrap_or(&[]));
        read
    }

    fn broken(&self, error: &io::Error) -> ReceiveFault {
        ReceiveFault::Connection(self.place.clone(), error.to_string())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A server that does not hear it finds out by itself.
        let mut out = BytesMut::new();
        frontend::terminate(&mut out);
        let _ = self.send(&out);
    }
}

fn dial(info: &ConnInfo, place: &HostPort) -> io::Result<TcpStream> {
    let host = place.address.as_deref().unwrap_or(&place.host);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name of the host has no address");
    for address in (host, place.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, info.connect_timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
