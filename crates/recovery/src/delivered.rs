//! What a server gets of its `restore_command`: by name, from `walproof archive-get`, or nothing.

pub(crate) mod command_here;
pub(crate) mod delivery;
pub(crate) mod named_files;
