//! Carries WAL into an archive and out of it, and checks what it carries.
//!
//! | module | what it does | the server's command |
//! |---|---|---|
//!
//! Nothing here prints, and no exit code is known here: each answer is a value, whoever asked says it.
