//! The bodies of the fuzz targets, as plain functions of bytes.
//!
//! | target | what it feeds | what must hold, beside that nothing panics |
//! |---|---|---|
//! | [`page`] | a page of any version, alignment, byte order | a header that passes says what was expected of it |
//! | [`record`] | a record of any of them | the parts of a record add up to it, and need only its beginning |
//! | [`walk`] | one to four segments, real or crafted, damaged | every grouping joins to the same run |
//! | [`text`] | history files, names, positions, log lines | what is read and printed reads as the same again |
//! | [`codec`] | packed files | no more comes out than was asked for |
//! | [`part`] | summaries of parts of an archive | they are refused, or joined |
//! | [`said`] | WAL whose records say anything, summed anew | each record is in every list, JSON lines are JSON |
//! | [`control`] | control files whose members hold anything, summed anew | they are read and printed, or refused |
//! | [`manifest`] | backup manifests, summed anew | they are read, or refused |
//! | [`settings`] | files of settings, in every version | they are taken, or refused with words |
//! | [`tar`] | tars, packed or not | no member gives more than it says; what is a backup opens |
//!
//! Under cargo-fuzz they are driven by libFuzzer (`cargo +nightly fuzz run walk fuzz/corpus/walk fuzz/seeds/walk`); as
//! ordinary programs they run the files named on the command line (`cargo run --bin walk -- FILE…`); and `cargo test`
//! runs each over its folder in `seeds/`, where inputs that once failed are kept, too.

pub mod codec;
pub mod control;
pub mod manifest;
pub mod page;
pub mod part;
pub mod record;
pub mod said;
pub mod settings;
pub mod tar;
pub mod text;
pub mod walk;

mod layouts;
mod memory;
mod replay;

pub use replay::{replay, seeds};

/// The `main` of a target.
#[macro_export]
macro_rules! target {
    ($body:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            $body(data);
        });

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay($body)
        }
    };
}
