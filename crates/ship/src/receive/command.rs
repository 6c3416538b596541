//! What a server that streams WAL is asked for, besides WAL.

use super::connection::{Connection, ServerMessage};
use super::fault::ReceiveFault;
use super::message::row;
use super::refusal::ServerError;
use bytes::BytesMut;
use pgwal_format::streaming::StreamingRules;
use pgwal_format::{Lsn, SegmentSize, TimelineId};
use postgres_protocol::message::frontend;
use std::time::{Duration, Instant};

/// How long a server may take to answer.
pub(super) const ANSWERS: Duration = Duration::from_secs(60);

/// Who a server is, and how far its WAL goes (`IDENTIFY_SYSTEM`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemIdentity {
    /// The cluster.
    pub system_id: u64,
    /// Its timeline.
    pub timeline: TimelineId,
    /// The end of its WAL on disk.
    pub position: Lsn,
}

type AnswerRow = Vec<Option<Vec<u8>>>;

/// What a replication slot keeps: `None` for one that has kept nothing yet.
pub(super) type SlotKeeps = Option<(TimelineId, Lsn)>;

impl Connection {
    pub fn identify(&mut self) -> Result<SystemIdentity, ReceiveFault> {
        let rows = self.ask("IDENTIFY_SYSTEM")?;
        let column = |at| text(rows.first(), at);
        let strange = || ReceiveFault::protocol("an answer to IDENTIFY_SYSTEM that says nothing");
        Ok(SystemIdentity {
            system_id: column(0).and_then(|text| text.parse().ok()).ok_or_else(strange)?,
            timeline: column(1).and_then(|text| text.parse().ok()).map(TimelineId).ok_or_else(strange)?,
            position: column(2).and_then(|text| text.parse().ok()).ok_or_else(strange)?,
        })
    }

    /// `SHOW wal_segment_size`: from 11 on.
    pub fn segment_size(&mut self) -> Result<Option<SegmentSize>, ReceiveFault> {
        Ok(self.size("wal_segment_size")?.and_then(SegmentSize::new))
    }

    /// A setting that is a size, in bytes; `None` where it is -1.
    pub fn size(&mut self, setting: &str) -> Result<Option<u64>, ReceiveFault> {
        let rows = self.ask(&format!("SHOW {setting}"))?;
        let shown = text(rows.first(), 0).unwrap_or_default();
        let digits = shown.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = match shown.get(digits.len()..) {
            Some("TB") => 1 << 40,
            Some("GB") => 1 << 30,
            Some("MB") => 1 << 20,
            Some("kB") => 1 << 10,
            _ => 1,
        };
        Ok(digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)))
    }

    /// A timeline's history file, as the server has it.
    pub fn history(&mut self, timeline: TimelineId) -> Result<Vec<u8>, ReceiveFault> {
        let mut rows = self.ask(&format!("TIMELINE_HISTORY {timeline}"))?;
        let content = rows.pop().and_then(|mut row| row.pop()).flatten();
        content.ok_or_else(|| ReceiveFault::protocol("an answer to TIMELINE_HISTORY without a file"))
    }

    /// Makes a slot that keeps WAL from now on (that at once: from 9.6 on). One that is there is left as it is.
    pub fn create_slot(&mut self, name: &str, rules: &StreamingRules) -> Result<(), ReceiveFault> {
        let at_once = if rules.reserves_wal { " RESERVE_WAL" } else { "" };
        match self.ask(&format!("CREATE_REPLICATION_SLOT {} PHYSICAL{at_once}", quoted(name))) {
            // `duplicate_object`
            Err(ReceiveFault::Server(error)) if error.code == "42710" => Ok(()),
            made => made.map(drop),
        }
    }

    /// What a slot keeps: from 15 on.
    pub fn read_slot(&mut self, name: &str) -> Result<SlotKeeps, ReceiveFault> {
        let rows = self.ask(&format!("READ_REPLICATION_SLOT {}", quoted(name)))?;
        let first = rows.first();
        if text(first, 0).is_none() {
            let message = format!("replication slot \"{name}\" does not exist");
            return Err(ReceiveFault::Server(ServerError { code: "42704".into(), message, ..ServerError::default() }));
        }
        let lsn = text(first, 1).and_then(|text| text.parse().ok());
        let timeline = text(first, 2).and_then(|text| text.parse().ok());
        Ok(timeline.map(TimelineId).zip(lsn))
    }

    /// Asks, and takes the rows of the answer.
    fn ask(&mut self, command: &str) -> Result<Vec<AnswerRow>, ReceiveFault> {
        self.say(command)?;
        self.rows()
    }

    pub fn say(&mut self, command: &str) -> Result<(), ReceiveFault> {
        let mut words = BytesMut::new();
        frontend::query(command, &mut words).map_err(|error| ReceiveFault::protocol(error.to_string()))?;
        self.send(&words)
    }

    /// The rows of an answer, up to the server's being ready for more. It may have two answers to one question.
    pub fn rows(&mut self) -> Result<Vec<AnswerRow>, ReceiveFault> {
        let (mut rows, mut error) = (Vec::new(), None);
        let until = Instant::now() + ANSWERS;
        loop {
            // Whoever says much, and not what was asked for, does not answer either.
            let left = until.saturating_duration_since(Instant::now());
            let next = if left.is_zero() { None } else { self.next(left)? };
            let ServerMessage { tag, body } = next.ok_or(ReceiveFault::NoAnswer)?;
            match tag {
                b'D' if rows.len() < 16 => rows.push(row(&body)?),
                // An error at the end of a session is followed by nothing.
                b'E' => error = Some(ServerError::parse(&body)),
                b'Z' => return error.map_or(Ok(rows), |error| Err(ReceiveFault::Server(error))),
                // Behind the end of a stream, too: that the server is still there.
                b'T' | b'C' | b'S' | b'N' | b'd' => {}
                other => return Err(ReceiveFault::protocol(format!("message {other} in an answer"))),
            }
        }
    }
}

/// A column of a row, as text.
pub(super) fn text(row: Option<&AnswerRow>, at: usize) -> Option<String> {
    String::from_utf8(row?.get(at)?.clone()?).ok()
}

/// As the grammar of replication commands has names: in quotes, and those inside doubled.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
