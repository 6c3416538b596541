//! Carries WAL into an archive and out of it, and checks what it carries.
//!
//! | module | what it does | the server's command |
//! |---|---|---|
//! | [`mod@get`] | gives out a file of it | `restore_command` |
//!
//! Nothing here prints, and no exit code is known here: each answer is a value, whoever asked says it.

pub mod get;
