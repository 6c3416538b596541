//! `walproof dump --follow`: what it lists while WAL grows is what is listed afterwards, and it ends when it should.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod ends;
mod followed;
mod grows;
mod live;
mod removed;
#[path = "../run/mod.rs"]
mod run;
