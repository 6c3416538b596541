//! The target `page`: see `walproof_fuzz::page`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::page::run);
