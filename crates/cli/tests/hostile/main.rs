//! `walproof` against places that were made to hurt it. Whatever lies there, the run ends, soon, by itself, with the
//! exit code that the contract of the command line names:
//!
//! | place | exit code |
//! |---|---|
//! | an empty folder, a FIFO, no permission, a loop of links, a full disk to print to | 2 |
//! | a FIFO, a loop, an unreadable file among good segments | 2 |
//! | 1,000 copies of a segment, empty files, bombs, broken history files | 1 |
//! | names that no segment can have beside good segments | 0, with a warning |
//! | a pipe that nobody reads | that of the verdict |
//! | a file that changes under the run | one of the three, never a signal |
//! | a backup that is none, nonsense for a target | 2 |
//! | a backup that no server starts on, settings that it refuses | 1 |
//! | Ctrl-C | none: the process dies by the signal |
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod changing;
mod histories;
mod names;
mod output;
mod packed;
mod places;
mod read_only;
mod restores;
mod run;
