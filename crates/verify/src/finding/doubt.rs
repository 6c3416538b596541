//! What a command is doubted for.

/// Why a `restore_command` does not deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommandDoubt {
    /// It delivers nothing, whatever is asked for.
    Nothing,
    /// It takes files from this folder, which is not that of the archive.
    Elsewhere(String),
    /// It takes files with this behind their names, and no segment has it.
    NoSuchNames(String),
    /// It copies files as they are, and they are packed.
    Packed,
}
