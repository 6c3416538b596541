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
pub(super) enum SlotForm {
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
const SLOTS: &[(&str, Slot, SlotForm)] = &[
    ("at", Slot::At, SlotForm::Lsn),
    ("near", Slot::Near, SlotForm::Lsn),
    ("last_good", Slot::LastGood, SlotForm::Lsn),
    ("page", Slot::Page, SlotForm::Lsn),
    ("prev", Slot::Prev, SlotForm::Lsn),
    ("pageaddr", Slot::PageAddress, SlotForm::Lsn),
    ("from", Slot::From, SlotForm::Lsn),
    ("until", Slot::Until, SlotForm::Lsn),
    ("file", Slot::File, SlotForm::Text),
    ("walfile", Slot::WalFile, SlotForm::WalFile),
    ("offset", Slot::Offset, SlotForm::Number),
    ("log", Slot::Log, SlotForm::Number),
    ("segment", Slot::Segment, SlotForm::Number),
    ("length", Slot::Length, SlotForm::Number),
    ("got", Slot::Got, SlotForm::Number),
    ("expected", Slot::Expected, SlotForm::Signed),
    ("timeline", Slot::Timeline, SlotForm::Timeline),
    ("other", Slot::OtherTimeline, SlotForm::Timeline),
    ("magic", Slot::Magic, SlotForm::Hex),
    ("info", Slot::Info, SlotForm::Hex),
    ("sysid", Slot::SystemId, SlotForm::Number),
    ("control_sysid", Slot::ControlSystemId, SlotForm::Number),
    ("rmgr", Slot::Rmgr, SlotForm::Number),
    ("block_id", Slot::BlockId, SlotForm::Number),
    ("block", Slot::Block, SlotForm::Number),
    ("fork", Slot::Fork, SlotForm::Number),
    ("relation", Slot::Relation, SlotForm::Text),
    ("xid", Slot::Xid, SlotForm::Number),
    ("time", Slot::Time, SlotForm::Text),
    ("name", Slot::Name, SlotForm::Text),
    ("number", Slot::Number, SlotForm::Number),
    ("reason", Slot::Reason, SlotForm::Text),
    ("text", Slot::Text, SlotForm::Text),
    ("inner", Slot::Inner, SlotForm::Text),
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

pub(super) fn by_name(name: &str) -> Option<(Slot, SlotForm)> {
    SLOTS.iter().find(|(n, _, _)| *n == name).map(|(_, slot, form)| (*slot, *form))
}

/// A value of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SlotValue {
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

impl SlotValue {
    /// The position, where it is one.
    pub fn lsn(&self) -> Option<Lsn> {
        if let SlotValue::Lsn(lsn) = self { Some(*lsn) } else { None }
    }

    /// The number, where it is one that cannot be negative.
    pub fn number(&self) -> Option<u64> {
        match self {
            SlotValue::Number(n) => Some(*n),
            SlotValue::Hex(n) => Some(u64::from(*n)),
            _ => None,
        }
    }

    /// The timeline, where it is one.
    pub fn timeline(&self) -> Option<TimelineId> {
        if let SlotValue::Timeline(t) = self { Some(*t) } else { None }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        if let SlotValue::Text(t) = self { Some(t) } else { None }
    }
}

impl fmt::Display for SlotValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlotValue::Lsn(lsn) => write!(f, "{lsn}"),
            SlotValue::Number(n) => write!(f, "{n}"),
            SlotValue::Signed(n) => write!(f, "{n}"),
            SlotValue::Hex(n) => write!(f, "{n:04X}"),
            SlotValue::Timeline(t) => write!(f, "{t}"),
            SlotValue::Text(t) => f.write_str(t),
        }
    }
}

/// A value and what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotFact {
    /// What it is.
    pub slot: Slot,
    /// The value.
    pub value: SlotValue,
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
