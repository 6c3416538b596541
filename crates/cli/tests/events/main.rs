//! What happened, as `walproof events` tells it: against a real server that is told what to do, and at the edges.
//!
//! - `WALPROOF_SEEDS`, `WALPROOF_FIRST`: how many seeds of a workload (1), from which on (1).
//! - `WALPROOF_CLUSTERS`: how many clusters names are compared in (1).

#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod edges;
mod live;
mod names;
#[path = "../run/mod.rs"]
mod run;
mod told;
mod workload;
