//! `walproof watch`: what it tells, and what it answers.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod endpoint;
mod events;
mod live;
mod started;
#[path = "../outputs/tools.rs"]
mod tools;
#[path = "../schemas/validator.rs"]
mod validator;
