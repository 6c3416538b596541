//! The target `settings`: see `walproof_fuzz::settings`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::settings::run);
