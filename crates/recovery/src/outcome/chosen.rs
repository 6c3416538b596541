//! Why a restore starts from the backup from which it does, where nobody named one.

/// Which backup was chosen, and why that one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupChoice {
    /// Its file.
    pub file: String,
    /// Its label.
    pub label: Option<String>,
    /// When it began, as its file says it.
    pub began: Option<String>,
    /// Replay from it comes where it is to come.
    pub reaches: bool,
    /// How many the archive knows.
    pub known: usize,
    /// Older ones that were not looked at, for none of so many newer ones comes where it should.
    pub untried: usize,
    /// Those that were tried or looked at before it, the newest first.
    pub passed_over: Vec<PassedOver>,
}

/// A backup that was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PassedOver {
    /// Its file.
    pub file: String,
    /// Why.
    pub why: WhyPassed,
}

/// Why a backup was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WhyPassed {
    /// It was taken, or ended, behind the target.
    BehindTarget,
    /// Replay from it does not come there, in the server's words where it has some.
    Fails(Option<String>),
    /// No WAL of it is here.
    NoWal,
    /// It is an incremental one, which restores only as what `pg_combinebackup` makes of it and those before it.
    Incremental,
}
