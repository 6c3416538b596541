//! What the functions for positions do differently from version to version.

/// The facts of one version's functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalFunctions {
    /// How the text of a position is read.
    pub input: LsnInput,
    /// Name of the function that gives the file of a position.
    pub file_name: &'static str,
    /// Name of the function that gives the file and the offset in it.
    pub file_name_offset: &'static str,
    /// Name of the function that gives the bytes between two positions. 8.2 – 9.1 have none.
    pub diff_name: &'static str,
    /// How it computes.
    pub diff: LsnDiff,
    /// `pg_split_walfile_name` exists (16 and later).
    pub split: bool,
}

/// How the text of a position is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LsnInput {
    /// `sscanf` with `%X/%X` (8.2 – 9.1): blanks, signs, `0x` and whatever follows are accepted, and what is too long
    /// is cut to 32 bits. As the C library of Linux on 64-bit machines does it.
    Scanf,
    /// One to eight digits on each side of the slash and nothing else, in a text (9.2, 9.3).
    Location,
    /// The same, in the type `pg_lsn` (9.4 and later).
    PgLsn,
}

/// How bytes between two positions are computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LsnDiff {
    /// No function (8.2 – 9.1).
    Absent,
    /// By log id and offset; an offset behind the last segment of the log id is an error (9.2).
    Split,
    /// Each side as a signed 64-bit number, so that 80000000/0 lies below 0/0 (9.3).
    Signed,
    /// Exactly (9.4 and later).
    Exact,
}

pub(crate) const FUNCTIONS_8_2: WalFunctions = WalFunctions {
    input: LsnInput::Scanf,
    file_name: "pg_xlogfile_name",
    file_name_offset: "pg_xlogfile_name_offset",
    diff_name: "pg_xlog_location_diff",
    diff: LsnDiff::Absent,
    split: false,
};
pub(crate) const FUNCTIONS_9_2: WalFunctions =
    WalFunctions { input: LsnInput::Location, diff: LsnDiff::Split, ..FUNCTIONS_8_2 };
pub(crate) const FUNCTIONS_9_3: WalFunctions = WalFunctions { diff: LsnDiff::Signed, ..FUNCTIONS_9_2 };
pub(crate) const FUNCTIONS_9_4: WalFunctions =
    WalFunctions { input: LsnInput::PgLsn, diff: LsnDiff::Exact, ..FUNCTIONS_9_3 };
pub(crate) const FUNCTIONS_10: WalFunctions = WalFunctions {
    file_name: "pg_walfile_name",
    file_name_offset: "pg_walfile_name_offset",
    diff_name: "pg_wal_lsn_diff",
    ..FUNCTIONS_9_4
};
pub(crate) const FUNCTIONS_16: WalFunctions = WalFunctions { split: true, ..FUNCTIONS_10 };
