//! Fields at fixed places of a record's data.

use super::sink::Show;

/// The data ends before this field does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Short(pub &'static str);

/// A field at a fixed place.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name, in every version: PostgreSQL's own, in lower case.
    pub name: &'static str,
    /// What lies there.
    pub kind: FieldKind,
    /// Where, on servers aligned to 8 and to 4 bytes.
    pub at: [u16; 2],
    /// How the text shows it.
    pub show: Show,
}

/// What a field is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FieldKind {
    /// An unsigned number of one byte.
    U8,
    /// Of two.
    U16,
    /// Of four.
    U32,
    /// Of eight.
    U64,
    /// A signed number of two bytes.
    I16,
    /// Of four.
    I32,
    /// Of eight.
    I64,
    /// A floating-point number of eight bytes.
    F64,
    /// A byte that is 0 or not.
    Bool,
    /// A position: eight bytes, two halves up to 9.2.
    Lsn,
    /// A transaction number with its epoch, eight bytes.
    FullXid,
    /// Tablespace, database, relation: twelve bytes.
    Rel,
    /// Microseconds since 2000 (float seconds where a server up to 9.6 was built so).
    Time,
    /// Unix seconds, eight bytes (`time_t` or `pg_time_t`).
    Seconds,
    /// `wal_level`, four bytes; names by version.
    WalLevel,
    /// Text that a zero byte ends, at most so many bytes.
    Text(u16),
    /// A block, six bytes (`ItemPointerData`) of which the first two are its high half and the next two its low half.
    TidBlock,
    /// A block and an offset in it, six bytes (`ItemPointerData`).
    Tid,
}

/// How many bytes a field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldSize {
    /// So many.
    Fixed(usize),
    /// Text, so many at most.
    AtMost(usize),
}

impl FieldKind {
    /// The bytes it takes.
    pub const fn size(self) -> FieldSize {
        match self {
            FieldKind::U8 | FieldKind::Bool => FieldSize::Fixed(1),
            FieldKind::U16 | FieldKind::I16 => FieldSize::Fixed(2),
            FieldKind::U32 | FieldKind::I32 | FieldKind::WalLevel | FieldKind::TidBlock => FieldSize::Fixed(4),
            FieldKind::Tid => FieldSize::Fixed(6),
            FieldKind::U64
            | FieldKind::I64
            | FieldKind::F64
            | FieldKind::Lsn
            | FieldKind::FullXid
            | FieldKind::Time
            | FieldKind::Seconds => FieldSize::Fixed(8),
            FieldKind::Rel => FieldSize::Fixed(12),
            FieldKind::Text(most) => FieldSize::AtMost(most as usize),
        }
    }

    /// How lists of fields call the type.
    pub const fn name(self) -> &'static str {
        match self {
            FieldKind::U8 | FieldKind::U16 | FieldKind::U32 | FieldKind::U64 | FieldKind::TidBlock => "unsigned",
            FieldKind::I16 | FieldKind::I32 | FieldKind::I64 => "integer",
            FieldKind::F64 => "number",
            FieldKind::Bool => "boolean",
            FieldKind::Lsn => "lsn",
            FieldKind::FullXid => "full xid",
            FieldKind::Rel => "relation",
            FieldKind::Time | FieldKind::Seconds => "time",
            FieldKind::WalLevel | FieldKind::Text(_) => "text",
            FieldKind::Tid => "tid",
        }
    }
}
