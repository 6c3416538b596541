//! The target `text`: see `walproof_fuzz::text`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::text::run);
