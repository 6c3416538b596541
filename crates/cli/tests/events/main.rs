//! What happened, as `walproof events`, `txns`, `top` and `blame` tell it: against a real server that is told what to
//! do, and at the edges.
//!
//! - `WALPROOF_SEEDS`, `WALPROOF_FIRST`: how many seeds of a workload (1), from which on (1).
//! - `WALPROOF_CLUSTERS`: how many clusters names are compared in (1).

#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod asked;
mod before;
mod before_live;
mod blame;
mod crafted;
mod edges;
mod live;
mod names;
mod on_disk;
mod parted;
#[path = "../run/mod.rs"]
mod run;
mod shaken;
mod told;
mod top;
mod txns;
mod unfinished;
mod workload;
