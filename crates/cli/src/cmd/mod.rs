//! A file a subcommand: its options and what it does.

pub mod lag;
pub mod locate;
pub mod verify;

use crate::Exit;

macro_rules! subcommands {
    ($($(#[$doc:meta])* $name:ident => $module:ident),* $(,)?) => {
        /// The subcommands.
        #[derive(clap::Subcommand)]
        pub enum Command { $($(#[$doc])* $name($module::Args),)* }

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
    Verify => verify,
    /// Translates between positions and segment names
    Locate => locate,
    /// Bytes and segments between two positions
    Lag => lag,
}
