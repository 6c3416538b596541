//! One test program, so that the fixtures are built once.

#![allow(clippy::unwrap_used)]

mod age_files;
#[allow(unsafe_code)]
mod bus_error;
mod changes;
mod codecs;
mod damage;
mod encrypted;
mod fixture;
mod folders;
mod levels;
mod openpgp;
mod pghoard_files;
