//! The target `said`: see `walproof_fuzz::said`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::said::run);
