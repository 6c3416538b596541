//! The target `record`: see `walproof_fuzz::record`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::record::run);
