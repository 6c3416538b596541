//! The target `walk`: see `walproof_fuzz::walk`.
#![cfg_attr(fuzzing, no_main)]

walproof_fuzz::target!(walproof_fuzz::walk::run);
