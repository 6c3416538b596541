//! The target `tar`: see `walproof_fuzz::tar`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::tar::run);
