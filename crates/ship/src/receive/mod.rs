//! Receives WAL from a server, by the protocol in which standbys do: physical streaming replication, from 9.3 on.
//!
//! ```text
//! connect, prove who we are ──► IDENTIFY_SYSTEM ──► TIMELINE_HISTORY ──► START_REPLICATION
//!                                                                             │
//!            status: written, flushed ◄── checked records ◄── [`Arrival`] ◄── WAL, cut anywhere
//! ```
//! A small client that waits for one connection: no runtime, no threads. Nothing comes out that was not checked: whole
//! records, each with its checksum and its link to the one before.
//!
//! ```no_run
//! use pgwal_ship::receive::{ConnInfo, Received, Receiver};
//! use pgwal_archive::arrival::StartPoint;
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), pgwal_ship::receive::ReceiveFault> {
//! let mut server = Receiver::connect(&ConnInfo::parse("host=db user=replicator")?)?;
//! let (identity, size) = (*server.identity(), server.segment_size());
//! let number = pgwal_format::AddressScheme::Linear.segment(identity.position, size);
//! server.start(StartPoint { timeline: identity.timeline, number }, size, None, None)?;
//! loop {
//!     if let Received::Checked(arrived) = server.next(Duration::from_secs(1), pgwal_walk::Ignore)? {
//!         println!("{} bytes at {}", arrived.bytes.bytes.len(), arrived.bytes.offset);
//!     }
//! }
//! # }
//! ```

mod command;
mod connection;
mod conninfo;
mod fault;
mod message;
mod refusal;
mod startup;
mod tls;

pub use command::SystemIdentity;
pub use conninfo::{ConnInfo, ConnInfoFault, Surroundings};
pub use fault::ReceiveFault;
pub use refusal::ServerError;

use bytes::BytesMut;
use command::{quoted, text};
use connection::{Connection, ServerMessage};
use message::{Streamed, status};
use pgwal_archive::arrival::{Arrival, Arrived, StartPoint};
use pgwal_format::streaming::StreamingRules;
use pgwal_format::{Lsn, SegmentSize, TimelineId, Version};
use pgwal_walk::{Chain, Fold};
use postgres_protocol::message::frontend::{CopyData, copy_done};
use std::io;
use std::time::{Duration, Instant};

/// A connection to a server that sends WAL.
pub struct Receiver {
    connection: Connection,
    place: String,
    version: u32,
    rules: StreamingRules,
    identity: SystemIdentity,
    size: SegmentSize,
    arrival: Option<Arrival>,
    /// Nothing more comes: the timeline ended, behind a stream or without one; or what is wrong.
    ended: Option<Result<bool, ReceiveFault>>,
    /// When something came last, and whether it was asked since whether the server is there.
    heard: Instant,
    asked: bool,
    /// The server wants to know how far we are.
    wants_status: bool,
    server_end: Lsn,
}

/// What came.
#[derive(Debug)]
pub enum Received<'a, F> {
    /// Records, whole and checked.
    Checked(Arrived<'a, F>),
    /// Nothing in that time, or nothing that is whole.
    Nothing,
    /// The timeline ended on the server.
    TimelineEnded {
        /// The one that goes on.
        next: TimelineId,
        /// Where.
        at: Lsn,
    },
}

/// Without a word for so long, the server is asked whether it is there; after twice that it is not.
const SILENCE: Duration = Duration::from_secs(30);

impl Receiver {
    /// Connects to the first place of a server that answers.
    ///
    /// # Errors
    /// None does, or it lets nobody in.
    pub fn connect(info: &ConnInfo) -> Result<Receiver, ReceiveFault> {
        let mut last = ReceiveFault::Closed;
        for place in &info.hosts {
            match startup::start(info, place) {
                Ok((connection, version)) => match StreamingRules::of(Version::of_server(version)) {
                    Some(rules) => return Receiver::known(connection, (version, rules), place.to_string()),
                    None => last = ReceiveFault::OldServer(version),
                },
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    fn known(
        mut connection: Connection,
        (version, rules): (u32, StreamingRules),
        place: String,
    ) -> Result<Receiver, ReceiveFault> {
        let identity = connection.identify()?;
        let shown = if rules.shows_segment_size { connection.segment_size()? } else { None };
        let size = shown.unwrap_or(SegmentSize::DEFAULT);
        Ok(Receiver {
            connection,
            place,
            version,
            rules,
            identity,
            size,
            arrival: None,
            ended: None,
            heard: Instant::now(),
            asked: false,
            wants_status: false,
            server_end: identity.position,
        })
    }

    /// Where the server is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Who it is.
    pub fn identity(&self) -> &SystemIdentity {
        &self.identity
    }

    /// Its version: 150018 for 15.18.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The size of its segments; up to 10 it does not say, and 16 MiB are taken for granted.
    pub fn segment_size(&self) -> SegmentSize {
        self.size
    }

    /// It said the size of its segments itself.
    pub fn says_segment_size(&self) -> bool {
        self.rules.shows_segment_size
    }

    /// How far its WAL goes, as it said last.
    pub fn server_end(&self) -> Lsn {
        self.server_end
    }

    /// A timeline's history file, as the server has it.
    ///
    /// # Errors
    /// It has none.
    pub fn history(&mut self, timeline: TimelineId) -> Result<Vec<u8>, ReceiveFault> {
        self.connection.history(timeline)
    }

    /// Makes a physical replication slot that keeps WAL for us, if there is none of that name.
    ///
    /// # Errors
    /// The server refuses it.
    pub fn create_slot(&mut self, name: &str) -> Result<(), ReceiveFault> {
        self.connection.create_slot(name, &self.rules)
    }

    /// From where a slot keeps WAL: from 15 on; `None` where it is not known, or nothing is kept yet.
    ///
    /// # Errors
    /// There is no such slot.
    pub fn slot_keeps(&mut self, name: &str) -> Result<Option<(TimelineId, Lsn)>, ReceiveFault> {
        if self.rules.reads_slots { self.connection.read_slot(name) } else { Ok(None) }
    }

    /// A slot that the server gave up keeps nothing any more, whoever uses it.
    pub fn lost_slots_stay(&self) -> bool {
        self.rules.lost_slots_stay
    }

    /// Bytes of WAL that a slot may keep: from 15 on; `None` where there is no limit, or it is not known.
    ///
    /// # Errors
    /// The connection breaks.
    pub fn slots_may_keep(&mut self) -> Result<Option<u64>, ReceiveFault> {
        if !self.rules.reads_slots {
            return Ok(None);
        }
        let Some(limit) = self.connection.size("max_slot_wal_keep_size")? else { return Ok(None) };
        // What is kept for all is kept for a slot, too.
        Ok(Some(limit.max(self.connection.size("wal_keep_size")?.unwrap_or(0))))
    }

    /// Has the server stream from the start of a segment. `chain`: the end of the segment before, where that is known.
    ///
    /// # Errors
    /// It refuses: WAL that is there no more, a timeline that is none of its own.
    pub fn start(
        &mut self,
        at: StartPoint,
        size: SegmentSize,
        slot: Option<&str>,
        chain: Option<Chain>,
    ) -> Result<(), ReceiveFault> {
        let arrival = Arrival::new(self.identity.system_id, at, size, chain);
        let slot = slot.map(|name| format!("SLOT {} ", quoted(name))).unwrap_or_default();
        let (from, timeline) = (arrival.next(), at.timeline);
        let (high, low) = (from.high(), from.low());
        self.connection.say(&format!("START_REPLICATION {slot}{high:X}/{low:X} TIMELINE {timeline}"))?;
        self.arrival = Some(arrival);
        self.heard = Instant::now();
        Ok(())
    }

    /// Waits for records that are whole.
    ///
    /// # Errors
    /// The connection breaks, or what comes is not right. Nothing more comes then.
    pub fn next<F: Fold<Mark = ()>>(&mut self, within: Duration, fold: F) -> Result<Received<'_, F>, ReceiveFault> {
        let (until, mut idle) = (Instant::now() + within, false);
        loop {
            let Some(arrival) = &mut self.arrival else { return Ok(Received::Nothing) };
            if arrival.is_much() || self.ended.is_some() {
                break;
            }
            // What is here already comes first; then there is time to look at it.
            let left = until.saturating_duration_since(Instant::now());
            let Some(ServerMessage { tag, body }) = self.connection.next(left)? else {
                idle = true;
                break;
            };
            (self.heard, self.asked) = (Instant::now(), false);
            // Whoever says much, and no WAL, must not keep us from anything else.
            let is_late = self.heard >= until;
            match tag {
                b'd' => match Streamed::parse(&body)? {
                    Streamed::Wal { start, end, bytes } => {
                        arrival.push(start, bytes)?;
                        self.server_end = end.max(arrival.next());
                    }
                    Streamed::Alive { end, reply } => {
                        self.server_end = end;
                        self.wants_status |= reply;
                    }
                },
                // The stream begins.
                b'W' | b'N' | b'S' if !is_late && !self.wants_status => continue,
                b'W' | b'N' | b'S' => {}
                // The timeline ended; where it was asked for from its very end, without a stream.
                b'c' | b'T' => self.ended = Some(Ok(tag == b'c')),
                b'C' | b'Z' => self.ended = Some(Err(ReceiveFault::Closed)),
                b'E' => self.ended = Some(Err(ReceiveFault::Server(ServerError::parse(&body)))),
                other => return Err(ReceiveFault::protocol(format!("message {other} in the stream"))),
            }
            if is_late || self.wants_status || !self.connection.has_next() {
                break;
            }
        }
        if self.heard.elapsed() > SILENCE * 2 {
            return Err(ReceiveFault::Silent);
        }
        // What came before the end is looked at first.
        if self.ended.is_some() && !self.arrival.as_mut().is_some_and(Arrival::is_new) {
            return match self.ended.take() {
                Some(Err(fault)) => Err(fault),
                ended => self.timeline_ended(matches!(ended, Some(Ok(true)))),
            };
        }
        let Some(arrival) = &mut self.arrival else { return Ok(Received::Nothing) };
        Ok(arrival.check(fold, idle || self.ended.is_some())?.map_or(Received::Nothing, Received::Checked))
    }

    /// The server wants to know how far we are, or should be asked whether it is there.
    pub fn wants_status(&self) -> bool {
        self.wants_status || (!self.asked && self.heard.elapsed() > SILENCE)
    }

    /// Says how far we are: what is written, and what outlives a crash; zero where that is not to count.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn confirm(&mut self, written: Lsn, flushed: Lsn) -> Result<(), ReceiveFault> {
        let asks = self.heard.elapsed() > SILENCE;
        let mut out = BytesMut::new();
        let data = CopyData::new(io::Cursor::new(status(written, flushed, asks)));
        data.map_err(|error| ReceiveFault::protocol(error.to_string()))?.write(&mut out);
        self.connection.send(&out)?;
        (self.wants_status, self.asked) = (false, asks);
        Ok(())
    }

    /// The end of what was handed on, and its timeline.
    pub fn handed(&self) -> Option<(TimelineId, Lsn)> {
        self.arrival.as_ref().map(|arrival| (arrival.timeline(), arrival.handed()))
    }

    fn timeline_ended<F>(&mut self, streamed: bool) -> Result<Received<'_, F>, ReceiveFault> {
        self.arrival = None;
        if streamed {
            let mut out = BytesMut::new();
            copy_done(&mut out);
            self.connection.send(&out)?;
        }
        let rows = self.connection.rows()?;
        let told = text(rows.first(), 0).and_then(|text| text.parse().ok()).map(TimelineId);
        let at = text(rows.first(), 1).and_then(|text| text.parse().ok());
        match told.zip(at) {
            Some((next, at)) => Ok(Received::TimelineEnded { next, at }),
            // It stops, and has sent all that there is.
            None => Err(ReceiveFault::Closed),
        }
    }
}
