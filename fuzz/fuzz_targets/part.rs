//! The target `part`: see `walproof_fuzz::part`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::part::run);
