//! A file a subcommand: its options and what it does.

pub mod archive_get;
pub mod archive_prune;
pub mod archive_push;
pub mod backups;
pub mod blame;
pub mod check;
pub mod compare;
pub mod control;
pub mod diverge;
pub mod dump;
mod elsewhere;
pub mod events;
pub mod explain;
pub mod fields;
pub mod generate;
mod guard;
pub mod hex;
mod history;
pub mod lag;
pub mod locate;
pub mod plan;
pub(crate) mod reading;
pub(crate) mod restoring;
pub mod ship;
pub mod stats;
pub mod summarize;
pub mod timelines;
pub mod top;
pub mod txns;
pub mod verify;
pub mod watch;
pub mod when;

use crate::exit::Exit;

macro_rules! subcommands {
    ($($(#[$doc:meta])* $name:ident => $module:ident :: $args:ident),* $(,)?) => {
        /// The subcommands.
        #[derive(clap::Subcommand)]
        pub enum Command { $($(#[$doc])* $name(Box<$module::$args>),)* }

        impl Command {
            /// Runs it.
            pub fn run(&self) -> anyhow::Result<Exit> {
                match self { $(Command::$name(args) => $module::run(args),)* }
            }
        }
    };
}

subcommands! {
    /// Says whether a WAL archive replays, how far, and why not further
    Verify => verify::VerifyArgs,
    /// Lists the backups of a place, and from when to when each can be restored to
    Backups => backups::BackupsArgs,
    /// Lists the files that a restore asks for, in order, with what is missing
    Plan => plan::PlanArgs,
    /// Says where two copies of an archive differ and which is right, and writes a mended one
    Compare => compare::CompareArgs,
    /// Lists the records of an archive, in order and past damage
    Dump => dump::DumpArgs,
    /// Counts records and bytes by resource manager, type, relation, transaction, database or time
    Stats => stats::StatsArgs,
    /// Says what happened and in which transaction: drops, truncations, mass changes of rows, restarts
    Events => events::EventsArgs,
    /// Lists transactions: how each ended, how long it took, what it wrote; the largest, the longest, those open then
    Txns => txns::TxnsArgs,
    /// Says where two lines of WAL part, what each has behind that, and whether pg_rewind can help
    Diverge => diverge::DivergeArgs,
    /// Says what makes this WAL: relations, records, images, checkpoints; and what other settings would make of it
    Top => top::TopArgs,
    /// Says who touched a block or a row: every record that did, with the end of its transaction
    Blame => blame::BlameArgs,
    /// Lists the fields of every type of records
    Fields => fields::FieldsArgs,
    /// Shows one record as bytes, each with the field that it belongs to
    Hex => hex::HexArgs,
    /// Translates between positions and segment names
    Locate => locate::LocateArgs,
    /// Bytes and segments between two positions; how far standbys and the archiver are behind a server
    Lag => lag::LagArgs,
    /// Shows the timelines of an archive and where each left its parent
    Timelines => timelines::TimelinesArgs,
    /// Prints a control file as pg_controldata of its version does
    Control => control::ControlArgs,
    /// Summarises a part of an archive, to be verified together with others
    Summarize => summarize::SummarizeArgs,
    /// Says which times and positions an archive reaches, and translates one into the others
    When => when::WhenArgs,
    /// Checks a segment or a history file as a server hands it out, in front of any archive_command
    Check => check::CheckArgs,
    /// Archives a segment or a history file, checked and whole: an archive_command
    ArchivePush => archive_push::ArchivePushArgs,
    /// Removes WAL from an archive that no restore needs; says what it would remove, until it is told to
    ArchivePrune => archive_prune::ArchivePruneArgs,
    /// Delivers a file of an archive, checked and whole, or says why not: a restore_command
    ArchiveGet => archive_get::ArchiveGetArgs,
    /// Ships WAL record by record into a folder, from the files of a server or from the server itself
    Ship => ship::ShipArgs,
    /// Watches archives for ever: events, metrics, health
    Watch => watch::WatchArgs,
    /// Explains a code of walproof or a line of PostgreSQL's log
    Explain => explain::ExplainArgs,
    /// Writes manual pages, or completions for shells
    Generate => generate::GenerateArgs,
}
