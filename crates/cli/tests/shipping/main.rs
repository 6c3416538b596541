//! `ship`: record by record, from files and from a server.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod fake;
mod faults;
mod files;
mod live;
mod lost;
mod proxy;
mod refused;
#[path = "../run/mod.rs"]
mod run;
mod running;
#[path = "../ship/shim.rs"]
mod shim;
#[path = "../ship/site.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod site;
mod slots;
mod stream;
#[path = "../schemas/validator.rs"]
mod validator;
