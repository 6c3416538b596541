//! The target `codec`: see `walproof_fuzz::codec`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::codec::run);
