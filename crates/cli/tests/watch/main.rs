//! `walproof watch`: what it tells, and what it answers.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod bucket;
mod endpoint;
mod events;
mod live;
#[path = "../../../source/tests/stores/server.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod server;
mod started;
#[path = "../outputs/tools.rs"]
mod tools;
#[path = "../schemas/validator.rs"]
mod validator;
