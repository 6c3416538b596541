//! What a stretch of WAL without gaps came to.

use crate::Fold;
use crate::begin::{Begin, Link};
use crate::fault::{Damage, Fault};
use crate::head::Head;
use crate::open::Open;
use crate::rest::Rest;
use crate::slack::Slack;
use pgwal_format::{Layout, Lsn, TimelineId};

/// Where reading stopped for want of a record, with nothing after it in the segment that proves itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The record that is not there or cannot be read.
    pub lsn: Lsn,
    /// That record was begun before the bytes at hand.
    pub begun_before: bool,
    /// The page or record at fault.
    pub at: Lsn,
    /// Why reading stopped.
    pub fault: Fault,
    /// The end of the bytes that the fault may lie in.
    pub end: Lsn,
    /// What lies behind.
    pub rest: Rest,
    /// It is among the damages already: runs were joined since that lie inside the record that is lost.
    pub told: bool,
}

/// How a run ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tail {
    /// The last record ends with the last byte.
    Clean,
    /// A record goes on in the next segment.
    Open(Open),
    /// `XLOG_SWITCH`: the next record is in the next segment.
    Switched {
        /// The end of the switch record.
        at: Lsn,
    },
    /// No further record.
    Stopped(Stop),
}

/// A stretch of WAL: a segment, or several that follow each other.
#[derive(Clone, Debug)]
pub struct Run<A: Fold> {
    /// Start of the first segment.
    pub from: Lsn,
    /// End of the last segment: the start of the next, in the spelling that the address scheme calls normal.
    pub to: Lsn,
    /// The rest of a record begun before.
    pub head: Head,
    /// Where records begin: what was lost before that, is one loss with what is lost at the end of the run before.
    pub begins: Option<Begin>,
    /// The first record that starts here and was read.
    pub first: Option<Link>,
    /// The last record that was read, where nothing was lost behind it.
    pub last: Option<Lsn>,
    /// The end of the last record that was read.
    pub end: Lsn,
    /// What the records came to.
    pub acc: A,
    /// How it ends.
    pub tail: Tail,
    /// Places where WAL could not be read on, in order.
    pub damages: Vec<Damage<A::Mark>>,
    /// Further damages that were not kept one by one.
    pub more_damages: u64,
    /// Bytes outside records that should be zero and are not, in order.
    pub slack: Vec<Slack>,
    /// The timeline on the first good page of the first segment.
    pub first_timeline: Option<TimelineId>,
    /// The timeline on the last good page of the last segment.
    pub last_timeline: Option<TimelineId>,
}

impl<A: Fold, B: Fold> Run<(A, B)> {
    /// The run as one gatherer saw it, and what the other gathered.
    pub fn unzip(self) -> (Run<A>, B) {
        let (acc, beside) = self.acc;
        let one = |damage: Damage<(A::Mark, B::Mark)>| {
            let mark = damage.before.0.clone();
            damage.with(mark)
        };
        let run = Run {
            from: self.from,
            to: self.to,
            head: self.head,
            begins: self.begins,
            first: self.first,
            last: self.last,
            end: self.end,
            acc,
            tail: self.tail,
            damages: self.damages.into_iter().map(one).collect(),
            more_damages: self.more_damages,
            slack: self.slack,
            first_timeline: self.first_timeline,
            last_timeline: self.last_timeline,
        };
        (run, beside)
    }
}

impl<A: Fold + Default> Run<A> {
    /// A segment of which nothing was read: neither records nor damage are known.
    pub fn blank(from: Lsn, layout: &Layout) -> Run<A> {
        let to = layout.address().normal(from.plus_within(layout.segment.bytes()), layout.segment);
        Run {
            from,
            to,
            head: Head::Record,
            begins: None,
            first: None,
            last: None,
            end: to,
            acc: A::default(),
            tail: Tail::Clean,
            damages: Vec::new(),
            more_damages: 0,
            slack: Vec::new(),
            first_timeline: None,
            last_timeline: None,
        }
    }
}
