//! A server that streams what a test gives it, by the protocol or against it.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use tempfile::TempDir;

/// It answers until the test ends.
pub struct FakeServer {
    folder: TempDir,
}

/// What it says of itself, and how.
#[derive(Clone, Copy, Default)]
pub struct Said {
    pub timeline: &'static str,
    pub history: &'static str,
    /// The end of its WAL.
    pub position: &'static str,
    /// One byte at a time.
    pub dribbles: bool,
    /// Nothing but notices, for ever, from the first word on.
    pub floods: bool,
}

/// What it does with the connection of this number once WAL is asked for from a position on.
type Streams = dyn Fn(usize, u64, &mut Session) + Send + Sync;

/// A connection.
pub struct Session {
    stream: UnixStream,
    dribbles: bool,
}

pub const SYSTEM: &str = "7000000000000000001";

impl FakeServer {
    /// `position`: the end of its WAL.
    pub fn start(position: &'static str, streams: impl Fn(usize, u64, &mut Session) + Send + Sync + 'static) -> Self {
        FakeServer::of(Said { timeline: "1", position, ..Said::default() }, streams)
    }

    /// It says this of itself.
    pub fn of(said: Said, streams: impl Fn(usize, u64, &mut Session) + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let streams: Box<Streams> = Box::new(streams);
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let mut session = Session { stream: client, dribbles: said.dribbles };
                let _ = session.serve(said, |from, session| streams(number, from, session));
            }
        });
        FakeServer { folder }
    }

    /// How to connect to it.
    pub fn conninfo(&self) -> String {
        format!("host={} user=fake", self.folder.path().display())
    }
}

impl Session {
    /// A message.
    pub fn says(&mut self, tag: u8, body: &[u8]) -> Option<()> {
        let length = (body.len() as u32 + 4).to_be_bytes();
        self.raw(&[&[tag][..], &length, body].concat())
    }

    /// A message that says nothing.
    pub fn notice(&mut self) -> Option<()> {
        self.says(b'N', b"SNOTICE\0C00000\0Mso it goes\0\0")
    }

    /// Bytes, whatever they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Option<()> {
        let most = if self.dribbles { 1 } else { bytes.len().max(1) };
        bytes.chunks(most).try_for_each(|piece| self.stream.write_all(piece)).ok()
    }

    /// A part of the stream.
    pub fn wal(&mut self, start: u64, bytes: &[u8]) -> Option<()> {
        let end = start + bytes.len() as u64;
        self.says(b'd', &[&b"w"[..], &start.to_be_bytes(), &end.to_be_bytes(), &[0; 8], bytes].concat())
    }

    /// Reads until the client goes away.
    pub fn waits(&mut self) {
        let _ = self.stream.read_to_end(&mut Vec::new());
    }

    fn serve(&mut self, said: Said, streams: impl Fn(u64, &mut Session)) -> Option<()> {
        self.hears(0)?;
        if said.floods {
            loop {
                self.notice()?;
            }
        }
        self.says(b'R', &0u32.to_be_bytes())?;
        self.says(b'S', b"server_version\x0015.4\0")?;
        self.says(b'Z', b"I")?;
        loop {
            let (_, question) = self.hears(1)?;
            let question = String::from_utf8(question).ok()?;
            let row: &[&str] = match question.trim_end_matches('\0') {
                "IDENTIFY_SYSTEM" => &[SYSTEM, said.timeline, said.position],
                asked if asked.starts_with("TIMELINE_HISTORY ") => &["its.history", said.history],
                "SHOW wal_segment_size" => &["1MB"],
                start => {
                    let word = start.split(' ').find(|word| word.contains('/'))?;
                    let (high, low) = word.split_once('/')?;
                    let from = u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?;
                    self.says(b'W', &[0, 0, 0])?;
                    streams(from, self);
                    return Some(());
                }
            };
            let columns =
                row.iter().flat_map(|text| [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat());
            let body = [(row.len() as u16).to_be_bytes().to_vec(), columns.collect()].concat();
            self.says(b'T', &[0, 0])?;
            self.says(b'D', &body)?;
            self.says(b'C', b"X\0")?;
            self.says(b'Z', b"I")?;
        }
    }

    /// A message of the client's, with a tag of so many bytes.
    fn hears(&mut self, tag: usize) -> Option<(u8, Vec<u8>)> {
        let mut head = vec![0; tag + 4];
        self.stream.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes(*head.last_chunk()?) as usize;
        let mut body = vec![0; length.checked_sub(4)?];
        self.stream.read_exact(&mut body).ok()?;
        Some((head[0], body))
    }
}
