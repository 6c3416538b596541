//! How one transaction ended.

use crate::event::{EventEnd, WalEvent};
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;
use std::sync::Arc;

/// Which transaction is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SoughtXact {
    /// That of this number, or the one to which this part of it belongs.
    Xid(u32),
    /// That which ends here.
    End(Lsn),
}

/// How a transaction ended, or what happened without one.
#[derive(Clone, PartialEq, Debug)]
pub struct XactFate {
    /// The transaction; `None` for what has none.
    pub xid: Option<u32>,
    /// How it ended; `None` for what has none.
    pub end: Option<EventEnd>,
    /// The record that ended it.
    pub end_lsn: Option<Lsn>,
    /// When it ended, or when it happened.
    pub time: Option<Timestamp>,
    /// As [`WalEvent::undo`].
    pub undo: Option<Lsn>,
    /// The name under which it had been prepared.
    pub prepared: Option<Arc<[u8]>>,
    /// WAL is missing inside of it.
    pub partial: bool,
}

impl From<&WalEvent> for XactFate {
    fn from(event: &WalEvent) -> XactFate {
        XactFate {
            xid: event.xid,
            end: event.end,
            end_lsn: event.end_lsn,
            time: event.time,
            undo: event.undo,
            prepared: event.prepared.clone(),
            partial: event.partial,
        }
    }
}
