//! The target `manifest`: see `walproof_fuzz::manifest`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::manifest::run);
