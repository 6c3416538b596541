//! What a record says, as data: rows of versions, operations and fields, from which every text, document and filter is
//! made.
//!
//! An [`Op`] is an operation of a resource manager from one version on: it holds until a later row of the same code
//! takes its place, or until its own end where none does. Its [`OpPart`]s follow the order of the text that the dump
//! tool of that version prints: words, fields that are shown, fields that only documents show, and, where a list or a
//! condition needs code, a function with the fields that it may give.
//!
//! ```text
//! op(0x20, "UPDATE", V16, &[text("old_xmax: "), u32("old_xmax", 0), text(", old_off: "), u16("old_off", 4), …])
//! op(0xC0, "FPI_MULTI", V9_5, &[]).until(V11)
//! ```
//!
//! Offsets are those of the structures in main data (the resource manager's data up to 9.4), on 8-byte aligned servers
//! and, where they differ, [`OpPart::on32`], on 4-byte aligned ones. Source: the header of each resource manager, per
//! version.

use super::cursor::Cx;
use super::sink::{Show, Sink};
use crate::Version;
use crate::versioned::Versioned;

pub use super::field::{Field, FieldKind, FieldSize, Short};
pub use crate::version::{
    V8_2, V8_3, V8_4, V9_0, V9_1, V9_2, V9_3, V9_4, V9_5, V9_6, V10, V11, V12, V13, V14, V15, V16, V17, V18, V19,
};

/// An operation of a resource manager, from a version on.
#[derive(Debug)]
pub struct Op {
    /// Bits of `xl_info` that name it: the high half, with the flag that a page is made anew where that changes the
    /// name.
    pub code: u8,
    /// Its name (`rm_identify`). From 9.5 on the dump tool prints it.
    pub name: &'static str,
    /// The first version.
    pub since: Version,
    /// The last version, where no later row of the same code takes its place.
    pub until: Option<Version>,
    /// Text and fields, in order.
    pub parts: &'static [OpPart],
}

/// An [`Op`] that holds until a later one takes its place.
pub const fn op(code: u8, name: &'static str, since: Version, parts: &'static [OpPart]) -> Op {
    Op { code, name, since, until: None, parts }
}

impl Op {
    /// The last version that has it: no later row takes its place.
    pub const fn until(self, last: Version) -> Op {
        Op { until: Some(last), ..self }
    }
}

impl Versioned for Op {
    type Subject = u8;

    fn subject(&self) -> u8 {
        self.code
    }

    fn since(&self) -> Version {
        self.since
    }

    fn until(&self) -> Option<Version> {
        self.until
    }
}

/// A piece of a description.
#[derive(Debug)]
pub enum OpPart {
    /// Words.
    Text(&'static str),
    /// A field at a fixed place.
    Field(Field),
    /// What needs code, and the fields that it may give.
    Call(Call),
}

/// Words.
pub const fn text(words: &'static str) -> OpPart {
    OpPart::Text(words)
}

/// Code that describes a part of a record. Returns `Err` with the name of the field that the data was too short for.
pub type Describer = fn(&Cx<'_>, &mut dyn Sink) -> Result<(), Short>;

/// A part that needs code.
#[derive(Debug)]
pub struct Call {
    /// Names and types of the fields that it may give, for lists of fields.
    pub fields: &'static [(&'static str, &'static str)],
    /// The code.
    pub run: Describer,
    /// It says nothing in the text.
    pub hidden: bool,
}

/// A part that needs code.
pub const fn call(run: Describer, fields: &'static [(&'static str, &'static str)]) -> OpPart {
    OpPart::Call(Call { fields, run, hidden: false })
}

/// A part that needs code and that only documents have.
pub const fn unsaid(run: Describer, fields: &'static [(&'static str, &'static str)]) -> OpPart {
    OpPart::Call(Call { fields, run, hidden: true })
}

macro_rules! kinds {
    ($($function:ident $kind:ident $what:literal;)*) => {
        $(#[doc = concat!("A shown field: ", $what, ".")]
        pub const fn $function(name: &'static str, at: u16) -> OpPart {
            field(name, FieldKind::$kind, at)
        })*
    };
}

kinds! {
    u8 U8 "one byte"; u16 U16 "two bytes"; u32 U32 "four bytes"; u64 U64 "eight bytes";
    i16 I16 "two bytes, signed"; i32 I32 "four bytes, signed"; i64 I64 "eight bytes, signed"; f64 F64 "a float of eight bytes";
    bool Bool "a byte that is 0 or not, `true` or `false`"; lsn Lsn "a position"; full_xid FullXid "epoch and transaction, `e:x`";
    rel Rel "a relation, `spc/db/rel`"; time Time "a time"; seconds Seconds "Unix seconds"; wal_level WalLevel "the name of a WAL level";
    tid Tid "a block and an offset in it, `block/offset`"; tid_block TidBlock "the block of a `tid`";
}

/// A shown field: text up to a zero byte, at most `most` bytes.
pub const fn cstr(name: &'static str, at: u16, most: u16) -> OpPart {
    field(name, FieldKind::Text(most), at)
}

/// A shown field.
pub const fn field(name: &'static str, kind: FieldKind, at: u16) -> OpPart {
    OpPart::Field(Field { name, kind, at: [at, at], show: Show::Plain })
}

impl OpPart {
    /// The offset on 4-byte aligned servers, where it is another one.
    pub const fn on32(self, at: u16) -> OpPart {
        match self {
            OpPart::Field(f) => OpPart::Field(Field { at: [f.at[0], at], ..f }),
            other => other,
        }
    }

    /// Another way to show it.
    pub const fn show(self, show: Show) -> OpPart {
        match self {
            OpPart::Field(f) => OpPart::Field(Field { show, ..f }),
            other => other,
        }
    }

    /// `0x%02X`, the `0x` included.
    pub const fn hex(self) -> OpPart {
        self.show(Show::Hex)
    }

    /// `T` or `F`.
    pub const fn tf(self) -> OpPart {
        self.show(Show::TrueFalseLetter)
    }

    /// `on` or `off`.
    pub const fn on_off(self) -> OpPart {
        self.show(Show::OnOff)
    }

    /// `1` or `0`.
    pub const fn digit(self) -> OpPart {
        self.show(Show::Digit)
    }

    /// Not in the text: only documents have it.
    pub const fn hidden(self) -> OpPart {
        self.show(Show::Not)
    }
}
