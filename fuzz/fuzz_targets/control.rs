//! The target `control`: see `walproof_fuzz::control`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::control::run);
