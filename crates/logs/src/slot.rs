//! The values that a message carries.

use pgwal_format::{Lsn, TimelineId};
use std::fmt;

/// What a value is the value of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Slot {
    /// Where the record begins, or what the message is about.
    At,
    /// The record that failed (servers up to 14), or the one before it (15 and later): the reader prints the last
    /// record that it had returned.
    Near,
    /// The last record that was good.
    LastGood,
    /// The page whose header failed.
    Page,
    /// The prev-link found in the record.
    Prev,
    /// The address found in the page header.
    PageAddress,
    /// A position from which something begins.
    From,
    /// A position up to which something goes.
    Until,
    /// A file's name, with or without its folder.
    File,
    /// A file whose name is one of WAL's.
    WalFile,
    /// Bytes from the beginning of the file.
    Offset,
    /// The log id of 9.2 and earlier.
    Log,
    /// The segment in the log of 9.2 and earlier.
    Segment,
    /// A length in bytes.
    Length,
    /// What was found; a length, size or count.
    Got,
    /// What would have been right.
    Expected,
    /// The timeline found or wanted.
    Timeline,
    /// The timeline it is compared with.
    OtherTimeline,
    /// The page magic found.
    Magic,
    /// The page flags found.
    Info,
    /// The system identifier in WAL (or of the primary).
    SystemId,
    /// The system identifier in pg_control (or of the standby).
    ControlSystemId,
    /// A resource manager's number.
    Rmgr,
    /// The number of a block reference in a record.
    BlockId,
    /// The number of a page of a relation.
    Block,
    /// A fork of a relation.
    Fork,
    /// A relation, as the server names it.
    Relation,
    /// A transaction.
    Xid,
    /// A time, as the server prints it.
    Time,
    /// A name that somebody gave: of a restore point, of a file to be.
    Name,
    /// Any other number.
    Number,
    /// The system's reason, an exit code or a signal.
    Reason,
    /// Any other text.
    Text,
    /// The message that lies in this one.
    Inner,
}

/// How the value of a slot is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// `X/Y` in hexadecimal.
    Lsn,
    /// Decimal digits.
    Number,
    /// Decimal digits, perhaps behind a minus.
    Signed,
    /// One to eight hexadecimal digits.
    Hex,
    /// A timeline in decimal.
    Timeline,
    /// Anything.
    Text,
    /// A path whose last part is the name of a WAL file.
    WalFile,
}

/// Names in wordings, slots, forms.
const SLOTS: &[(&str, Slot, Form)] = &[
    ("at", Slot::At, Form::Lsn),
    ("near", Slot::Near, Form::Lsn),
    ("last_good", Slot::LastGood, Form::Lsn),
    ("page", Slot::Page, Form::Lsn),
    ("prev", Slot::Prev, Form::Lsn),
    ("pageaddr", Slot::PageAddress, Form::Lsn),
    ("from", Slot::From, Form::Lsn),
    ("until", Slot::Until, Form::Lsn),
    ("file", Slot::File, Form::Text),
    ("walfile", Slot::WalFile, Form::WalFile),
    ("offset", Slot::Offset, Form::Number),
    ("log", Slot::Log, Form::Number),
    ("segment", Slot::Segment, Form::Number),
    ("length", Slot::Length, Form::Number),
    ("got", Slot::Got, Form::Number),
    ("expected", Slot::Expected, Form::Signed),
    ("timeline", Slot::Timeline, Form::Timeline),
    ("other", Slot::OtherTimeline, Form::Timeline),
    ("magic", Slot::Magic, Form::Hex),
    ("info", Slot::Info, Form::Hex),
    ("sysid", Slot::SystemId, Form::Number),
    ("control_sysid", Slot::ControlSystemId, Form::Number),
    ("rmgr", Slot::Rmgr, Form::Number),
    ("block_id", Slot::BlockId, Form::Number),
    ("block", Slot::Block, Form::Number),
    ("fork", Slot::Fork, Form::Number),
    ("relation", Slot::Relation, Form::Text),
    ("xid", Slot::Xid, Form::Number),
    ("time", Slot::Time, Form::Text),
    ("name", Slot::Name, Form::Text),
    ("number", Slot::Number, Form::Number),
    ("reason", Slot::Reason, Form::Text),
    ("text", Slot::Text, Form::Text),
    ("inner", Slot::Inner, Form::Text),
];

impl Slot {
    /// The slot of a name as wordings write it.
    pub fn from_name(name: &str) -> Option<Slot> {
        by_name(name).map(|(slot, _)| slot)
    }

    /// The name as wordings write it.
    pub fn name(self) -> &'static str {
        SLOTS.iter().find(|(_, slot, _)| *slot == self).map_or("", |(name, _, _)| name)
    }
}

pub(super) fn by_name(name: &str) -> Option<(Slot, Form)> {
    SLOTS.iter().find(|(n, _, _)| *n == name).map(|(_, slot, form)| (*slot, *form))
}

/// A value of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Value {
    /// A position.
    Lsn(Lsn),
    /// A number; of bytes where it is a length or an offset.
    Number(u64),
    /// A number that may be negative.
    Signed(i64),
    /// A number that the server prints in hexadecimal.
    Hex(u32),
    /// A timeline.
    Timeline(TimelineId),
    /// A text.
    Text(String),
}

impl Value {
    /// The position, where it is one.
    pub fn lsn(&self) -> Option<Lsn> {
        if let Value::Lsn(lsn) = self { Some(*lsn) } else { None }
    }

    /// The number, where it is one that cannot be negative.
    pub fn number(&self) -> Option<u64> {
        match self {
            Value::Number(n) => Some(*n),
            Value::Hex(n) => Some(u64::from(*n)),
            _ => None,
        }
    }

    /// The timeline, where it is one.
    pub fn timeline(&self) -> Option<TimelineId> {
        if let Value::Timeline(t) = self { Some(*t) } else { None }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(t) = self { Some(t) } else { None }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Lsn(lsn) => write!(f, "{lsn}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::Signed(n) => write!(f, "{n}"),
            Value::Hex(n) => write!(f, "{n:04X}"),
            Value::Timeline(t) => write!(f, "{t}"),
            Value::Text(t) => f.write_str(t),
        }
    }
}

/// A value and what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// What it is.
    pub slot: Slot,
    /// The value.
    pub value: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_its_own_name() {
        for (name, slot, _) in SLOTS {
            assert_eq!(Slot::from_name(name), Some(*slot));
            assert_eq!(slot.name(), *name);
        }
        assert_eq!(Slot::from_name("moon"), None);
    }
}
