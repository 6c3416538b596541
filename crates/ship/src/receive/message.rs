//! Messages of a server: what is in them.
//!
//! ```text
//! tag, length (itself included), …          protocol version 3, network byte order
//!   E  S severity 0 C code 0 M message 0 … 0
//!   D  columns, each: length (-1: NULL), bytes
//!   d  w start end time WAL │ k end time reply?
//! ```
//! Source: "Message Formats" and "Streaming Replication Protocol" of PostgreSQL's documentation.

use super::fault::ReceiveFault;
use pgwal_format::Lsn;

/// A row: its columns.
pub(super) fn row(body: &[u8]) -> Result<Vec<Option<Vec<u8>>>, ReceiveFault> {
    let cut = || ReceiveFault::protocol("a row that breaks off");
    let (count, mut rest) = body.split_first_chunk().ok_or_else(cut)?;
    let mut out = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk().ok_or_else(cut)?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            rest = after;
            out.push(None);
            continue;
        };
        let (column, after) = after.split_at_checked(length).ok_or_else(cut)?;
        out.push(Some(column.to_vec()));
        rest = after;
    }
    Ok(out)
}

/// What a server streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Streamed<'a> {
    /// WAL from a position on, and how far the server's own goes.
    Wal { start: Lsn, end: Lsn, bytes: &'a [u8] },
    /// How far it goes, and whether an answer is wanted at once.
    Alive { end: Lsn, reply: bool },
}

impl Streamed<'_> {
    pub fn parse(body: &[u8]) -> Result<Streamed<'_>, ReceiveFault> {
        let cut = || ReceiveFault::protocol("a part of the stream that breaks off");
        let (kind, rest) = body.split_first().ok_or_else(cut)?;
        let lsn =
            |at: usize| rest.get(at..at + 8).and_then(|b| b.first_chunk()).map(|b| Lsn::new(u64::from_be_bytes(*b)));
        match kind {
            b'w' => Ok(Streamed::Wal {
                start: lsn(0).ok_or_else(cut)?,
                end: lsn(8).ok_or_else(cut)?,
                bytes: rest.get(24..).ok_or_else(cut)?,
            }),
            b'k' => Ok(Streamed::Alive { end: lsn(0).ok_or_else(cut)?, reply: rest.get(16).ok_or_else(cut)? == &1 }),
            other => Err(ReceiveFault::protocol(format!("a part of the stream of kind {other}"))),
        }
    }
}

/// The answer to it: what is written, and what outlives a crash. Nothing is replayed here.
pub(super) fn status(written: Lsn, flushed: Lsn, asks: bool) -> Vec<u8> {
    const EPOCH: u64 = 946_684_800_000_000;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let time = u64::try_from(now.as_micros()).unwrap_or(0).saturating_sub(EPOCH);
    let mut out = vec![b'r'];
    for number in [written.get(), flushed.get(), 0, time] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.push(u8::from(asks));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_off_is_refused() {
        let whole = [&2u16.to_be_bytes()[..], &3i32.to_be_bytes(), b"abc", &(-1i32).to_be_bytes()].concat();
        assert_eq!(row(&whole).unwrap(), [Some(b"abc".to_vec()), None]);
        for length in 0..whole.len() {
            assert!(row(&whole[..length]).is_err(), "{length}");
        }
        let wal = [&b"w"[..], &[0; 24], b"x"].concat();
        assert!(matches!(Streamed::parse(&wal), Ok(Streamed::Wal { bytes: b"x", .. })));
        for length in 0..25 {
            assert!(Streamed::parse(&wal[..length]).is_err(), "{length}");
        }
        assert!(Streamed::parse(b"k").is_err() && Streamed::parse(b"z").is_err() && Streamed::parse(b"").is_err());
    }
}
